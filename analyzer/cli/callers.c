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
	uint32_t stack;
};

static bool is_text(struct dwell_string one, struct dwell_string other)
{
	return one.size == other.size && (!one.size || !memcmp(one.at, other.at, one.size));
}

static bool is_function(const struct dwell_frame *one, const struct dwell_frame *other)
{
	return one->function.size ? is_text(one->function, other->function)
				  : !other->function.size && one->address == other->address;
}

/* What calls itself is on the way once. */
static bool is_on_way(const struct way *way, const struct dwell_frame *frame)
{
	for (size_t i = way->site; i < way->count; i++)
		if (is_function(&way->frames[i], frame))
			return true;
	return false;
}

static void read_way(struct way *way, const struct dwell_catalog *catalog, uint32_t stack)
{
	const size_t all = dwell_catalog_frames(catalog, stack, way->frames, MOST_FRAMES);
	const size_t held = all < MOST_FRAMES ? all : MOST_FRAMES;

	way->stack = stack;
	way->site = dwell_frames_site(way->frames, held);
	if (way->site >= held)
		way->site = 0;
	way->count = way->site;
	for (size_t i = way->site; i < held; i++)
		if (!is_on_way(way, &way->frames[i]))
			way->frames[way->count++] = way->frames[i];
}

static bool is_same(const struct dwell_frame *one, const struct dwell_frame *other)
{
	return is_function(one, other) && one->line == other->line &&
	       is_text(one->file, other->file);
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
	if (!any || way->site + out >= way->count ||
		!dwell_frame_is_code(&way->frames[way->site + out]))
		return NULL;
	return &way->frames[way->site + out];
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

/* Who tells one of these places, which read the same, from the others. */
static const struct dwell_frame *find_apart(const struct way *ways, size_t count, size_t at)
{
	size_t out = 0;

	for (size_t i = 0; i < count; i++)
		if (ways[i].stack != ways[at].stack) {
			const size_t apart = parting(&ways[at], &ways[i]);

			/* Those that never part differ before that place, by how they wait. */
			if (ways[at].site + apart < ways[at].count)
				out = apart > out ? apart : out;
		}
	if (out)
		return find_caller(&ways[at], out, true);
	if (ways[at].count && !ways[at].frames[ways[at].site].function.size)
		return find_caller(&ways[at], 1, false);
	return NULL;
}

static void tell_group(
	const struct dwell_catalog *catalog, struct callers_place *const *group, size_t count)
{
	struct way *ways = malloc(count * sizeof(*ways));

	for (size_t i = 0; ways && i < count; i++)
		read_way(&ways[i], catalog, group[i]->stack);
	for (size_t i = 0; ways && i < count; i++) {
		const struct dwell_frame *caller = find_apart(ways, count, i);

		if (caller)
			append(group[i], caller);
	}
	free(ways);
}

static int by_text(const void *a, const void *b)
{
	const struct callers_place *const *x = a, *const *y = b;

	return strcmp((*x)->text, (*y)->text);
}

static void tell_groups(
	const struct dwell_catalog *catalog, struct callers_place **sorted, size_t count)
{
	size_t end;

	qsort(sorted, count, sizeof(*sorted), by_text);
	for (size_t at = 0; at < count; at = end) {
		for (end = at + 1; end < count && !by_text(&sorted[at], &sorted[end]);)
			end++;
		tell_group(catalog, sorted + at, end - at);
	}
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
