/* Rows of a window through the states, as long as somebody wants to see them. */
#include <stdlib.h>

#include "timeline/private.h"

static int keyframe(struct dwell_sink *sink, uint64_t time_ns,
	const struct dwell_task_state *states, size_t count)
{
	struct watch *watch = (struct watch *)sink;

	if (watch->followed || !watch->states)
		return DWELL_OK;
	watch->followed = true;
	return dwell_states_load(watch->states, time_ns, states, count);
}

static int events(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	struct watch *watch = (struct watch *)sink;
	int err = DWELL_OK;

	if (atomic_load(&watch->job->cancelled))
		return DWELL_EINVAL;
	if (!count)
		return DWELL_OK;
	atomic_store(&watch->job->at_ns, rows[count - 1].time_ns);
	watch->followed = true;
	for (size_t i = 0; watch->row && i < count; i++)
		watch->row(watch->context, &rows[i]);
	if (watch->states)
		err = dwell_states_apply(watch->states, rows, count);
	if (!err)
		err = watch->err;
	return err ? err : watch->stop ? (int)DWELL_EINVAL : (int)DWELL_OK;
}

/* All that the tables say: the files that are read here have it all at their start. */
static int tell_tables(struct dwell_states *states, const struct dwell_catalog *catalog)
{
	int err = DWELL_OK;

	for (uint32_t id = 1; id < dwell_catalog_executors(catalog) && !err; id++) {
		const struct dwell_catalog_executor *known = dwell_catalog_executor(catalog, id);

		if (known)
			err = dwell_states_executor(
				states, &(struct dwell_executor){ .id = id, .kind = known->kind });
	}
	for (uint32_t id = 1; id < dwell_catalog_tasks(catalog) && !err; id++) {
		const struct dwell_catalog_task *known = dwell_catalog_task(catalog, id);

		if (known)
			err = dwell_states_task(states,
				&(struct dwell_task){ .id = id, .created_ns = known->created_ns });
	}
	return err;
}

static int drive(struct watch *watch, struct dwell_source *source)
{
	const struct dwell_source_options options = {
		.from_ns = watch->from_ns,
		.to_ns = watch->to_ns,
	};
	const size_t parts = source->ops->parts(source, &options);
	const uint64_t end_ns = watch->job->timeline->facts.end_ns;
	int err = DWELL_OK;

	for (size_t part = 0; part < parts && !err; part++)
		err = source->ops->drive_part(source, &options, part, &watch->sink);
	if (!err && watch->states && !watch->stop)
		err = dwell_states_flush(watch->states,
			watch->to_ns && watch->to_ns < end_ns ? watch->to_ns : end_ns);
	return err;
}

int watch_run(struct watch *watch)
{
	static const struct dwell_sink_ops ops = { .keyframe = keyframe, .events = events };
	struct dwell_timeline *timeline = watch->job->timeline;
	struct dwell_import import;
	int err = timeline_take(timeline, &import);

	if (err)
		return err;
	watch->sink.ops = &ops;
	if (watch->ops)
		err = dwell_states_new(&watch->states, timeline->facts.levels, watch->ops, watch);
	if (!err && watch->states)
		err = tell_tables(watch->states, timeline->catalog);
	if (!err)
		err = drive(watch, import.source);
	dwell_states_free(watch->states);
	watch->states = NULL;
	timeline_give(timeline, &import);
	if (watch->err)
		return watch->err;
	return watch->stop ? (int)DWELL_OK : err;
}
