/* Memory of the model: arenas, strings that are kept once, tables by id. */
#include "model/arena.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"

enum { BLOCK = 64 * 1024 };

struct arena_block {
	struct arena_block *next;
	uint64_t at[];
};

void *arena_take(struct arena *arena, size_t size)
{
	size = (size + 7) & ~(size_t)7;
	if (arena->size - arena->used < size) {
		const size_t room = size > BLOCK / 4 ? size : BLOCK;
		struct arena_block *block = malloc(sizeof(*block) + room);

		if (!block)
			return NULL;
		/* A large thing has a block of its own, behind the one in use. */
		if (room == size && arena->blocks) {
			block->next = arena->blocks->next;
			arena->blocks->next = block;
			return block->at;
		}
		block->next = arena->blocks;
		arena->blocks = block;
		arena->used = 0;
		arena->size = room;
	}

	void *at = (char *)arena->blocks->at + arena->used;
	arena->used += size;
	return at;
}

void arena_release(struct arena *arena)
{
	for (struct arena_block *block = arena->blocks, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	*arena = (struct arena){ 0 };
}

struct interned {
	struct dwell_string text;
	uint64_t hash; /* 0: free */
};

uint64_t hash_bytes(const void *at, size_t size, uint64_t seed)
{
	const unsigned char *bytes = at;
	uint64_t hash = seed ^ (size * 0x9e3779b97f4a7c15u);

	for (; size >= 8; size -= 8, bytes += 8) {
		uint64_t word;

		memcpy(&word, bytes, 8);
		hash = hash_mix(hash, word);
	}
	for (; size; size--, bytes++)
		hash = hash_mix(hash, *bytes + 1u);
	return hash_mix(hash, hash >> 32);
}

uint64_t hash_bytes_undo(const void *at, size_t size, uint64_t hash)
{
	const unsigned char *bytes = at;
	const size_t words = size / 8;

	hash = hash_mix_undo(hash, 0);
	hash ^= hash >> 32;
	for (size_t i = size; i > words * 8; i--)
		hash = hash_mix_undo(hash, bytes[i - 1] + 1u);
	for (size_t i = words; i > 0; i--) {
		uint64_t word;

		memcpy(&word, bytes + (i - 1) * 8, 8);
		hash = hash_mix_undo(hash, word);
	}
	return hash ^ (size * 0x9e3779b97f4a7c15u);
}

static struct interned *find(const struct strings *strings, struct dwell_string text, uint64_t hash)
{
	size_t i = hash & (strings->cap - 1);

	for (;; i = (i + 1) & (strings->cap - 1)) {
		struct interned *slot = &strings->slots[i];

		if (!slot->hash || (slot->hash == hash && slot->text.size == text.size &&
					   memcmp(slot->text.at, text.at, text.size) == 0))
			return slot;
	}
}

static int grow(struct strings *strings)
{
	const struct strings old = *strings;
	const size_t cap = old.cap ? old.cap * 2 : 256;
	struct interned *slots = calloc(cap, sizeof(*slots));

	if (!slots)
		return DWELL_ENOMEM;
	strings->slots = slots;
	strings->cap = cap;
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].hash)
			*find(strings, old.slots[i].text, old.slots[i].hash) = old.slots[i];
	free(old.slots);
	return DWELL_OK;
}

int strings_keep(struct strings *strings, struct dwell_string text, struct dwell_string *out)
{
	if (!text.size) {
		*out = (struct dwell_string){ 0 };
		return DWELL_OK;
	}
	if (strings->count * 2 >= strings->cap && grow(strings))
		return DWELL_ENOMEM;

	const uint64_t hash = hash_bytes(text.at, text.size, 1) | 1;
	struct interned *slot = find(strings, text, hash);
	if (!slot->hash) {
		char *copy = arena_take(&strings->arena, text.size);

		if (!copy)
			return DWELL_ENOMEM;
		memcpy(copy, text.at, text.size);
		*slot = (struct interned){ { copy, text.size }, hash };
		strings->count++;
	}
	*out = slot->text;
	return DWELL_OK;
}

void strings_release(struct strings *strings)
{
	arena_release(&strings->arena);
	free(strings->slots);
	*strings = (struct strings){ 0 };
}

/* Things of a cache line, or of several, share none with others. */
static void *new_page(size_t item)
{
	void *page = aligned_alloc(TABLE_PAGE, TABLE_PAGE * item);

	return page ? memset(page, 0, TABLE_PAGE * item) : NULL;
}

void *table_make(struct table *table, uint32_t id)
{
	const size_t page = id >> TABLE_BITS;

	if (page >= table->page_count) {
		const size_t count = (page + 1) * 2;
		void **pages = realloc(table->pages, count * sizeof(*pages));

		if (!pages)
			return NULL;
		memset(&pages[table->page_count], 0, (count - table->page_count) * sizeof(*pages));
		table->pages = pages;
		table->page_count = count;
	}
	if (!table->pages[page])
		table->pages[page] = new_page(table->item);
	if (!table->pages[page])
		return NULL;
	if (id >= table->end)
		table->end = id + 1;
	return table_get(table, id);
}

void table_drop(struct table *table, uint32_t id)
{
	const size_t page = id >> TABLE_BITS;

	if (page >= table->page_count)
		return;
	free(table->pages[page]);
	table->pages[page] = NULL;
}

void table_release(struct table *table)
{
	for (size_t i = 0; i < table->page_count; i++)
		free(table->pages[i]);
	free(table->pages);
	*table = (struct table){ .item = table->item };
}
