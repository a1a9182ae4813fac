#ifndef DWELL_DRAIN_MEMO_H
#define DWELL_DRAIN_MEMO_H

#include "drain_private.h"

/* Where an entry's id (as a stack, or, with process 0, as a label) is remembered. */
static inline struct drain_memo *dwell_drain_memo(
	struct dwell_drain *drain, uint32_t entry, uint32_t process)
{
	const uint32_t hash = (entry ^ process * UINT32_C(0x9e3779b1)) * UINT32_C(0x85ebca6b);
	struct drain_memo *memo = &drain->memo[(hash >> 16) % DWELL_DRAIN_MEMO];
	if (memo->entry != entry || memo->process != process)
		*memo = (struct drain_memo){ entry, process, 0 };
	return memo;
}

#endif
