#include "import/perf/table.h"

#include <stdlib.h>

#include "dwell/error.h"

static size_t first(const struct perf_table *table, uint64_t key, uint32_t more)
{
	uint64_t h = (key ^ (uint64_t)more << 32) * 0x9e3779b97f4a7c15;

	h ^= h >> 32;
	return (size_t)h & (table->size - 1);
}

struct perf_entry *perf_table_next(
	const struct perf_table *table, uint64_t key, uint32_t more, size_t *at)
{
	if (!table->size)
		return NULL;
	for (size_t i = first(table, key, more) + *at;; i++) {
		struct perf_entry *entry = &table->entries[i & (table->size - 1)];

		++*at;
		if (!entry->value)
			return NULL;
		if (entry->key == key && entry->more == more)
			return entry;
	}
}

uint32_t perf_table_get(const struct perf_table *table, uint64_t key, uint32_t more)
{
	size_t at = 0;
	const struct perf_entry *entry = perf_table_next(table, key, more, &at);

	return entry ? entry->value : 0;
}

static void insert(struct perf_table *table, const struct perf_entry *entry)
{
	size_t i = first(table, entry->key, entry->more);

	while (table->entries[i].value)
		i = (i + 1) & (table->size - 1);
	table->entries[i] = *entry;
}

static int grow(struct perf_table *table)
{
	struct perf_table grown = { .size = table->size ? 2 * table->size : 1024 };

	grown.entries = calloc(grown.size, sizeof(*grown.entries));
	if (!grown.entries)
		return DWELL_ENOMEM;
	grown.count = table->count;
	for (size_t i = 0; i < table->size; i++)
		if (table->entries[i].value)
			insert(&grown, &table->entries[i]);
	free(table->entries);
	*table = grown;
	return DWELL_OK;
}

int perf_table_put(struct perf_table *table, uint64_t key, uint32_t more, uint32_t value)
{
	if (2 * (table->count + 1) > table->size) {
		const int err = grow(table);

		if (err)
			return err;
	}
	insert(table, &(struct perf_entry){ .key = key, .more = more, .value = value });
	table->count++;
	return DWELL_OK;
}
