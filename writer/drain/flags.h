#ifndef DWELL_DRAIN_FLAGS_H
#define DWELL_DRAIN_FLAGS_H

#include "dwell/event.h"
#include "ring/slot.h"

/* Flags of a record as those of a row: TIMED_OUT and INTERRUPTED, SHARED and SPUN. */
static inline uint8_t dwell_drain_row_flags(unsigned flags)
{
	return (uint8_t)((flags & (DWELL_FLAG_TIMED_OUT | DWELL_FLAG_INTERRUPTED)) << 3 |
			 (flags & (DWELL_FLAG_SHARED | DWELL_FLAG_SPUN)) << 4);
}

_Static_assert(DWELL_EVENT_TIMED_OUT == (int)DWELL_FLAG_TIMED_OUT << 3 &&
		       DWELL_EVENT_INTERRUPTED == (int)DWELL_FLAG_INTERRUPTED << 3 &&
		       DWELL_EVENT_SHARED == (int)DWELL_FLAG_SHARED << 4 &&
		       DWELL_EVENT_SPUN == (int)DWELL_FLAG_SPUN << 4,
	"flags of records and rows");

/* The same of a wait that begins: how it will end is not known, but that it may by a time limit. */
static inline uint8_t dwell_drain_begin_flags(unsigned flags)
{
	const unsigned how = flags & ~(unsigned)(DWELL_FLAG_TIMED_OUT | DWELL_FLAG_INTERRUPTED);

	return (uint8_t)(dwell_drain_row_flags(how) |
			 ((flags & DWELL_FLAG_TIMED) != 0 ? DWELL_EVENT_TIMED_OUT : 0));
}

#endif
