/* Analyses in the background, and parts of a trace written as traces. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dwell/filter.h"
#include "timeline/private.h"

/* A source that stops when its job is cancelled: rows pass through, the rest is the other's. */
struct stoppable {
	struct dwell_source source;
	struct dwell_source *next;
	struct dwell_job *job;
};

struct checked {
	struct dwell_sink sink;
	struct dwell_sink *next;
	struct dwell_job *job;
	struct dwell_sink_ops ops;
};

static int checked_events(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	struct checked *checked = (struct checked *)sink;

	if (atomic_load(&checked->job->cancelled))
		return DWELL_EINVAL;
	if (count)
		atomic_store(&checked->job->at_ns, rows[count - 1].time_ns);
	return checked->next->ops->events(checked->next, rows, count);
}

static int checked_keyframe(struct dwell_sink *sink, uint64_t time_ns,
	const struct dwell_task_state *states, size_t count)
{
	struct checked *checked = (struct checked *)sink;

	return checked->next->ops->keyframe(checked->next, time_ns, states, count);
}

static size_t parts(struct dwell_source *source, const struct dwell_source_options *options)
{
	struct dwell_source *next = ((struct stoppable *)source)->next;

	return next->ops->parts(next, options);
}

static int start(struct dwell_source *source, const struct dwell_source_options *options,
	struct dwell_sink *sink)
{
	struct dwell_source *next = ((struct stoppable *)source)->next;

	return next->ops->start(next, options, sink);
}

/* Files of ours tell nothing but keyframes and rows in their parts. */
static int drive_part(struct dwell_source *source, const struct dwell_source_options *options,
	size_t part, struct dwell_sink *sink)
{
	struct stoppable *stoppable = (struct stoppable *)source;
	struct checked checked = { .next = sink, .job = stoppable->job };

	checked.ops.keyframe = sink->ops->keyframe ? checked_keyframe : NULL;
	checked.ops.events = sink->ops->events ? checked_events : NULL;
	checked.sink.ops = &checked.ops;
	return stoppable->next->ops->drive_part(stoppable->next, options, part, &checked.sink);
}

static int finish(struct dwell_source *source, const struct dwell_source_options *options,
	struct dwell_sink *sink)
{
	struct dwell_source *next = ((struct stoppable *)source)->next;

	return next->ops->finish(next, options, sink);
}

static const struct dwell_diag *diag(struct dwell_source *source)
{
	struct dwell_source *next = ((struct stoppable *)source)->next;

	return next->ops->diag(next);
}

static const struct dwell_source_ops stoppable_ops = {
	.parts = parts,
	.start = start,
	.drive_part = drive_part,
	.finish = finish,
	.diag = diag,
};

struct answer_job {
	struct dwell_job job;
	struct dwell_query query;
	struct dwell_answer *answer;
};

static int answer_run(struct dwell_job *base)
{
	struct answer_job *job = (struct answer_job *)base;
	struct dwell_import import;
	int err = timeline_take(base->timeline, &import);

	if (err)
		return err;

	struct stoppable stoppable = {
		.source = { &stoppable_ops },
		.next = import.source,
		.job = base,
	};
	err = dwell_analyze(&job->answer, &stoppable.source, &job->query, NULL);
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
	struct dwell_import import;
	int err = timeline_take(base->timeline, &import);

	if (err)
		return err;

	struct stoppable stoppable = {
		.source = { &stoppable_ops },
		.next = import.source,
		.job = base,
	};
	err = cut_encode(job, &stoppable.source);
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
