#ifndef DWELL_TESTS_MEMORY_H
#define DWELL_TESTS_MEMORY_H

#include "dwell/bytes.h"

/* Bytes in memory that give a few at a time, as a pipe may; NULL without memory. */
struct dwell_bytes *memory_open(const void *at, size_t size, size_t most);

#endif
