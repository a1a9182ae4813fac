#ifndef DWELL_IMPORT_PERF_TABLE_H
#define DWELL_IMPORT_PERF_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* A hash table from two numbers to one that is not 0. */
struct perf_entry {
	uint64_t key;
	uint32_t more;
	uint32_t value;
};

struct perf_table {
	struct perf_entry *entries;
	size_t count, size; /* size: a power of two */
};

/*
 * Walk the entries that may have this key: start with *at = 0; NULL ends the walk. Allows several
 * of one key, which the caller tells apart.
 */
struct perf_entry *perf_table_next(
	const struct perf_table *table, uint64_t key, uint32_t more, size_t *at);

/* The value of a key, 0: none. */
uint32_t perf_table_get(const struct perf_table *table, uint64_t key, uint32_t more);

/* Add an entry. DWELL_ENOMEM. */
int perf_table_put(struct perf_table *table, uint64_t key, uint32_t more, uint32_t value);

#endif
