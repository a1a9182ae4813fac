/* Tasks that have ended give up their room. */
#include "src/states_pages.h"

#include <stdlib.h>

#include "dwell/error.h"

/* Looking for them is worth it when there are twice as many pages as were kept last time. */
enum { PAGES_LEAST = 32 };

/* Ids are given in order: what has none yet at the end of a page is still to come. */
static bool all_ended(const struct slot *slots)
{
	for (size_t i = 0; i < STATES_SLOTS; i++)
		if (slots[i].seen.life != SLOT_ENDED && (i || slots[i].seen.life != SLOT_NONE))
			return false;
	return true;
}

static struct slot *new_gone(void)
{
	struct slot *slots = states_new_page();

	for (size_t i = 0; slots && i < STATES_SLOTS; i++)
		slots[i].seen.life = SLOT_ENDED;
	return slots;
}

typedef int (*visitor)(void *context, uint32_t first, const struct dwell_life *lives, size_t count);

/* A page of which all have ended. */
static int forget_page(struct dwell_states *states, uint32_t page, visitor visit, void *context)
{
	struct dwell_life lives[STATES_SLOTS];
	struct slot *slots = states->pages[page];
	size_t count = 0;

	for (size_t i = 0; visit && i < STATES_SLOTS; i++)
		count += states_life(&slots[i], &lives[count]);
	states->pages[page] = states->gone;
	free(slots);
	return visit ? visit(context, page << STATES_SLOT_BITS, lives, count) : 0;
}

static int look(struct dwell_states *states, visitor visit, void *context)
{
	size_t kept = 0;
	int stop = 0;

	for (size_t i = 0; i < states->made_count; i++) {
		const uint32_t page = states->made[i];

		if (!stop && all_ended(states->pages[page]))
			stop = forget_page(states, page, visit, context);
		else
			states->made[kept++] = page;
	}
	states->made_count = kept;
	states->made_after = kept;
	return stop;
}

int dwell_states_forget(struct dwell_states *states, visitor visit, void *context)
{
	if (states->made_count < PAGES_LEAST || states->made_count < 2 * states->made_after)
		return DWELL_OK;
	if (!states->gone)
		states->gone = new_gone();
	return states->gone ? look(states, visit, context) : DWELL_ENOMEM;
}
