#ifndef DWELL_ANALYSIS_OCCUPANTS_H
#define DWELL_ANALYSIS_OCCUPANTS_H

#include "analysis/fold.h"

/*
 * Who held each executor when: told in pieces, each when it ends. A piece is the running interval
 * of a task, or idle: from a row that says that nobody enters to one that says that nobody
 * leaves, where the trace has the rows of the whole machine. What is in no piece is unknown.
 */
struct piece {
	uint64_t start_ns, end_ns;
	uint32_t executor;
	uint32_t task; /* 0: idle */
};

struct occupants {
	const struct model *model;
	struct table executors; /* struct occupied */
	uint64_t begin_ns;
	bool begun;
	bool carried; /* begins in the middle: what came before is another's, to be merged into */
	bool lost;    /* rows of all executors are missing somewhere: */
	uint64_t lost_from_ns, lost_until_ns;
	int (*piece)(void *context, const struct piece *piece);
	void *context;
};

enum { OCCUPANTS_KINDS = 1u << DWELL_EVENT_SWITCH | 1u << DWELL_EVENT_LOSS };

void occupants_init(struct occupants *occupants, const struct model *model,
	int (*piece)(void *context, const struct piece *piece), void *context);
void occupants_release(struct occupants *occupants);

/*
 * Since when it is known who held an executor, as far as those say that were told: with `carried`,
 * what lies before may be idle time that only the merge can tell.
 */
uint64_t occupants_known(const struct occupants *occupants, uint32_t executor);

/* What `from` saw follows what `into` saw: tells `into` of what was idle over the border. */
int occupants_merge(struct occupants *into, struct occupants *from);

/* The same three as a fold's. */
int occupants_begin(struct occupants *occupants, const struct fold_start *start);
int occupants_event(struct occupants *occupants, const struct dwell_event *event);
/* A batch of rows: the pieces of it that are idle. `kinds` as in struct fold_batch. */
int occupants_rows(
	struct occupants *occupants, const struct dwell_event *rows, size_t count, uint32_t kinds);
/* The same of the rows that may say of idle time, where none says that rows are missing. */
int occupants_gaps(struct occupants *occupants, const struct dwell_event *rows,
	const uint16_t *gaps, size_t count);
int occupants_interval(struct occupants *occupants, const struct dwell_interval *interval);

#endif
