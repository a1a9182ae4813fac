#ifndef DWELL_DICT_H
#define DWELL_DICT_H

#include "src/pages.h"

enum { DICT_FEW = 1 << 16 };

/* A dictionary of a chunk that is being written: ids to small numbers in order of appearance, from
 * 1. */
struct dict {
	uint32_t *few;              /* by id below DICT_FEW: number + 1; 0: none */
	struct dwell_pages numbers; /* of all other ids: epoch << 32 | number */
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
	if (id < DICT_FEW)
		return dict->few[id] - 1;

	const uint64_t *number = dwell_pages_find(&dict->numbers, id);

	return number && *number >> 32 == dict->epoch ? (uint32_t)*number : UINT32_MAX;
}

#endif
