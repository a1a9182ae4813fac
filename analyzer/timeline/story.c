/* The story of one wait, in the background. */
#include <stdlib.h>

#include "timeline/stop.h"

struct story_job {
	struct dwell_job job;
	uint32_t task;
	uint64_t time_ns;
	struct dwell_story *story;
};

static int tell(struct story_job *job, struct dwell_source *source)
{
	struct dwell_study *study = NULL;
	struct dwell_subject subject;
	int err = dwell_study_open(&study, source, NULL);

	if (!err)
		err = dwell_subject_at(&subject, study, job->task, job->time_ns, NULL);
	if (!err)
		err = dwell_explain(&job->story, study, &subject, NULL);
	dwell_study_close(study);
	return err;
}

static int story_run(struct dwell_job *base)
{
	struct stoppable stoppable;
	struct dwell_import import;
	int err = timeline_take(base->timeline, &import);

	if (err)
		return err;
	err = tell((struct story_job *)base, stoppable_init(&stoppable, import.source, base));
	timeline_give(base->timeline, &import);
	return err;
}

static void story_release(struct dwell_job *base)
{
	dwell_story_free(((struct story_job *)base)->story);
}

int dwell_timeline_want_story(
	struct dwell_timeline *timeline, uint32_t task, uint64_t time_ns, struct dwell_job **out)
{
	static const struct job_ops ops = { story_run, story_release };
	struct story_job *job = calloc(1, sizeof(*job));
	int err;

	if (!job)
		return DWELL_ENOMEM;
	job->task = task;
	job->time_ns = time_ns;
	err = job_start(&job->job, &ops, timeline);
	if (!err)
		*out = &job->job;
	return err;
}

const struct dwell_story *dwell_job_story(const struct dwell_job *job)
{
	return ((const struct story_job *)job)->story;
}
