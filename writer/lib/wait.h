#ifndef DWELL_LIB_WAIT_H
#define DWELL_LIB_WAIT_H

#include "lib.h"

/*
 * Waits of this thread. What each call that may block passes is inline: after a system call little
 * of ours is left in the nearest cache, and each line of code that is run has to come anew.
 */

/* A wait is begun in another one, its note lies at `at`: was that one left? */
void dwell_wait_nest(struct dwell_self *self, uintptr_t at, uint64_t now);

/* One that is over at `now` is to be told: with a stack when it lasted stack_ticks. */
void dwell_wait_record(struct dwell_self *self, const struct dwell_wait_note *note, uint64_t now,
	const void *return_address, const void *frame);

/* The wait in which another one is over goes on. */
void dwell_wait_go_on(struct dwell_self *self);

/* Show it beside the rings. */
static inline void dwell_wait_show(
	struct dwell_self *self, const struct dwell_wait_note *note, uint64_t since)
{
	struct dwell_ring_line *line = &self->slot->line;

	atomic_store_explicit(
		&line->state_what, (uint32_t)note->kind << 8 | note->flags, memory_order_relaxed);
	atomic_store_explicit(&line->state_holder, (uint32_t)note->holder, memory_order_relaxed);
	atomic_store_explicit(&line->state_caller, note->caller, memory_order_relaxed);
	dwell_ring_state(line, since, note->reason, note->object);
}

/* Begin a wait whose note is like that one, which is nobody else's: what is constant in it need not
 * be read. */
static inline void dwell_wait_enter_like(
	struct dwell_self *self, struct dwell_wait_note *note, const struct dwell_wait_note *like)
{
	const uint64_t since = dwell_now();

	note->since = since;
	if (__builtin_expect(self->wait != NULL, 0))
		dwell_wait_nest(self, (uintptr_t)note, since);
	note->outer = self->wait;
	dwell_wait_show(self, like, since);
	self->wait = note;
	DWELL_TESTPOINT("wait begun");
}

/* Begin a wait: the state word says so from now on. */
static inline void dwell_wait_enter(struct dwell_self *self, struct dwell_wait_note *note)
{
	dwell_wait_enter_like(self, note, note);
}

/*
 * Walk the stack of a wait that was begun and will be recorded, for whoever looks while it lasts;
 * its end then need not. Before the thread blocks that delays nobody: after it, it may hold a lock.
 * Nothing is done where stacks are for longer waits only, or where tables are still to come.
 */
void dwell_wait_look(struct dwell_self *self, struct dwell_wait_note *note,
	const void *return_address, const void *frame);

/* End it and write its record: none for a call (always: false) that lasted less than call_ticks. */
static inline void dwell_wait_leave(struct dwell_self *self, const struct dwell_wait_note *note,
	bool always, const void *return_address, const void *frame)
{
	const struct dwell_session_header *header = dwell_lib.session.header;
	const uint64_t now = dwell_now_after();

	/* A handler forked inside the wait, and this is the child: the slot is the parent's. */
	if (__builtin_expect(self->epoch != dwell_epoch_mark(atomic_load_explicit(
						    dwell_lib.epoch, memory_order_relaxed)) ||
				     !self->slot,
		    0))
		return;
	if (always ||
		__builtin_expect(now - note->since >= atomic_load_explicit(&header->call_ticks,
							      memory_order_relaxed),
			0))
		dwell_wait_record(self, note, now, return_address, frame);
	/* Only now: a drain that sees no wait must find the record. */
	self->wait = note->outer;
	if (__builtin_expect(note->outer != NULL, 0))
		dwell_wait_go_on(self);
	else
		dwell_ring_state(&self->slot->line, 0, 0, 0);
}

#endif
