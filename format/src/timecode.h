#ifndef DWELL_TIMECODE_H
#define DWELL_TIMECODE_H

#include <stddef.h>
#include <stdint.h>

#include "src/buffer.h"
#include "src/cursor.h"

/*
 * Numbers as a byte and some bits (docs/format.md, "Time codes"): the byte names how
 * many bits the number has and its leading ones, the rest is kept as bits. How many leading ones,
 * is chosen for each width by how frequent it is in the chunk: so what is frequent is told exactly
 * by a byte that an entropy coder makes short, and noise is not.
 */
enum {
	TIMECODE_WIDTHS = 65,
	TIMECODE_CODES = 256,
	TIMECODE_WORD = 56 /* bits that one word has, wherever in a byte they begin */
};

struct timecode {
	uint8_t leading[TIMECODE_WIDTHS]; /* bits of a number of this width that its code tells */
	uint8_t used[TIMECODE_WIDTHS];
};

/* What each code stands for. */
struct timecode_table {
	uint64_t base[TIMECODE_CODES];
	uint64_t mask[TIMECODE_CODES]; /* of the bits that follow; 0 for more than TIMECODE_WORD */
	uint64_t bits[TIMECODE_CODES]; /* how many */
	unsigned count;
	unsigned most;   /* bits that follow a code */
	unsigned widest; /* bits of a number */
};

/* counts: how many numbers have each width. */
void dwell_timecode_choose(struct timecode *out, const size_t counts[TIMECODE_WIDTHS]);
/* The first code of each width. */
void dwell_timecode_bases(const struct timecode *code, unsigned bases[TIMECODE_WIDTHS]);
void dwell_timecode_write(struct dwell_buffer *out, const struct timecode *code);
/* DWELL_EFORMAT, DWELL_ETRUNCATED. */
int dwell_timecode_read(struct dwell_cursor *in, struct timecode_table *out);

static inline unsigned timecode_width(uint64_t value)
{
	return 64u - (unsigned)__builtin_clzll(value | 1) - (value == 0);
}

#endif
