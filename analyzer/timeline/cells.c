/* Cells of a screen: from the pyramid far out, from rows close in. */
#include <stdlib.h>
#include <string.h>

#include "timeline/private.h"

/* That a task is in a group; by groups, then sorted by task. */
struct member {
	uint32_t task, group;
};

struct cells_job {
	struct dwell_job job;
	struct dwell_cells_question question;
	struct member *members;
	size_t member_count;
	uint32_t *first; /* by task: index of its first member, UINT32_MAX: none */
	uint32_t tasks;
	uint32_t *executors; /* of each group; 0: of tasks */
	bool any_executor;
	struct dwell_cell *cells;
	struct watch watch;
};

static void add_cell(struct dwell_cell *into, const struct dwell_cell *from)
{
	for (unsigned i = 0; i < DWELL_STATE_COUNT; i++)
		into->ns[i] += from->ns[i];
	into->switches += from->switches;
	if (into->longest_wait_ns < from->longest_wait_ns)
		into->longest_wait_ns = from->longest_wait_ns;
}

/* Task by task: from the pyramid, or from generations that were read. */
static int query(
	struct cells_job *job, struct dwell_pyramid *own, uint32_t task, struct dwell_cell *cells)
{
	const struct dwell_cells_question *q = &job->question;
	bool exact = true;
	int err;

	if (own)
		return dwell_pyramid_query(own, task, q->from_ns,
			q->from_ns + q->cell_ns * q->columns, cells, q->columns);
	err = dwell_timeline_cells(job->job.timeline, task, q, cells, &exact);
	return exact ? err : (int)DWELL_END;
}

/* A pyramid of its own, far out, until all of it is in memory: nobody waits for the other while
 * chunks are read. */
static int open_far(const struct cells_job *job, struct dwell_pyramid **out)
{
	struct dwell_timeline *timeline = job->job.timeline;

	*out = NULL;
	if (!timeline_is_far(timeline, &job->question) || atomic_load(&timeline->whole))
		return DWELL_OK;
	return dwell_pyramid_open(out, timeline->seen.reader, NULL);
}

static int by_tasks(struct cells_job *job)
{
	const struct dwell_cells_question *q = &job->question;
	struct dwell_cell *cells = malloc((q->columns ? q->columns : 1) * sizeof(*cells));
	struct dwell_pyramid *own = NULL;
	uint32_t seen = 0;
	int err = cells ? open_far(job, &own) : DWELL_ENOMEM;

	for (size_t i = 0; i < job->member_count && !err; i++) {
		const struct member *member = &job->members[i];
		struct dwell_cell *into = &job->cells[member->group * q->columns];

		if (atomic_load(&job->job.cancelled))
			err = DWELL_EINVAL;
		if (!err && member->task != seen)
			err = query(job, own, member->task, cells);
		seen = member->task;
		for (size_t k = 0; k < q->columns && !err; k++)
			add_cell(&into[k], &cells[k]);
	}
	dwell_pyramid_free(own);
	free(cells);
	return err;
}

static void spread(
	struct cells_job *job, struct dwell_cell *cells, const struct dwell_interval *interval)
{
	const struct dwell_cells_question *q = &job->question;
	const uint64_t to_ns = q->from_ns + q->columns * q->cell_ns;
	const uint64_t length = interval->end_ns - interval->start_ns;
	uint64_t start = interval->start_ns > q->from_ns ? interval->start_ns : q->from_ns;
	const uint64_t end = interval->end_ns < to_ns ? interval->end_ns : to_ns;

	while (start < end) {
		const size_t at = (size_t)((start - q->from_ns) / q->cell_ns);
		const uint64_t stop = q->from_ns + (at + 1) * q->cell_ns;
		const uint64_t until = stop < end ? stop : end;

		cells[at].ns[interval->state] += until - start;
		if (interval->state == DWELL_BLOCKED && cells[at].longest_wait_ns < length)
			cells[at].longest_wait_ns = length;
		cells[at].switches += interval->state == DWELL_RUNNING && interval->end_ns <= stop;
		start = until;
	}
}

static void cells_interval(void *context, const struct dwell_interval *interval)
{
	struct watch *watch = context;
	struct cells_job *job = watch->context;
	const size_t columns = job->question.columns;

	if (interval->state >= DWELL_EXITED)
		return;
	if (interval->task < job->tasks && job->first[interval->task] != UINT32_MAX)
		for (size_t i = job->first[interval->task];
			i < job->member_count && job->members[i].task == interval->task; i++)
			spread(job, &job->cells[job->members[i].group * columns], interval);
	if (!job->any_executor || interval->state != DWELL_RUNNING || !interval->executor)
		return;
	for (size_t group = 0; group < job->question.group_count; group++)
		if (job->executors[group] == interval->executor)
			spread(job, &job->cells[group * columns], interval);
}

/*
 * What a stretch was is only known at its end, where rows may contradict what it seemed to be (see
 * dwell/states.h), and a wait may be longer than the view: read on, to the end of the generation
 * after that which has the view's end and the bound.
 */
static uint64_t read_to(const struct cells_job *job, uint64_t to_ns)
{
	const uint64_t bound_ns = job->question.bound_ns;
	uint64_t from_ns;

	to_ns += bound_ns < DWELL_FOREVER - to_ns ? bound_ns : 0;
	for (unsigned i = 0; i < 2; i++)
		dwell_timeline_generation(job->job.timeline, to_ns, &from_ns, &to_ns);
	return to_ns;
}

static int from_rows(struct cells_job *job)
{
	static const struct dwell_states_ops ops = { .interval = cells_interval };
	const struct dwell_cells_question *q = &job->question;
	const uint64_t to_ns = q->from_ns + q->columns * q->cell_ns;

	job->watch = (struct watch){
		.job = &job->job,
		.from_ns = q->from_ns,
		.to_ns = read_to(job, to_ns),
		.ops = &ops,
		.context = job,
	};
	return watch_run(&job->watch);
}

/* By task; a task's groups stay in their order. Here, for there may be a million. */
static int sort_members(struct cells_job *job)
{
	struct member *sorted =
		malloc((job->member_count ? job->member_count : 1) * sizeof(*sorted));
	uint32_t *next = job->first, at = 0;

	if (!sorted)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < job->member_count; i++)
		next[job->members[i].task]++;
	for (uint32_t task = 0; task < job->tasks; task++) {
		const uint32_t count = next[task];

		next[task] = at;
		at += count;
	}
	for (size_t i = 0; i < job->member_count; i++)
		sorted[next[job->members[i].task]++] = job->members[i];
	free(job->members);
	job->members = sorted;
	memset(job->first, 0xff, job->tasks * sizeof(*job->first));
	for (size_t i = job->member_count; i > 0; i--)
		job->first[sorted[i - 1].task] = (uint32_t)(i - 1);
	return DWELL_OK;
}

static int cells_run(struct dwell_job *base)
{
	struct cells_job *job = (struct cells_job *)base;
	int err = sort_members(job);

	if (err)
		return err;
	err = DWELL_END;
	if (!job->any_executor)
		err = by_tasks(job);
	if (err != DWELL_END)
		return err;
	/* What was added up so far is not all. */
	memset(job->cells, 0,
		job->question.group_count * job->question.columns * sizeof(*job->cells));
	return from_rows(job);
}

static void cells_release(struct dwell_job *base)
{
	struct cells_job *job = (struct cells_job *)base;

	free(job->members);
	free(job->first);
	free(job->executors);
	free(job->cells);
}

static void copy_groups(struct cells_job *job)
{
	for (size_t group = 0; group < job->question.group_count; group++) {
		const struct dwell_group *from = &job->question.groups[group];

		job->executors[group] = from->executor;
		job->any_executor |= from->executor != 0;
		for (size_t i = 0; i < from->count && !from->executor; i++)
			if (from->tasks[i] < job->tasks)
				job->members[job->member_count++] =
					(struct member){ from->tasks[i], (uint32_t)group };
	}
	job->question.groups = NULL;
}

int dwell_timeline_want_cells(struct dwell_timeline *timeline,
	const struct dwell_cells_question *question, struct dwell_job **out)
{
	static const struct job_ops ops = { cells_run, cells_release };
	struct cells_job *job = calloc(1, sizeof(*job));
	size_t members = 0;

	if (!job)
		return DWELL_ENOMEM;
	job->question = *question;
	job->tasks = dwell_catalog_tasks(timeline->catalog);
	for (size_t i = 0; i < question->group_count; i++)
		members += question->groups[i].executor ? 0 : question->groups[i].count;
	job->members = malloc((members ? members : 1) * sizeof(*job->members));
	job->first = calloc(job->tasks + 1u, sizeof(*job->first));
	job->executors = calloc(question->group_count + 1, sizeof(*job->executors));
	job->cells = calloc(question->group_count * question->columns + 1, sizeof(*job->cells));
	if (!job->members || !job->first || !job->executors || !job->cells) {
		cells_release(&job->job);
		free(job);
		return DWELL_ENOMEM;
	}
	copy_groups(job);

	const int err = job_start(&job->job, &ops, timeline);
	if (!err)
		*out = &job->job;
	return err;
}

const struct dwell_cell *dwell_job_cells(const struct dwell_job *job)
{
	return ((const struct cells_job *)job)->cells;
}
