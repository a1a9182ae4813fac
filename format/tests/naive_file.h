#ifndef DWELL_TESTS_NAIVE_FILE_H
#define DWELL_TESTS_NAIVE_FILE_H

#include "dwell/sink.h"

/*
 * A second reader of trace files, written from docs/format.md alone, front to back, with no thought
 * of speed: it shares no code with the reader of this library. 0, or -1: not a good file.
 */
int naive_file_read(const uint8_t *at, size_t size, struct dwell_sink *sink);

#endif
