#ifndef DWELL_TESTS_NAIVE_WAITS_H
#define DWELL_TESTS_NAIVE_WAITS_H

#include "answers.h"

/* A history and what the naive states say of it. */
struct naive {
	struct collect rows;
	struct told told;
	uint64_t *let_go; /* by interval */
	bool *for_child;  /* the same: only the end of a child tells who ended it */
	bool *ran_out;    /* the same: it lies last in a wait that told that its time was over */
	bool has_wakes;
	const struct dwell_catalog *catalog;
	uint64_t from, to; /* the interval */
	uint32_t task;
	/* Which intervals take no time, and what is known so far of the others. */
	const bool *nothing;
	uint64_t *start_v;
	bool *start_known;
	size_t ended[2]; /* waits that the end of a child ended, or of who was joined */
};

enum naive_history {
	NAIVE_PLAIN,
	NAIVE_ENDS, /* tampered.h: tasks end while they are waited for */
	NAIVE_AGAIN /* tampered.h: waits run out of time and are begun again */
};

/* Reads the history, with who ended each wait and when that one let it go. The catalog is the
 * reader's. */
void naive_read(struct naive *n, const struct gen_options *options,
	const struct dwell_catalog *catalog, enum naive_history history);
/* The first of the waits that a blocked interval was begun again after; itself where there are
 * none. */
const struct dwell_interval *naive_first(const struct naive *n, const struct dwell_interval *wait);
void naive_release(struct naive *n);

#endif
