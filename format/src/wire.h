#ifndef DWELL_WIRE_H
#define DWELL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/event.h"
#include "src/little.h"

/*
 * The bytes of a trace file: numbers and layouts of docs/format.md.
 */
enum {
	WIRE_VERSION_MAJOR = 1,
	WIRE_VERSION_MINOR = 2,
	WIRE_MINOR_BUCKETS = 2, /* from here on, a pyramid has half as many buckets */
	WIRE_PROLOGUE_SIZE = 64,
	WIRE_BY_ROW = 1, /* incompatible feature: WIRE_TIME instead of WIRE_TIME_ON */
	WIRE_SYNC_SIZE = 16,
	WIRE_HEADER_SIZE = 80,
	WIRE_ALIGN = 8,
	WIRE_COLUMN_SIZE = 12, /* an entry of the column table */
	WIRE_END_BODY = 24,
	WIRE_CLOSED = 1 /* flag of END: the source was closed properly */
};

enum wire_chunk_kind {
	WIRE_INFO = 1,
	WIRE_TABLES,
	WIRE_KEYFRAME,
	WIRE_EVENTS,
	WIRE_PYRAMID,
	WIRE_INDEX,
	WIRE_END
};

enum wire_chunk_flag {
	WIRE_MUST_KNOW = 1 << 0, /* a reader that does not know the kind must not go on */
	WIRE_MERGED = 1 << 1     /* TABLES: of the whole trace, at its end */
};

enum wire_codec { WIRE_RAW = 0, WIRE_ZSTD = 1 };

/* Records of TABLES. */
enum wire_record {
	WIRE_PROCESS = 1,
	WIRE_TASK,
	WIRE_EXECUTOR,
	WIRE_OBJECT,
	WIRE_MAPPING,
	WIRE_LOCATION,
	WIRE_STACK,
	WIRE_LABEL,
	WIRE_COUNTER,
	WIRE_CLOCK,
	WIRE_NOTE,
	WIRE_RECORD_COUNT
};

/* Columns of EVENTS. */
enum wire_field {
	WIRE_HEAD = 0,
	WIRE_SHAPE,
	WIRE_TIME_ON,   /* as WIRE_TIME, by executor; part: the stream */
	WIRE_TIME_BITS, /* what the streams' codes leave open */
	WIRE_F_TASK,    /* from here on, part: the byte's place, lowest first */
	WIRE_F_PEER,
	WIRE_F_EXECUTOR,
	WIRE_F_OBJECT,
	WIRE_F_STACK,
	WIRE_F_VALUE,
	WIRE_F_EXTRA,
	WIRE_TIME, /* part: the stream */
	WIRE_FIELD_COUNT
};

enum {
	WIRE_TIME_STREAMS = 16,
	WIRE_FIELDS = WIRE_F_EXTRA - WIRE_F_TASK + 1 /* those of a row that a shape has modes for */
};

/* How a shape says that a field is to be found. */
enum wire_mode {
	WIRE_ZERO = 0,
	WIRE_EXPLICIT = 1, /* the next entry of its column */
	/* task, peer */
	WIRE_OCCUPANT = 2, /* of the row's executor */
	WIRE_FOLLOWS = 3,  /* what came last time after the same one */
	WIRE_FOLLOWS2 = 4, /* the one before that */
	WIRE_WOKEN = 5,    /* peer: the last woken that did not run since */
	/* executor */
	WIRE_CONSTANT = 2, /* in the shape */
	/* object, stack: what the same task had in the last such row, and the one before */
	WIRE_LAST = 2,
	WIRE_LAST2 = 3,
	/* value */
	WIRE_VALUE_TASK = 2,   /* as the task's last value */
	WIRE_VALUE_OBJECT = 3, /* as the object's last value */
	WIRE_VALUE_NEXT = 4,   /* one more than that */
	/* extra */
	WIRE_EXTRA_TASK = 2, /* as the task's last extra */
	WIRE_EXTRA_TIME = 3, /* explicit, as a difference from the row's time */
	WIRE_MODE_COUNT = 6
};

/* What numbers of the field `object` stand for, by kind of row. */
enum wire_space { WIRE_SPACE_OBJECT = 0, WIRE_SPACE_LABEL, WIRE_SPACE_COUNTER, WIRE_SPACE_COUNT };

struct wire_chunk {
	uint8_t kind;
	uint8_t flags;
	uint16_t header_size;
	uint32_t generation;
	uint32_t serial;
	uint32_t body_size;
	uint32_t count;
	uint64_t row;
	uint64_t first_ns, last_ns;
	uint64_t body_checksum;
};

uint64_t dwell_checksum(const void *at, size_t size);

/* The marker that every chunk of a file begins with, worked out from what makes the file itself. */
void dwell_sync_marker(uint8_t sync[WIRE_SYNC_SIZE], const void *at, size_t size);

struct wire_prologue {
	uint16_t header_size;
	uint16_t minor; /* version */
	uint8_t sync[WIRE_SYNC_SIZE];
};

/* Do these bytes begin as a file of this format does? */
bool dwell_magic_is(const uint8_t *at, size_t size);

/* Returns 0, DWELL_ETRUNCATED, DWELL_EFORMAT, DWELL_EVERSION; *what names the fault. */
int dwell_prologue_read(
	struct wire_prologue *out, const uint8_t *at, size_t size, const char **what);
void dwell_prologue_write(uint8_t out[WIRE_PROLOGUE_SIZE], const uint8_t sync[WIRE_SYNC_SIZE]);

/* Write a header; chunk->header_size is not looked at. */
void dwell_header_write(uint8_t out[WIRE_HEADER_SIZE], const uint8_t sync[WIRE_SYNC_SIZE],
	const struct wire_chunk *chunk);

/*
 * Read a header of which `size` bytes are at hand. Returns 0, DWELL_ETRUNCATED, DWELL_EFORMAT;
 * *what names the fault. sync may be NULL: any.
 */
int dwell_header_read(struct wire_chunk *out, const uint8_t *at, size_t size, const uint8_t *sync,
	const char **what);

/* Bytes from a chunk's header to the next chunk's. */
static inline uint64_t dwell_chunk_size(const struct wire_chunk *chunk)
{
	const uint64_t size = (uint64_t)chunk->header_size + chunk->body_size;

	return (size + WIRE_ALIGN - 1) & ~(uint64_t)(WIRE_ALIGN - 1);
}

/* Which space the object of a row of this kind is in. */
static inline unsigned dwell_space_of(unsigned kind_of_row)
{
	switch (kind_of_row) {
	case DWELL_EVENT_SPAN_BEGIN:
	case DWELL_EVENT_MARK:
		return WIRE_SPACE_LABEL;
	case DWELL_EVENT_COUNTER:
		return WIRE_SPACE_COUNTER;
	default:
		return WIRE_SPACE_OBJECT;
	}
}

#endif
