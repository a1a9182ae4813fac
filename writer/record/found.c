/* What threads wait for that ran before us: nobody told when they began to. */
#include <sys/file.h>
#include <sys/syscall.h>

#include "dwell/error.h"
#include "filelocks.h"
#include "libc.h"
#include "memory.h"
#include "proc.h"
#include "sched_private.h"

enum { FIRST_STACK = 1 << 16, LARGEST_STACK = 1 << 20 };

/* One of them. */
struct found {
	struct dwell_sched *sched;
	uint32_t process; /* ours */
	struct dwell_still still;
	struct dwell_maps_walk walk;
};

/* Up to the thread's start, if it is no deeper than that. */
static bool walk_stack(struct found *found, uint64_t time_ns)
{
	const struct dwell_proc_call *call = &found->still.call;
	const struct dwell_unwind_frame frame = { .pc = call->pc, .sp = call->sp, .exact = true };

	found->walk.beyond = true;
	for (size_t most = FIRST_STACK; most <= LARGEST_STACK && found->walk.beyond; most *= 4) {
		struct dwell_unwind_stack stack;

		if (!dwell_still_read(&found->still, most))
			return false;
		stack = (struct dwell_unwind_stack){ call->sp, call->sp + found->still.size,
			found->still.stack };
		dwell_maps_walk_still(found->sched->maps, found->still.pid, found->process, &frame,
			&stack, time_ns, &found->walk);
	}
	return found->walk.count > 0;
}

struct search {
	uint32_t inside, found;
};

static void compare_thread(void *context, uint32_t tid, uint32_t process)
{
	struct search *search = context;

	(void)process;
	if (dwell_proc_inside(tid) == search->inside)
		search->found = tid;
}

uint32_t dwell_sched_thread(uint32_t pid, uint32_t inside)
{
	struct search search = { .inside = inside };

	if (inside == 0)
		return 0;
	if (dwell_proc_inside(pid) != pid)
		dwell_proc_each_thread(pid, compare_thread, &search);
	else if (dwell_proc_is_thread(pid, inside))
		search.found = inside;
	return search.found;
}

/* Why and on what, by the call alone. */
static void explain_call(struct found *found, uint64_t time_ns, struct dwell_event *row)
{
	const struct dwell_proc_call *call = &found->still.call;
	const uint64_t argument = call->arguments[0] & UINT64_C(0xffffffffffff);

	dwell_sched_explain(found->sched, found->still.tid,
		argument | (call->number & 0xffff) << 48, time_ns, true, row);
}

/* Who has it. It may have been given up just now, and its waiter woken. */
static void name_holder(
	struct found *found, uint32_t holder, uint64_t time_ns, struct dwell_event *row)
{
	if (holder == 0 || !dwell_still_stands(&found->still))
		return;
	row->peer = dwell_who_task(found->sched->who, holder, time_ns);
	row->flags |= row->peer ? DWELL_EVENT_HOLDER_READ : 0;
}

/* For a lock of a file, where it is one. false: who has it is not known. */
static bool explain_file_lock(struct found *found, uint64_t time_ns, struct dwell_event *row)
{
	const struct dwell_proc_call *call = &found->still.call;
	const bool is_flock = call->number == SYS_flock;

	if (row->reason != DWELL_REASON_RWLOCK)
		return false;
	name_holder(found,
		dwell_filelocks_holder(found->still.pid, (uint32_t)call->arguments[0],
			is_flock && (call->arguments[1] & LOCK_SH) != 0,
			is_flock ? DWELL_FILELOCK_OPEN
				 : DWELL_FILELOCK_OPEN | DWELL_FILELOCK_PROCESS),
		time_ns, row);
	return row->peer != 0;
}

/* The program's own wait, as its memory tells it. false: nobody knows who may end it. */
static bool explain_futex(struct found *found, uint64_t time_ns, struct dwell_event *row)
{
	struct dwell_sched *sched = found->sched;
	struct dwell_libc_wait wait;
	uint32_t holder;
	unsigned role;
	const bool in_libc = dwell_maps_libc(
		sched->maps, found->process, found->walk.frames, found->walk.count, &role);

	dwell_libc_explain(&found->still, in_libc, role, &wait);
	row->flags = wait.flags;
	holder = dwell_sched_thread(found->still.pid, wait.holder);
	if (wait.reason == DWELL_REASON_JOIN)
		wait.object = holder;
	name_holder(found, holder, time_ns, row);
	if (wait.reason == 0)
		explain_call(found, time_ns, row);
	else
		row->reason = wait.reason;
	if (wait.object != 0)
		row->object = dwell_registry_object(
			sched->registry, found->process, wait.kind, wait.object);
	/* Another process may wake it. */
	return !wait.shared || row->peer != 0;
}

/* What that wait of CPython's is for: the semaphore itself, or what stands before it. */
static uint64_t python_lock(const struct found *found, bool is_parked)
{
	enum { BEFORE = 8 };
	const uint64_t semaphore = found->still.call.arguments[0];
	uint64_t lock = 0;

	if (!is_parked)
		return semaphore;
	(void)dwell_memory_get(found->still.pid, semaphore - BEFORE, &lock, sizeof(lock));
	return lock;
}

/* Where an interpreter runs it, the functions of its program; and who has a lock of that. true: it
 * waits in the parking lot. */
static bool look_at_python(struct found *found, uint64_t time_ns, struct dwell_event *row)
{
	struct dwell_sched *sched = found->sched;
	uint64_t bias, lock;
	size_t at;
	const struct dwell_python_exports *exports = dwell_maps_python(
		sched->maps, found->process, found->walk.frames, found->walk.count, &at, &bias);
	bool is_parked;

	if (!exports || (!sched->python && dwell_python_new(&sched->python, sched->registry) != 0))
		return false;
	is_parked = row->reason == DWELL_REASON_SEMAPHORE &&
		    dwell_python_is_parked(exports, bias, found->walk.frames, at);
	if (is_parked)
		row->object = dwell_registry_object(sched->registry, found->process,
			DWELL_OBJECT_SEMAPHORE, python_lock(found, true));
	if (!dwell_python_frames(sched->python, exports, bias, &found->still, at, &found->walk))
		return is_parked;
	lock = python_lock(found, is_parked);
	if (row->reason == DWELL_REASON_SEMAPHORE && row->peer == 0 && lock != 0)
		name_holder(found, dwell_python_holder(sched->python, &found->still, lock, time_ns),
			time_ns, row);
	return is_parked;
}

/*
 * For a lock of Java's. To enter a monitor it waits for who has that, however often it looks at the
 * clock meanwhile.
 */
static bool look_at_hotspot(struct found *found, uint64_t time_ns, struct dwell_event *row,
	struct dwell_hotspot_wait *wait)
{
	struct dwell_sched *sched = found->sched;
	struct dwell_hotspot_tables tables;
	bool waits;

	if (!dwell_maps_hotspot(
		    sched->maps, found->process, found->walk.frames, found->walk.count, &tables) ||
		(!sched->hotspot && dwell_hotspot_new(&sched->hotspot, sched->registry) != 0))
		return false;
	waits = dwell_hotspot_find(sched->hotspot, &tables, &found->still, wait);
	dwell_hotspot_frames(
		sched->hotspot, &tables, &found->still, waits && wait->is_monitor, &found->walk);
	if (!waits)
		return false;
	row->reason = DWELL_REASON_MUTEX;
	row->flags = wait->is_monitor ? 0 : row->flags & DWELL_EVENT_TIMED_OUT;
	row->peer = 0;
	row->object = dwell_registry_object(
		sched->registry, found->process, DWELL_OBJECT_MUTEX, wait->lock);
	name_holder(found, dwell_sched_thread(found->still.pid, wait->holder), time_ns, row);
	return true;
}

/* What its stack was read to be, Java's methods in it. */
static uint32_t stack_of(const struct found *found)
{
	return found->sched->stacks && found->walk.count > 0
		       ? dwell_registry_stack(found->sched->registry, found->process,
				 found->walk.frames, found->walk.count, false, !found->walk.whole)
		       : 0;
}

/* It waits in a call of the system: why, where, and, of a lock, who has it. */
static int tell_call(struct found *found, uint64_t time_ns, struct dwell_event *row)
{
	struct dwell_sched *sched = found->sched;
	struct dwell_event begin = *row;
	struct dwell_hotspot_wait wait = { .lock = 0 };
	bool told = false;
	int err;

	if (found->process == 0 || !walk_stack(found, time_ns))
		found->walk.count = 0;
	if (found->still.call.number == SYS_futex && found->walk.count > 0) {
		told = explain_futex(found, time_ns, &begin);
	} else {
		explain_call(found, time_ns, &begin);
		told = explain_file_lock(found, time_ns, &begin);
	}
	(void)look_at_python(found, time_ns, &begin);
	(void)look_at_hotspot(found, time_ns, &begin, &wait);
	/* What was read of one that went on does not belong together. */
	if (!dwell_still_stands(&found->still))
		return 0;
	begin.stack = stack_of(found);
	row->reason = begin.reason;
	row->object = begin.object;
	row->stack = begin.stack;
	err = dwell_sched_put(sched, row);
	if (err || !told)
		return err;
	begin.kind = DWELL_EVENT_WAIT_BEGIN;
	begin.state = DWELL_STATE_SAME;
	err = dwell_sched_found_keep(sched, found->still.tid, time_ns,
		wait.is_monitor ? SCHED_FOUND_MONITOR : SCHED_FOUND_WAIT);
	return err ? err : dwell_sched_put(sched, &begin);
}

static int tell_found(struct dwell_sched *sched, uint32_t tid, uint64_t time_ns)
{
	struct dwell_event row = { .time_ns = time_ns,
		.kind = DWELL_EVENT_STATE,
		.state = DWELL_BLOCKED,
		.task = dwell_who_task(sched->who, tid, time_ns) };
	const uint32_t pid = dwell_who_pid(sched->who, tid);
	struct found found = { .sched = sched,
		.process = pid ? dwell_who_process(sched->who, pid) : 0 };
	int err;

	if (pid == 0 || !dwell_still_find(&found.still, pid, tid))
		return dwell_sched_put(sched, &row);
	err = tell_call(&found, time_ns, &row);
	dwell_still_release(&found.still);
	return err;
}

bool dwell_sched_find_lock(struct dwell_sched *sched, uint32_t pid, uint32_t tid, uint64_t time_ns,
	struct dwell_event *begin, struct dwell_hotspot_wait *wait)
{
	struct found found = { .sched = sched, .process = dwell_who_process(sched->who, pid) };
	bool good;

	*begin = (struct dwell_event){ .time_ns = time_ns,
		.kind = DWELL_EVENT_WAIT_BEGIN,
		.task = dwell_registry_find_task(sched->registry, tid) };
	if (begin->task == 0 || found.process == 0 || !dwell_still_find(&found.still, pid, tid))
		return false;
	good = found.still.call.number == SYS_futex && walk_stack(&found, time_ns);
	if (good)
		(void)explain_futex(&found, time_ns, begin);
	*wait = (struct dwell_hotspot_wait){ .lock = 0 };
	good = good &&
	       (look_at_python(&found, time_ns, begin) ||
		       look_at_hotspot(&found, time_ns, begin, wait)) &&
	       begin->peer != 0 && dwell_still_stands(&found.still);
	if (good)
		begin->stack = stack_of(&found);
	dwell_still_release(&found.still);
	return good;
}

int dwell_sched_find(struct dwell_sched *sched, uint32_t tid, uint64_t time_ns)
{
	struct dwell_event row = { .time_ns = time_ns,
		.kind = DWELL_EVENT_STATE,
		.state = DWELL_BLOCKED,
		.reason = DWELL_REASON_SIGNAL };

	switch (dwell_proc_state(tid)) {
	case 'S':
	case 'D':
	case 'I':
		return tell_found(sched, tid, time_ns);
	case 'T':
	case 't':
		row.task = dwell_who_task(sched->who, tid, time_ns);
		return dwell_sched_put(sched, &row);
	default: /* on a CPU, ready, or gone */
		return 0;
	}
}

enum { FOUND_HOW, FOUND_LOW, FOUND_HIGH, HALF_BITS = 32 };

int dwell_sched_found_keep(struct dwell_sched *sched, uint32_t tid, uint64_t time_ns, uint32_t how)
{
	int err = dwell_map_set(&sched->found, tid, FOUND_LOW, (uint32_t)time_ns | 1);

	if (!err)
		err = dwell_map_set(
			&sched->found, tid, FOUND_HIGH, (uint32_t)(time_ns >> HALF_BITS) + 1);
	return err ? err : dwell_map_set(&sched->found, tid, FOUND_HOW, how);
}

void dwell_sched_found_drop(struct dwell_sched *sched, uint32_t tid)
{
	for (int what = FOUND_HOW; what <= FOUND_HIGH; what++)
		dwell_map_remove(&sched->found, tid, (uint64_t)what);
}

/* What the kernel told of it before that is read late. */
static bool is_before(const struct dwell_sched *sched, uint32_t tid, uint64_t time_ns)
{
	const uint64_t high = dwell_map_get(&sched->found, tid, FOUND_HIGH);

	return (time_ns | 1) <
	       ((high - 1) << HALF_BITS | dwell_map_get(&sched->found, tid, FOUND_LOW));
}

void dwell_sched_found_woken(struct dwell_sched *sched, uint32_t tid)
{
	if (sched->found.used != 0 && dwell_map_get(&sched->found, tid, 0) != 0)
		(void)dwell_map_set(&sched->found, tid, 0, SCHED_FOUND_WAIT);
}

int dwell_sched_found_runs(struct dwell_sched *sched, uint32_t tid, uint32_t task, uint64_t time_ns)
{
	const struct dwell_event end = {
		.time_ns = time_ns, .kind = DWELL_EVENT_WAIT_END, .task = task
	};
	const uint32_t how = sched->found.used ? dwell_map_get(&sched->found, tid, 0) : 0;

	if (how == 0 || is_before(sched, tid, time_ns))
		return 0;
	/* Nobody woke it but a clock: to look whether it can have it now, and it cannot. */
	if (how == SCHED_FOUND_MONITOR && dwell_hotspot_waits(sched->hotspot, tid))
		return 0;
	dwell_sched_found_drop(sched, tid);
	/* It was killed in its wait, and ran for its end only. */
	return dwell_proc_lives(tid) ? dwell_sched_put(sched, &end) : 0;
}

void dwell_sched_release(struct dwell_sched *sched)
{
	dwell_map_release(&sched->found);
	dwell_python_free(sched->python);
	sched->python = NULL;
	dwell_hotspot_free(sched->hotspot);
	sched->hotspot = NULL;
}
