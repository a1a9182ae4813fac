#ifndef DWELL_TESTS_GEN_H
#define DWELL_TESTS_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/sink.h"

/*
 * Random valid histories, the same for the same options: a small scheduler is played, and what a
 * recorder would have seen of it is told to a sink, with rows that are missing and losses.
 */
struct gen_options {
	uint64_t seed;
	uint32_t tasks;     /* that exist or come to be */
	uint32_t executors; /* at least 1 */
	size_t rows;        /* about so many */
	/*
	 * DWELL_LEVEL_SCHEDULER: switches and wakes; DWELL_LEVEL_SWITCHES without it: switches
	 * only; DWELL_LEVEL_PROGRAM: the program's waits, as the only rows of every fourth task,
	 * or of all where no scheduler tells.
	 */
	uint32_t levels;
	unsigned losses;  /* in 10,000 steps */
	unsigned missing; /* rows in 10,000 that are lost without a word */
	unsigned races;   /* leavings in 10,000 that a wake overtakes */
	bool ahead;       /* losses are told at their start */
	bool ties;        /* many rows have the same time */
	bool halves;      /* goroutines: a switch is told as two rows, in and out */
	bool silent;      /* every fifth task never has a row */
	bool extras;      /* spans, marks, counters, samples, pools, locks, priorities */
	uint64_t step_ns; /* mean time between steps; 0: 1000 */
};

/* Options that differ in everything, worked out from a seed; some 40 tasks and 4000 rows. */
struct gen_options gen_any(uint64_t seed);

/* Tell the history: begin, definitions, rows in order of time with watermarks, end. */
int gen_drive(const struct gen_options *options, struct dwell_sink *sink);

/* The generator's random numbers, for tests that want more of them: below `limit`. */
uint64_t gen_random(uint64_t *state, uint64_t limit);

/*
 * How many of so many histories are tried: all, or the percentage that DWELL_TEST_SHARE says where
 * a run has no time for more (an emulator, sanitizers beside a build that tries them all).
 */
uint64_t gen_share(uint64_t count);

#endif
