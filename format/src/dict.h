#ifndef DWELL_DICT_H
#define DWELL_DICT_H

#include "src/pages.h"

/* A dictionary of a chunk that is being written: ids to small numbers in order of appearance, from
 * 1. Clearing it costs nothing. */
struct dict {
	uint64_t *few; /* by id below few_cap: epoch << 32 | number */
	uint32_t few_cap;
	struct dwell_pages numbers; /* of all other ids */
	uint32_t epoch;
	uint32_t *ids;       /* by number; [0] is 0 */
	uint32_t count, cap; /* of ids, with the 0 */
};

int dwell_dict_init(struct dict *dict);
void dwell_dict_release(struct dict *dict);
void dwell_dict_clear(struct dict *dict);

/* Put an id that is not in it. UINT32_MAX when out of memory. */
uint32_t dwell_dict_add(struct dict *dict, uint32_t id);

/* Its number; UINT32_MAX where it has none. 0 always has number 0. */
static inline uint32_t dwell_dict_find(const struct dict *dict, uint32_t id)
{
	if (id < dict->few_cap)
		return dict->few[id] >> 32 == dict->epoch ? (uint32_t)dict->few[id] : UINT32_MAX;

	const uint64_t *number = dwell_pages_find(&dict->numbers, id);

	return number && *number >> 32 == dict->epoch ? (uint32_t)*number : UINT32_MAX;
}

#endif
