#ifndef DWELL_ANALYSIS_TASKS_H
#define DWELL_ANALYSIS_TASKS_H

#include "analysis/fold.h"

/* What the model does not count of every task. */
struct task_more {
	uint64_t blocked_by[DWELL_REASON_COUNT]; /* [0] is nothing: see reasonless */
	int64_t status;                          /* of wait(2) */
	bool has_status;
};

struct task_item {
	struct dwell_tasks_row row;
	uint64_t rank;                   /* what it is sorted by, largest first */
	struct dwell_catalog_task known; /* of a row of one task that the catalog forgot */
};

/*
 * Rows of the answer. Of tasks only as many are kept as are wanted (a heap, the last of them on
 * top); of classes and processes all, by what they are: for a class that is not named yet, by its
 * shape.
 */
struct task_rows {
	unsigned by;
	unsigned sort;
	size_t most; /* 0: all */
	struct task_item *items;
	size_t count, cap;
	uint64_t total;      /* tasks that rows would have been of */
	struct table groups; /* struct task_item, by group */
	struct table shapes;
};

void task_rows_init(struct task_rows *rows, const struct dwell_query *query);
void task_rows_release(struct task_rows *rows);

/* A task that the catalog is about to forget. */
int task_rows_settle(struct task_rows *rows, struct dwell_catalog *catalog,
	const struct dwell_life *life, const struct task_more *more);
/* The catalog is finished: shapes are classes. */
int task_rows_name(struct task_rows *rows, const struct dwell_catalog *catalog);
int task_rows_add(struct task_rows *rows, const struct dwell_catalog *catalog, uint32_t task,
	const struct task_life *life, const struct task_more *more);
/* All were added: in their order to *out; tasks of rows are brought back into the catalog. */
int task_rows_take(struct task_rows *rows, struct dwell_catalog *catalog, struct dwell_tasks *out);

#endif
