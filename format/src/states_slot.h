#ifndef DWELL_STATES_SLOT_H
#define DWELL_STATES_SLOT_H

#include <string.h>

#include "src/states_private.h"

_Static_assert(offsetof(struct dwell_task_state, created_ns) ==
		       offsetof(struct dwell_task_state, state) + 8,
	"what is small in a state is one word");

/* What follows a state in one word: all of it is written when a state begins. */
struct states_word {
	uint8_t state, reason, cause, own_word, wait_reason, wait_flags, wait_waker_how, unused;
};

/* Object and stack of a state or a row, waker and waker's stack: two fields as one. */
static inline uint64_t states_pair(const uint32_t *first)
{
	uint64_t pair;

	memcpy(&pair, first, sizeof(pair));
	return pair;
}

static inline void states_put_pair(uint32_t *first, uint64_t pair)
{
	memcpy(first, &pair, sizeof(pair));
}

#define STATES_IS_PAIR(type, first, second)                                                        \
	_Static_assert(offsetof(type, second) == offsetof(type, first) + sizeof(uint32_t),         \
		"what is copied as one stands together")
STATES_IS_PAIR(struct dwell_event, object, stack);
STATES_IS_PAIR(struct dwell_task_state, object, stack);
STATES_IS_PAIR(struct dwell_task_state, waker, waker_stack);

static inline void states_put_word(struct dwell_task_state *s, const struct states_word word)
{
	memcpy(&s->state, &word, sizeof(word));
}

/* The program's own wait is over. */
static inline void states_close_wait(struct dwell_task_state *s)
{
	s->wait_reason = 0;
	s->wait_flags = 0;
	s->wait_waker_how = DWELL_WAKER_NONE;
	s->wait_since_ns = 0;
	s->wait_blocked_ns = 0;
	s->wait_runnable_ns = 0;
	s->wait_running_ns = 0;
	s->wait_object = DWELL_NONE;
	s->wait_stack = DWELL_NONE;
	s->wait_holder = DWELL_NONE;
	s->wait_waker = DWELL_NONE;
	s->wait_waker_stack = DWELL_NONE;
}

/* What `seen` is of a slot that knows these losses and is plain in that state. */
static inline uint64_t states_plain(union states_seen losses, unsigned state)
{
	losses.plain = (uint16_t)state;
	return losses.as_one;
}

/* For a slot of which is not known whether it is plain in that state: if it is, so it says from
 * now on. */
bool states_turn_plain(const struct dwell_states *states, struct slot *slot, unsigned state);

/*
 * The slot of task (not 0) if it is plain in that state, else NULL: it is live, knows all losses
 * and is in none, nor in a wait of the program's; sums count all of the state; and it is on
 * nothing unless it is blocked.
 */
static inline struct slot *states_plain_slot(
	const struct dwell_states *states, uint32_t task, unsigned state)
{
	const size_t page = task >> STATES_SLOT_BITS;

	if (page >= states->page_count || !states->pages[page])
		return NULL;

	struct slot *slot = &states->pages[page][task & (STATES_SLOTS - 1)];

	if (__builtin_expect(slot->seen.as_one == states_plain(states->losses_told, state), 1) ||
		states_turn_plain(states, slot, state))
		return slot;
	return NULL;
}

#endif
