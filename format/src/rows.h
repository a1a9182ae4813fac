#ifndef DWELL_ROWS_H
#define DWELL_ROWS_H

#include <stdint.h>

#include "dwell/event.h"
#include "src/wire.h"

/*
 * What encoder and decoder both know while they go through the rows of a chunk: from it the one
 * finds what need not be written and the other what was not (docs/format.md, "Prediction").
 * Tasks, executors, objects and stacks are numbers of the chunk's dictionaries here; 0 is none.
 */
/* The last one, and the one before; in one word, since it is changed as one: `first | second <<
 * 32`. */
struct rows_pair {
	uint64_t both;
};

enum rows_sched { ROWS_SWITCH = 0, ROWS_WAKE, ROWS_SCHED };

/* By task; by executor, for what follows after nobody. */
struct rows_follow {
	/* SWITCH: who enters after this one left; WAKE: who is woken by this one. */
	struct rows_pair sched[ROWS_SCHED];
	struct rows_pair after; /* other rows: the task of the next */
	struct rows_pair peers; /* other rows: the peer */
};

struct rows_executor {
	uint32_t occupant;
	uint32_t unused;
	struct rows_follow follow;
};

enum { ROWS_CLASSES = 4 };

/* By task: what it had last, by class of row. */
struct rows_detail {
	struct rows_pair object[ROWS_CLASSES];
	struct rows_pair stack[ROWS_CLASSES];
	uint64_t value, extra;
};

/* How a row is built up; docs/format.md, "Shapes". */
struct rows_shape {
	uint8_t kind, state, reason, flags;
	uint8_t mode[WIRE_FIELDS]; /* enum wire_mode by field - WIRE_F_TASK */
	uint8_t stream;
	uint32_t executor; /* WIRE_CONSTANT */
};

enum { ROWS_TASK = 0, ROWS_PEER, ROWS_EXECUTOR, ROWS_OBJECT, ROWS_STACK, ROWS_VALUE, ROWS_EXTRA };

static inline unsigned rows_class(unsigned kind)
{
	switch (kind) {
	case DWELL_EVENT_SWITCH:
		return 0;
	case DWELL_EVENT_WAKE:
		return 1;
	case DWELL_EVENT_STATE:
	case DWELL_EVENT_WAIT_BEGIN:
		return 2;
	default:
		return 3;
	}
}

/* Whose stack, object and value a row's are. */
static inline uint32_t rows_who(unsigned kind, uint32_t task, uint32_t peer)
{
	return kind == DWELL_EVENT_WAKE ? peer : task;
}

static inline uint32_t rows_first(struct rows_pair pair)
{
	return (uint32_t)pair.both;
}

static inline uint32_t rows_second(struct rows_pair pair)
{
	return (uint32_t)(pair.both >> 32);
}

static inline void rows_push(struct rows_pair *pair, uint32_t value)
{
	const uint64_t pushed = (pair->both << 32) | value;

	pair->both = rows_first(*pair) == value ? pair->both : pushed;
}

#endif
