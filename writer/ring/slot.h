#ifndef DWELL_RING_SLOT_H
#define DWELL_RING_SLOT_H

/*
 * The slot: 16 bytes, published by one aligned store, so that a reader sees all of it or nothing.
 *
 *	word 0   time (56 bits) | kind (5) | further slots (2) | lap (1)
 *	word 1   a
 *
 * The lap bit says in which turn around the ring a slot was written: 1 in the first, then
 * alternating, so that zeroed memory reads as "not written yet" and a reader needs no head.
 *
 * A record is one to four slots. The further slots are of kind 0, carry 56 bits (x) in the
 * place of the time and 64 (y) in word 1, and are written before the first: whoever sees the first
 * sees all. Times are ticks of the session's clock since the session's start. docs/writer.md has
 * the states and the order of stores.
 */
#ifndef __bpf__
#	include <stdint.h>
#endif

enum { DWELL_SLOT_BYTES = 16 };

struct dwell_slot {
	uint64_t word[2];
} __attribute__((aligned(16)));

/* Kinds of records; the comment gives the meaning of a, x1, y1, x2, ... Kinds of one number of
 * slots only have a macro of their own below. */
enum dwell_record_kind {
	DWELL_RECORD_TAIL = 0,
	DWELL_RECORD_WAIT = 1,       /* a wait that ended: a = what, x1 = its start, y1 = object,
					x2 = tid of the holder, y2 = 0 */
	DWELL_RECORD_ACQUIRE = 2,    /* a = what, x1 = 0, y1 = object */
	DWELL_RECORD_RELEASE = 3,    /* a = what, x1 = tid woken or 0, y1 = object */
	DWELL_RECORD_MARK = 4,       /* a = label | stack << 32 */
	DWELL_RECORD_SPAN_BEGIN = 5, /* a = label, x1 = parent span, y1 = span */
	DWELL_RECORD_SPAN_END = 6,   /* a = span */
	DWELL_RECORD_COUNTER = 7,    /* a = counter, x1 = 0, y1 = value */
	DWELL_RECORD_POOL = 8,       /* a = what (reason: the operation), x1 = pool, y1 = item */
	DWELL_RECORD_OBJECT = 9,     /* names an object: a = what (stack: label), y1 = object */
	DWELL_RECORD_RENAME = 10,    /* the thread, or that of pthread_t y1, is called a now */
	DWELL_RECORD_MODULE = 11,    /* a file was mapped: a (module) */
	DWELL_RECORD_LOST = 12,      /* a records were refused, x1 = time of the first */
	DWELL_RECORD_EXEC = 13,      /* the process is about to exec; the call may fail */
	DWELL_RECORD_FORK = 14,      /* a = pid of the child | stack << 32 */
	DWELL_RECORD_CREATE = 15,    /* a = stack, x1 = address of the new thread's start function,
					y1 = its pthread_t */
	/* Tasks of the program's own (coroutines, jobs): */
	DWELL_RECORD_TASK_CREATE = 16, /* a = what (reason: enum dwell_task_kind), x1 = label,
					  y1 = task, x2 = 0, y2 = native id */
	DWELL_RECORD_TASK_RUN = 17,    /* a = task that runs on this thread from now on */
	DWELL_RECORD_TASK_LEAVE = 18,  /* a = what (flags: enum dwell_record_leave), x1 = task,
					  y1 = object */
	DWELL_RECORD_TASK_WAKE = 19,   /* a = task | stack << 32 */
	DWELL_RECORD_SAMPLE = 20,      /* a = what (reason: enum dwell_sample_kind), y1 = weight */
	DWELL_RECORD_PRIORITY = 21,    /* a = the priority, as the kernel counts, x1 = tid of the
					  thread, y1 = else its pthread_t; both 0: this one */
	DWELL_RECORD_KIND_COUNT = 22
};

enum dwell_record_leave {
	DWELL_LEAVE_BLOCKED = 0,
	DWELL_LEAVE_RUNNABLE = 1, /* it gave the thread up or had to */
	DWELL_LEAVE_EXITED = 2
};

/* Flags of a wait, acquire or release. The first four are those of DWELL_EVENT_*, in another
 * place. */
enum dwell_record_flag {
	DWELL_FLAG_TIMED_OUT = 1 << 0,
	DWELL_FLAG_INTERRUPTED = 1 << 1,
	DWELL_FLAG_SHARED = 1 << 2,
	DWELL_FLAG_SPUN = 1 << 3,
	DWELL_FLAG_DESCRIPTOR = 1 << 4, /* the object is a file descriptor */
	DWELL_FLAG_FOREIGN = 1 << 5,    /* a pool's item put twice */
	DWELL_FLAG_ACROSS = 1 << 5,     /* of a semaphore: in memory that processes may share */
	DWELL_FLAG_OWNED = 1 << 6,      /* the wait ended with the object owned */
	DWELL_FLAG_UNHEARD = 1 << 6,    /* of a release: a signal that nobody waited for */
	DWELL_FLAG_TIMED = 1 << 7       /* the wait may end by a time limit */
};

enum { DWELL_SLOTS_MAX = 4, DWELL_TIME_BITS = 56, DWELL_SLOT_TIME_SHIFT = 8 };
#define DWELL_TIME_MASK ((UINT64_C(1) << DWELL_TIME_BITS) - 1)

/* A "what": stack | reason << 32 | object kind << 40 | flags << 48. */
static inline uint64_t dwell_what(uint32_t stack, unsigned reason, unsigned object, unsigned flags)
{
	return stack | (uint64_t)(reason & 0xff) << 32 | (uint64_t)(object & 0xff) << 40 |
	       (uint64_t)(flags & 0xff) << 48;
}

static inline uint32_t dwell_what_stack(uint64_t what)
{
	return (uint32_t)what;
}

static inline uint8_t dwell_what_reason(uint64_t what)
{
	return (uint8_t)(what >> 32);
}

static inline uint8_t dwell_what_object(uint64_t what)
{
	return (uint8_t)(what >> 40);
}

static inline uint8_t dwell_what_flags(uint64_t what)
{
	return (uint8_t)(what >> 48);
}

/* Word 0. `time` may carry more than its 56 bits; they are cut off. */
static inline uint64_t dwell_slot_word(uint64_t time, unsigned kind, unsigned further, unsigned lap)
{
	return time << DWELL_SLOT_TIME_SHIFT | (uint64_t)kind << 3 | (uint64_t)further << 1 | lap;
}

static inline unsigned dwell_slot_lap(uint64_t word)
{
	return (unsigned)(word & 1);
}

static inline unsigned dwell_slot_further(uint64_t word)
{
	return (unsigned)(word >> 1 & 3);
}

static inline unsigned dwell_slot_kind(uint64_t word)
{
	return (unsigned)(word >> 3 & 31);
}

static inline uint64_t dwell_slot_time(uint64_t word)
{
	return word >> DWELL_SLOT_TIME_SHIFT;
}

#endif
