/* The peer's tracepoint: a u32 and a u64, as our event carries. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER dwell_bench

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "bench/lttng_tp.h"

#if !defined(DWELL_BENCH_LTTNG_TP_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#	define DWELL_BENCH_LTTNG_TP_H

#	include <lttng/tracepoint.h>
#	include <stdint.h>

LTTNG_UST_TRACEPOINT_EVENT(dwell_bench, event, LTTNG_UST_TP_ARGS(uint32_t, name, uint64_t, value),
	LTTNG_UST_TP_FIELDS(lttng_ust_field_integer(uint32_t, name, name)
			lttng_ust_field_integer(uint64_t, value, value)))

#endif

#include <lttng/tracepoint-event.h>
