#ifndef DWELL_TESTS_NAIVE_ROWS_H
#define DWELL_TESTS_NAIVE_ROWS_H

#include <stdbool.h>

#include "dwell/sink.h"

/* For naive_file.c: bytes with an end; what is read beyond it is 0 and `bad`. */
struct naive_bytes {
	const uint8_t *at;
	size_t left;
	bool bad;
};

uint64_t naive_varint(struct naive_bytes *in);
int64_t naive_signed(struct naive_bytes *in);
struct naive_bytes naive_take(struct naive_bytes *in, uint64_t size);
/* free() it; NULL: it does not unpack to that size. */
uint8_t *naive_unpack(unsigned codec, struct naive_bytes in, size_t size);

/* The body of EVENTS. */
bool naive_rows(struct naive_bytes body, uint32_t count, uint64_t first_ns, uint64_t last_ns,
	struct dwell_sink *sink);

#endif
