#ifndef DWELL_RING_LAYOUT_H
#define DWELL_RING_LAYOUT_H

#include <stdatomic.h>
#include <stdint.h>

#include "ring.h"

/*
 * The session: one file in shared memory for a whole recording, made (sparse) by whoever drains it,
 * mapped once by every process that records. It holds a header, process slots, thread slots, rings
 * in a common pool, and an arena of stacks, names and modules (intern.h).
 *
 * Numbers are native: a session never leaves its machine.
 */

#define DWELL_SESSION_MAGIC UINT64_C(0x317365736c6c6577) /* "wellses1" */

/* A program attaches when the major number is its own. It then uses the parts that both know: the
 * header says its sizes, and the lower of both minor numbers what may be written. Another major
 * number: it records nothing and counts itself. */
enum { DWELL_SESSION_MAJOR = 1, DWELL_SESSION_MINOR = 2 };

/* What came with a minor number, and would be misread, or not read, with a lower one. */
enum dwell_session_news {
	DWELL_SESSION_NAMED_FRAMES = 1,
	DWELL_SESSION_UNHEARD = 2,    /* DWELL_FLAG_UNHEARD */
	DWELL_SESSION_PRIORITIES = 2, /* DWELL_RECORD_PRIORITY */
	DWELL_SESSION_OPEN_STACKS = 2 /* DWELL_CALLER_STACK */
};

/* The environment variable that names the session's file; more than one place to look are
 * separated by ':'. */
#define DWELL_SESSION_ENV "DWELL_SESSION"

enum dwell_clock_kind {
	DWELL_CLOCK_MONOTONIC = 1, /* clock_gettime, nanoseconds */
	DWELL_CLOCK_TSC = 2,       /* invariant TSC */
	DWELL_CLOCK_CNTVCT = 3     /* arm64's virtual counter */
};

enum dwell_session_flag {
	DWELL_SESSION_FLIGHT = 1 << 0,    /* rings overwrite the oldest */
	DWELL_SESSION_STACKS = 1 << 1,    /* walk stacks of waits */
	DWELL_SESSION_ALL_LOCKS = 1 << 2, /* every acquire and release, contended or not */
	DWELL_SESSION_RELEASES = 1 << 3,  /* signals and posts that may wake, with their stack */
	DWELL_SESSION_TASKS = 1 << 4      /* tasks are told of by the kernel, too: a process takes
					     a thread slot with its first record, not at once */
};

enum dwell_session_loss {
	DWELL_SESSION_NO_PROCESS_SLOT, /* processes that record nothing */
	DWELL_SESSION_NO_THREAD_SLOT,  /* threads that record nothing */
	DWELL_SESSION_POOL_EMPTY,      /* a ring could not grow */
	DWELL_SESSION_ARENA_FULL,      /* stacks or names not stored */
	DWELL_SESSION_OTHER_CLOCK,     /* processes that may not read the session's clock */
	DWELL_SESSION_LOSS_COUNT
};

/* A stack of free slots: index + 1 of the first one, in the lower half; a tag against ABA above. */
typedef _Atomic uint64_t dwell_free_list;

struct dwell_session_header {
	uint64_t magic;
	uint32_t major, minor;
	/* Processes whose library is of another major version. Here in every version. */
	_Atomic uint64_t other_version;
	uint64_t bytes; /* of the whole file */
	uint64_t process_offset, thread_offset, ring_offset, index_offset, arena_offset,
		unwind_offset;
	uint32_t process_max, process_bytes; /* slots, and the size of one */
	uint32_t thread_max, thread_bytes;
	uint64_t ring_bytes;  /* of the pool */
	uint64_t arena_bytes; /* multiple of 8 */
	uint64_t unwind_bytes;
	uint32_t index_max; /* entries of the arena's index, a power of two */
	uint32_t ring_first,
		ring_most;    /* slots in a thread's first and largest ring; powers of two */
	uint32_t clock;       /* enum dwell_clock_kind */
	uint64_t start_ticks; /* the clock at the session's start */
	uint64_t start_monotonic_ns;
	_Atomic uint32_t flags;       /* enum dwell_session_flag; the recorder may change them */
	_Atomic uint32_t stopped;     /* 1: record no more */
	_Atomic uint64_t stack_ticks; /* waits that lasted less have no stack */
	_Atomic uint64_t call_ticks;  /* calls that may block (read, poll, ...) and lasted less are
					 not recorded at all */
	_Atomic uint32_t stack_depth; /* frames at most */
	uint32_t reserved;
	/* Written by the programs. */
	_Atomic uint32_t process_count __attribute__((aligned(64))); /* slots ever used */
	_Atomic uint32_t thread_count;
	dwell_free_list process_free;
	dwell_free_list thread_free;
	_Atomic uint64_t ring_used;  /* bytes of the pool handed out */
	_Atomic uint64_t arena_used; /* bytes */
	_Atomic uint64_t losses[DWELL_SESSION_LOSS_COUNT];
};

enum dwell_slot_state {
	DWELL_SLOT_FREE = 0,
	DWELL_SLOT_CLAIMED = 1, /* being filled */
	DWELL_SLOT_LIVE = 2,
	DWELL_SLOT_CLOSED = 3 /* its owner said that it ended */
};

/* dwell_process_slot.unwind: the lower half. */
enum { DWELL_PROCESS_UNWIND_BITS = 32 };

enum { DWELL_PROCESS_PATH = 192, DWELL_PROCESS_COMMAND = 232, DWELL_THREAD_NAME = 16 };

/* 512 bytes. Everything but state is written before state becomes LIVE. */
struct dwell_process_slot {
	_Atomic uint32_t state;
	_Atomic uint32_t next_free;
	_Atomic uint32_t generation; /* counts owners */
	uint32_t clock;              /* what this process stamps its records with */
	int32_t pid;                 /* in its own pid namespace */
	int32_t parent_pid;          /* 0: not known */
	uint32_t parent;             /* the process slot it was forked from + 1, or 0 */
	uint32_t parent_generation;
	uint64_t started; /* time */
	uint32_t minor;   /* of its library */
	_Atomic uint32_t exit_seen;
	/* Where its list of executable mappings is (unwind.h), by the recorder: offset / 8, and
	   above that a number that no other list of the session has. 0: there is none. */
	_Atomic uint64_t unwind;
	uint64_t mapped; /* where it has this session; 0: it does not say */
	/* Where it is told how to read Java's frames (hotspot.h): offset in the same area, by the
	   recorder. 0: nowhere. */
	_Atomic uint64_t hotspot;
	char path[DWELL_PROCESS_PATH];       /* as given to exec */
	char command[DWELL_PROCESS_COMMAND]; /* arguments, each ended by NUL; may be cut */
	uint64_t reserved2[2];
};

/* 256 bytes. */
struct dwell_thread_slot {
	struct dwell_ring_line line; /* the writer's */
	struct dwell_tail tail;      /* the reader's */
	_Atomic uint32_t state;
	_Atomic uint32_t next_free;
	_Atomic uint32_t generation;
	uint32_t process; /* slot */
	uint32_t process_generation;
	int32_t tid; /* in its own pid namespace */
	int32_t parent_tid;
	uint32_t creation_stack;
	uint64_t created;        /* time its creation was seen, or of its first record */
	uint64_t start_function; /* address, or 0 */
	_Atomic uint64_t closed; /* time it ended */
	/* The chain of rings: offset in the pool / 64 << 8 | log2 of slots; 0: not there. Never
	   changes once set, also when the slot gets another thread. */
	_Atomic uint64_t ring[DWELL_RING_CHAIN];
	char name[DWELL_THREAD_NAME];
	uint32_t flags; /* bit 0: its creation was seen */
	uint32_t reserved;
	uint64_t began;  /* time it registered */
	uint64_t handle; /* its pthread_t */
};

#endif
