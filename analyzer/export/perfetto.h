#ifndef DWELL_EXPORT_PERFETTO_H
#define DWELL_EXPORT_PERFETTO_H

#include "export/export.h"
#include "perfetto.pb-c.h"

/* What was last seen on an executor: its leaving is told with who comes next. */
struct lane {
	uint64_t end_ns;
	uint32_t task;
	uint8_t next; /* enum dwell_state it left for */
	bool pending;
};

struct described {
	bool thread, waits;
};

struct perfetto {
	struct table lanes;     /* by executor: struct lane */
	struct table described; /* by task: which of its tracks were */
	struct table
		counters; /* by counter: struct counter_track, the owners that were described */
	struct export_spans spans;
	uint8_t cpu_kind; /* enum dwell_executor_kind whose numbers are the CPUs' */
	uint64_t flows;
	bool begun;
};

/* Tracks by what they are of; no two have the same. */
enum track_kind { TRACK_THREAD = 1, TRACK_WAITS, TRACK_REQUEST, TRACK_COUNTER, TRACK_LOSS };

static inline uint64_t track_of(enum track_kind kind, uint64_t of)
{
	return (uint64_t)kind << 56 | (of & ((UINT64_C(1) << 56) - 1));
}

static inline struct perfetto *perfetto_of(struct export *export)
{
	return export->own;
}

/* A copy that is UTF-8, ended by NUL and short; returns out. */
enum { PERFETTO_TEXT = 512 };
char *perfetto_text(char out[PERFETTO_TEXT], struct dwell_string text);

/* Write a packet. 0, DWELL_EIO. */
int perfetto_put(struct export *export, TracePacket *packet);
/* Write an event of a track. */
int perfetto_event(struct export *export, uint64_t time_ns, TrackEvent *event);

/* Say what a track is, once. 0, DWELL_EIO, DWELL_ENOMEM. */
int perfetto_thread_track(struct export *export, uint32_t task);
int perfetto_waits_track(struct export *export, uint32_t task);
/* Of a span that may wander from task to task; of a counter and its owner; of losses. */
int perfetto_request_track(struct export *export, const struct export_span *span);
int perfetto_counter_track(struct export *export, const struct dwell_event *event, uint64_t *uuid);
int perfetto_loss_track(struct export *export);
/* All names as they are at the end, and the clock. */
int perfetto_names(struct export *export);

/* Scheduling. */
int perfetto_running(struct export *export, const struct dwell_interval *interval);
int perfetto_runnable(struct export *export, const struct dwell_interval *interval);
/* Those that left and were followed by nobody. */
int perfetto_leave_all(struct export *export);

#endif
