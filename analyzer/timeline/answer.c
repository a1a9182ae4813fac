/* Analyses in the background, and parts of a trace written as traces. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dwell/filter.h"
#include "timeline/stop.h"

struct answer_job {
	struct dwell_job job;
	struct dwell_query query;
	struct dwell_answer *answer;
};

static int answer_run(struct dwell_job *base)
{
	struct answer_job *job = (struct answer_job *)base;
	struct stoppable stoppable;
	struct dwell_import import;
	int err = timeline_take(base->timeline, &import);

	if (err)
		return err;
	err = dwell_analyze(
		&job->answer, stoppable_init(&stoppable, import.source, base), &job->query, NULL);
	timeline_give(base->timeline, &import);
	return err;
}

static void answer_release(struct dwell_job *base)
{
	dwell_answer_free(((struct answer_job *)base)->answer);
}

int dwell_timeline_want_answer(
	struct dwell_timeline *timeline, const struct dwell_query *query, struct dwell_job **out)
{
	static const struct job_ops ops = { answer_run, answer_release };
	struct answer_job *job = calloc(1, sizeof(*job));
	int err;

	if (!job)
		return DWELL_ENOMEM;
	job->query = *query;
	err = job_start(&job->job, &ops, timeline);
	if (!err)
		*out = &job->job;
	return err;
}

const struct dwell_answer *dwell_job_answer(const struct dwell_job *job)
{
	return ((const struct answer_job *)job)->answer;
}

struct cut_job {
	struct dwell_job job;
	struct dwell_output output;
	uint64_t from_ns, to_ns;
	int file;
	char path[4096];
};

static int cut_write(struct dwell_output *output, const void *at, size_t size)
{
	struct cut_job *job = (struct cut_job *)((char *)output - offsetof(struct cut_job, output));

	for (size_t done = 0; done < size;) {
		const ssize_t n = write(job->file, (const char *)at + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return DWELL_EIO;
		done += (size_t)n;
	}
	return DWELL_OK;
}

static int cut_encode(struct cut_job *job, struct dwell_source *source)
{
	const struct dwell_filter_options options = { .from_ns = job->from_ns,
		.to_ns = job->to_ns };
	const struct dwell_source_options window = { .from_ns = job->from_ns, .to_ns = job->to_ns };
	struct dwell_encoder *encoder = NULL;
	struct dwell_filter *filter = NULL;
	int err = dwell_encoder_new(&encoder, &job->output, NULL);

	if (!err)
		err = dwell_filter_new(&filter, dwell_encoder_sink(encoder), &options);
	if (!err)
		err = dwell_source_drive(source, &window, dwell_filter_sink(filter));
	dwell_filter_free(filter);
	dwell_encoder_free(encoder);
	return err;
}

static int cut_run(struct dwell_job *base)
{
	struct cut_job *job = (struct cut_job *)base;
	struct stoppable stoppable;
	struct dwell_import import;
	int err = timeline_take(base->timeline, &import);

	if (err)
		return err;
	err = cut_encode(job, stoppable_init(&stoppable, import.source, base));
	timeline_give(base->timeline, &import);
	if (close(job->file) && !err)
		err = DWELL_EIO;
	job->file = -1;
	/* Half of it is of no use. */
	if (err)
		unlink(job->path);
	return err;
}

static void cut_release(struct dwell_job *base)
{
	struct cut_job *job = (struct cut_job *)base;

	if (job->file >= 0)
		close(job->file);
}

int dwell_timeline_want_cut(struct dwell_timeline *timeline, uint64_t from_ns, uint64_t to_ns,
	const char *path, struct dwell_job **out)
{
	static const struct job_ops ops = { cut_run, cut_release };
	struct cut_job *job = calloc(1, sizeof(*job));
	const size_t size = strlen(path);
	int err;

	if (!job)
		return DWELL_ENOMEM;
	job->output.write = cut_write;
	job->from_ns = from_ns;
	job->to_ns = to_ns;
	job->file = size < sizeof(job->path)
			    ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)
			    : -1;
	if (job->file < 0) {
		free(job);
		return DWELL_EIO;
	}
	memcpy(job->path, path, size + 1);
	err = job_start(&job->job, &ops, timeline);
	if (!err)
		*out = &job->job;
	return err;
}
