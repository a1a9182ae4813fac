#ifndef DWELL_RECORD_LIBC_H
#define DWELL_RECORD_LIBC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"

/* What a thread waits for inside glibc, as its memory says: as of glibc 2.25, x86-64. */

/* The functions that wait, by what for. */
enum dwell_libc_role {
	DWELL_LIBC_NONE = 0, /* none of them, though it may be a part of one */
	DWELL_LIBC_MUTEX,
	DWELL_LIBC_COND,
	DWELL_LIBC_READ_LOCK,
	DWELL_LIBC_WRITE_LOCK,
	DWELL_LIBC_BARRIER,
	DWELL_LIBC_SEMAPHORE,
	DWELL_LIBC_SYSCALL /* by the program's own rules */
};

/* Where they are in a file. */
struct dwell_libc;

/* *out is NULL where the file is no glibc. DWELL_ENOMEM. */
int dwell_libc_read(struct dwell_libc **out, int fd);
void dwell_libc_free(struct dwell_libc *libc);
/* enum dwell_libc_role of the function at an address of the file. */
unsigned dwell_libc_role(const struct dwell_libc *libc, uint64_t address);

struct dwell_libc_wait {
	uint8_t reason;  /* enum dwell_reason; 0: it cannot be told */
	uint8_t kind;    /* enum dwell_object_kind */
	uint8_t flags;   /* enum dwell_event_flag */
	bool shared;     /* with other processes, as far as the call says */
	uint64_t object; /* address; of a thread: the number that its process gives it */
	uint32_t holder; /* the same; 0: not known */
};

/* What a futex's waiter waits for, whose stack was read; in_libc: its call is glibc's; role: of the
 * function that made it. */
void dwell_libc_explain(
	const struct dwell_still *still, bool in_libc, unsigned role, struct dwell_libc_wait *out);

#endif
