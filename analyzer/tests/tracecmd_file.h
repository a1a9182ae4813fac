#ifndef DWELL_TESTS_TRACECMD_FILE_H
#define DWELL_TESTS_TRACECMD_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Builds trace.dat files in memory, in every variant that trace-cmd writes: so a test can say the
 * same recording in all of them, and damage each field.
 */
struct dat_variant {
	const char *name;
	int version; /* 6 or 7 */
	bool big;
	bool narrow;         /* a kernel whose long has 4 bytes */
	const char *packing; /* "zstd", "zlib"; NULL: none */
	const char *clock;   /* NULL: mono */
	const char *offset, *date;
	uint32_t mult, shift; /* TSC2NSEC */
	bool instance;        /* another buffer, with the same switches */
};

enum { DAT_PAGE = 4096, DAT_CPUS = 2 };

/* One sub-buffer as it is built. */
struct dat_page {
	const struct dat_variant *variant;
	uint8_t at[DAT_PAGE];
	size_t used; /* events, behind the header */
	uint64_t time;
};

void dat_page_begin(struct dat_page *page, const struct dat_variant *variant, uint64_t time);
/* Flags: 1 << 31 events are missing before it, 1 << 30 so many. */
void dat_page_end(struct dat_page *page, uint32_t flags, uint64_t missing);
/* Raw words of 4 bytes: the event's head has its type in 5 bits and the time since the last. */
void dat_head(struct dat_page *page, unsigned type, uint32_t delta);
void dat_word(struct dat_page *page, uint32_t word);
/* Events of each kind, `delta` after the one before. */
void dat_switch(struct dat_page *page, uint32_t delta, const char *prev, int32_t prev_tid,
	uint64_t state, const char *next, int32_t next_tid);
void dat_waking(struct dat_page *page, uint32_t delta, int32_t by, uint8_t flags, const char *comm,
	int32_t tid);
void dat_print(struct dat_page *page, uint32_t delta, int32_t by, const char *text);

struct dat_file {
	uint8_t at[1 << 18];
	size_t size;
	/* Where parts are, for tests that damage them; of version 7 in its sections. */
	size_t header, own, formats, names, cpus, streams, options, data, chunk;
};

/* pages[cpu] holds counts[cpu] sub-buffers. */
void dat_build(struct dat_file *file, const struct dat_variant *variant,
	struct dat_page *const pages[DAT_CPUS], const size_t counts[DAT_CPUS]);

#endif
