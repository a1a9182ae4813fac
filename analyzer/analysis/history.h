#ifndef DWELL_ANALYSIS_HISTORY_H
#define DWELL_ANALYSIS_HISTORY_H

#include "analysis/occupants.h"
#include "dwell/history.h"
#include "model/shelf.h"

/*
 * What the end of a program's wait says of its last blocked stretch, and which release it was that
 * let it go. Either may lie in an earlier part: it is told when that one is read.
 */
struct late_wait {
	uint64_t start_ns;  /* of the wait */
	uint64_t let_go_ns; /* the last release of the object, where its waker made it; else 0 */
	bool decided;       /* that release, or end of a task, was seen */
	bool for_end;       /* it is the end of a task that it waited for */
	bool timed_out;     /* it ended by its time limit */
	uint32_t task, object, stack, waker, waker_stack, holder;
	uint8_t holder_how, reason;
};

/* Ends of tasks: of the children of one process, in order. */
struct ends {
	struct end_of {
		uint64_t time_ns;
		uint32_t task;
	} * at;
	size_t count, cap;
};

/* For let_go_ns: an earlier part may tell, by a release or by a task's end. Never in a history that
 * was read by itself. */
#define LET_GO_EARLIER UINT64_MAX
#define END_EARLIER (UINT64_MAX - 1)

static inline bool is_earlier(uint64_t let_go_ns)
{
	return let_go_ns >= END_EARLIER;
}

struct dwell_history {
	const struct model *model;
	unsigned parts;
	size_t limit;
	uint64_t from_ns, to_ns;
	struct shelf stretches, waits, occupied, handles;
	uint64_t last_end_ns; /* of the stretch told last, */
	bool unordered;       /* and one was told after another that ended later */
	struct occupants occupants;
	uint64_t told_ns; /* where the telling began */
	/* By task: index + 1 of its last stretch that was blocked in a wait of the program. */
	struct table blocked;
	/* By object: struct dwell_handle, its last release. */
	struct table released;
	/* By task: uint64_t, when it ended, and 1 more; by process: struct ends, of its children.
	 */
	struct table ended, children;
	struct late_wait *late; /* of stretches that lie in an earlier part */
	size_t late_count, late_cap;
};

struct dwell_study {
	struct model model;
	struct dwell_study_facts facts;
};

/* To be filled by a run of history_ops. All zero but for this is empty. */
void history_init(
	struct dwell_history *history, const struct model *model, unsigned parts, size_t limit);
void history_release(struct dwell_history *history);

/* Its fold: `make` and `merge` are not there. */
extern const struct fold_ops history_ops;
/* The same where DWELL_HISTORY_EXECUTORS is not asked for: quicker. */
extern const struct fold_ops history_tasks_ops;

/* All was told: make it ready to be looked up. */
void history_index(struct dwell_history *history);

/* A task ended. */
int history_end(struct dwell_history *history, const struct dwell_event *event);
void ends_release(struct table *children);

/* A wait that ended in a later part; false: the stretch it is about is not here either. */
bool history_late(struct dwell_history *history, struct late_wait *late);
int history_keep_late(struct dwell_history *history, const struct late_wait *late);
/* An earlier part of the stretch's history: did its release happen there? */
void history_resolve(const struct dwell_history *history, struct dwell_stretch *stretch);

static inline struct dwell_stretch *history_told(const struct dwell_history *history, size_t i)
{
	return (struct dwell_stretch *)(void *)history->stretches.at + i;
}

#endif
