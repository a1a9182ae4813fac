#ifndef DWELL_ORDER_PRIVATE_H
#define DWELL_ORDER_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "dwell/event.h"

/* What a row is sorted by, and where it is: 16 bytes are moved instead of 48. */
struct order_ref {
	uint64_t time_ns;
	uint32_t ring; /* executors after tasks; ties keep the order of arrival */
	uint32_t index;
};

/*
 * Sort refs, stable by (time_ns, ring); they are best in runs, as from one ring after another.
 * spare has room for as many. Returns refs or spare: where the result is.
 */
struct order_ref *order_sort(struct order_ref *refs, struct order_ref *spare, size_t count);

#endif
