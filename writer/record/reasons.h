#ifndef DWELL_RECORD_REASONS_H
#define DWELL_RECORD_REASONS_H

#include <stdbool.h>
#include <stdint.h>

#include "dwell/types.h"

/* What a thread that blocks in a system call waits for, and on what its first argument names. */
enum dwell_call_argument {
	DWELL_ARGUMENT_NONE = 0,
	DWELL_ARGUMENT_DESCRIPTOR,
	DWELL_ARGUMENT_FUTEX,
	DWELL_ARGUMENT_PID
};

struct dwell_call {
	uint8_t reason;   /* enum dwell_reason; of a descriptor's kind where NONE */
	uint8_t argument; /* enum dwell_call_argument */
};

/* The argument may be a descriptor of a file: then the kernel's programs say which. */
static inline bool dwell_call_may_be_on_a_file(const struct dwell_call *call)
{
	return call->argument == DWELL_ARGUMENT_DESCRIPTOR &&
	       (call->reason == DWELL_REASON_NONE || call->reason == DWELL_REASON_FILE ||
		       call->reason == DWELL_REASON_RWLOCK);
}

/* number: of this machine's own table; 0xffff: in none (a page fault). */
struct dwell_call dwell_call_of(uint32_t number);

#endif
