/* A search through a stretch of a trace. */
#include <stdlib.h>
#include <string.h>

#include "timeline/private.h"

struct search_job {
	struct dwell_job job;
	struct dwell_search_question question;
	struct dwell_searcher *searcher;
	struct dwell_matches matches;
	struct dwell_interval *kept;
	size_t next; /* LAST: where the next one goes, round and round */
	uint64_t *tasks;
	uint64_t *own; /* bits of tasks that may be found; NULL: all */
	struct watch watch;
};

static uint64_t length_of(const struct dwell_interval *interval)
{
	return interval->end_ns - interval->start_ns;
}

static bool is_shorter(const struct dwell_interval *a, const struct dwell_interval *b)
{
	if (length_of(a) != length_of(b))
		return length_of(a) < length_of(b);
	return a->start_ns > b->start_ns;
}

/* Among the longest, in order. */
static void insert(struct search_job *job, const struct dwell_interval *interval)
{
	size_t at = job->matches.kept_count;

	if (at == job->question.keep) {
		if (!is_shorter(&job->kept[at - 1], interval))
			return;
		at--;
	} else {
		job->matches.kept_count++;
	}
	while (at > 0 && is_shorter(&job->kept[at - 1], interval)) {
		job->kept[at] = job->kept[at - 1];
		at--;
	}
	job->kept[at] = *interval;
}

static bool is_earlier(const struct dwell_interval *a, const struct dwell_interval *b)
{
	return a->start_ns != b->start_ns ? a->start_ns < b->start_ns : a->task < b->task;
}

/* Intervals come in order of their ends: those wanted are the first or last by their start. */
static void insert_by_start(struct search_job *job, const struct dwell_interval *interval)
{
	const bool last = job->question.order == DWELL_SEARCH_LAST;
	size_t count = job->matches.kept_count, at;

	if (count == job->question.keep) {
		/* Full: it takes the place of the worst, or has none. */
		if (last) {
			if (!is_earlier(&job->kept[0], interval))
				return;
			memmove(job->kept, job->kept + 1, (count - 1) * sizeof(*job->kept));
		} else if (!is_earlier(interval, &job->kept[count - 1])) {
			return;
		}
		count--;
	}
	for (at = count; at > 0 && is_earlier(interval, &job->kept[at - 1]); at--)
		job->kept[at] = job->kept[at - 1];
	job->kept[at] = *interval;
	job->matches.kept_count = count + 1;
}

static bool same(uint32_t wanted, uint32_t id)
{
	return !wanted || wanted == id;
}

static bool is_wanted(const struct dwell_search_question *q, const struct dwell_interval *interval)
{
	const bool longest = q->order == DWELL_SEARCH_LONGEST;
	/* As in reports, a wait belongs to the window that holds its end, at full length. */
	const uint64_t at_ns = longest ? interval->end_ns : interval->start_ns;

	/* How long one is that still goes on is not known. */
	if (longest && interval->flags & DWELL_INTERVAL_OPEN)
		return false;
	return at_ns >= q->from_ns && (!q->to_ns || at_ns < q->to_ns + longest) &&
	       interval->state < DWELL_EXITED && same(q->task, interval->task) &&
	       same(q->waker, interval->waker) && same(q->executor, interval->executor) &&
	       same(q->stack, interval->stack) && same(q->object, interval->object);
}

static int learn_own(struct search_job *job)
{
	const struct dwell_catalog *catalog = job->job.timeline->catalog;
	if (!job->question.own)
		return DWELL_OK;
	job->own = calloc(job->matches.task_words, sizeof(*job->own));
	if (!job->own)
		return DWELL_ENOMEM;
	for (uint32_t id = 1; id < dwell_catalog_tasks(catalog); id++)
		if (dwell_catalog_recorded(catalog, id))
			job->own[id / 64] |= UINT64_C(1) << (id % 64);
	return DWELL_OK;
}

static void see(struct search_job *job, const struct dwell_interval *interval)
{
	const struct dwell_search_question *q = &job->question;

	if (interval->task / 64 >= job->matches.task_words)
		return;
	if (job->own && !(job->own[interval->task / 64] >> (interval->task % 64) & 1))
		return;
	if (!is_wanted(q, interval) || !dwell_searcher_finds(job->searcher, interval))
		return;
	job->matches.count++;
	job->matches.total_ns += length_of(interval);
	job->tasks[interval->task / 64] |= UINT64_C(1) << (interval->task % 64);
	if (!q->keep)
		return;
	if (q->order == DWELL_SEARCH_LONGEST)
		insert(job, interval);
	else
		insert_by_start(job, interval);
}

static void search_interval(void *context, const struct dwell_interval *interval)
{
	see(((struct watch *)context)->context, interval);
}

static void search_wait(void *context, const struct dwell_wait *wait)
{
	const struct dwell_interval interval = {
		.start_ns = wait->start_ns,
		.end_ns = wait->end_ns,
		.task = wait->task,
		.object = wait->object,
		.stack = wait->stack,
		.waker = wait->waker,
		.waker_stack = wait->waker_stack,
		.holder = wait->holder,
		.state = DWELL_BLOCKED,
		.reason = wait->reason,
		.holder_how = wait->holder_how,
	};

	see(((struct watch *)context)->context, &interval);
}

/* The first ones are found when nothing that still goes on can have begun before them. */
static void search_row(void *context, const struct dwell_event *row)
{
	struct search_job *job = context;
	const struct dwell_search_question *q = &job->question;

	if (q->count || q->order != DWELL_SEARCH_FIRST || !q->keep)
		return;
	if (job->matches.kept_count == q->keep && row->time_ns > job->kept[q->keep - 1].end_ns)
		job->watch.stop = true;
}

static int watch_window(struct search_job *job, uint64_t from_ns, uint64_t to_ns)
{
	static const struct dwell_states_ops intervals = { .interval = search_interval };
	static const struct dwell_states_ops waits = { .wait = search_wait };

	job->watch = (struct watch){
		.job = &job->job,
		.from_ns = from_ns,
		.to_ns = to_ns,
		.ops = job->question.waits ? &waits : &intervals,
		.row = search_row,
		.context = job,
	};
	return watch_run(&job->watch);
}

/* The last ones, backwards through windows that grow, until there are enough. */
static int search_back(struct search_job *job)
{
	const uint64_t least = job->question.from_ns, end = job->question.to_ns;
	uint64_t to_ns = end, width = 1 << 20;
	int err = DWELL_OK;

	while (!err && to_ns > least && job->matches.kept_count < job->question.keep) {
		const uint64_t from_ns = to_ns - least > width ? to_ns - width : least;

		job->question.from_ns = from_ns;
		job->question.to_ns = to_ns;
		/* Each is told at its whole length, which may reach behind the window. */
		err = watch_window(job, from_ns, end + width);
		to_ns = from_ns;
		width *= 4;
	}
	return err;
}

/* Where all is seen: what begins in the window may end behind it, and is told at its end. */
static uint64_t end_of(const struct dwell_search_question *q)
{
	return q->order == DWELL_SEARCH_LONGEST && q->to_ns ? q->to_ns + 1 : 0;
}

static int search_run(struct dwell_job *base)
{
	struct search_job *job = (struct search_job *)base;
	const struct dwell_search_question *q = &job->question;
	const bool back = q->order == DWELL_SEARCH_LAST && !q->count && q->to_ns;
	int err =
		dwell_searcher_new(&job->searcher, &job->question.search, base->timeline->catalog);

	job->matches.task_words = dwell_catalog_tasks(base->timeline->catalog) / 64 + 1;
	job->tasks = calloc(job->matches.task_words, sizeof(*job->tasks));
	job->kept = malloc((q->keep ? q->keep : 1) * sizeof(*job->kept));
	if (!err && (!job->tasks || !job->kept))
		err = DWELL_ENOMEM;
	if (!err)
		err = learn_own(job);
	if (!err)
		err = back ? search_back(job) : watch_window(job, q->from_ns, end_of(q));
	job->matches.kept = job->kept;
	job->matches.tasks = job->tasks;
	return err;
}

static void search_release(struct dwell_job *base)
{
	struct search_job *job = (struct search_job *)base;

	dwell_searcher_free(job->searcher);
	free(job->kept);
	free(job->tasks);
	free(job->own);
}

int dwell_timeline_want_search(struct dwell_timeline *timeline,
	const struct dwell_search_question *question, struct dwell_job **out)
{
	static const struct job_ops ops = { search_run, search_release };
	struct search_job *job = calloc(1, sizeof(*job));
	int err;

	if (!job)
		return DWELL_ENOMEM;
	job->question = *question;
	err = job_start(&job->job, &ops, timeline);
	if (!err)
		*out = &job->job;
	return err;
}

const struct dwell_matches *dwell_job_matches(const struct dwell_job *job)
{
	return &((const struct search_job *)job)->matches;
}
