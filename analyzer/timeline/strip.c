/* The life of one task near a moment. */
#include <stdlib.h>
#include <string.h>

#include "timeline/private.h"

enum { MOST_INTERVALS = 1 << 16 };

struct strip_job {
	struct dwell_job job;
	struct dwell_strip strip;
	struct dwell_interval *intervals;
	struct dwell_wait *waits;
	size_t interval_cap, wait_cap;
	uint64_t to_ns;
	struct watch watch;
};

/* Room for one more of an array; NULL: no memory. */
static void *grown(void *at, size_t count, size_t *cap, size_t size)
{
	if (count < *cap)
		return at;

	const size_t more = *cap ? *cap * 2 : 64;
	void *out = realloc(at, more * size);

	if (out)
		*cap = more;
	return out;
}

static void strip_interval(void *context, const struct dwell_interval *interval)
{
	struct watch *watch = context;
	struct strip_job *job = watch->context;
	struct dwell_interval *room;

	if (interval->task != job->strip.task || watch->stop)
		return;
	room = grown(job->intervals, job->strip.count, &job->interval_cap, sizeof(*room));
	if (!room) {
		watch->err = DWELL_ENOMEM;
		return;
	}
	job->intervals = room;
	room[job->strip.count++] = *interval;
	if (interval->end_ns >= job->to_ns || interval->next == DWELL_EXITED)
		watch->stop = true;
	if (job->strip.count >= MOST_INTERVALS) {
		job->strip.to_ns = interval->end_ns;
		job->strip.cut = true;
		watch->stop = true;
	}
}

static void strip_wait(void *context, const struct dwell_wait *wait)
{
	struct watch *watch = context;
	struct strip_job *job = watch->context;
	struct dwell_wait *room;

	if (wait->task != job->strip.task)
		return;
	room = grown(job->waits, job->strip.wait_count, &job->wait_cap, sizeof(*room));
	if (!room) {
		watch->err = DWELL_ENOMEM;
		return;
	}
	job->waits = room;
	room[job->strip.wait_count++] = *wait;
}

static int strip_run(struct dwell_job *base)
{
	static const struct dwell_states_ops ops = { strip_interval, strip_wait };
	struct strip_job *job = (struct strip_job *)base;
	int err;

	/* On behind the window, until the task's last interval in it has ended. */
	job->watch = (struct watch){
		.job = base,
		.from_ns = job->strip.from_ns,
		.ops = &ops,
		.context = job,
	};
	err = watch_run(&job->watch);
	job->strip.intervals = job->intervals;
	job->strip.waits = job->waits;
	return err;
}

static void strip_release(struct dwell_job *base)
{
	free(((struct strip_job *)base)->intervals);
	free(((struct strip_job *)base)->waits);
}

int dwell_timeline_want_strip(struct dwell_timeline *timeline, uint32_t task, uint64_t from_ns,
	uint64_t to_ns, struct dwell_job **out)
{
	static const struct job_ops ops = { strip_run, strip_release };
	struct strip_job *job = calloc(1, sizeof(*job));
	int err;

	if (!job)
		return DWELL_ENOMEM;
	job->to_ns = to_ns;
	job->strip = (struct dwell_strip){ .task = task, .from_ns = from_ns, .to_ns = to_ns };
	err = job_start(&job->job, &ops, timeline);
	if (!err)
		*out = &job->job;
	return err;
}

const struct dwell_strip *dwell_job_strip(const struct dwell_job *job)
{
	return &((const struct strip_job *)job)->strip;
}
