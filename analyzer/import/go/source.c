#include "import/go/emit.h"
#include "import/go/go.h"

#include <stdlib.h>
#include <string.h>

#include "import/go/v1.h"
#include "import/importer.h"

enum { HEADER = 16 };

static const char prefix[] = "go 1.";
static const char suffix[] = " trace\0\0\0";

/* The version of a header, 0 when it is none. */
static unsigned version_of(const uint8_t *at, size_t size)
{
	if (size < HEADER || memcmp(at, prefix, sizeof(prefix) - 1) ||
		memcmp(at + 7, suffix, HEADER - 7))
		return 0;
	if (at[5] < '0' || at[5] > '9' || at[6] < '0' || at[6] > '9')
		return 0;
	return (unsigned)(at[5] - '0') * 10 + (unsigned)(at[6] - '0');
}

static bool go_recognizes(const void *at, size_t size)
{
	return version_of(at, size) != 0;
}

static struct go_reader *reader_of(struct import_source *source)
{
	return (struct go_reader *)source;
}

/* All that reading makes; the input stays. */
static void release(struct go_reader *reader)
{
	go_tables_clear(reader);
	for (size_t i = 0; i < reader->threads.count; i++)
		free(reader->threads.at[i].buffer);
	free(reader->table_bytes.at);
	free(reader->batches.at);
	free(reader->texts.at);
	free(reader->stacks.at);
	free(reader->samples.at);
	free(reader->frontier);
	free(reader->threads.at);
	free(reader->goroutines.at);
	free(reader->procs.at);
	free(reader->regions.at);
	free(reader->firsts.at);
	free(reader->free_goroutines.at);
	free(reader->rows);
	free(reader->whole);
	go_map_release(&reader->text_by_id);
	go_map_release(&reader->stack_by_id);
	go_map_release(&reader->thread_by_id);
	go_map_release(&reader->goroutine_by_id);
	go_map_release(&reader->proc_by_id);
	go_map_release(&reader->span_by_task);
	go_map_release(&reader->first_task);
	go_intern_release(&reader->labels);
	go_intern_release(&reader->locations);
	go_intern_release(&reader->stack_ids);
}

/* To where nothing has been read: a source may be driven again. */
static int reset(struct go_reader *reader)
{
	release(reader);
	*reader = (struct go_reader){
		.source = reader->source,
		.version = reader->version,
		.size = reader->source.bytes->size,
		.offset = HEADER,
		.free_region = GO_NOBODY,
		.rows = malloc(GO_ROWS * sizeof(*reader->rows)),
	};
	return reader->rows ? 0 : DWELL_ENOMEM;
}

static int go_start(struct import_source *source, struct dwell_sink *sink)
{
	struct go_reader *reader = reader_of(source);
	const struct dwell_process process = {
		.id = 1, .pid = -1, .name = { "", 0 }, .command = { "", 0 }
	};
	const struct dwell_trace_info info = {
		.source = { "go", 2 },
		.tick_ns = 1,
		.levels = DWELL_LEVEL_RUNTIME | DWELL_LEVEL_STACKS,
	};
	int err = reset(reader);

	reader->sink = sink;
	if (!err)
		err = import_tell_begin(sink, &info, 0);
	if (!err && sink->ops->process)
		err = sink->ops->process(sink, &process);
	return err ? err : go_emit_counters(reader);
}

static int tell_clock(struct go_reader *reader, const char *name, uint64_t value)
{
	const uint64_t time = go_ns(reader, reader->snapshot_time);
	const struct dwell_clock_pair pair = {
		.clock = { name, strlen(name) },
		.value = value,
		.time_ns = time > reader->zero ? time - reader->zero : 0,
	};

	if (!reader->snapshot_time || time < reader->zero || !reader->sink->ops->clock)
		return 0;
	return reader->sink->ops->clock(reader->sink, &pair);
}

static int one_generation(struct go_reader *reader)
{
	int err = go_generation_load(reader);

	if (err)
		return err;
	const uint64_t before = reader->last_time;
	err = go_order_run(reader);
	if (err == DWELL_EFORMAT && reader->last_time > before) {
		/* Events that fit no more: what is known ends here, and it is said. */
		reader->broken = true;
		return go_emit_loss(reader, reader->last_time);
	}
	if (!err)
		err = tell_clock(reader, "monotonic", reader->snapshot_mono);
	return err ? err : tell_clock(reader, "unix", reader->snapshot_unix);
}

static int go_rows(struct import_source *source, struct dwell_sink *sink)
{
	struct go_reader *reader = reader_of(source);
	int err = 0;

	reader->sink = sink;
	if (reader->version < 22)
		return go_v1_drive(reader);
	while (!err && !reader->broken)
		err = one_generation(reader);
	if (err == DWELL_ETRUNCATED)
		reader->broken = true;
	else if (err < 0 && !(err == DWELL_EFORMAT && reader->first_generation))
		return err;
	else if (err == DWELL_EFORMAT)
		reader->broken = true;
	if (!reader->first_generation)
		return dwell_diag_set(&reader->source.diag, DWELL_EFORMAT, reader->offset, 0,
			"Go trace: it holds no whole generation");
	return go_emit_flush(reader);
}

static int go_finish(
	struct import_source *source, struct dwell_sink *sink, struct dwell_trace_end *end)
{
	const struct go_reader *reader = reader_of(source);

	(void)sink;
	*end = (struct dwell_trace_end){
		.end_ns = reader->last_time + 1 - reader->zero,
		.closed = !reader->broken,
	};
	return DWELL_OK;
}

static void go_release(struct import_source *source)
{
	release(reader_of(source));
}

static int check_version(struct import_source *source)
{
	struct go_reader *reader = reader_of(source);
	uint8_t head[HEADER];
	size_t got = 0;
	const int err = source->bytes->ops->read(source->bytes, 0, head, sizeof(head), &got);

	if (err)
		return err;
	reader->version = version_of(head, got);
	switch (reader->version) {
	case 11:
	case 19:
	case 21:
	case 22:
	case 23:
	case 25:
	case 26:
		return 0;
	}
	return dwell_diag_set(&reader->source.diag,
		reader->version > 26 ? DWELL_EVERSION : DWELL_EUNSUPPORTED, 0, 0,
		"Go trace: format version 1.%u is not read here", reader->version);
}

static int go_open(struct dwell_import *out, struct dwell_bytes *bytes, struct dwell_diag *diag)
{
	static const struct import_source_ops ops = { check_version, go_start, go_rows, go_finish,
		go_release };

	return import_source_open(out, &ops, sizeof(struct go_reader), bytes, diag);
}

const struct importer dwell_importer_go = {
	.kind = "go",
	.recognizes = go_recognizes,
	.open = go_open,
};
