#ifndef DWELL_RECORD_MEMORY_H
#define DWELL_RECORD_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc.h"

/* What another program has in memory, read while it goes on: nobody is stopped for it. */

/* That many bytes at an address, or as many of them as are there; 0 where we may not. */
size_t dwell_memory_read(uint32_t pid, uint64_t address, void *out, size_t size);
/* All of them. */
bool dwell_memory_get(uint32_t pid, uint64_t address, void *out, size_t size);
/* A word of each address; 0 where the address is, or nothing can be read there. */
void dwell_memory_gather(uint32_t pid, const uint64_t *addresses, uint64_t *words, size_t count);

/* A thread that waits in a system call, and its stack. */
struct dwell_still {
	uint32_t pid, tid;
	uint64_t turns; /* on a CPU that it has had */
	struct dwell_proc_call call;
	uint8_t *stack; /* from call.sp on */
	size_t size;
};

/* false: it runs, waits in none, or may not be looked at. The stack is not read yet. */
bool dwell_still_find(struct dwell_still *still, uint32_t pid, uint32_t tid);
/* At most that much of the stack. false: none of it could be read, or there is no memory. */
bool dwell_still_read(struct dwell_still *still, size_t most);
/* It has not run since it was found: so all that was read belongs together. */
bool dwell_still_stands(const struct dwell_still *still);
void dwell_still_release(struct dwell_still *still);

#endif
