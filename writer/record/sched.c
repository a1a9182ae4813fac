#include "sched.h"

#include <string.h>
#include <sys/syscall.h>

#include "bpf/shared.h"
#include "dwell/error.h"
#include "proc.h"
#include "reasons.h"
#include "sched_private.h"

int dwell_sched_flush(struct dwell_sched *sched)
{
	const size_t rows = sched->rows;

	sched->rows = 0;
	if (rows == 0 || !sched->sink->ops->events)
		return 0;
	return sched->sink->ops->events(sched->sink, sched->row, rows);
}

int dwell_sched_put(struct dwell_sched *sched, const struct dwell_event *row)
{
	sched->row[sched->rows++] = *row;
	sched->events++;
	if (sched->rows < sizeof(sched->row) / sizeof(*sched->row))
		return 0;
	return dwell_sched_flush(sched);
}

/*
 * In glibc's vfork, and in that of the library in the program, the caller is in a register, since
 * its stack is the child's meanwhile; that register is the call's first argument. Its clone, which
 * posix_spawn calls, is a leaf, but the tables tell of it only up to the system call. What blocks
 * in these calls is the parent.
 */
static bool find_hidden(struct dwell_sched *sched, uint32_t process,
	const struct dwell_kernel_event *event, struct dwell_unwind_frame *frame)
{
#ifdef SYS_vfork
	const uint64_t call = event->why >> 48;
	unsigned role;

	if (!event->has_why || event->compat ||
		(call != SYS_vfork && call != SYS_clone && call != SYS_clone3) ||
		!(dwell_maps_libc(sched->maps, process, &event->ip, 1, &role) ||
			(call == SYS_vfork && dwell_maps_preload(sched->maps, process, event->ip))))
		return false;
	frame->exact = false;
	frame->pc = event->why & UINT64_C(0xffffffffffff);
	if (call == SYS_vfork)
		return true;
	if (event->stack_size < sizeof(frame->pc))
		return false;
	memcpy(&frame->pc, event->stack, sizeof(frame->pc));
	frame->sp += sizeof(frame->pc);
	return true;
#else
	(void)sched;
	(void)process;
	(void)event;
	(void)frame;
	return false;
#endif
}

/* Again from the caller on, with the frame that hid it before that. */
static void walk_hidden(struct dwell_sched *sched, uint32_t pid, uint32_t process,
	const struct dwell_kernel_event *event, struct dwell_maps_walk *walk)
{
	struct dwell_unwind_frame frame = { .sp = event->sp, .fp = event->fp };
	struct dwell_unwind_stack stack;

	if (!find_hidden(sched, process, event, &frame))
		return;
	stack = (struct dwell_unwind_stack){ event->sp, event->sp + event->stack_size,
		event->stack };
	dwell_maps_walk(sched->maps, pid, process, &frame, &stack, event->time_ns, walk);
	if (walk->count == DWELL_MAX_FRAMES)
		walk->count--;
	memmove(walk->frames + 1, walk->frames, walk->count * sizeof(*walk->frames));
	walk->frames[0] = event->ip;
	walk->count++;
}

static uint32_t stack_of(
	struct dwell_sched *sched, uint32_t process, const struct dwell_kernel_event *event)
{
	const uint32_t pid = dwell_who_pid(sched->who, event->tid);
	const struct dwell_unwind_stack stack = { event->sp, event->sp + event->stack_size,
		event->stack };
	/* In a system call: the next instruction is the one to return to, but no call was made. */
	const struct dwell_unwind_frame frame = {
		.pc = event->ip, .sp = event->sp, .fp = event->fp, .exact = true
	};
	struct dwell_maps_walk walk;

	if (!event->stack || process == 0)
		return 0;
	dwell_maps_walk(sched->maps, pid, process, &frame, &stack, event->time_ns, &walk);
	walk_hidden(sched, pid, process, event, &walk);
	/* Half as much again for what comes. */
	if (sched->kernel && walk.beyond)
		dwell_kernel_wish_more(sched->kernel, event->tid);
	else if (sched->kernel)
		dwell_kernel_wish(sched->kernel, event->tid, walk.needed + walk.needed / 2 + 1024);
	return dwell_registry_stack(
		sched->registry, process, walk.frames, walk.count, false, !walk.whole);
}

/* A descriptor as the kernel saw it, or its number alone. */
static struct dwell_descriptor_call descriptor_of(uint64_t argument, bool seen)
{
	const uint8_t type = (uint8_t)(argument >> DWELL_KERNEL_TYPE_SHIFT & 15);

	if (!seen || type == 0)
		return (struct dwell_descriptor_call){ .fd = (uint32_t)argument };
	return (struct dwell_descriptor_call){ .fd = argument & (DWELL_KERNEL_FDS - 1),
		.type = type,
		.inode = argument >> DWELL_KERNEL_INODE_SHIFT & (DWELL_KERNEL_INODES - 1) };
}

/* Why a thread blocks, and on what: the call and its first argument. */
void dwell_sched_explain(struct dwell_sched *sched, uint32_t tid, uint64_t why, uint64_t time_ns,
	bool goes_on, struct dwell_event *row)
{
	const uint64_t argument = why & UINT64_C(0xffffffffffff);
	const struct dwell_call call = dwell_call_of((uint32_t)(why >> 48));
	const uint32_t pid = dwell_who_pid(sched->who, tid);
	const uint32_t process = pid ? dwell_who_process(sched->who, pid) : 0;

	row->reason = call.reason;
	if (call.argument == DWELL_ARGUMENT_DESCRIPTOR) {
		struct dwell_descriptor_call on =
			descriptor_of(argument, !goes_on && dwell_call_may_be_on_a_file(&call));
		struct dwell_descriptor what;

		on.pid = pid;
		on.process = process;
		on.time_ns = time_ns;
		on.goes_on = goes_on;
		on.reason = call.reason;
		what = dwell_descriptors_ask(sched->descriptors, &on);
		row->object = what.object;
		if (row->reason == DWELL_REASON_NONE)
			row->reason = what.reason ? what.reason : DWELL_REASON_SYSCALL;
	} else if (call.argument == DWELL_ARGUMENT_FUTEX) {
		row->object = dwell_registry_object(
			sched->registry, process, DWELL_OBJECT_FUTEX, argument);
	}
}

/* The same, and where, as the kernel told when it left. */
static void explain(
	struct dwell_sched *sched, const struct dwell_kernel_event *event, struct dwell_event *row)
{
	const uint32_t pid = dwell_who_pid(sched->who, event->tid);

	/* Calls of 32-bit programs have other numbers. */
	row->reason = DWELL_REASON_SYSCALL;
	if (!event->compat)
		dwell_sched_explain(sched, event->tid, event->why, event->time_ns, false, row);
	row->stack = stack_of(sched, pid ? dwell_who_process(sched->who, pid) : 0, event);
}

static void leave_for(
	struct dwell_sched *sched, const struct dwell_kernel_event *event, struct dwell_event *row)
{
	const uint32_t pid = dwell_who_pid(sched->who, event->tid);

	switch (event->leave) {
	case DWELL_LEAVE_PREEMPTED:
		row->state = DWELL_RUNNABLE;
		row->flags = DWELL_EVENT_PREEMPTED;
		break;
	case DWELL_LEAVE_YIELDED:
		row->state = DWELL_RUNNABLE;
		row->stack = stack_of(sched, pid ? dwell_who_process(sched->who, pid) : 0, event);
		break;
	case DWELL_LEAVE_DEAD:
		row->state = DWELL_EXITED;
		break;
	default:
		row->state = DWELL_BLOCKED;
		sched->waits += dwell_who_followed(sched->who, event->tid);
		if (event->has_why && dwell_who_followed(sched->who, event->tid))
			explain(sched, event, row);
		if (event->leave == DWELL_LEAVE_STOPPED) {
			row->reason = DWELL_REASON_SIGNAL;
			row->object = 0;
		}
		break;
	}
}

/* A thread's number is free. */
static void gone(struct dwell_sched *sched, uint32_t tid, uint64_t time_ns)
{
	const bool followed = dwell_who_followed(sched->who, tid);
	const uint32_t pid = dwell_who_gone(sched->who, tid);

	if (pid != 0 && followed && sched->process_gone)
		sched->process_gone(sched->context, pid, time_ns);
	if (pid != 0)
		dwell_who_process_gone(sched->who, pid);
}

static void look_at_length(struct dwell_sched *sched, const struct dwell_kernel_event *event)
{
	const uint64_t waited_ns = dwell_who_entered(sched->who, event->peer, event->time_ns);

	if (waited_ns > sched->long_wait_ns && dwell_who_followed(sched->who, event->peer))
		sched->long_wait = true;
	if (event->leave >= DWELL_LEAVE_SLEEPS && event->leave <= DWELL_LEAVE_STOPPED)
		dwell_who_left(sched->who, event->tid, event->time_ns);
}

/*
 * Records that the kernel kept to itself, from its own account: who leaves had entered, who enters
 * had been woken. What comes too late for its place is not told, and stays unknown.
 */
static int tell_missing(struct dwell_sched *sched, const struct dwell_kernel_event *event,
	const struct dwell_event *row)
{
	const struct dwell_event entry = { .time_ns = event->entered_ns,
		.kind = DWELL_EVENT_SWITCH,
		.executor = row->executor,
		.peer = row->task };
	/* Not a wake: who woke it is not known, and the program's own records may know. */
	const struct dwell_event ready = { .time_ns = event->ready_ns,
		.kind = DWELL_EVENT_STATE,
		.state = DWELL_RUNNABLE,
		.task = row->peer };
	int err = 0;

	if (event->entered_ns != 0 && event->entered_ns >= sched->told_ns)
		err = dwell_sched_put(sched, &entry);
	if (!err && event->ready_ns != 0 && event->ready_ns >= sched->told_ns)
		err = dwell_sched_put(sched, &ready);
	return err;
}

static void look_at_delay(struct dwell_sched *sched, struct dwell_kernel_event *event)
{
	uint64_t ready_ns = 0;

	if (event->peer != 0)
		ready_ns = dwell_delay_entered(sched->delay, event->peer);
	if (ready_ns != 0 && ready_ns < event->time_ns)
		event->ready_ns = event->time_ns - ready_ns;
	if (event->tid != 0 && event->leave >= DWELL_LEAVE_SLEEPS &&
		event->leave <= DWELL_LEAVE_STOPPED)
		dwell_delay_left(sched->delay, event->tid);
}

static int tell_switch(struct dwell_sched *sched, const struct dwell_kernel_event *told)
{
	struct dwell_kernel_event completed = *told;
	const struct dwell_kernel_event *event = &completed;
	struct dwell_event row = { .time_ns = event->time_ns, .kind = DWELL_EVENT_SWITCH };
	uint32_t code;
	int err = 0;

	row.executor = dwell_registry_cpu(sched->registry, event->cpu);
	row.task = dwell_who_task(sched->who, event->tid, event->time_ns);
	row.peer = dwell_who_task(sched->who, event->peer, event->time_ns);
	if (sched->delay)
		look_at_delay(sched, &completed);
	if (event->entered_ns != 0 || event->ready_ns != 0) {
		err = tell_missing(sched, event, &row);
		if (err)
			return err;
	}
	if (row.task != 0)
		leave_for(sched, event, &row);
	if (sched->long_wait_ns != 0)
		look_at_length(sched, event);
	if (row.state == DWELL_EXITED && dwell_who_code(sched->who, event->tid, &code)) {
		const struct dwell_event end = { .time_ns = event->time_ns,
			.task = row.task,
			.kind = DWELL_EVENT_EXIT,
			.flags = DWELL_EVENT_HAS_VALUE,
			.value = code };

		err = dwell_sched_put(sched, &end);
		if (err)
			return err;
		/* That was its last row: who left is said. */
		row.task = 0;
		row.state = DWELL_STATE_SAME;
	}
	if (event->leave == DWELL_LEAVE_DEAD && event->tid != 0)
		gone(sched, event->tid, event->time_ns);
	err = dwell_sched_put(sched, &row);
	return err ? err : dwell_sched_found_runs(sched, event->peer, row.peer, event->time_ns);
}

static int tell_wake(struct dwell_sched *sched, const struct dwell_kernel_event *event)
{
	struct dwell_event row = {
		.time_ns = event->time_ns, .kind = DWELL_EVENT_WAKE, .state = DWELL_RUNNABLE
	};

	row.executor = dwell_registry_cpu(sched->registry, event->cpu);
	row.task = dwell_who_task(sched->who, event->tid, event->time_ns);
	/* A device or a timer woke it, not the task that happened to run. */
	if (!event->interrupt) {
		row.peer = dwell_who_task(sched->who, event->peer, event->time_ns);
		dwell_sched_found_woken(sched, event->tid);
	}
	if (event->several)
		row.flags = DWELL_EVENT_SHARED;
	if (row.task == row.peer)
		return 0;
	return dwell_sched_put(sched, &row);
}

/* A process that ends at once has its maker's mappings, and nobody can read them any more. */
static void inherit_maps(struct dwell_sched *sched, const struct dwell_kernel_event *event)
{
	const uint32_t parent = dwell_who_pid(sched->who, event->peer);

	if (event->tid == event->process && parent != 0 && parent != event->process &&
		dwell_who_followed(sched->who, event->tid))
		dwell_maps_fork(sched->maps, dwell_who_process(sched->who, parent),
			dwell_who_process(sched->who, event->process));
}

static int tell_fork(struct dwell_sched *sched, const struct dwell_kernel_event *event)
{
	struct dwell_event row = {
		.time_ns = event->time_ns, .kind = DWELL_EVENT_CREATE, .state = DWELL_RUNNABLE
	};

	row.task = dwell_who_fork(
		sched->who, event->tid, event->process, event->peer, event->name, event->time_ns);
	row.peer = dwell_who_task(sched->who, event->peer, event->time_ns);
	inherit_maps(sched, event);
	return row.task ? dwell_sched_put(sched, &row) : 0;
}

/*
 * The kernel tells no more of this thread: it ended, or its program gained rights by an exec and is
 * none of our business any more.
 */
static int tell_gone(struct dwell_sched *sched, const struct dwell_kernel_event *event)
{
	struct dwell_event row = { .time_ns = event->time_ns,
		.kind = DWELL_EVENT_EXIT,
		.task = dwell_who_task(sched->who, event->tid, event->time_ns) };

	if (dwell_proc_lives(event->tid)) {
		row.kind = DWELL_EVENT_STATE;
		row.state = DWELL_UNKNOWN;
	} else {
		gone(sched, event->tid, event->time_ns);
	}
	return row.task ? dwell_sched_put(sched, &row) : 0;
}

/* The copy of the recorder that waited to be let go ends where the program begins. */
static int tell_launch(struct dwell_sched *sched, const struct dwell_kernel_event *event,
	uint32_t copy, uint32_t task)
{
	const struct dwell_event birth = { .time_ns = event->time_ns,
		.kind = DWELL_EVENT_CREATE,
		.state = DWELL_UNKNOWN,
		.task = task };
	const struct dwell_event entry = { .time_ns = event->time_ns,
		.kind = DWELL_EVENT_SWITCH,
		.executor = dwell_registry_cpu(sched->registry, event->cpu),
		.task = copy,
		.state = DWELL_EXITED,
		.peer = task };
	const int err = dwell_sched_put(sched, &birth);

	return err ? err : dwell_sched_put(sched, &entry);
}

static int tell_exec(struct dwell_sched *sched, const struct dwell_kernel_event *event)
{
	uint32_t copy, task;

	if (dwell_who_launched(
		    sched->who, event->process, event->name, event->time_ns, &copy, &task))
		return tell_launch(sched, event, copy, task);
	/* A thread that was not the first goes on under the process's own number. */
	if (event->code != event->tid && event->code != 0) {
		const uint32_t former = dwell_who_task(sched->who, event->code, event->time_ns);
		const struct dwell_event end = {
			.time_ns = event->time_ns, .task = former, .kind = DWELL_EVENT_EXIT
		};
		int err = former ? dwell_sched_put(sched, &end) : 0;

		if (err)
			return err;
		gone(sched, event->code, event->time_ns);
	}
	dwell_who_exec(sched->who, event->process, event->name);
	dwell_maps_exec(sched->maps, dwell_who_process(sched->who, event->process), event->time_ns);
	return 0;
}

static int tell_loss(struct dwell_sched *sched, const struct dwell_kernel_event *event)
{
	struct dwell_event row = { .time_ns = event->time_ns,
		.kind = DWELL_EVENT_LOSS,
		.value = event->lost,
		.extra = event->from_ns };

	row.reason = DWELL_LOSS_KERNEL;
	if (event->kind == DWELL_KERNEL_EVENT_OVERWRITTEN) {
		row.reason = DWELL_LOSS_OVERWRITTEN;
		/* Told ahead: all that other rings say comes after it. */
		row.time_ns = event->from_ns;
		row.extra = event->time_ns;
		row.executor = dwell_registry_cpu(sched->registry, event->cpu);
	}
	sched->lost += event->lost;
	return dwell_sched_put(sched, &row);
}

int dwell_sched_tell(void *context, const struct dwell_kernel_event *event)
{
	struct dwell_sched *sched = context;

	switch (event->kind) {
	case DWELL_KERNEL_EVENT_SWITCH:
		return tell_switch(sched, event);
	case DWELL_KERNEL_EVENT_WAKE:
		return tell_wake(sched, event);
	case DWELL_KERNEL_EVENT_FORK:
		return tell_fork(sched, event);
	case DWELL_KERNEL_EVENT_EXEC:
		return tell_exec(sched, event);
	case DWELL_KERNEL_EVENT_EXIT:
		dwell_who_exiting(sched->who, event->tid, event->code);
		return 0;
	case DWELL_KERNEL_EVENT_GONE:
		return tell_gone(sched, event);
	case DWELL_KERNEL_EVENT_NAME:
		dwell_who_rename(sched->who, event->tid, event->process, event->name);
		return 0;
	default:
		return tell_loss(sched, event);
	}
}

struct ending {
	struct dwell_sched *sched;
	uint64_t time_ns;
	int err;
};

static void tell_exiting(void *context, uint32_t tid, uint32_t code)
{
	struct ending *ending = context;
	const struct dwell_event row = { .time_ns = ending->time_ns,
		.kind = DWELL_EVENT_EXIT,
		.task = dwell_who_task(ending->sched->who, tid, ending->time_ns),
		.flags = DWELL_EVENT_HAS_VALUE,
		.value = code };

	if (!ending->err && row.task)
		ending->err = dwell_sched_put(ending->sched, &row);
}

int dwell_sched_end(struct dwell_sched *sched, uint64_t time_ns)
{
	struct ending ending = { sched, time_ns, 0 };

	dwell_who_take_exiting(sched->who, tell_exiting, &ending);
	return ending.err ? ending.err : dwell_sched_flush(sched);
}
