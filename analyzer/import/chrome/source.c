/* The trace event format (JSON) as a source: one part. */
#include <stdlib.h>

#include "import/chrome/chrome.h"
#include "import/importer.h"

static struct chrome *self_of(struct import_source *source)
{
	return (struct chrome *)source;
}

static int read_all(struct chrome *chrome)
{
	int err = chrome->read ? DWELL_OK : chrome_parse(chrome);

	if (!err && !chrome->read)
		chrome_sort(chrome);
	chrome->read |= !err;
	return err;
}

static struct dwell_string text_at(const struct import_intern *intern, uint32_t number)
{
	if (!number)
		return (struct dwell_string){ NULL, 0 };
	return (struct dwell_string){ intern->texts[number - 1].at,
		intern->texts[number - 1].size };
}

static int tell_processes(const struct chrome *chrome, struct dwell_sink *sink)
{
	int err = DWELL_OK;

	for (uint32_t i = 0; i < chrome->process_count && sink->ops->process && !err; i++) {
		const struct dwell_process process = {
			.id = i + 1,
			.pid = chrome->processes[i].pid >= 0 ? chrome->processes[i].pid : -1,
			.name = text_at(&chrome->texts, chrome->processes[i].name),
		};

		err = sink->ops->process(sink, &process);
	}
	return err;
}

static int tell_tasks(const struct chrome *chrome, struct dwell_sink *sink)
{
	int err = DWELL_OK;

	for (uint32_t i = 0; i < chrome->task_count && sink->ops->task && !err; i++) {
		const struct chrome_task *from = &chrome->tasks[i];
		const struct dwell_task task = {
			.id = i + 1,
			.process = from->process,
			.kind = DWELL_TASK_THREAD,
			.tid = from->tid,
			.created_ns =
				from->first_ns == UINT64_MAX ? 0 : from->first_ns - chrome->zero_ns,
			.name = text_at(&chrome->texts, from->name),
		};

		err = sink->ops->task(sink, &task);
	}
	return err;
}

static int tell_words(const struct chrome *chrome, struct dwell_sink *sink)
{
	int err = DWELL_OK;

	for (uint32_t i = 0; i < chrome->labels.count && sink->ops->label && !err; i++) {
		const struct dwell_label label = { i + 1, text_at(&chrome->labels, i + 1) };

		err = sink->ops->label(sink, &label);
	}
	for (uint32_t i = 0; i < chrome->counters.count && sink->ops->counter && !err; i++) {
		const struct dwell_counter counter = {
			.id = i + 1,
			.kind = DWELL_COUNTER_GAUGE,
			.exponent = -3,
			.name = text_at(&chrome->counters, i + 1),
		};

		err = sink->ops->counter(sink, &counter);
	}
	return err;
}

static int start(struct import_source *source, struct dwell_sink *sink)
{
	static const struct dwell_trace_info info = {
		.source = { "chrome", 6 }, .tick_ns = 1, .levels = DWELL_LEVEL_PROGRAM
	};
	struct chrome *chrome = self_of(source);
	int err = read_all(chrome);

	if (!err)
		err = import_tell_begin(sink, &info, 0);
	if (!err)
		err = tell_processes(chrome, sink);
	if (!err)
		err = tell_tasks(chrome, sink);
	return err ? err : tell_words(chrome, sink);
}

static int rows(struct import_source *source, struct dwell_sink *sink)
{
	return chrome_tell(self_of(source), sink);
}

static int finish(
	struct import_source *source, struct dwell_sink *sink, struct dwell_trace_end *end)
{
	const struct chrome *chrome = self_of(source);
	const int err = import_tell_count(sink, "import.ignored", chrome->ignored);

	*end = (struct dwell_trace_end){ chrome->last_ns, !chrome->cut };
	return err ? err : import_tell_count(sink, "import.malformed", chrome->malformed);
}

static void release(struct import_source *source)
{
	struct chrome *chrome = self_of(source);

	import_intern_release(&chrome->texts);
	import_intern_release(&chrome->labels);
	import_intern_release(&chrome->counters);
	import_map_release(&chrome->process_ids);
	import_map_release(&chrome->task_ids);
	import_map_release(&chrome->open);
	free(chrome->rows);
	free(chrome->nested);
	free(chrome->processes);
	free(chrome->tasks);
}

static int open_chrome(struct dwell_import *out, struct dwell_bytes *bytes, struct dwell_diag *diag)
{
	static const struct import_source_ops ops = { NULL, start, rows, finish, release };

	return import_source_open(out, &ops, sizeof(struct chrome), bytes, diag);
}

const struct importer dwell_importer_chrome = {
	.kind = "chrome",
	.recognizes = chrome_recognizes,
	.open = open_chrome,
};
