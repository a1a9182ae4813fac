#ifndef DWELL_RING_INTERN_H
#define DWELL_RING_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session.h"

/*
 * The arena: stacks, names, counters and modules, each stored once, found by a 64-bit hash of what
 * it says. An entry's id is its offset in the arena / 8; entries never change or go away, so an id
 * in a record can be resolved at any time, also after a crash. Lookup is wait-free, insert one CAS.
 *
 *	word 0   hash
 *	word 1   kind (8 bits) | words that follow (16) << 8 | extra (32) << 32
 *	...      words
 */
enum dwell_entry_kind {
	DWELL_ENTRY_STACK = 1, /* words: return addresses, innermost first; extra bit 0: cut off */
	DWELL_ENTRY_NAME = 2,  /* extra: length; words: bytes, padded with NUL */
	DWELL_ENTRY_COUNTER = 3, /* extra: kind | (uint8_t)exponent << 8 | name's length << 16;
				    words: name, unit, each ended by NUL */
	DWELL_ENTRY_MODULE = 4,  /* extra: length of the path | length of the build-id << 16; words:
				    start, end, file offset, build-id (padded), path (padded) */
	DWELL_ENTRY_FRAME = 5    /* of an interpreter. extra: line, 0: not known; words: lengths of
				    function and file (<< 32), function (padded), file (padded) */
};

enum { DWELL_ENTRY_WORDS_MAX = 256, DWELL_FRAME_FUNCTION = 512, DWELL_FRAME_FILE = 1024 };

/*
 * A frame that is named, not addressed: code that an interpreter runs has no address of its own.
 * In a stack its entry stands in the place of the address, below these upper bits, which no
 * address has on a machine with 57 bits of them or less.
 */
#define DWELL_NAMED_FRAME UINT64_C(0x4e616d6500000000)

static inline bool dwell_is_named_frame(uint64_t address)
{
	return (address & ~(uint64_t)UINT32_MAX) == DWELL_NAMED_FRAME;
}

struct dwell_entry {
	uint8_t kind;
	uint32_t count; /* words */
	uint32_t extra;
	const uint64_t *words;
};

/* The id of an entry that says this; stores it where it is new. 0: the arena is full (counted). */
uint32_t dwell_intern(const struct dwell_session *session, enum dwell_entry_kind kind,
	uint32_t extra, const uint64_t *words, uint32_t count);

/* The same with the hash of the words already known (dwell_intern_hash). */
uint32_t dwell_intern_hashed(const struct dwell_session *session, uint64_t hash,
	enum dwell_entry_kind kind, uint32_t extra, const uint64_t *words, uint32_t count);

/* A text of at most 1024 bytes; longer ones are cut. */
uint32_t dwell_intern_name(const struct dwell_session *session, const char *text, size_t size);

/* Where an interpreter is. The texts are UTF-8; what is too long of a function's name is cut at its
 * end, of a file's at its beginning. */
struct dwell_frame_name {
	const char *function, *file;
	uint32_t function_size, file_size;
	uint32_t line; /* 0: not known */
};

uint32_t dwell_intern_frame(
	const struct dwell_session *session, const struct dwell_frame_name *frame);

/* What a DWELL_ENTRY_FRAME says; false: it is no such entry. The texts lie in shared memory. */
bool dwell_intern_get_frame(
	const struct dwell_session *session, uint32_t id, struct dwell_frame_name *out);

uint64_t dwell_intern_hash(
	enum dwell_entry_kind kind, uint32_t extra, const uint64_t *words, uint32_t count);

/* What an id stands for. The words lie in shared memory and are within it. false: not an entry. */
bool dwell_intern_get(const struct dwell_session *session, uint32_t id, struct dwell_entry *out);

#endif
