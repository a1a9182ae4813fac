#ifndef DWELL_STATES_SLOT_H
#define DWELL_STATES_SLOT_H

#include <string.h>

#include "src/states_private.h"

_Static_assert(offsetof(struct dwell_task_state, created_ns) ==
		       offsetof(struct dwell_task_state, state) + 8,
	"what is small in a state is one word");

/* A slot's state and wait_reason in one word: both are looked at for nearly every row. */
static inline uint64_t states_word(const struct dwell_task_state *s)
{
	uint64_t word;

	memcpy(&word, &s->state, sizeof(word));
	return word;
}

/* The bytes of such a word where only these have some value. */
static inline uint64_t states_word_of(uint8_t state, uint8_t wait_reason)
{
	const struct dwell_task_state s = { .state = state, .wait_reason = wait_reason };

	return states_word(&s);
}

/* The slot of task (not 0) if it is live, knows all losses, and is in a state without a loss or a
 * wait of the program's; else NULL. */
static inline struct slot *states_plain_slot(
	const struct dwell_states *states, uint32_t task, unsigned state)
{
	const size_t page = task >> STATES_SLOT_BITS;

	if (page >= states->page_count || !states->pages[page])
		return NULL;

	struct slot *slot = &states->pages[page][task & (STATES_SLOTS - 1)];
	const uint64_t word = states_word(&slot->s) & states_word_of(0xff, 0xff);
	const uint64_t other = (slot->seen.as_one ^ states->losses_told.as_one) | slot->s.lost_ns |
			       (word ^ states_word_of((uint8_t)state, 0));

	return other ? NULL : slot;
}

#endif
