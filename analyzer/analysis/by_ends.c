/* A chapter's stretches by their ends. */
#include "analysis/by_ends.h"

#include <stdlib.h>

static int by_end(const void *a, const void *b)
{
	const struct dwell_stretch *const *x = a, *const *y = b;

	if ((*x)->end_ns != (*y)->end_ns)
		return (*x)->end_ns < (*y)->end_ns ? -1 : 1;
	if ((*x)->task != (*y)->task)
		return (*x)->task < (*y)->task ? -1 : 1;
	return ((*x)->start_ns > (*y)->start_ns) - ((*x)->start_ns < (*y)->start_ns);
}

static int put(struct by_ends *ends, const struct dwell_stretch *s)
{
	if (s->end_ns <= ends->begin_ns || s->end_ns > ends->chapters->end_ns)
		return DWELL_OK;
	if (ends->count == ends->cap) {
		const size_t cap = ends->cap ? ends->cap * 2 : 1024;
		const struct dwell_stretch **others =
			realloc(ends->others, cap * sizeof(struct dwell_stretch *));

		if (!others)
			return DWELL_ENOMEM;
		ends->others = others;
		ends->cap = cap;
	}
	ends->others[ends->count++] = s;
	return DWELL_OK;
}

int by_ends_fill(struct by_ends *ends, const struct chapters *chapters, uint64_t from_ns)
{
	const struct dwell_history *now = chapters->now;
	int err = DWELL_OK;

	ends->chapters = chapters;
	ends->begin_ns = chapters->begin_ns > from_ns ? chapters->begin_ns : from_ns;
	ends->count = 0;
	ends->told_left = now->unordered ? 0 : now->stretches.count;
	for (size_t i = 0; now->unordered && i < now->stretches.count && !err; i++)
		err = put(ends, history_told(now, i));
	for (uint32_t task = 0; !err && task < chapters->carried.end; task++) {
		const struct carried *of = table_get(&chapters->carried, task);

		for (size_t i = 0; of && i < of->count && !err; i++)
			err = put(ends, &of->at[i]);
	}
	if (ends->count > 1)
		qsort(ends->others, ends->count, sizeof(struct dwell_stretch *), by_end);
	return err;
}

/* The last one that was told in order, of those that are left. */
static const struct dwell_stretch *last_told(struct by_ends *ends)
{
	for (; ends->told_left; ends->told_left--) {
		const struct dwell_stretch *s =
			history_told(ends->chapters->now, ends->told_left - 1);

		if (s->end_ns <= ends->chapters->end_ns)
			return s->end_ns > ends->begin_ns ? s : NULL;
	}
	return NULL;
}

const struct dwell_stretch *by_ends_take(struct by_ends *ends, uint64_t least_ns)
{
	const struct dwell_stretch *told = last_told(ends);
	const struct dwell_stretch *other = ends->count ? ends->others[ends->count - 1] : NULL;

	if (told && (!other || told->end_ns >= other->end_ns)) {
		if (told->end_ns < least_ns)
			return NULL;
		ends->told_left--;
		return told;
	}
	if (!other || other->end_ns < least_ns)
		return NULL;
	ends->count--;
	return other;
}

void by_ends_release(struct by_ends *ends)
{
	free(ends->others);
	*ends = (struct by_ends){ 0 };
}
