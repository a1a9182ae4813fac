/* Definitions that are asked for where they are first needed. */
#include "dwell/error.h"
#include "src/states_pages.h"

int dwell_states_ask(
	struct dwell_states *states, uint32_t end, dwell_states_defined *defined, void *context)
{
	const size_t page = end >> STATES_SLOT_BITS;

	if (end > DWELL_MAX_TASKS + 1)
		return DWELL_ELIMIT;
	if (page >= states->page_count && states_grow_pages(states, page))
		return DWELL_ENOMEM;
	states->defined = defined;
	states->defined_context = context;
	states->asked_page = SIZE_MAX;
	return DWELL_OK;
}

void states_fill(const struct dwell_states *states, size_t page, struct slot *slots)
{
	const uint32_t first = (uint32_t)(page << STATES_SLOT_BITS);
	uint64_t created_ns[STATES_SLOTS];
	const uint64_t bits = states->defined(states->defined_context, first, created_ns);

	for (uint32_t i = 0; i < STATES_SLOTS; i++) {
		if (!(bits >> i & 1))
			continue;
		states_define(&slots[i], first + i, created_ns[i]);
		/* A keyframe came that does not have it. */
		if (created_ns[i] < states->loaded_ns)
			slots[i].seen.life = SLOT_ENDED;
	}
}

bool states_lives_unmet(struct dwell_states *states, size_t page, uint64_t time_ns)
{
	const uint32_t first = (uint32_t)(page << STATES_SLOT_BITS);
	uint64_t created_ns[STATES_SLOTS], bits;

	if (!states->defined)
		return false;
	if (states->asked_page != page) {
		bits = states->defined(states->defined_context, first, created_ns);
		states->asked_page = page;
		states->asked_ns = UINT64_MAX;
		for (; bits; bits &= bits - 1) {
			const uint64_t at_ns = created_ns[__builtin_ctzll(bits)];

			if (at_ns >= states->loaded_ns && at_ns < states->asked_ns)
				states->asked_ns = at_ns;
		}
	}
	return states->asked_ns <= time_ns;
}

int states_meet(struct dwell_states *states, uint64_t time_ns)
{
	for (size_t page = 0; states->defined && page < states->page_count; page++)
		if (!states->pages[page] && states_lives_unmet(states, page, time_ns) &&
			!states_make_slot(states, (uint32_t)(page << STATES_SLOT_BITS)))
			return DWELL_ENOMEM;
	return DWELL_OK;
}
