#ifndef DWELL_CLI_RANK_H
#define DWELL_CLI_RANK_H

#include <stddef.h>
#include <stdint.h>

/* A word of --sort, and what a row has of it. */
struct rank {
	const char *word;
	uint64_t value;
};

/* A row of an answer and what it is sorted by. */
struct ranked {
	const void *row;
	uint64_t value;
	size_t place; /* in the answer */
};

/* The value of a word of --sort. */
uint64_t rank_find(const struct rank *ranks, size_t count, const char *sort);

/*
 * Rows in the order asked for, largest first, equal ones as they stand in the answer; all as they
 * stand where sort is NULL. To be freed; NULL: no memory.
 */
struct ranked *rank_rows(const void *rows, size_t size, size_t count,
	uint64_t (*value)(const void *row, const char *sort), const char *sort);

#endif
