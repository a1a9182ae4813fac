/* CTF as a source: LTTng's traces of the kernel, and of programs as marks. One part. */
#include <string.h>

#include "import/ctf/child.h"
#include "import/ctf/folder.h"
#include "import/importer.h"
#include "import/kernel/rows.h"
#include "import/source.h"

struct ctf {
	struct import_source source;
	struct ctf_folders folders;
	struct ctf_child child;
	struct ctf_record first; /* the first record of what is read */
	bool begun;              /* it was, and nothing was taken since */
	bool broken;
	struct kernel_rows rows;
};

static struct ctf *self_of(struct import_source *source)
{
	return (struct ctf *)source;
}

static void release_reading(struct ctf *ctf)
{
	ctf_child_end(&ctf->child);
	kernel_rows_release(&ctf->rows);
	ctf->begun = false;
}

static void release(struct import_source *source)
{
	release_reading(self_of(source));
	ctf_folders_release(&self_of(source)->folders);
}

static int refuse(struct ctf *ctf)
{
	return dwell_diag_set(&ctf->source.diag, DWELL_EFORMAT, UINT64_MAX, 0,
		"CTF: the process that reads it says what cannot be");
}

static struct kernel_event event_of(
	const struct ctf_record *record, const struct dwell_string texts[CTF_TEXTS])
{
	return (struct kernel_event){
		.kind = (enum kernel_event_kind)record->event,
		.cpu = record->cpu,
		.time_ns = record->time_ns,
		.tid = record->tid,
		.tgid = record->tgid,
		.in_interrupt = record->flags & CTF_IN_INTERRUPT,
		.comm = texts[CTF_TEXT_COMM],
		.other = record->other,
		.other_tgid = record->other_tgid,
		.other_comm = texts[CTF_TEXT_OTHER],
		.prev = record->prev,
		.prev_comm = texts[CTF_TEXT_PREV],
		.state = record->state,
		.preempted = record->flags & CTF_PREEMPTED,
		.text = texts[CTF_TEXT],
		.value = record->value,
	};
}

static void see_flags(struct ctf *ctf, uint8_t flags)
{
	ctf->rows.waking |= (flags & CTF_WAKING) != 0;
	ctf->rows.newborn |= (flags & CTF_NEWBORN) != 0;
	ctf->rows.calls_told |= (flags & CTF_CALLS_TOLD) != 0;
}

static int put_record(struct ctf *ctf, const struct ctf_record *record,
	const struct dwell_string texts[CTF_TEXTS])
{
	if (record->cpu >= KERNEL_CPUS || record->event > KERNEL_LOST)
		return refuse(ctf);
	see_flags(ctf, record->flags);
	if (record->kind == CTF_RECORD_LOSS)
		return kernel_rows_loss(
			&ctf->rows, record->cpu, record->time_ns, record->to_ns, record->value);
	if (record->kind != CTF_RECORD_EVENT)
		return refuse(ctf);

	const struct kernel_event event = event_of(record, texts);
	return kernel_rows_event(&ctf->rows, &event);
}

static int reset(struct ctf *ctf)
{
	struct dwell_string texts[CTF_TEXTS];
	int err;

	release_reading(ctf);
	ctf->broken = false;
	err = kernel_rows_init(&ctf->rows);
	if (!err)
		err = ctf_child_start(&ctf->child, &ctf->folders, &ctf->source.diag);
	if (!err)
		err = ctf_child_next(&ctf->child, &ctf->first, texts, &ctf->source.diag);
	if (!err && ctf->first.kind != CTF_RECORD_BEGIN)
		err = refuse(ctf);
	if (!err) {
		see_flags(ctf, ctf->first.flags);
		ctf->rows.zero_ns = ctf->first.time_ns;
		ctf->begun = true;
	}
	return err;
}

static int tell_begin(struct ctf *ctf, struct dwell_sink *sink)
{
	struct dwell_trace_info info = {
		.source = { "ctf", 3 },
		.tick_ns = 1,
		.levels = DWELL_LEVEL_PROGRAM,
		.start_unix_ns = ctf->first.value,
		.start_monotonic_ns = ctf->first.to_ns,
	};

	if (ctf->rows.waking)
		info.levels = DWELL_LEVEL_SWITCHES | DWELL_LEVEL_SCHEDULER;
	return import_tell_begin(sink, &info, 0);
}

static int start(struct import_source *source, struct dwell_sink *sink)
{
	struct ctf *ctf = self_of(source);
	int err = ctf->begun ? DWELL_OK : reset(ctf);

	ctf->rows.sink = sink;
	return err ? err : tell_begin(ctf, sink);
}

static int rows(struct import_source *source, struct dwell_sink *sink)
{
	struct ctf *ctf = self_of(source);
	struct dwell_string texts[CTF_TEXTS];
	struct ctf_record record;
	int err = DWELL_OK, told = DWELL_OK;

	ctf->begun = false;
	ctf->rows.sink = sink;
	while (!told && !(err = ctf_child_next(&ctf->child, &record, texts, &source->diag)))
		told = put_record(ctf, &record, texts);
	if (told)
		return told;
	/* A damaged stream ends the trace there: what came before it stands. */
	ctf->broken = err == DWELL_EFORMAT;
	return err == DWELL_END || ctf->broken ? kernel_rows_flush(&ctf->rows) : err;
}
static int finish(
	struct import_source *source, struct dwell_sink *sink, struct dwell_trace_end *end)
{
	const struct ctf *ctf = self_of(source);
	int err = import_tell_count(sink, "import.ignored", ctf->rows.ignored);

	*end = (struct dwell_trace_end){ .end_ns = ctf->rows.last_ns, .closed = !ctf->broken };
	if (!err)
		err = import_tell_count(sink, "import.malformed", ctf->child.malformed);
	if (!err && ctf->broken)
		err = import_tell_note(sink, "import.broken", source->diag.what);
	return err ? err : import_tell_count(sink, "import.late", ctf->rows.late);
}

static int open_folder(struct dwell_import *out, const char *path, struct dwell_diag *diag)
{
	static const struct import_source_ops ops = { NULL, start, rows, finish, release };
	int err = import_source_open(out, &ops, sizeof(struct ctf), NULL, diag);

	if (err)
		return err;
	struct ctf_folders *folders = &self_of((struct import_source *)out->source)->folders;
	err = ctf_folders_find(folders, path, CTF_TRACES);
	for (size_t i = 0; i < folders->count && !err; i++)
		err = ctf_metadata_check(folders->paths[i], diag);
	if (!err) {
		out->bytes = folders->bytes;
		return DWELL_OK;
	}
	dwell_source_close(out->source);
	out->source = NULL;
	return err;
}

static bool recognizes_folder(const char *path)
{
	struct ctf_folders folders;
	const bool any = !ctf_folders_find(&folders, path, 1) && folders.count;

	ctf_folders_release(&folders);
	return any;
}

const struct importer dwell_importer_ctf = {
	.kind = "ctf",
	.recognizes_folder = recognizes_folder,
	.open_folder = open_folder,
};
