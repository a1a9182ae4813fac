#ifndef DWELL_RECORD_REASONS_H
#define DWELL_RECORD_REASONS_H

#include <stdint.h>

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

/* number: of this machine's own table; 0xffff: in none (a page fault). */
struct dwell_call dwell_call_of(uint32_t number);

#endif
