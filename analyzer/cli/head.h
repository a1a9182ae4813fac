#ifndef DWELL_CLI_HEAD_H
#define DWELL_CLI_HEAD_H

#include "dwell/report.h"

/* What every answer says of the trace it is about. */
struct head {
	const char *path;
	struct dwell_string source;
	uint64_t duration_ns;
	uint64_t start_unix_ns; /* 0: not known */
	bool closed;
	uint64_t tasks, executors, events, bytes;
	uint64_t other_tasks; /* of tasks, those of processes that were not to be recorded */
	bool left_out;        /* the answer is not about these */
	uint64_t lost_events, losses; /* losses: even where nobody counted what was lost */
	uint64_t coverage_ppm;
	uint64_t stack_ppm, object_ppm, holder_ppm, waker_ppm; /* of waits */
	uint32_t levels;
};

/* The key `trace` of an answer. */
void head_json(struct dwell_json *json, const struct head *head);

/* The lines above an answer for people: first what is missing, if anything is. */
void head_print(const struct dwell_style *style, const struct head *head);

#endif
