#ifndef DWELL_ANALYSIS_SUBJECTS_H
#define DWELL_ANALYSIS_SUBJECTS_H

#include "analysis/key_names.h"
#include "analysis/series.h"
#include "model/arena.h"

/* Where a lock was waited for, and how long. */
enum { ITEM_PLACES = 8 };
struct place {
	uint32_t stack;
	uint64_t total_ns;
};

/* What a fold collects by ids, to be named at the end. */
struct item {
	uint64_t key;   /* hash of the ids */
	uint32_t place; /* among the items */
	uint8_t kind;   /* enum dwell_digest_kind */
	uint8_t reason;
	uint32_t object, stack, task, label;
	struct dwell_times times;
	struct dwell_windows states;
	struct dwell_series series, hold;
	struct place places[ITEM_PLACES]; /* of locks; the least makes room */
};

struct items {
	struct item **at;
	size_t count, cap;
	struct item **slots; /* NULL: free; a power of two, twice as many as items */
	size_t slot_count;
};

/* Where a key is, unless another took its place before; NULL: there are none. */
static inline struct item **items_first_slot(const struct items *items, uint64_t key)
{
	return items->slots ? &items->slots[hash_mix(0, key) & (items->slot_count - 1)] : NULL;
}

/* Made where it was not; NULL: no memory. */
struct item *items_get(struct items *items, uint64_t key, bool *made);
void items_release(struct items *items);

/* Subjects as they are put together: by kind and key. */
struct subjects {
	struct dwell_digest_subject *at;
	size_t count, cap;
	uint32_t *slots;
	size_t slot_count;
};

/* Made where it was not; NULL: no memory. Valid until the next call. */
struct dwell_digest_subject *subjects_get(
	struct subjects *subjects, unsigned kind, const char *key);
/* NULL where there is none. */
struct dwell_digest_subject *subjects_find(
	const struct subjects *subjects, unsigned kind, const char *key);
void subjects_release(struct subjects *subjects);

/* By kind, then key. */
void digest_sort(struct dwell_digest *digest);

void subject_release(struct dwell_digest_subject *subject);
/* Add what `from` holds, of the same kind. 0 or DWELL_ENOMEM. */
int subject_merge(struct dwell_digest_subject *into, const struct dwell_digest_subject *from);
struct dwell_answer;
/* Who was to blame for sites, locks and spans, as the other analyses of the answer have it. locks:
 * by object, a uint32_t, 1 more than the index of its subject; 0: none. */
int blame_subjects(struct subjects *subjects, const struct dwell_answer *answer,
	const struct dwell_catalog *catalog, const struct table *locks);

/* A copy of text; 0 or DWELL_ENOMEM. NULL stays NULL. */
int subject_text(char **into, const char *text);

#endif
