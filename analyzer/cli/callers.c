#include "cli/callers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So many of a table are looked at: each of a group beside each other. */
enum { MOST_PLACES = 1000, MOST_FRAMES = 64 };

/* From the program's own place on outwards. */
struct way {
	struct dwell_frame frames[MOST_FRAMES];
	size_t site, count;
};

static void read_way(struct way *way, const struct dwell_catalog *catalog, uint32_t stack)
{
	const size_t count = dwell_catalog_frames(catalog, stack, way->frames, MOST_FRAMES);

	way->count = count < MOST_FRAMES ? count : MOST_FRAMES;
	way->site = dwell_frames_site(way->frames, way->count);
	if (way->site >= way->count)
		way->site = 0;
}

static bool is_same(const struct dwell_frame *one, const struct dwell_frame *other)
{
	char text[DWELL_NAME_SIZE], other_text[DWELL_NAME_SIZE];

	return !strcmp(
		dwell_name_frame(text, one, true), dwell_name_frame(other_text, other, true));
}

/* How far out they part. */
static size_t parting(const struct way *one, const struct way *other)
{
	size_t out = 1;

	while (one->site + out < one->count && other->site + out < other->count &&
		is_same(&one->frames[one->site + out], &other->frames[other->site + out]))
		out++;
	return out;
}

/* The program's first caller so far out that has a name; of several places, else any. */
static const struct dwell_frame *find_caller(const struct way *way, size_t out, bool any)
{
	for (size_t i = way->site + out; i < way->count; i++)
		if (way->frames[i].function.size && !dwell_frame_is_common(&way->frames[i]))
			return &way->frames[i];
	return any && way->site + out < way->count ? &way->frames[way->site + out] : NULL;
}

static void append(struct callers_place *place, const struct dwell_frame *caller)
{
	char name[DWELL_NAME_SIZE];
	const size_t size = strlen(place->text) + DWELL_NAME_SIZE + 8;
	char *text = malloc(size);

	if (!text)
		return;
	snprintf(text, size, "%s, in %s", place->text, dwell_name_frame(name, caller, true));
	free(place->text);
	place->text = text;
}

/* Who tells one of these places, which read the same, from the others; `ways` is room. */
static void tell(const struct dwell_catalog *catalog, struct callers_place *const *group,
	size_t count, size_t at, struct way ways[2])
{
	const struct dwell_frame *caller = NULL;
	size_t out = 0;

	read_way(&ways[0], catalog, group[at]->stack);
	for (size_t i = 0; i < count; i++) {
		size_t apart;

		if (group[i]->stack == group[at]->stack)
			continue;
		read_way(&ways[1], catalog, group[i]->stack);
		apart = parting(&ways[0], &ways[1]);
		out = apart > out ? apart : out;
	}
	if (out)
		caller = find_caller(&ways[0], out, true);
	else if (ways[0].count && !ways[0].frames[ways[0].site].function.size)
		caller = find_caller(&ways[0], 1, false);
	if (caller)
		append(group[at], caller);
}

static int by_text(const void *a, const void *b)
{
	const struct callers_place *const *x = a, *const *y = b;

	return strcmp((*x)->text, (*y)->text);
}

static void tell_groups(
	const struct dwell_catalog *catalog, struct callers_place **sorted, size_t count)
{
	struct way *ways = malloc(2 * sizeof(*ways));
	size_t end;

	qsort(sorted, count, sizeof(*sorted), by_text);
	for (size_t at = 0; ways && at < count; at = end) {
		for (end = at + 1; end < count && !by_text(&sorted[at], &sorted[end]);)
			end++;
		for (size_t i = at; i < end; i++)
			tell(catalog, sorted + at, end - at, i - at, ways);
	}
	free(ways);
}

void callers_tell(const struct dwell_catalog *catalog, struct callers_place *places, size_t count)
{
	const size_t most = count < MOST_PLACES ? count : MOST_PLACES;
	struct callers_place **sorted = malloc((most + 1) * sizeof(struct callers_place *));
	size_t told = 0;

	for (size_t i = 0; sorted && i < most; i++)
		if (places[i].text && places[i].stack)
			sorted[told++] = &places[i];
	if (sorted)
		tell_groups(catalog, sorted, told);
	free(sorted);
}
