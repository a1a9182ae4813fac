#ifndef DWELL_TESTS_TRIP_H
#define DWELL_TESTS_TRIP_H

#include "dwell/encoder.h"
#include "dwell/reader.h"

/* Traces in memory, for the tests of encoder and reader. */
struct memory_output {
	struct dwell_output output;
	uint8_t *at;
	size_t size, cap;
};

void memory_output_init(struct memory_output *memory);
void memory_output_release(struct memory_output *memory);

/* A sink that writes everything it is told into text-like bytes, so that two runs may be compared:
 * definitions, keyframes and rows, each field. */
struct tape {
	struct dwell_sink sink;
	uint8_t *at;
	size_t size, cap;
	bool keyframes;           /* are to be on it */
	struct tape *definitions; /* a tape of their own; NULL: this one */
	uint64_t rows, losses;
	uint64_t last_ns;
	bool disorder; /* rows went back in time */
};

void tape_init(struct tape *tape);
void tape_release(struct tape *tape);

#endif
