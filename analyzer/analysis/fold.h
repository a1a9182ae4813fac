#ifndef DWELL_ANALYSIS_FOLD_H
#define DWELL_ANALYSIS_FOLD_H

#include "dwell/analysis.h"
#include "model/drive.h"

/* Each analysis: how it folds, and how its answer is made of what was folded. */
extern const struct fold_ops tasks_fold, latency_fold, blocked_fold, locks_fold, spans_fold,
	metrics_fold, flame_fold, leaks_fold, watch_fold, gc_fold, pools_fold, digest_fold_ops;

int tasks_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query);
int latency_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query);
int blocked_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query);
int locks_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query);
int spans_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query);
int metrics_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query);
int flame_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query);
int leaks_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query);
int findings_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query);

int gc_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query);

int pools_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query);

/* Made last: it takes roles and holders from what blocked, locks and spans answered. */
int digest_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query);

void tasks_free(struct dwell_tasks *tasks);
void latency_free(struct dwell_latency *latency);
void blocked_free(struct dwell_blocked *blocked);
void locks_free(struct dwell_locks *locks);
void spans_free(struct dwell_spans *spans);
void metrics_free(struct dwell_metrics *metrics);
void flames_free(struct dwell_flames *flames);
void leaks_free(struct dwell_leaks *leaks);
void gc_free(struct dwell_gc *gc);
void pools_free(struct dwell_pools *pools);
void findings_free(struct dwell_findings *findings);

/* What a model counted, as every answer begins. */
void facts_fill(struct dwell_trace_facts *facts, const struct model *model);

/* A histogram's figures; the bars are the caller's to free. 0 or DWELL_ENOMEM. */
int distribution_of(const struct dwell_histogram *histogram, struct dwell_distribution *out);

/* Add a state's time. */
static inline void add_state(struct dwell_times *times, unsigned state, uint64_t ns)
{
	switch (state) {
	case DWELL_RUNNING:
		times->running_ns += ns;
		break;
	case DWELL_RUNNABLE:
		times->runnable_ns += ns;
		break;
	case DWELL_BLOCKED:
		times->blocked_ns += ns;
		break;
	default:
		times->unknown_ns += ns;
		break;
	}
}

static inline void add_times(struct dwell_times *into, const struct dwell_times *from)
{
	into->running_ns += from->running_ns;
	into->runnable_ns += from->runnable_ns;
	into->blocked_ns += from->blocked_ns;
	into->unknown_ns += from->unknown_ns;
}

/* The key of a row that stands for one task, class, process, object or reason. */
struct dwell_key key_of(const struct dwell_catalog *catalog, unsigned by, uint32_t id);
/* What a task belongs to. */
uint32_t group_of(const struct dwell_catalog *catalog, unsigned by, uint32_t task);
/* The same in a cut and in another conversion: of a task's names and a time. */
uint64_t id_of(
	const struct dwell_catalog *catalog, const char *kind, uint32_t task, uint64_t time_ns);
/* What stands for what a task did at a time; task 0: for the time alone. */
uint64_t moment_id(const struct dwell_catalog *catalog, uint32_t task, uint64_t time_ns);
/* The time of which a task's id is this one: mostly none that the trace has. */
uint64_t time_of_id(
	const struct dwell_catalog *catalog, const char *kind, uint32_t task, uint64_t id);

#endif
