#include "import/go/map.h"

#include <stdlib.h>
#include <string.h>

enum { FREE = UINT32_MAX, DENSE = 1 << 20 };

static size_t slot_of(uint64_t key, size_t capacity)
{
	/* Fibonacci hashing: goroutine numbers are dense, their products are spread. */
	return (size_t)(key * 0x9e3779b97f4a7c15u >> 20) & (capacity - 1);
}

static size_t find(const struct go_map *map, uint64_t key)
{
	size_t i = slot_of(key, map->capacity);

	while (map->value[i] != FREE && map->key[i] != key)
		i = (i + 1) & (map->capacity - 1);
	return i;
}

static bool map_grow(struct go_map *map)
{
	const size_t capacity = map->capacity ? map->capacity * 2 : 64;
	struct go_map next = { .capacity = capacity, .used = map->used };

	next.key = malloc(capacity * sizeof(*next.key));
	next.value = malloc(capacity * sizeof(*next.value));
	if (!next.key || !next.value) {
		go_map_release(&next);
		return false;
	}
	memset(next.value, 0xff, capacity * sizeof(*next.value));
	for (size_t i = 0; i < map->capacity; i++) {
		if (map->value[i] == FREE)
			continue;
		const size_t to = find(&next, map->key[i]);
		next.key[to] = map->key[i];
		next.value[to] = map->value[i];
	}
	free(map->key);
	free(map->value);
	map->key = next.key;
	map->value = next.value;
	map->capacity = capacity;
	return true;
}

static bool put_dense(struct go_map *map, uint64_t key, uint32_t value)
{
	if (key >= map->dense_size) {
		size_t size = map->dense_size ? map->dense_size : 64;
		uint32_t *dense;

		while (size <= key)
			size *= 2;
		if (!(dense = realloc(map->dense, size * sizeof(*dense))))
			return false;
		memset(dense + map->dense_size, 0xff, (size - map->dense_size) * sizeof(*dense));
		map->dense = dense;
		map->dense_size = size;
	}
	map->dense[key] = value;
	return true;
}

bool go_map_put(struct go_map *map, uint64_t key, uint32_t value)
{
	if (key < DENSE)
		return put_dense(map, key, value);
	if (map->used * 2 >= map->capacity && !map_grow(map))
		return false;

	const size_t i = find(map, key);
	map->used += map->value[i] == FREE;
	map->key[i] = key;
	map->value[i] = value;
	return true;
}

uint32_t go_map_get_far(const struct go_map *map, uint64_t key)
{
	return key >= DENSE && map->capacity ? map->value[find(map, key)] : FREE;
}

void go_map_remove(struct go_map *map, uint64_t key)
{
	const size_t mask = map->capacity - 1;
	size_t hole;

	if (key < map->dense_size)
		map->dense[key] = FREE;
	if (key < DENSE || !map->capacity || map->value[hole = find(map, key)] == FREE)
		return;
	map->used--;
	/* Close the hole, so that no search for what lies behind it ends there. */
	for (size_t i = (hole + 1) & mask; map->value[i] != FREE; i = (i + 1) & mask) {
		const size_t home = slot_of(map->key[i], map->capacity);

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		map->key[hole] = map->key[i];
		map->value[hole] = map->value[i];
		hole = i;
	}
	map->value[hole] = FREE;
}

void go_map_clear(struct go_map *map)
{
	if (map->dense_size)
		memset(map->dense, 0xff, map->dense_size * sizeof(*map->dense));
	if (map->capacity)
		memset(map->value, 0xff, map->capacity * sizeof(*map->value));
	map->used = 0;
}

void go_map_release(struct go_map *map)
{
	free(map->dense);
	free(map->key);
	free(map->value);
	*map = (struct go_map){ 0 };
}

/* FNV-1a, eight bytes at a step. */
static uint64_t hash_bytes(const uint8_t *at, size_t size)
{
	uint64_t hash = 0xcbf29ce484222325u ^ size, word = 0;

	for (; size >= sizeof(word); at += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 29;
	}
	word = 0;
	memcpy(&word, at, size);
	hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 32;
}

static bool intern_rehash(struct go_intern *intern)
{
	const size_t capacity = intern->capacity ? intern->capacity * 2 : 256;
	uint64_t *hash = malloc(capacity * sizeof(*hash));
	uint32_t *id = calloc(capacity, sizeof(*id));

	if (!hash || !id) {
		free(hash);
		free(id);
		return false;
	}
	for (size_t i = 0; i < intern->capacity; i++) {
		size_t to = (size_t)intern->hash[i] & (capacity - 1);

		if (!intern->id[i])
			continue;
		while (id[to])
			to = (to + 1) & (capacity - 1);
		hash[to] = intern->hash[i];
		id[to] = intern->id[i];
	}
	free(intern->hash);
	free(intern->id);
	intern->hash = hash;
	intern->id = id;
	intern->capacity = capacity;
	return true;
}

/* Room for one more key of this size. */
static bool intern_reserve(struct go_intern *intern, size_t size)
{
	const size_t end = intern->count ? intern->start[intern->count] : 0;

	if ((size_t)intern->count * 2 >= intern->capacity && !intern_rehash(intern))
		return false;
	if (intern->count + 2 > intern->start_capacity) {
		const size_t capacity = intern->start_capacity ? intern->start_capacity * 2 : 256;
		size_t *start = realloc(intern->start, capacity * sizeof(*start));

		if (!start)
			return false;
		start[0] = 0;
		intern->start = start;
		intern->start_capacity = capacity;
	}
	if (end + size >= intern->bytes_capacity) {
		const size_t capacity = (end + size + 1) * 2;
		uint8_t *bytes = realloc(intern->bytes, capacity);

		if (!bytes)
			return false;
		intern->bytes = bytes;
		intern->bytes_capacity = capacity;
	}
	return true;
}

static bool key_is(const struct go_intern *intern, uint32_t id, const void *key, size_t size)
{
	const size_t from = intern->start[id - 1];

	return intern->start[id] - from == size && !memcmp(intern->bytes + from, key, size);
}

uint32_t go_intern(struct go_intern *intern, const void *key, size_t size, bool *fresh)
{
	const uint64_t hash = hash_bytes(key, size);

	if (!intern_reserve(intern, size))
		return 0;

	size_t i = (size_t)hash & (intern->capacity - 1);
	for (; intern->id[i]; i = (i + 1) & (intern->capacity - 1)) {
		if (intern->hash[i] != hash || !key_is(intern, intern->id[i], key, size))
			continue;
		*fresh = false;
		return intern->id[i];
	}

	const size_t from = intern->start[intern->count];
	memcpy(intern->bytes + from, key, size);
	intern->start[++intern->count] = from + size;
	intern->hash[i] = hash;
	intern->id[i] = intern->count;
	*fresh = true;
	return intern->count;
}

void go_intern_release(struct go_intern *intern)
{
	free(intern->hash);
	free(intern->id);
	free(intern->start);
	free(intern->bytes);
	*intern = (struct go_intern){ 0 };
}
