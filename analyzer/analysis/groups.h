#ifndef DWELL_ANALYSIS_GROUPS_H
#define DWELL_ANALYSIS_GROUPS_H

#include "analysis/fold.h"

/* A set of task ids: few in an array, sorted; as bits where that is smaller. */
struct idset {
	union {
		uint16_t *few; /* where all of them are such */
		uint32_t *wide;
	};
	uint32_t count, cap;
	bool is_wide;
	uint64_t *bits;
	size_t words;
};

int idset_add(struct idset *set, uint32_t id);
bool idset_has(const struct idset *set, uint32_t id);
int idset_merge(struct idset *into, const struct idset *from);
void idset_release(struct idset *set);
/* Calls visit for each id. */
void idset_each(const struct idset *set, void (*visit)(void *context, uint32_t id), void *context);

/* Does a task wait there for a lock that no object tells, and that who wakes it gives up, as
 * PostgreSQL's and MariaDB's of rows, Ruby's Mutex, or Java's locks and monitors? */
bool stack_is_handed(const struct dwell_catalog *catalog, unsigned reason, uint32_t stack);

/*
 * More than so many people of one group are not told apart: the least is added to the rest. Where
 * all groups together have very many holders or wakers, of a group only a few are.
 */
enum { GROUP_PEOPLE = 32, GROUP_FEW = 2, GROUPS_HOLDERS = 1 << 16, GROUPS_WAKERS = 1 << 17 };

/* Waits alike. What every wait changes comes first. */
struct group {
	struct dwell_histogram waits;
	uint64_t first_ns, last_ns; /* from the first wait's start to the last one's end */
	uint64_t underused_ns, woken, replies, timed_out;
	struct dwell_waker *wakers;
	uint32_t waker_count, last_waker; /* index of who was added to last */
	struct dwell_times times;
	uint64_t key; /* hash of what they have in common */
	uint32_t id;  /* task, object or reason where the key is one */
	uint8_t reason;
	bool several; /* objects */
	uint32_t object, stack;
	uint32_t first_task; /* whose wait was the first */
	uint64_t lead_ns;    /* of the member that reason, object and stack are taken from */
	uint64_t open_count, open_ns;
	uint64_t open_held_ns; /* that holders are blamed for of waits that have not ended */
	uint64_t unproven_ns;  /* that holders are blamed for of what may be no lock */
	struct idset tasks;
	struct dwell_holder *holders;
	uint64_t *holder_keys; /* of each: a holder has several cache lines */
	uint32_t holder_count, holder_cap, waker_cap;
	struct group_rest *rest; /* NULL: none */
};

/* Those that made room for others, added up. */
struct group_rest {
	struct dwell_holder holders;
	struct dwell_waker wakers;
};

/* Groups by their key, in the order in which they came. */
struct groups {
	struct group **at;
	size_t count, cap;
	struct group **slots; /* NULL: free; a power of two, twice as many as groups */
	size_t slot_count;
	uint64_t wakers; /* told apart in all of them */
};

/* Where a key is, unless another took its place before; there are slots. */
static inline struct group **groups_first_slot(const struct groups *groups, uint64_t key)
{
	return &groups->slots[hash_mix(0, key) & (groups->slot_count - 1)];
}

/* Made where it was not; NULL: no memory. */
struct group *groups_get(struct groups *groups, uint64_t key, bool *made);
void groups_release(struct groups *groups);
/* Nothing of one is needed any more: there may be very many. None is looked for after that. */
void groups_drop(struct groups *groups, size_t i);

/* The time that anybody held what was waited for. */
uint64_t group_held_ns(const struct group *group);
/* Most of the time: of waits that have ended, or of all. */
bool group_is_held(const struct group *group);
void group_forget_holders(struct group *group);

/* To a group of these; NULL: to one by itself. */
int group_add_waker(struct groups *groups, struct group *group, const struct dwell_waker *waker);
/* The same, for loops: quick where it is who was added to last. */
static inline int group_add_one_waker(
	struct groups *groups, struct group *group, uint32_t task, uint32_t stack, uint64_t ns)
{
	struct dwell_waker *last =
		group->last_waker < group->waker_count ? &group->wakers[group->last_waker] : NULL;

	if (!last || last->task != task || last->stack != stack)
		return group_add_waker(groups, group, &(struct dwell_waker){ task, stack, 1, ns });
	last->count++;
	last->total_ns += ns;
	return DWELL_OK;
}
/* At most `most` are told apart, at least 1. Its reasons are copied. */
int group_add_holder(struct group *group, const struct dwell_holder *holder, uint32_t most);
int group_merge(struct group *into, const struct group *from);
/* Longest first, the rest last under task 0; the array is the caller's to free, and holds their
 * reasons, too. */
int group_take_holders(struct group *group, struct dwell_holder **out, size_t *count);
int group_take_wakers(struct group *group, struct dwell_waker **out, size_t *count);

#endif
