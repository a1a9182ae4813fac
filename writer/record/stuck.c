#include "stuck.h"

#include <stdlib.h>
#include <sys/syscall.h>

#include "clock.h"
#include "drain/grow.h"
#include "dwell/error.h"
#include "dwell/relay.h"
#include "memory.h"
#include "proc.h"
#include "sched_private.h"

#define LEAST_PAUSE_NS UINT64_C(500000000)
#define LONG_NS UINT64_C(900000000)
#define LONG_AT_END_NS UINT64_C(100000000)
/* CPU time of a look: nobody reads the rings meanwhile; of the last one, which somebody waits for.
 */
#define MOST_NS UINT64_C(100000000)
#define MOST_AT_END_NS UINT64_C(200000000)

enum {
	SHARE = 200, /* of a CPU: one part in so many */
	/* Who waits for a monitor looks at it every second at least. More often in a second: it got
	   that, or another lock, and gave it up. */
	TURNS = 4,
	TRIES = 3
};

/* A thread that was seen to wait for a lock, in looks one after the other. */
struct waiting {
	struct dwell_hotspot_wait wait;
	uint32_t tid;
	uint64_t since_ns, turns;
	unsigned tries; /* TRIES: no more */
	uint64_t look;  /* at which it was judged last */
	uint32_t task;  /* it was told as this one's; else 0 */
};

struct process {
	uint32_t pid;
	uint64_t look; /* at which it was there last */
	bool known;    /* it was there at two */
	struct waiting *threads;
	size_t count;
};

/* A wait that was told, of a thread that tells of its waits itself. */
struct told {
	uint32_t task; /* 0: free */
	uint32_t pid, tid;
	uint64_t since_ns;
	struct dwell_hotspot_wait wait;
};

struct dwell_stuck {
	struct dwell_relay relay;
	struct dwell_sched *sched;
	struct process *processes;
	size_t process_count;
	struct told *told;
	size_t told_count, told_room;
	struct dwell_map by_task; /* task, 0 -> index in told + 1 */
	uint64_t looks, next_ns;
	/* The look that goes on. */
	const struct dwell_drain *drain;
	uint64_t now_ns, begun_cpu_ns;
	bool last;
	bool learns; /* of a process, for the first time: it is not counted */
	int error;
};

/* --- what the program's own records say of them --- */

static void forget(struct dwell_stuck *stuck, struct told *told)
{
	struct told *end = &stuck->told[--stuck->told_count];

	dwell_map_remove(&stuck->by_task, told->task, 0);
	if (told == end)
		return;
	*told = *end;
	(void)dwell_map_set(&stuck->by_task, told->task, 0, (uint32_t)(told - stuck->told) + 1);
}

static bool waits_still(const struct told *told)
{
	uint64_t lock;

	return told->wait.is_monitor &&
	       dwell_memory_get(told->pid, told->wait.at, &lock, sizeof(lock)) &&
	       lock == told->wait.lock;
}

/* false: the row is of a wait within the one that was told. */
static bool take_row(struct dwell_stuck *stuck, struct dwell_event *row)
{
	const uint32_t kinds = 1u << DWELL_EVENT_WAIT_BEGIN | 1u << DWELL_EVENT_WAIT_END |
			       1u << DWELL_EVENT_EXIT | 1u << DWELL_EVENT_LOSS;
	const uint32_t index =
		kinds >> row->kind & 1 ? dwell_map_get(&stuck->by_task, row->task, 0) : 0;
	struct told *told = index ? &stuck->told[index - 1] : NULL;
	/* That a wait within ran out of time, or was of a signal, is not of a monitor's. */
	const unsigned ends = told && told->wait.is_monitor ? 0xff : DWELL_EVENT_HOLDER_READ;

	if (!told || row->time_ns < told->since_ns)
		return true;
	if (row->kind == DWELL_EVENT_WAIT_BEGIN)
		return false;
	if (row->kind == DWELL_EVENT_WAIT_END) {
		/* To look whether it can have it now, and it cannot. */
		if (row->flags & DWELL_EVENT_TIMED_OUT && waits_still(told))
			return false;
		*row = (struct dwell_event){ .time_ns = row->time_ns,
			.kind = DWELL_EVENT_WAIT_END,
			.state = row->state,
			.flags = row->flags & (uint8_t)~ends,
			.task = row->task };
	}
	forget(stuck, told);
	return true;
}

static int pass_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct dwell_stuck *stuck = (struct dwell_stuck *)sink;
	struct dwell_event some[128];
	size_t used = 0;
	int err = 0;

	if (stuck->told_count == 0)
		return DWELL_TELL(stuck->relay.next, events, events, count);
	for (size_t i = 0; i < count && !err; i++) {
		some[used] = events[i];
		used += take_row(stuck, &some[used]);
		if (used == sizeof(some) / sizeof(*some) || (i + 1 == count && used > 0)) {
			err = DWELL_TELL(stuck->relay.next, events, some, used);
			used = 0;
		}
	}
	return err;
}

/* --- looks --- */

int dwell_stuck_new(struct dwell_stuck **out, struct dwell_sched *sched, struct dwell_sink *next)
{
	struct dwell_stuck *stuck = calloc(1, sizeof(*stuck));

	if (!stuck)
		return DWELL_ENOMEM;
	dwell_relay_init(&stuck->relay, next);
	stuck->relay.ops.events = pass_events;
	stuck->sched = sched;
	*out = stuck;
	return 0;
}

void dwell_stuck_free(struct dwell_stuck *stuck)
{
	if (!stuck)
		return;
	for (size_t i = 0; i < stuck->process_count; i++)
		free(stuck->processes[i].threads);
	free(stuck->processes);
	free(stuck->told);
	dwell_map_release(&stuck->by_task);
	free(stuck);
}

struct dwell_sink *dwell_stuck_sink(struct dwell_stuck *stuck)
{
	return &stuck->relay.sink;
}

bool dwell_stuck_is_due(const struct dwell_stuck *stuck, uint64_t now_ns)
{
	return now_ns >= stuck->next_ns;
}

static void note(struct dwell_stuck *stuck, int err)
{
	if (stuck->error == 0)
		stuck->error = err;
}

static int keep(struct dwell_stuck *stuck, const struct told *told)
{
	if (stuck->told_count == stuck->told_room) {
		const size_t room = stuck->told_room ? stuck->told_room * 2 : 16;
		void *larger = realloc(stuck->told, room * sizeof(*stuck->told));

		if (!larger)
			return DWELL_ENOMEM;
		stuck->told = larger;
		stuck->told_room = room;
	}
	stuck->told[stuck->told_count++] = *told;
	return dwell_map_set(&stuck->by_task, told->task, 0, (uint32_t)stuck->told_count);
}

/* Its library told of a condition, or not who has the lock: that wait ends here, and this one
 * begins. That it goes on being blocked is cut there, too, so that each has its part of it. */
static void tell_instead(
	struct dwell_stuck *stuck, const struct told *told, struct dwell_event *begin)
{
	const struct dwell_event end = { .time_ns = begin->time_ns,
		.kind = DWELL_EVENT_WAIT_END,
		.state = DWELL_RUNNING,
		.task = begin->task };

	begin->state = DWELL_BLOCKED;
	note(stuck, keep(stuck, told));
	note(stuck, dwell_sched_put(stuck->sched, &end));
	note(stuck, dwell_sched_put(stuck->sched, begin));
}

static void tell(struct dwell_stuck *stuck, uint32_t pid, struct waiting *thread)
{
	struct told told = { .pid = pid, .tid = thread->tid, .since_ns = stuck->now_ns };
	struct dwell_event begin;

	thread->tries++;
	if (!dwell_sched_find_lock(
		    stuck->sched, pid, thread->tid, stuck->now_ns, &begin, &told.wait))
		return;
	thread->tries = TRIES;
	thread->task = told.task = begin.task;
	if (dwell_map_get(&stuck->by_task, begin.task, 0) != 0 ||
		dwell_map_get(&stuck->sched->found, thread->tid, 0) != 0)
		return;
	if (stuck->drain && dwell_drain_hears(stuck->drain, thread->tid)) {
		tell_instead(stuck, &told, &begin);
		return;
	}
	note(stuck, dwell_sched_found_keep(stuck->sched, thread->tid, stuck->now_ns,
			    told.wait.is_monitor ? SCHED_FOUND_MONITOR : SCHED_FOUND_WAIT));
	note(stuck, dwell_sched_put(stuck->sched, &begin));
}

static bool out_of_time(const struct dwell_stuck *stuck)
{
	const uint64_t most_ns = stuck->last ? MOST_AT_END_NS : MOST_NS;

	return dwell_clock_ns(CLOCK_THREAD_CPUTIME_ID) - stuck->begun_cpu_ns > most_ns;
}

static void judge(struct dwell_stuck *stuck, uint32_t pid, struct waiting *thread)
{
	const uint64_t long_ns = stuck->last ? LONG_AT_END_NS : LONG_NS;
	uint64_t turns;

	if (thread->tries >= TRIES || stuck->now_ns - thread->since_ns < long_ns ||
		out_of_time(stuck))
		return;
	turns = dwell_proc_turns(thread->tid);
	if (turns - thread->turns <= TURNS) {
		tell(stuck, pid, thread);
		return;
	}
	thread->turns = turns;
	thread->since_ns = stuck->now_ns;
}

static bool goes_on(const struct dwell_stuck *stuck, const struct waiting *thread)
{
	return thread->task == 0 || dwell_map_get(&stuck->by_task, thread->task, 0) != 0 ||
	       dwell_map_get(&stuck->sched->found, thread->tid, 0) != 0;
}

/* Of the look before. The collector moves locks that are objects. */
static const struct waiting *former(
	const struct process *process, const struct dwell_hotspot_wait *wait)
{
	for (size_t i = 0; i < process->count; i++) {
		const struct dwell_hotspot_wait *of = &process->threads[i].wait;

		if (of->thread == wait->thread && of->is_monitor == wait->is_monitor &&
			(of->lock == wait->lock || !wait->is_monitor))
			return &process->threads[i];
	}
	return NULL;
}

static void meet(struct dwell_stuck *stuck, uint32_t pid, const struct dwell_hotspot_wait *wait,
	struct waiting *thread)
{
	*thread = (struct waiting){ .wait = *wait,
		.tid = dwell_sched_thread(pid, wait->thread),
		.since_ns = stuck->now_ns };
	if (thread->tid == 0)
		thread->tries = TRIES;
	else
		thread->turns = dwell_proc_turns(thread->tid);
}

static struct process *process_of(struct dwell_stuck *stuck, uint32_t pid)
{
	struct process *larger;

	for (size_t i = 0; i < stuck->process_count; i++)
		if (stuck->processes[i].pid == pid)
			return &stuck->processes[i];
	larger = realloc(stuck->processes, (stuck->process_count + 1) * sizeof(*larger));
	if (!larger)
		return NULL;
	stuck->processes = larger;
	larger[stuck->process_count] = (struct process){ .pid = pid };
	return &larger[stuck->process_count++];
}

/* One that was there before; NULL: not yet. Of one that lives shortly nothing needs to be learned.
 */
static struct process *known_process(struct dwell_stuck *stuck, uint32_t pid)
{
	struct process *process = process_of(stuck, pid);

	if (!process) {
		note(stuck, DWELL_ENOMEM);
		return NULL;
	}
	if (process->look != 0) {
		stuck->learns |= !process->known;
		process->known = true;
	}
	process->look = stuck->looks;
	return process->known ? process : NULL;
}

/* Those that wait now, in place of those of the look before; they are the process's from now on. */
static void judge_all(
	struct dwell_stuck *stuck, struct process *process, struct waiting *threads, size_t count)
{
	free(process->threads);
	process->threads = threads;
	process->count = threads ? count : 0;
	/* Who was tried least goes first: not all may have their turn. */
	for (unsigned tries = 0; tries < TRIES; tries++)
		for (size_t i = 0; i < process->count; i++)
			if (process->threads[i].look != stuck->looks &&
				process->threads[i].tries == tries) {
				process->threads[i].look = stuck->looks;
				judge(stuck, process->pid, &process->threads[i]);
			}
}

/* Threads of a process that wait for a futex. */
struct parked {
	uint32_t pid;
	struct waiting *threads;
	size_t count, room;
};

static void take_parked(void *context, uint32_t tid, uint32_t pid)
{
	struct parked *parked = context;
	struct dwell_still still;

	(void)pid;
	if (!dwell_still_find(&still, parked->pid, tid))
		return;
	if (still.call.number == SYS_futex && dwell_grow((void **)&parked->threads, parked->count,
						      &parked->room, sizeof(*parked->threads), 16))
		parked->threads[parked->count++] =
			(struct waiting){ .tid = tid, .turns = still.turns };
	dwell_still_release(&still);
}

/* Of CPython: whether it is for a lock is looked at of those that wait for long. */
static void look_at_lot(void *context, uint32_t pid)
{
	struct dwell_stuck *stuck = context;
	struct process *process = known_process(stuck, pid);
	struct parked parked = { .pid = pid };

	if (!process)
		return;
	dwell_proc_each_thread(pid, take_parked, &parked);
	for (size_t i = 0; i < parked.count; i++) {
		struct waiting *thread = &parked.threads[i];

		thread->since_ns = stuck->now_ns;
		for (size_t j = 0; j < process->count; j++)
			if (process->threads[j].tid == thread->tid &&
				process->threads[j].turns == thread->turns)
				*thread = process->threads[j];
	}
	judge_all(stuck, process, parked.threads, parked.count);
}

static void look_at(
	void *context, uint32_t pid, uint32_t id, const struct dwell_hotspot_tables *tables)
{
	struct dwell_stuck *stuck = context;
	struct process *process = known_process(stuck, pid);
	struct dwell_hotspot_wait *waits = NULL;
	struct waiting *threads;
	size_t count = 0;

	(void)id;
	if (!process)
		return;
	if (!stuck->sched->hotspot &&
		dwell_hotspot_new(&stuck->sched->hotspot, stuck->sched->registry) != 0) {
		note(stuck, DWELL_ENOMEM);
		return;
	}
	note(stuck, dwell_hotspot_survey(stuck->sched->hotspot, tables, pid, &waits, &count));
	threads = count ? calloc(count, sizeof(*threads)) : NULL;
	for (size_t i = 0; threads && i < count; i++) {
		const struct waiting *before = former(process, &waits[i]);

		if (before && goes_on(stuck, before))
			threads[i] = *before;
		else
			meet(stuck, pid, &waits[i], &threads[i]);
		threads[i].wait = waits[i];
	}
	free(waits);
	judge_all(stuck, process, threads, count);
}

/* Processes that were not there any more; and threads of which no row told that they ended. */
static void drop_ended(struct dwell_stuck *stuck)
{
	for (size_t i = 0; i < stuck->process_count;) {
		struct process *process = &stuck->processes[i];

		if (process->look == stuck->looks) {
			i++;
			continue;
		}
		free(process->threads);
		*process = stuck->processes[--stuck->process_count];
	}
	for (size_t i = 0; i < stuck->told_count;)
		if (dwell_proc_lives(stuck->told[i].tid))
			i++;
		else
			forget(stuck, &stuck->told[i]);
}

int dwell_stuck_look(
	struct dwell_stuck *stuck, const struct dwell_drain *drain, uint64_t now_ns, bool last)
{
	uint64_t pause_ns = 0;

	stuck->looks++;
	stuck->drain = drain;
	stuck->now_ns = now_ns;
	stuck->last = last;
	stuck->learns = false;
	stuck->error = 0;
	stuck->begun_cpu_ns = dwell_clock_ns(CLOCK_THREAD_CPUTIME_ID);
	dwell_maps_each_hotspot(stuck->sched->maps, look_at, stuck);
	dwell_maps_each_lot(stuck->sched->maps, look_at_lot, stuck);
	drop_ended(stuck);
	if (!stuck->learns)
		pause_ns = (dwell_clock_ns(CLOCK_THREAD_CPUTIME_ID) - stuck->begun_cpu_ns) * SHARE;
	stuck->next_ns = now_ns + (pause_ns > LEAST_PAUSE_NS ? pause_ns : LEAST_PAUSE_NS);
	return stuck->error;
}
