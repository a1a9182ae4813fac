#ifndef DWELL_TESTS_PERF_PIECE_H
#define DWELL_TESTS_PERF_PIECE_H

#include "tests/perf_file.h"

enum {
	TYPE_IP = 1 << 0,
	TYPE_TID = 1 << 1,
	TYPE_TIME = 1 << 2,
	TYPE_READ = 1 << 4,
	TYPE_CALLCHAIN = 1 << 5,
	TYPE_ID = 1 << 6,
	TYPE_CPU = 1 << 7,
	TYPE_PERIOD = 1 << 8,
	TYPE_RAW = 1 << 10,
	TYPE_IDENTIFIER = 1 << 16
};

/* A record, or another piece, before it is in the file. */
struct piece {
	uint8_t at[70000];
	size_t size;
	bool big;
};

void need(bool ok);
void grow(uint8_t **at, size_t *room, size_t size);
void put(struct piece *piece, unsigned width, uint64_t value);
void put_bytes(struct piece *piece, const void *at, size_t size);
/* Text with its NUL, filled up to a multiple. */
void put_text(struct piece *piece, const char *text, size_t multiple);
void write_file(struct perf_file *file, const void *at, size_t size);
uint64_t id_of(unsigned event);
struct piece start_record(const struct perf_file *file);
void write_record(struct perf_file *file, struct piece *record, uint32_t type, uint16_t misc);
/* What is held for a compressed record. */
void pack(struct perf_file *file);

#endif
