/* A source that stops when its job is cancelled. */
#include "timeline/stop.h"

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

struct dwell_source *stoppable_init(
	struct stoppable *stoppable, struct dwell_source *next, struct dwell_job *job)
{
	*stoppable = (struct stoppable){ .source = { &stoppable_ops }, .next = next, .job = job };
	return &stoppable->source;
}
