#ifndef DWELL_LIB_LIB_H
#define DWELL_LIB_LIB_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "ring/intern.h"
#include "ring/ring.h"
#include "ring/session.h"
#include "stack.h"
#include "trail.h"

/*
 * The half of the writer that lives in the recorded process: libdwell and the preload library
 * each carry a copy. After dwell_lib_attach() nothing here allocates, locks or makes a system
 * call.
 */

enum { DWELL_STACK_MAX = 128 };

/*
 * A wait of this thread. Lies on the stack of whoever waits; a signal handler may wait inside a
 * wait, so notes form a list, the innermost first.
 */
struct dwell_wait_note {
	struct dwell_wait_note *outer;
	uint64_t since;
	uint64_t object;
	uint8_t reason;
	uint8_t kind;  /* of the object */
	uint8_t flags; /* enum dwell_record_flag */
	int32_t holder;
	uint64_t caller; /* as in the state word's line */
	uint64_t unwind; /* the list of tables by which the stack was walked that `caller` says */
};

/* What a thread knows of itself; initial-exec TLS. */
struct dwell_self {
	/* Greater than 0: record nothing (in our own slow paths, after vfork, after the end).
	   First, because vfork's wrapper, in assembly, counts it. */
	_Atomic uint32_t quiet;
	struct dwell_writer writer;
	struct dwell_thread_slot *slot; /* NULL: does not record */
	uint64_t epoch; /* dwell_epoch_mark(*dwell_lib.epoch) when `slot` is this process's */
	uint64_t deaf;  /* the epoch in which no slot was to be had */
	struct dwell_wait_note *wait;
	uintptr_t stack_low; /* of the thread's own stack; both 0: not known, so not walked */
	uintptr_t stack_high;
	uintptr_t root; /* the frame of our own start routine: reaching it, a stack is whole */
	int32_t tid;
	int32_t parent_tid;
	uint32_t creation_stack;
	uint64_t start_function;
	uint64_t created;           /* time; 0: not seen */
	_Atomic uint64_t span;      /* the next span's number */
	struct dwell_trails trails; /* most walks are repeated */
};

extern __thread struct dwell_self dwell_self __attribute__((tls_model("initial-exec")));

struct dwell_lib {
	/* Points to epoch_value in a page that the kernel empties in a fork's child, however it was
	 * made. */
	_Atomic uint64_t *epoch;
	uint64_t epoch_value; /* of this process */
	uint64_t start_ticks;
	uint32_t clock;
	uint32_t process_index;
	uint32_t process_generation;
	bool attached;
	struct dwell_session session;
};

extern struct dwell_lib dwell_lib;

/* Now, in ticks since the session's start. */
static inline uint64_t dwell_now(void)
{
	return dwell_clock_read(dwell_lib.clock) - dwell_lib.start_ticks;
}

static inline uint64_t dwell_now_after(void)
{
	return dwell_clock_read_after(dwell_lib.clock) - dwell_lib.start_ticks;
}

/* The slow half of dwell_enter: this thread's first record, or a fork's child's. */
struct dwell_self *dwell_enter_slow(struct dwell_self *self);

/* A thread keeps this: it begins with 0, which the page holds in a fork's child. */
static inline uint64_t dwell_epoch_mark(uint64_t epoch)
{
	return epoch ^ 0x40000000;
}

/* It records, and there is nothing to do before. */
static inline bool dwell_is_entered(const struct dwell_self *self)
{
	const uint64_t epoch = atomic_load_explicit(dwell_lib.epoch, memory_order_relaxed);

	return __builtin_expect(self->epoch == dwell_epoch_mark(epoch) && self->quiet == 0, 1);
}

/* This thread's self when it records, else NULL. */
static inline struct dwell_self *dwell_enter(void)
{
	struct dwell_self *self = &dwell_self;

	return dwell_is_entered(self) ? self : dwell_enter_slow(self);
}

enum dwell_attach {
	DWELL_ATTACH_OK = 0,
	DWELL_ATTACH_NONE,    /* no session is named, or it cannot be opened */
	DWELL_ATTACH_VERSION, /* it is of another version */
	DWELL_ATTACH_FULL     /* no process slot is free */
};

/* Map what `places` names (as DWELL_SESSION has it), take a process slot. Once, at start. */
enum dwell_attach dwell_lib_attach(const char *places, int argc, char *const *argv);

/* The same with a session that is mapped already. */
enum dwell_attach dwell_lib_adopt(const struct dwell_session *session, int argc, char *const *argv);

/* Called by each thread once it is registered, its stack and its end to be asked for; or NULL. */
extern void (*dwell_lib_on_register)(struct dwell_self *self);

/* Record no more in this process. */
void dwell_lib_detach(void);

/*
 * A thread's own number, without a system call (a sandbox may forbid it): glibc writes it into a
 * recursive mutex. The two functions are the real ones; the preload library, which has its own of
 * that name, sets them.
 */
int32_t dwell_lib_tid(void);
extern int (*dwell_lib_lock)(pthread_mutex_t *mutex);
extern int (*dwell_lib_unlock)(pthread_mutex_t *mutex);

/* Tell the files that are mapped now (those not told before). Takes the loader's lock. */
void dwell_lib_modules(void);
/*
 * Note them, and tell them before this process's first stack: most processes of a build never take
 * one, and what is mapped is told with addresses, which differ in each.
 */
void dwell_lib_modules_note(void);
void dwell_lib_modules_tell(struct dwell_self *self);
extern _Atomic bool dwell_lib_modules_due;

static inline void dwell_lib_modules_before(struct dwell_self *self)
{
	if (__builtin_expect(atomic_load_explicit(&dwell_lib_modules_due, memory_order_relaxed), 0))
		dwell_lib_modules_tell(self);
}

/* What a creator hands to a thread, and the thread takes over at its start. */
struct dwell_birth {
	int32_t parent_tid;
	uint32_t creation_stack;
	uint64_t start_function;
	uint64_t created;
	size_t stack_size; /* 0: not known */
	uintptr_t root;    /* frame of the start routine that calls the program's */
};
void dwell_thread_begin(const struct dwell_birth *birth);
/* The thread ends; it records nothing from here on. */
void dwell_thread_end(void);
void dwell_thread_rename(const char *name);
/* Another thread of this process, by its pthread_t. */
void dwell_thread_rename_other(uint64_t handle, const char *name);
/* Where the stack of the calling thread lies, by system calls: for a program that links us and
 * starts its threads without us. */
void dwell_thread_ask_bounds(void);

/* The slow path of the writer: refresh, grow, or count. */
bool dwell_thread_slow(struct dwell_writer *writer, unsigned slots, uint64_t time);

#endif
