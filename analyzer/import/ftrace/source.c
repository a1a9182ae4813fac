/* Text of ftrace as a source: one part, read from front to back. */
#include <stdlib.h>
#include <string.h>

#include "import/ftrace/line.h"
#include "import/importer.h"
#include "import/kernel/rows.h"
#include "import/lines.h"
#include "import/source.h"

/* How far is looked ahead for which events there are. */
enum { LOOK_AHEAD = 20000 };

struct ftrace {
	struct import_source source;
	struct import_lines lines;
	bool begun; /* a line of a trace was seen */
	struct kernel_event line;
	uint32_t tick_ns;
	uint64_t malformed;
	struct kernel_rows rows;
};

static struct ftrace *self_of(struct import_source *source)
{
	return (struct ftrace *)source;
}

/* As after opening: a source may be driven more than once. */
static int reset(struct ftrace *ftrace)
{
	import_lines_rewind(&ftrace->lines);
	ftrace->begun = false;
	ftrace->tick_ns = 1;
	ftrace->malformed = 0;
	return kernel_rows_init(&ftrace->rows);
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
	struct kernel_rows *rows = &ftrace->rows;
	int err = DWELL_OK;

	for (int i = 0; i < LOOK_AHEAD && !err; i++) {
		err = next_line(ftrace);
		if (err)
			break;
		rows->waking |= ftrace->line.kind == KERNEL_WAKING;
		rows->newborn |= ftrace->line.kind == KERNEL_WAKEUP_NEW;
		if (ftrace->line.kind == KERNEL_LOST)
			continue;
		if (!ftrace->begun || ftrace->line.tick_ns < ftrace->tick_ns)
			ftrace->tick_ns = ftrace->line.tick_ns;
		if (!ftrace->begun || ftrace->line.time_ns < rows->zero_ns)
			rows->zero_ns = ftrace->line.time_ns;
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

	ftrace->rows.sink = sink;
	if (!err)
		err = look_ahead(ftrace);
	if (err)
		return err;

	const struct dwell_trace_info info = {
		.source = { "ftrace", 6 },
		.tick_ns = ftrace->tick_ns,
		.levels = DWELL_LEVEL_SWITCHES | DWELL_LEVEL_SCHEDULER,
	};
	return import_tell_begin(sink, &info, ftrace->rows.zero_ns);
}

static int rows(struct import_source *source, struct dwell_sink *sink)
{
	struct ftrace *ftrace = self_of(source);
	int err = DWELL_OK;

	ftrace->rows.sink = sink;
	while (!err) {
		err = next_line(ftrace);
		if (!err)
			err = kernel_rows_event(&ftrace->rows, &ftrace->line);
	}
	return err == DWELL_END ? kernel_rows_flush(&ftrace->rows) : err;
}

static int finish(
	struct import_source *source, struct dwell_sink *sink, struct dwell_trace_end *end)
{
	const struct ftrace *ftrace = self_of(source);
	int err = import_tell_count(sink, "import.ignored", ftrace->rows.ignored);

	*end = (struct dwell_trace_end){ .end_ns = ftrace->rows.last_ns, .closed = true };
	if (!err)
		err = import_tell_count(
			sink, "import.malformed", ftrace->malformed + ftrace->lines.too_long);
	return err ? err : import_tell_count(sink, "import.late", ftrace->rows.late);
}

static int open_lines(struct import_source *source)
{
	return import_lines_init(&self_of(source)->lines, source->bytes);
}

static void release(struct import_source *source)
{
	kernel_rows_release(&self_of(source)->rows);
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
	struct kernel_event line;

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
