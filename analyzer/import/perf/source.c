/* perf.data as a source: one part, read from front to back. */
#include "import/importer.h"

#include <stdlib.h>
#include <time.h>

#include "import/perf/perf.h"

static struct perf *self_of(struct import_source *source)
{
	return (struct perf *)source;
}

static void release_state(struct perf *perf)
{
	for (uint32_t i = 0; i < perf->mmaps.count; i++)
		free(perf->mmaps.all[i].path);
	free(perf->mmaps.all);
	perf_builds_release(&perf->builds);
	perf_attrs_release(&perf->attrs);
	perf_formats_release(&perf->formats);
	perf_stream_release(&perf->stream);
	ZSTD_freeDCtx(perf->unpacked.context);
	free(perf->unpacked.buffer);
	perf_queue_release(&perf->queue);
	perf_tasks_release(&perf->tasks);
	perf_stacks_release(&perf->stacks);
	free(perf->rows);
	free(perf->cpu_last_ns);
	free(perf->cpu_slot);
	free(perf->cpu_known);
	*perf = (struct perf){ .source = perf->source };
	perf->source.diag = (struct dwell_diag){ .offset = UINT64_MAX };
}

/* As after opening: a source may be driven more than once. */
static int reset(struct perf *perf)
{
	int err;

	release_state(perf);
	err = perf_open_file(perf);
	if (!err)
		err = perf_tasks_init(&perf->tasks);
	if (!err)
		err = perf_stacks_init(&perf->stacks);
	if (err)
		return err;
	perf_stream_start(&perf->stream, perf->data_at, perf->data_end);
	perf->rows = malloc(PERF_ROWS * sizeof(*perf->rows));
	return perf->rows ? DWELL_OK : DWELL_ENOMEM;
}

/* Without a thread map (perf before 4.6), a recording of a command says so by enable_on_exec. */
static bool is_system_wide(const struct perf *perf)
{
	if (perf->threads_known)
		return perf->threads_all;
	return !perf_attrs_flag(&perf->attrs, PERF_ATTR_ENABLE_ON_EXEC);
}

static void choose_mode(struct perf *perf)
{
	const struct perf_attrs *attrs = &perf->attrs;
	struct perf_mode *mode = &perf->mode;

	mode->system_wide = is_system_wide(perf);
	mode->by_tracepoint =
		perf_attrs_has(attrs, PERF_EVENT_SWITCH) &&
		(mode->system_wide || !perf_attrs_flag(attrs, PERF_ATTR_CONTEXT_SWITCH));
	mode->waking = attrs->waking;
	mode->newborn = mode->system_wide && perf_attrs_has(attrs, PERF_EVENT_WAKEUP_NEW);
	mode->stacks = perf_attrs_sample(attrs, PERF_SAMPLE_CALLCHAIN);
}

static uint32_t levels_of(const struct perf *perf)
{
	const bool switches = perf_attrs_has(&perf->attrs, PERF_EVENT_SWITCH) ||
			      perf_attrs_flag(&perf->attrs, PERF_ATTR_CONTEXT_SWITCH);
	const bool wakes = perf->attrs.waking || perf_attrs_has(&perf->attrs, PERF_EVENT_WAKEUP);
	uint32_t levels = switches ? DWELL_LEVEL_SWITCHES : 0;

	if (perf->mode.by_tracepoint && perf->mode.system_wide && wakes)
		levels |= DWELL_LEVEL_SCHEDULER;
	if (perf->mode.stacks)
		levels |= DWELL_LEVEL_STACKS;
	return levels;
}

/*
 * The trace begins with the first record of who runs or is woken. perf tells of tasks, names and
 * mappings earlier than that: what is known from before.
 */
static bool find_zero(struct perf *perf)
{
	for (size_t i = 0; i < perf->ready; i++) {
		const struct perf_item *item = &perf->queue.items[i];

		perf->zero_ns = item->time_ns;
		if (item->time_ns && item->kind < PERF_ITEM_FORK)
			return true;
	}
	perf->zero_ns = UINT64_MAX;
	return false;
}

static int take_ready(struct perf *perf)
{
	int err = perf_tasks_keep_up(&perf->tasks);

	if (!err)
		err = perf_rows(perf, perf->queue.items, perf->ready);
	perf_queue_took(&perf->queue, perf->ready);
	perf->ready = 0;
	return err;
}

/* Read to the zero. What comes before it makes no row. */
static int read_to_zero(struct perf *perf)
{
	int err = DWELL_OK;

	while (!err) {
		err = perf_read_on(perf, &perf->ready);
		choose_mode(perf); /* a pipe tells its events on the way */
		if (err || find_zero(perf))
			break;
		err = take_ready(perf);
	}
	if (err == DWELL_END)
		perf->zero_ns = 0;
	return err == DWELL_END ? DWELL_OK : err;
}

static uint64_t unix_of_zero(const struct perf *perf)
{
	if (!perf->clock_unix_ns)
		return 0;
	return perf->clock_unix_ns - perf->clock_ns + perf->zero_ns;
}

static bool monotonic(const struct perf *perf)
{
	const struct perf_attr *first = perf->attrs.all;

	return perf->attrs.count && first->flags >> PERF_ATTR_USE_CLOCKID & 1 &&
	       first->clockid == CLOCK_MONOTONIC;
}

static int start(struct import_source *source, struct dwell_sink *sink)
{
	struct perf *perf = self_of(source);
	int err = DWELL_OK;

	if (!perf->started) { /* else nothing was taken since: whoever asks what there is */
		err = reset(perf);
		if (!err)
			err = read_to_zero(perf);
	}
	if (err)
		return err;
	perf->sink = sink;
	perf->started = true;
	if (!perf->attrs.count)
		return dwell_diag_set(&perf->source.diag, DWELL_EFORMAT, UINT64_MAX, 0,
			"perf: no event was recorded");

	const struct dwell_trace_info info = {
		.source = { "perf", 4 },
		.start_unix_ns = unix_of_zero(perf),
		.start_monotonic_ns = monotonic(perf) ? perf->zero_ns : 0,
		.tick_ns = 1,
		.levels = levels_of(perf),
	};
	return import_tell_begin(sink, &info, perf->zero_ns);
}

static int watermark(struct perf *perf, struct dwell_sink *sink, uint64_t told_ns)
{
	if (!sink->ops->watermark || told_ns <= perf->zero_ns)
		return DWELL_OK;
	return sink->ops->watermark(sink, told_ns - perf->zero_ns);
}

static int tell(struct perf *perf, uint64_t told_ns)
{
	const int err = perf_rows_flush(perf);

	return err ? err : watermark(perf, perf->sink, told_ns);
}

static int rows_by_one(struct perf *perf)
{
	int err = DWELL_OK;

	while (!err) {
		err = take_ready(perf);
		if (!err)
			err = tell(perf, perf->queue.told_ns);
		if (!err)
			err = perf_read_on(perf, &perf->ready);
	}
	return err;
}

static int rows_by_two(struct perf *perf)
{
	const struct perf_batch *batch;
	int err = take_ready(perf);

	if (!err)
		err = tell(perf, perf->queue.told_ns);
	if (!err && perf_early_start(perf))
		return rows_by_one(perf);
	while (!err) {
		err = perf_early_next(perf, &batch);
		if (!err)
			err = perf_rows(perf, batch->items, batch->count);
		if (!err)
			err = tell(perf, batch->told_ns);
	}
	perf_early_stop(perf);
	return err;
}

static int rows(struct import_source *source, struct dwell_sink *sink)
{
	struct perf *perf = self_of(source);
	int err;

	perf->started = false;
	perf->sink = sink;
	err = perf_early_pays(perf) ? rows_by_two(perf) : rows_by_one(perf);
	return err == DWELL_END ? perf_rows_end(perf) : err;
}

static int finish(
	struct import_source *source, struct dwell_sink *sink, struct dwell_trace_end *end)
{
	struct perf *perf = self_of(source);
	int err = perf_stacks_symbolize(&perf->stacks, sink);

	*end = (struct dwell_trace_end){ .end_ns = perf->last_ns, .closed = !perf->broken };
	if (!err)
		err = import_tell_count(sink, "import.ignored", perf->ignored);
	if (!err)
		err = import_tell_count(sink, "import.malformed", perf->malformed);
	if (!err)
		err = import_tell_count(sink, "import.late", perf->queue.late);
	if (!err && perf->lost && perf->lost_samples > perf->lost)
		err = import_tell_count(
			sink, "import.lost_at_end", perf->lost_samples - perf->lost);
	if (!err)
		err = import_tell_count(sink, "import.stacks_refused", perf->stacks.refused);
	if (!err && perf->broken)
		err = import_tell_note(sink, "import.broken", perf->source.diag.what);
	return err;
}

static int open_source(struct import_source *source)
{
	return reset(self_of(source));
}

static void release(struct import_source *source)
{
	release_state(self_of(source));
}

static int open_perf(struct dwell_import *out, struct dwell_bytes *bytes, struct dwell_diag *diag)
{
	static const struct import_source_ops ops = { open_source, start, rows, finish, release };

	return import_source_open(out, &ops, sizeof(struct perf), bytes, diag);
}

const struct importer dwell_importer_perf = {
	.kind = "perf",
	.recognizes = perf_recognizes,
	.open = open_perf,
};
