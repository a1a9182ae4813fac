#ifndef DWELL_STATES_PAGES_H
#define DWELL_STATES_PAGES_H

#include "src/states_private.h"

/* Pages of slots: those that are kept, and the one that stands for all that are not. */

/* All zero; NULL: no memory. */
struct slot *states_new_page(void);
/* What a task did until now; false: nothing was told of it. */
bool states_life(const struct slot *slot, struct dwell_life *out);

/* A slot that is known by its definition. */
void states_define(struct slot *slot, uint32_t task, uint64_t created_ns);
int states_grow_pages(struct dwell_states *states, size_t page);
/* A page that is not made: fill it with what was defined. */
void states_fill(const struct dwell_states *states, size_t page, struct slot *slots);
/* Does a task of a page that is not made live at that time, without a row? */
bool states_lives_unmet(struct dwell_states *states, size_t page, uint64_t time_ns);
/* Make all such pages. 0 or DWELL_ENOMEM. */
int states_meet(struct dwell_states *states, uint64_t time_ns);
struct slot *states_make_slot(struct dwell_states *states, uint32_t task);

/* The slots of a page in which some task may not have ended; else NULL. */
static inline struct slot *states_kept(const struct dwell_states *states, size_t page)
{
	return states->pages[page] != states->gone ? states->pages[page] : NULL;
}

static inline bool states_is_gone(const struct dwell_states *states, const struct slot *slot)
{
	return states->gone && slot >= states->gone && slot < states->gone + STATES_SLOTS;
}

#endif
