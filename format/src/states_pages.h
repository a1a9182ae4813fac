#ifndef DWELL_STATES_PAGES_H
#define DWELL_STATES_PAGES_H

#include "src/states_private.h"

/* Pages of slots: those that are kept, and the one that stands for all that are not. */

/* All zero; NULL: no memory. */
struct slot *states_new_page(void);
/* What a task did until now; false: nothing was told of it. */
bool states_life(const struct slot *slot, struct dwell_life *out);

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
