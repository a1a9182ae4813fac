/* Text of ftrace as a source: one part, read from front to back. */
#include <stdlib.h>
#include <string.h>

#include "import/ftrace/ftrace.h"
#include "import/importer.h"

/* How far is looked ahead for which events there are. */
enum { LOOK_AHEAD = 20000 };

static struct ftrace *self_of(struct import_source *source)
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

static int start(struct import_source *source, struct dwell_sink *sink)
{
	struct ftrace *ftrace = self_of(source);
	int err = reset(ftrace);

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
	return import_tell_begin(sink, &info, ftrace->zero_ns);
}

static int rows(struct import_source *source, struct dwell_sink *sink)
{
	struct ftrace *ftrace = self_of(source);
	int err = DWELL_OK;

	ftrace->sink = sink;
	while (!err) {
		err = next_line(ftrace);
		if (!err)
			err = ftrace_rows_line(ftrace, &ftrace->line);
	}
	return err == DWELL_END ? ftrace_rows_flush(ftrace) : err;
}

static int finish(
	struct import_source *source, struct dwell_sink *sink, struct dwell_trace_end *end)
{
	const struct ftrace *ftrace = self_of(source);
	int err = import_tell_count(sink, "import.ignored", ftrace->ignored);

	*end = (struct dwell_trace_end){ .end_ns = ftrace->last_ns, .closed = true };
	if (!err)
		err = import_tell_count(
			sink, "import.malformed", ftrace->malformed + ftrace->lines.too_long);
	return err ? err : import_tell_count(sink, "import.late", ftrace->late);
}

static int open_lines(struct import_source *source)
{
	return import_lines_init(&self_of(source)->lines, source->bytes);
}

static void release(struct import_source *source)
{
	release_state(self_of(source));
	import_lines_release(&self_of(source)->lines);
}

static int open_ftrace(struct dwell_import *out, struct dwell_bytes *bytes, struct dwell_diag *diag)
{
	static const struct import_source_ops ops = { open_lines, start, rows, finish, release };

	return import_source_open(out, &ops, sizeof(struct ftrace), bytes, diag);
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
