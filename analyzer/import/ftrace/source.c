/* Text of ftrace as a source: one part, read from front to back. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/ftrace/ftrace.h"
#include "import/importer.h"

/* How far is looked ahead for which events there are. */
enum { LOOK_AHEAD = 20000 };

static struct ftrace *self_of(struct dwell_source *source)
{
	return (struct ftrace *)source;
}

static void release_state(struct ftrace *ftrace)
{
	perf_tasks_release(&ftrace->tasks);
	ftrace_marks_release(ftrace);
	free(ftrace->cpu_last_ns);
	free(ftrace->cpu_lost);
	ftrace->cpu_last_ns = ftrace->cpu_lost = NULL;
}

/* As after opening: a source may be driven more than once. */
static int reset(struct ftrace *ftrace)
{
	release_state(ftrace);
	import_lines_rewind(&ftrace->lines);
	ftrace->begun = ftrace->waking = ftrace->newborn = false;
	ftrace->zero_ns = ftrace->last_ns = ftrace->spans = 0;
	ftrace->row_count = 0;
	ftrace->tick_ns = 1;
	ftrace->malformed = ftrace->ignored = ftrace->late = 0;
	ftrace->cpu_last_ns = calloc(FTRACE_CPUS, sizeof(*ftrace->cpu_last_ns));
	ftrace->cpu_lost = calloc(FTRACE_CPUS, sizeof(*ftrace->cpu_lost));
	if (!ftrace->cpu_last_ns || !ftrace->cpu_lost)
		return DWELL_ENOMEM;
	return perf_tasks_init(&ftrace->tasks);
}

/* The next line that is one of a trace. */
static int next_line(struct ftrace *ftrace)
{
	const char *at;
	size_t size;
	int err;

	for (;;) {
		err = import_lines_next(&ftrace->lines, &at, &size);
		if (err || ftrace_line_parse(&ftrace->line, at, size))
			return err;
		ftrace->malformed += size && at[0] != '#' && ftrace->begun;
	}
}

/* Which events tell wakes; then back to the first line. */
static int look_ahead(struct ftrace *ftrace)
{
	int err = DWELL_OK;

	for (int i = 0; i < LOOK_AHEAD && !err; i++) {
		err = next_line(ftrace);
		if (err)
			break;
		ftrace->waking |= ftrace->line.event == FTRACE_WAKING;
		ftrace->newborn |= ftrace->line.event == FTRACE_WAKEUP_NEW;
		if (ftrace->line.event == FTRACE_LOST)
			continue;
		if (!ftrace->begun || ftrace->line.tick_ns < ftrace->tick_ns)
			ftrace->tick_ns = ftrace->line.tick_ns;
		if (!ftrace->begun || ftrace->line.time_ns < ftrace->zero_ns)
			ftrace->zero_ns = ftrace->line.time_ns;
		ftrace->begun = true;
	}
	import_lines_rewind(&ftrace->lines);
	ftrace->malformed = 0;
	return err == DWELL_END ? DWELL_OK : err;
}

static int start(struct dwell_source *source, const struct dwell_source_options *options,
	struct dwell_sink *sink)
{
	struct ftrace *ftrace = self_of(source);
	int err = reset(ftrace);

	(void)options;
	ftrace->sink = sink;
	if (!err)
		err = look_ahead(ftrace);
	if (err)
		return err;

	const struct dwell_trace_info info = {
		.source = { "ftrace", 6 },
		.tick_ns = ftrace->tick_ns,
		.levels = DWELL_LEVEL_SWITCHES | DWELL_LEVEL_SCHEDULER,
	};
	const struct dwell_clock_pair clock = { .clock = { "ftrace", 6 },
		.value = ftrace->zero_ns };
	if (sink->ops->begin)
		err = sink->ops->begin(sink, &info);
	if (!err && ftrace->zero_ns && sink->ops->clock)
		err = sink->ops->clock(sink, &clock);
	return err;
}

static size_t parts(struct dwell_source *source, const struct dwell_source_options *options)
{
	(void)source;
	(void)options;
	return 1;
}

static int drive_part(struct dwell_source *source, const struct dwell_source_options *options,
	size_t part, struct dwell_sink *sink)
{
	struct ftrace *ftrace = self_of(source);
	int err = DWELL_OK;

	(void)options;
	(void)part;
	ftrace->sink = sink;
	while (!err) {
		err = next_line(ftrace);
		if (!err)
			err = ftrace_rows_line(ftrace, &ftrace->line);
	}
	return err == DWELL_END ? ftrace_rows_flush(ftrace) : err;
}

static int tell_count(struct dwell_sink *sink, const char *key, uint64_t count)
{
	char value[24];
	const int size = snprintf(value, sizeof(value), "%" PRIu64, count);
	const struct dwell_note note = { { key, strlen(key) }, { value, (size_t)size } };

	return count && sink->ops->note ? sink->ops->note(sink, &note) : DWELL_OK;
}

static int finish(struct dwell_source *source, const struct dwell_source_options *options,
	struct dwell_sink *sink)
{
	const struct ftrace *ftrace = self_of(source);
	const struct dwell_trace_end end = { .end_ns = ftrace->last_ns, .closed = true };
	int err = tell_count(sink, "import.ignored", ftrace->ignored);

	(void)options;
	if (!err)
		err = tell_count(
			sink, "import.malformed", ftrace->malformed + ftrace->lines.too_long);
	if (!err)
		err = tell_count(sink, "import.late", ftrace->late);
	if (err)
		return err;
	return sink->ops->end ? sink->ops->end(sink, &end) : DWELL_OK;
}

static const struct dwell_diag *diag(struct dwell_source *source)
{
	return &self_of(source)->diag;
}

static void close_ftrace(struct dwell_source *source)
{
	struct ftrace *ftrace = self_of(source);

	release_state(ftrace);
	import_lines_release(&ftrace->lines);
	free(ftrace);
}

static int open_ftrace(struct dwell_import *out, struct dwell_bytes *bytes, struct dwell_diag *why)
{
	static const struct dwell_source_ops ops = {
		.foreign = true,
		.parts = parts,
		.start = start,
		.drive_part = drive_part,
		.finish = finish,
		.diag = diag,
		.close = close_ftrace,
	};
	struct ftrace *ftrace = calloc(1, sizeof(*ftrace));

	if (!ftrace) {
		bytes->ops->close(bytes);
		return dwell_diag_set(why, DWELL_ENOMEM, UINT64_MAX, 0, "out of memory");
	}
	ftrace->base.ops = &ops;
	if (import_lines_init(&ftrace->lines, bytes)) {
		close_ftrace(&ftrace->base);
		return dwell_diag_set(why, DWELL_ENOMEM, UINT64_MAX, 0, "out of memory");
	}
	out->source = &ftrace->base;
	return DWELL_OK;
}

/* "# tracer: nop", or a line of an event among the first ones. */
static bool recognizes(const void *data, size_t size)
{
	static const char header[] = "# tracer:";
	const char *at = data, *end = at + size;
	struct ftrace_line line;

	if (size >= sizeof(header) - 1 && !memcmp(at, header, sizeof(header) - 1))
		return true;
	while (at < end) {
		const char *next = memchr(at, '\n', (size_t)(end - at));

		if (!next)
			return false;
		if (ftrace_line_parse(&line, at, (size_t)(next - at)))
			return true;
		at = next + 1;
	}
	return false;
}

const struct importer dwell_importer_ftrace = {
	.kind = "ftrace",
	.recognizes = recognizes,
	.open = open_ftrace,
};
