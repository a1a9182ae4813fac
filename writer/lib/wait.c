#include "wait.h"

#include "interpreter.h"

static void put(
	struct dwell_self *self, const struct dwell_wait_note *note, uint64_t now, uint32_t stack)
{
	uint64_t what = dwell_what(stack, note->reason, note->kind, note->flags);

	if (note->holder > 0)
		dwell_ring_put3(&self->writer, now, DWELL_RECORD_WAIT, what, note->since,
			note->object, (uint32_t)note->holder, 0);
	else
		dwell_ring_put2(
			&self->writer, now, DWELL_RECORD_WAIT, what, note->since, note->object);
}

/*
 * A wait that was left by siglongjmp or an exception is still in the list, and its note lies below
 * (that is: at a lower address than) any frame that is alive now. What it was is recorded as
 * interrupted, up to here. The notes themselves may be overwritten by now: only the state word,
 * which is the innermost one's, is looked at.
 */
static void forget_abandoned(struct dwell_self *self, uint64_t now)
{
	const struct dwell_slot *state = &self->slot->line.state;
	uint64_t word = state->word[0];
	uint32_t what = atomic_load_explicit(&self->slot->line.state_what, memory_order_relaxed);

	self->wait = NULL;
	if ((word & 0xff) != 0)
		dwell_ring_put2(&self->writer, now, DWELL_RECORD_WAIT,
			dwell_what(0, word & 0xff, what >> 8 & 0xff,
				(what & 0xff) | DWELL_FLAG_INTERRUPTED),
			word >> 8, state->word[1]);
}

static bool on_own_stack(const struct dwell_self *self, uintptr_t at)
{
	return at >= self->stack_low && at < self->stack_high;
}

/* Notes on other stacks (of signals, of coroutines) are in no order that we know. */
static bool abandoned(const struct dwell_self *self, uintptr_t at)
{
	const uintptr_t last = (uintptr_t)self->wait;

	return last <= at && on_own_stack(self, at) == on_own_stack(self, last);
}

void dwell_wait_nest(struct dwell_self *self, uintptr_t at, uint64_t now)
{
	if (abandoned(self, at))
		forget_abandoned(self, now);
}

void dwell_wait_go_on(struct dwell_self *self)
{
	dwell_wait_show(self, self->wait, self->wait->since);
}

static bool stacks_wanted(const struct dwell_session_header *header)
{
	return (atomic_load_explicit(&header->flags, memory_order_relaxed) &
		       DWELL_SESSION_STACKS) != 0;
}

void dwell_wait_look(struct dwell_self *self, struct dwell_wait_note *note,
	const void *return_address, const void *frame)
{
	/* Stacks are for waits not much longer than a call that is worth a record. */
	enum { TIMES = 4 };
	const struct dwell_session_header *header = dwell_lib.session.header;
	uint32_t stack;

	if (!stacks_wanted(header) || dwell_lib.session.minor < DWELL_SESSION_OPEN_STACKS ||
		atomic_load_explicit(&header->stack_ticks, memory_order_relaxed) / TIMES >
			atomic_load_explicit(&header->call_ticks, memory_order_relaxed) ||
		!dwell_stack_by(&note->unwind))
		return;
	stack = dwell_stack(self, return_address, frame);
	if (stack == 0)
		return;
	note->caller = DWELL_CALLER_STACK | stack;
	atomic_store_explicit(&self->slot->line.state_caller, note->caller, memory_order_relaxed);
}

/* That which was walked when the wait began, unless there are better tables by now. */
static uint32_t stack_of(struct dwell_self *self, const struct dwell_wait_note *note,
	const void *return_address, const void *frame)
{
	uint64_t unwind;

	if ((note->caller & DWELL_CALLER_STACK) != 0 && dwell_stack_by(&unwind) &&
		unwind == note->unwind)
		return (uint32_t)note->caller;
	return dwell_stack(self, return_address, frame);
}

/*
 * A lock of the interpreter's own is told by its name, once in each process. Two threads may tell
 * it at once, which is no harm.
 */
static void name_lock(struct dwell_self *self, const struct dwell_wait_note *note, uint64_t now)
{
	enum { LOCKS = 4 };
	static _Atomic uint64_t told[LOCKS];
	const uint64_t key = note->object ^ (uint64_t)dwell_lib.process_index << 48 ^
			     (uint64_t)dwell_lib.process_generation << 56;
	_Atomic uint64_t *at = &told[note->object / sizeof(pthread_mutex_t) % LOCKS];

	uint32_t name;

	if (atomic_load_explicit(at, memory_order_relaxed) == key)
		return;
	name = dwell_interpreter.lock_name(note->object, note->kind);
	if (name != 0 && dwell_ring_put2(&self->writer, now, DWELL_RECORD_OBJECT,
				 dwell_what(name, 0, note->kind, 0), 0, note->object))
		atomic_store_explicit(at, key, memory_order_relaxed);
}

void dwell_wait_record(struct dwell_self *self, const struct dwell_wait_note *note, uint64_t now,
	const void *return_address, const void *frame)
{
	const struct dwell_session_header *header = dwell_lib.session.header;
	uint32_t stack = 0;

	if (stacks_wanted(header) && now - note->since >= atomic_load_explicit(&header->stack_ticks,
								  memory_order_relaxed))
		stack = stack_of(self, note, return_address, frame);
	if (note->object - dwell_interpreter.data < dwell_interpreter.data_size)
		name_lock(self, note, now);
	put(self, note, now, stack);
	DWELL_TESTPOINT("wait recorded");
}
