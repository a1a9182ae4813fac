/* Threads for what takes longer than a frame. */
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "timeline/private.h"

static void let_go(struct dwell_job *job)
{
	pthread_mutex_lock(&job->lock);

	const bool last = --job->holders == 0;

	pthread_mutex_unlock(&job->lock);
	if (!last)
		return;
	job->ops->release(job);
	pthread_mutex_destroy(&job->lock);
	pthread_cond_destroy(&job->ended);
	free(job);
}

/* On Linux this is of the thread alone: who presses keys does not wait for a CPU behind it. */
static void step_back(void)
{
	enum { BEHIND = 5 };

	if (setpriority(PRIO_PROCESS, 0, BEHIND))
		errno = 0;
}

static void *work(void *context)
{
	struct dwell_job *job = context;
	struct dwell_timeline *timeline = job->timeline;
	int err;

	step_back();
	err = job->ops->run(job);
	pthread_mutex_lock(&job->lock);
	job->err = err;
	job->done = true;
	pthread_cond_broadcast(&job->ended);
	pthread_mutex_unlock(&job->lock);
	/* A full pipe says the same. */
	if (write(timeline->pipes[1], "", 1) < 0)
		errno = 0;
	let_go(job);
	/* From here on the timeline may be closed. */
	pthread_mutex_lock(&timeline->lock);
	timeline->jobs--;
	pthread_cond_broadcast(&timeline->ended);
	pthread_mutex_unlock(&timeline->lock);
	return NULL;
}

int job_start(struct dwell_job *job, const struct job_ops *ops, struct dwell_timeline *timeline)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int err;

	job->ops = ops;
	job->timeline = timeline;
	job->holders = 2;
	pthread_mutex_init(&job->lock, NULL);
	pthread_cond_init(&job->ended, NULL);
	pthread_mutex_lock(&timeline->lock);
	timeline->jobs++;
	pthread_mutex_unlock(&timeline->lock);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	err = pthread_create(&thread, &attributes, work, job);
	pthread_attr_destroy(&attributes);
	if (!err)
		return DWELL_OK;
	pthread_mutex_lock(&timeline->lock);
	timeline->jobs--;
	pthread_mutex_unlock(&timeline->lock);
	job->holders = 1;
	let_go(job);
	return DWELL_ENOMEM;
}

void job_leave(struct dwell_job *job)
{
	let_go(job);
}

bool dwell_job_wait(struct dwell_job *job, unsigned milliseconds)
{
	struct timespec until;
	bool done;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += milliseconds / 1000;
	until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&job->lock);
	while (!job->done && milliseconds &&
		!pthread_cond_timedwait(&job->ended, &job->lock, &until))
		;
	done = job->done;
	pthread_mutex_unlock(&job->lock);
	return done;
}

int dwell_job_error(const struct dwell_job *job)
{
	return job->err;
}

uint64_t dwell_job_at(const struct dwell_job *job)
{
	return atomic_load(&job->at_ns);
}

void dwell_job_drop(struct dwell_job *job)
{
	if (!job)
		return;
	atomic_store(&job->cancelled, true);
	let_go(job);
}
