#ifndef DWELL_ANALYSIS_WALKED_H
#define DWELL_ANALYSIS_WALKED_H

#include "analysis/groups.h"

/*
 * Places where a program goes through files, as one that packs or compiles does: more than
 * WALKED_FILES of them, none of which takes an eighth of the time. None is worth a row.
 */
enum { WALKED_FILES = 16 };

struct walked {
	uint64_t *places; /* their keys, in order */
	size_t count;
};

/* place: the key of a group without its object. 0 or DWELL_ENOMEM. */
int walked_find(struct walked *out, const struct dwell_catalog *catalog,
	const struct groups *groups,
	uint64_t (*place)(const struct dwell_catalog *catalog, const struct group *group));
void walked_release(struct walked *walked);

bool walked_has(const struct walked *walked, uint64_t place);

/* Is what is waited for a file? */
bool walked_is_file(const struct dwell_catalog *catalog, uint32_t object);

#endif
