#ifndef DWELL_CLI_CENSUS_H
#define DWELL_CLI_CENSUS_H

#include "cli/head.h"
#include "cli/window.h"
#include "dwell/event.h"
#include "dwell/sink.h"

/* What is in a trace, counted in one pass. */
struct census {
	struct dwell_sink sink; /* first */
	const struct window *window;
	uint64_t from_ns, to_ns; /* counted is what lies in between */
	int status;              /* the window asked for is none of this trace; already said */
	int err;

	struct dwell_trace_info info; /* its strings: below */
	char source[32];
	bool closed;

	uint64_t events_by_kind[DWELL_EVENT_KIND_COUNT];
	uint64_t events;
	struct census_loss {
		uint64_t count, lost, total_ns;
	} losses[DWELL_LOSS_CAUSE_COUNT];
	uint64_t state_ns[DWELL_STATE_COUNT];
	struct census_waits {
		uint64_t all, stack, object, holder, waker;
	} waits;
	struct census_ids {
		uint8_t *bits;
		size_t size;
		uint64_t count;
	} tasks, executors;
	uint64_t recorder_cpu_ns, recorder_bytes; /* UINT64_MAX: not recorded */

	struct dwell_states *states;
};

/* window must outlive it. */
void census_init(struct census *census, const struct window *window);
void census_release(struct census *census);

/* What every answer says of the trace. path must outlive the head; so must census. */
void census_head(const struct census *census, const char *path, uint64_t bytes, struct head *out);

/* Records that are known to be missing. */
uint64_t census_lost(const struct census *census);

#endif
