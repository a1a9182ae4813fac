#ifndef DWELL_ANALYSIS_DIGEST_FOLD_H
#define DWELL_ANALYSIS_DIGEST_FOLD_H

#include "analysis/fold.h"
#include "analysis/subjects.h"
#include "analysis/tip.h"

/* So many sites or tasks that what is added to next is not near. */
enum { DIGEST_MANY = 2048 };

/* What a task holds, since when: it was seen to get it. */
struct held {
	uint64_t since_ns;
	uint32_t object;
};

/* Who ran while a task was ready. */
enum { LATE_RUNNERS = 16 };
struct late_task {
	uint64_t latencies;       /* all there were */
	uint64_t count, total_ns; /* of those that were looked into, as many as they stand for */
	struct late_runner {
		uint64_t ns;
		uint32_t task;
	} runners[LATE_RUNNERS];
};

struct digest_late {
	struct table executors; /* struct late_executor */
};

void digest_late_init(struct digest_late *late);
void digest_late_release(struct digest_late *late);
/* Somebody ran. 0 or DWELL_ENOMEM. */
int digest_late_ran(struct digest_late *late, const struct dwell_interval *ran);
/* A latency; who ran meanwhile was told before. *task: NULL, or from here, to be freed. */
int digest_late_add(
	struct digest_late *late, struct late_task **task, const struct dwell_interval *wait);

/* The same by classes, or as long as these have no names by shapes. */
struct late_pairs {
	struct pair *at;
	size_t count, cap;
};
/* The same where tasks are settled: who ran is of a shape, or one whose shape may change. */
enum { LATE_SHAPES = 1 << 10 };
struct late_settled {
	struct late_pairs shapes, tasks;
	struct late_shape {
		uint32_t task, shape;
	} lately[LATE_SHAPES]; /* of who is packed, by the last bits of the id */
};
int late_settle(struct late_settled *settled, struct dwell_catalog *catalog, uint32_t shape,
	const struct late_task *task);
/* Classes have names. */
int late_settled_take(const struct late_settled *settled, const struct dwell_catalog *catalog,
	struct late_pairs *pairs);
int late_pairs_add(struct late_pairs *pairs, const struct dwell_catalog *catalog, uint32_t id,
	const struct late_task *task);
/* Into the run and the classes, by their keys. */
int late_pairs_take(struct late_pairs *pairs, const struct dwell_catalog *catalog,
	const struct subjects *subjects);
void late_pairs_release(struct late_pairs *pairs);

/* Tasks that are left at the end. */
struct digest_task;
struct left_tasks {
	struct left *at;
	size_t count, cap;
};
/* One that the catalog knows. */
int left_tasks_add(struct left_tasks *left, const struct dwell_catalog *catalog, uint32_t id,
	const struct digest_task *task);
/* As subjects: those that there are most of. */
int left_tasks_take(
	struct left_tasks *left, const struct dwell_catalog *catalog, struct subjects *subjects);
void left_tasks_release(struct left_tasks *left);

/* What these answers have, as subjects: 0 or DWELL_ENOMEM. */
int digest_leaks(
	struct subjects *subjects, const struct dwell_leaks *leaks, const struct model *model);
int digest_pools(struct subjects *subjects, const struct dwell_pools *pools,
	const struct dwell_catalog *catalog);

struct digest_task {
	struct dwell_times times;
	struct dwell_windows states;
	struct dwell_series latency;
	struct held *held;
	struct late_task *late; /* NULL: never */
	uint32_t held_count, held_cap;
	bool seen, alive;              /* alive: at the end of the window; */
	uint8_t end_state, end_reason; /* then: what it does, and where */
	uint32_t end_stack;
	uint64_t end_since_ns; /* it does that since then */
};

/* Tasks of one shape that have ended, added up. */
struct digest_shape {
	struct digest_task sum;
	uint32_t tasks, born;
	uint32_t first_task; /* the lowest id */
};

/* What tasks did: their time by states, and how long they were ready. */
struct digest_tasks {
	const struct model *model;
	struct table of;     /* struct digest_task */
	struct table shapes; /* struct digest_shape, of those that were settled */
	struct late_settled settled_late;
	struct turns turns; /* by task */
	struct stint *stints;
	struct tip states, late;
	struct digest_late instead;
};

int digest_tasks_init(struct digest_tasks *tasks, const struct model *model);
void digest_tasks_release(struct digest_tasks *tasks);
/* Made where it was not; NULL: no memory. */
struct digest_task *digest_task(struct digest_tasks *tasks, uint32_t id);
/* Intervals of the tasks that were asked for; of others nothing is kept. 0 or DWELL_ENOMEM. */
int digest_tasks_add(struct digest_tasks *tasks, const struct dwell_told *told);
/* Add what was collected. 0 or DWELL_ENOMEM. */
int digest_tasks_flush(struct digest_tasks *tasks);
/* Tasks first to first + TABLE_PAGE - 1 have ended. 0 or DWELL_ENOMEM. */
int digest_tasks_settle(struct digest_tasks *tasks, uint32_t first);

/* How long waits were, of sites and locks. */
struct digest_waits {
	struct turns turns; /* by place among items */
	struct wait_end {
		uint64_t at_ns, ns;
	} * ends;
	struct tip tip;
};

int digest_waits_init(struct digest_waits *waits, const struct model *model);
void digest_waits_release(struct digest_waits *waits);
/* 0 or DWELL_ENOMEM, both. */
int digest_waits_add(struct digest_waits *waits, const struct items *items, const struct item *item,
	const struct dwell_wait *wait);
/* Add what was collected. */
int digest_waits_flush(struct digest_waits *waits, const struct items *items);

/* A span that goes on. */
struct digest_span {
	uint64_t id, start_ns;
	uint32_t label, task;
	uint8_t kind;
};

/* The fold of a digest: by ids, named when it is done (digest.c). */
struct digest_fold {
	const struct model *model;
	struct digest_tasks tasks;
	struct items items; /* sites, locks, spans */
	struct digest_waits waits;
	struct digest_span *spans;
	size_t span_count, span_cap;
	uint32_t *span_slots; /* index + 1, by id */
	size_t span_slot_count;
};

#endif
