#include "map.h"

#include <stdlib.h>

#include "dwell/error.h"

enum { FIRST_SIZE = 64 };

static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t hash = (a ^ b * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xd6e8feb86659fd93);

	hash ^= hash >> 32;
	hash *= UINT64_C(0xd6e8feb86659fd93);
	return hash ^ hash >> 32;
}

/* The entry of the pair, or the free one where it belongs. The table is never full. */
static struct dwell_map_entry *find(const struct dwell_map *map, uint64_t a, uint64_t b)
{
	size_t at = mix(a, b) & (map->size - 1);

	while (map->entries[at].value != 0 && (map->entries[at].a != a || map->entries[at].b != b))
		at = (at + 1) & (map->size - 1);
	return &map->entries[at];
}

static int enlarge(struct dwell_map *map)
{
	struct dwell_map larger = { NULL, map->size ? map->size * 2 : FIRST_SIZE, map->used };

	larger.entries = calloc(larger.size, sizeof(*larger.entries));
	if (!larger.entries)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < map->size; i++) {
		const struct dwell_map_entry *entry = &map->entries[i];
		if (entry->value != 0)
			*find(&larger, entry->a, entry->b) = *entry;
	}
	free(map->entries);
	*map = larger;
	return 0;
}

void dwell_map_release(struct dwell_map *map)
{
	free(map->entries);
	*map = (struct dwell_map){ NULL, 0, 0 };
}

uint32_t dwell_map_get(const struct dwell_map *map, uint64_t a, uint64_t b)
{
	return map->size ? find(map, a, b)->value : 0;
}

int dwell_map_set(struct dwell_map *map, uint64_t a, uint64_t b, uint32_t value)
{
	struct dwell_map_entry *entry;

	if (map->used * 4 >= map->size * 3) {
		int err = enlarge(map);
		if (err)
			return err;
	}
	entry = find(map, a, b);
	if (entry->value == 0)
		map->used++;
	*entry = (struct dwell_map_entry){ a, b, value };
	return 0;
}

void dwell_map_remove(struct dwell_map *map, uint64_t a, uint64_t b)
{
	struct dwell_map_entry *entry;
	size_t hole, at;

	if (dwell_map_get(map, a, b) == 0)
		return;
	entry = find(map, a, b);
	hole = (size_t)(entry - map->entries);
	/* Close the gap: move up what would not be found any more. */
	for (at = (hole + 1) & (map->size - 1); map->entries[at].value != 0;
		at = (at + 1) & (map->size - 1)) {
		size_t home = mix(map->entries[at].a, map->entries[at].b) & (map->size - 1);
		if (((at - home) & (map->size - 1)) >= ((at - hole) & (map->size - 1))) {
			map->entries[hole] = map->entries[at];
			hole = at;
		}
	}
	map->entries[hole].value = 0;
	map->used--;
}
