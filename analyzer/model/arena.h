#ifndef DWELL_MODEL_ARENA_H
#define DWELL_MODEL_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "dwell/tables.h"

/* Memory that is freed all at once, and strings in it that are kept once. */
struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t used, size; /* of the first block */
};

/* All zero is empty. NULL: no memory. Aligned for any type of ours. */
void *arena_take(struct arena *arena, size_t size);
void arena_release(struct arena *arena);

struct interned;

struct strings {
	struct arena arena;
	struct interned *slots;
	size_t count, cap;
};

/* The kept copy of text in *out; 0 or DWELL_ENOMEM. */
int strings_keep(struct strings *strings, struct dwell_string text, struct dwell_string *out);
void strings_release(struct strings *strings);

uint64_t hash_bytes(const void *at, size_t size, uint64_t seed);

/* A number as a seed of the next: for hashes of several fields. */
static inline uint64_t hash_mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
	return hash ^ (hash >> 29);
}

/* The seeds of which they make this hash: both lose nothing. */
uint64_t hash_bytes_undo(const void *at, size_t size, uint64_t hash);

static inline uint64_t hash_mix_undo(uint64_t hash, uint64_t value)
{
	hash ^= hash >> 29 ^ hash >> 58;
	return hash * 0xf1de83e19937733du ^ value;
}

/* Things by id, in pages: one hostile id makes one page and the pointers before it. */
struct table {
	size_t item; /* bytes of one */
	void **pages;
	size_t page_count;
	uint32_t end; /* one more than the highest id that was made */
};

enum { TABLE_BITS = 6, TABLE_PAGE = 1 << TABLE_BITS };

/* The thing, made all zero where it was not; NULL: no memory. */
void *table_make(struct table *table, uint32_t id);
/* Forget those of its page: TABLE_PAGE of them, from a multiple of that on. */
void table_drop(struct table *table, uint32_t id);
void table_release(struct table *table);

/* NULL where its page was never made. */
static inline void *table_get(const struct table *table, uint32_t id)
{
	const size_t page = id >> TABLE_BITS;

	if (page >= table->page_count || !table->pages[page])
		return NULL;
	return (char *)table->pages[page] + (id & (TABLE_PAGE - 1)) * table->item;
}

#endif
