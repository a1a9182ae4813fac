#ifndef DWELL_DRAIN_DESCRIPTORS_H
#define DWELL_DRAIN_DESCRIPTORS_H

#include <stdbool.h>
#include <stdint.h>

#include "registry.h"

/*
 * What the descriptors of other processes are: asks /proc, which says what they are now, and
 * remembers the answer for a while. A program may have closed the file and been given its number
 * for another one since the call that is asked about: a name is told only where that is known not
 * to be so, or was seen before as it is now.
 */
struct dwell_descriptors;

/* registry must outlive it. DWELL_ENOMEM. */
int dwell_descriptors_new(struct dwell_descriptors **out, struct dwell_registry *registry);
void dwell_descriptors_free(struct dwell_descriptors *descriptors);

/* A pass begins over what happened up to now_ns of the trace; it rises. */
void dwell_descriptors_pass(struct dwell_descriptors *descriptors, uint64_t now_ns);

struct dwell_descriptor_call {
	uint32_t pid;     /* of the host */
	uint32_t process; /* the registry's */
	uint32_t fd;
	uint64_t time_ns; /* the trace's: not before that was it in the call */
	bool goes_on;     /* the thread is in the call now: the descriptor is what it was */
	uint8_t reason;   /* what the call says by itself; NONE and SYSCALL: of any descriptor */
	/* What the kernel saw in the call: the file's type (S_IFMT >> 12) and the low
	   DWELL_DESCRIPTOR_INODE_BITS of its inode's number. type 0: nothing. */
	uint8_t type;
	uint32_t inode;
};
enum { DWELL_DESCRIPTOR_INODE_BITS = 24 };

struct dwell_descriptor {
	uint32_t object; /* 0: not known */
	uint8_t reason;  /* of a thread that waits in a read or write of it; 0: not known */
	bool is_file;    /* of a file system */
};

struct dwell_descriptor dwell_descriptors_ask(
	struct dwell_descriptors *descriptors, const struct dwell_descriptor_call *call);

/* As `reason` above, of an object of that kind (enum dwell_object_kind). */
uint8_t dwell_descriptor_reason(uint8_t kind);

/* The kernel saw a regular file: its path, where it will not be found under its descriptor. */
void dwell_descriptors_name(struct dwell_descriptors *descriptors, uint64_t device, uint64_t inode,
	struct dwell_string path);

#endif
