#include "import/intern.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"

uint64_t import_hash(const void *at, size_t size, uint64_t seed)
{
	const unsigned char *bytes = at;
	uint64_t hash = seed ^ 0xcbf29ce484222325u;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return hash ^ hash >> 29;
}

static uint32_t *slot_of(
	const struct import_intern *intern, const void *at, size_t size, uint64_t hash)
{
	size_t i = (size_t)hash & (intern->slot_count - 1);

	while (intern->slots[i]) {
		const struct import_text *text = &intern->texts[intern->slots[i] - 1];

		if (text->hash == hash && text->size == size && !memcmp(text->at, at, size))
			break;
		i = (i + 1) & (intern->slot_count - 1);
	}
	return &intern->slots[i];
}

static int widen(struct import_intern *intern)
{
	const uint32_t room = intern->room ? intern->room * 2 : 64;
	struct import_text *texts = realloc(intern->texts, room * sizeof(*texts));
	uint32_t *slots = calloc(2 * (size_t)room, sizeof(*slots));

	if (texts)
		intern->texts = texts;
	if (!texts || !slots) {
		free(slots);
		return DWELL_ENOMEM;
	}
	free(intern->slots);
	intern->slots = slots;
	intern->slot_count = 2 * (size_t)room;
	intern->room = room;
	for (uint32_t i = 0; i < intern->count; i++)
		*slot_of(intern, texts[i].at, texts[i].size, texts[i].hash) = i + 1;
	return DWELL_OK;
}

uint32_t import_intern(
	struct import_intern *intern, const void *at, size_t size, uint32_t limit, bool *fresh)
{
	const uint64_t hash = import_hash(at, size, 0);
	uint32_t *slot;
	char *copy;

	*fresh = false;
	if (intern->count == intern->room && widen(intern))
		return 0;
	slot = slot_of(intern, at, size, hash);
	if (*slot || intern->count >= limit)
		return *slot;
	copy = malloc(size + 1);
	if (!copy)
		return 0;
	memcpy(copy, at, size);
	intern->texts[intern->count] = (struct import_text){ copy, size, hash };
	*fresh = true;
	return *slot = ++intern->count;
}

void import_intern_release(struct import_intern *intern)
{
	for (uint32_t i = 0; i < intern->count; i++)
		free(intern->texts[i].at);
	free(intern->texts);
	free(intern->slots);
	*intern = (struct import_intern){ .texts = NULL };
}

static size_t place_of(const struct import_map *map, uint64_t key)
{
	size_t i = (size_t)(key * 0x9e3779b97f4a7c15u >> 20) & (map->room - 1);

	while (map->values[i] && map->keys[i] != key)
		i = (i + 1) & (map->room - 1);
	return i;
}

uint64_t import_map_get(const struct import_map *map, uint64_t key)
{
	return map->room ? map->values[place_of(map, key)] : 0;
}

static int rehash(struct import_map *map, size_t room)
{
	struct import_map wider = { calloc(room, sizeof(*wider.keys)),
		calloc(room, sizeof(*wider.values)), map->count, room };

	if (!wider.keys || !wider.values) {
		import_map_release(&wider);
		return DWELL_ENOMEM;
	}
	for (size_t i = 0; i < map->room; i++) {
		if (!map->values[i])
			continue;
		const size_t place = place_of(&wider, map->keys[i]);

		wider.keys[place] = map->keys[i];
		wider.values[place] = map->values[i];
	}
	free(map->keys);
	free(map->values);
	*map = wider;
	return DWELL_OK;
}

int import_map_put(struct import_map *map, uint64_t key, uint64_t value)
{
	size_t place;

	if (2 * map->count >= map->room && rehash(map, map->room ? 2 * map->room : 64))
		return DWELL_ENOMEM;
	place = place_of(map, key);
	map->count += !map->values[place];
	map->keys[place] = key;
	map->values[place] = value;
	return DWELL_OK;
}

/* What follows in its run moves up, so that a search still ends at a free place. */
static void close_gap(struct import_map *map, size_t gap)
{
	const size_t mask = map->room - 1;

	for (size_t i = (gap + 1) & mask; map->values[i]; i = (i + 1) & mask) {
		const size_t home = (size_t)(map->keys[i] * 0x9e3779b97f4a7c15u >> 20) & mask;

		if (((i - home) & mask) < ((i - gap) & mask))
			continue;
		map->keys[gap] = map->keys[i];
		map->values[gap] = map->values[i];
		map->values[i] = 0;
		gap = i;
	}
}

uint64_t import_map_take(struct import_map *map, uint64_t key)
{
	const size_t place = map->room ? place_of(map, key) : 0;
	const uint64_t value = map->room ? map->values[place] : 0;

	if (value) {
		map->values[place] = 0;
		map->count--;
		close_gap(map, place);
	}
	return value;
}

void import_map_release(struct import_map *map)
{
	free(map->keys);
	free(map->values);
	*map = (struct import_map){ .keys = NULL };
}
