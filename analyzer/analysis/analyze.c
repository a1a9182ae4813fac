/* A query in, an answer out. */
#include <stdlib.h>

#include "analysis/fold.h"

static const struct {
	unsigned bit;
	const struct fold_ops *ops;
	int (*answer)(struct dwell_answer *answer, struct model *model, void *fold,
		const struct dwell_query *query);
} analyses[] = {
	{ DWELL_ANALYZE_TASKS, &tasks_fold, tasks_answer },
	{ DWELL_ANALYZE_LATENCY, &latency_fold, latency_answer },
	{ DWELL_ANALYZE_BLOCKED, &blocked_fold, blocked_answer },
	{ DWELL_ANALYZE_LOCKS, &locks_fold, locks_answer },
	{ DWELL_ANALYZE_SPANS, &spans_fold, spans_answer },
	{ DWELL_ANALYZE_METRICS, &metrics_fold, metrics_answer },
	{ DWELL_ANALYZE_FLAME, &flame_fold, flame_answer },
	{ DWELL_ANALYZE_LEAKS, &leaks_fold, leaks_answer },
	{ DWELL_ANALYZE_GC, &gc_fold, gc_answer },
	{ DWELL_ANALYZE_POOLS, &pools_fold, pools_answer },
	/* Last: it looks at the others' answers. */
	{ DWELL_ANALYZE_FINDINGS, &watch_fold, findings_answer },
	{ DWELL_ANALYZE_DIGEST, &digest_fold_ops, digest_answer },
};

enum { ANALYSES = sizeof(analyses) / sizeof(analyses[0]) };

static bool is_one_of(unsigned word, unsigned a, unsigned b, unsigned c, unsigned d, unsigned e)
{
	return word == DWELL_BY_DEFAULT || word == a || word == b || word == c || word == d ||
	       word == e;
}

static int check(const struct dwell_query *query, struct dwell_diag *diag)
{
	const struct dwell_selection *s = &query->selection;

	if (s->to_ns && s->to_ns <= s->from_ns)
		return dwell_diag_set(
			diag, DWELL_EINVAL, UINT64_MAX, 0, "the window ends before it begins");
	if (!is_one_of(query->tasks_by, DWELL_BY_TASK, DWELL_BY_CLASS, DWELL_BY_PROCESS, 0, 0) ||
		!is_one_of(query->blocked_by, DWELL_BY_SITE, DWELL_BY_OBJECT, DWELL_BY_REASON,
			DWELL_BY_TASK, DWELL_BY_CLASS) ||
		query->flame_of > DWELL_FLAME_CPU)
		return dwell_diag_set(
			diag, DWELL_EINVAL, UINT64_MAX, 0, "no such grouping for this analysis");
	return DWELL_OK;
}

/* Millionths; all of nothing is all. */
static uint32_t share(uint64_t part, uint64_t whole)
{
	return whole ? (uint32_t)((__uint128_t)part * 1000000 / whole) : 1000000;
}

void facts_fill(struct dwell_trace_facts *facts, const struct model *model)
{
	const struct tally *t = &model->tally;
	const uint64_t known = t->state_ns[DWELL_RUNNING] + t->state_ns[DWELL_RUNNABLE] +
			       t->state_ns[DWELL_BLOCKED];
	const uint32_t kernel = DWELL_LEVEL_SWITCHES | DWELL_LEVEL_SCHEDULER | DWELL_LEVEL_RUNTIME;

	*facts = (struct dwell_trace_facts){
		.source = model->info.source,
		.begin_ns = model->from_ns,
		.end_ns = model->end_ns,
		.start_unix_ns = model->info.start_unix_ns,
		.tick_ns = model->info.tick_ns,
		.events = t->rows,
		.lost_events = t->lost,
		.losses = t->losses,
		.tasks = t->tasks,
		.other_tasks = model->catalog->marked ? t->others : 0,
		.levels = model->info.levels,
		.coverage_ppm = share(known, known + t->state_ns[DWELL_UNKNOWN]),
		.closed = model->ended && model->end.closed,
		.has_switches = model->info.levels & kernel,
		.has_wakes = model->has_wakes,
		.names_nobody = model_names_nobody(model),
		.waits = {
			.waits = t->waits.count,
			.stack_ppm = share(t->waits.with_stack, t->waits.count),
			.object_ppm = share(t->waits.with_object, t->waits.count),
			.holder_ppm = share(t->waits.with_holder, t->waits.count),
			.waker_ppm = share(t->waits.with_waker, t->waits.count),
		},
	};
	for (uint32_t id = 1; id < dwell_catalog_executors(model->catalog); id++)
		facts->executors += dwell_catalog_executor(model->catalog, id) != NULL;
}

static int fill_stat(struct dwell_answer *answer, const struct model *model)
{
	const struct tally *t = &model->tally;
	struct dwell_stat *stat = calloc(1, sizeof(*stat));

	if (!stat)
		return DWELL_ENOMEM;
	answer->stat = stat;
	for (size_t i = 0; i < DWELL_EVENT_KIND_COUNT; i++)
		stat->events_by_kind[i] = t->by_kind[i];
	for (size_t i = 0; i < DWELL_LOSS_CAUSE_COUNT; i++)
		stat->lost_by_cause[i] = t->lost_by_cause[i];
	for (unsigned i = 0; i < DWELL_STATE_COUNT; i++)
		add_state(&stat->times, i, t->state_ns[i]);
	stat->waits = t->waits.count;
	stat->first_ns = t->first_ns;
	stat->last_ns = t->last_ns;
	return DWELL_OK;
}

static int make_answer(
	struct dwell_answer *answer, struct model *model, const struct dwell_query *query)
{
	int err = DWELL_OK;

	facts_fill(&answer->trace, model);
	for (size_t i = 0, fold = 0; i < ANALYSES && !err; i++)
		if (query->analyses & analyses[i].bit)
			err = analyses[i].answer(answer, model, model->folds[fold++], query);
	if (!err && query->analyses & DWELL_ANALYZE_STAT)
		err = fill_stat(answer, model);
	return err;
}

static void take_query(struct model *model, const struct dwell_query *query)
{
	model->selection = query->selection;
	model->threads = query->threads;
	model->ahead_bytes = query->ahead_bytes;
	model->progress = query->progress;
	model->progress_context = query->progress_context;
	model->query = query;
	for (size_t i = 0; i < ANALYSES; i++)
		if (query->analyses & analyses[i].bit)
			model->ops[model->fold_count++] = analyses[i].ops;
}

/* Rules look at most of the other answers. */
static struct dwell_query with_what_it_needs(const struct dwell_query *query)
{
	struct dwell_query whole = *query;

	if (query->analyses & DWELL_ANALYZE_FINDINGS)
		whole.analyses |= DWELL_ANALYZE_LATENCY | DWELL_ANALYZE_BLOCKED |
				  DWELL_ANALYZE_LOCKS | DWELL_ANALYZE_SPANS | DWELL_ANALYZE_LEAKS;
	return whole;
}

int dwell_analyze(struct dwell_answer **out, struct dwell_source *source,
	const struct dwell_query *query, struct dwell_diag *diag)
{
	const struct dwell_query whole = with_what_it_needs(query);
	struct model model = { .source = source };
	struct dwell_answer *answer = NULL;
	int err = check(query, diag);

	if (err)
		return err;
	take_query(&model, &whole);
	err = model_run(&model, diag);
	if (!err) {
		answer = calloc(1, sizeof(*answer));
		err = answer ? make_answer(answer, &model, &whole) : DWELL_ENOMEM;
	}
	if (!err) {
		answer->catalog = model.catalog;
		model.catalog = NULL;
		*out = answer;
	} else {
		dwell_answer_free(answer);
	}
	model_release(&model);
	return err;
}

void dwell_answer_free(struct dwell_answer *answer)
{
	if (!answer)
		return;
	tasks_free(answer->tasks);
	latency_free(answer->latency);
	blocked_free(answer->blocked);
	locks_free(answer->locks);
	spans_free(answer->spans);
	metrics_free(answer->metrics);
	flames_free(answer->flames);
	leaks_free(answer->leaks);
	gc_free(answer->gc);
	pools_free(answer->pools);
	findings_free(answer->findings);
	dwell_digest_free(answer->digest);
	free(answer->stat);
	catalog_free((struct dwell_catalog *)answer->catalog);
	free(answer);
}
