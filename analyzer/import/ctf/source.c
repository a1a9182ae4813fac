/* CTF as a source: LTTng's traces of the kernel, and of programs as marks. One part. */
#include <stdlib.h>
#include <string.h>

#include "import/ctf/classes.h"
#include "import/ctf/folder.h"
#include "import/ctf/graph.h"
#include "import/importer.h"
#include "import/kernel/rows.h"
#include "import/source.h"

/* Linux has more than 300 calls: where so many are told, all were asked for. */
enum { EVERY_CALL = 250 };

struct ctf_stream {
	uint32_t cpu;
	bool user; /* a program's, not the kernel's */
};

struct ctf {
	struct import_source source;
	struct ctf_folders folders;
	struct ctf_graph graph;
	struct ctf_classes classes;
	struct import_map streams; /* the library's object to what is known of it, packed, + 1 */
	const bt_message *ahead;   /* the first message of an event, while it is not a row yet */
	uint32_t *interrupts;      /* by CPU: how deep */
	uint64_t malformed;
	bool broken;
	struct kernel_rows rows;
};

static struct ctf *self_of(struct import_source *source)
{
	return (struct ctf *)source;
}

static void release_reading(struct ctf *ctf)
{
	bt_message_put_ref(ctf->ahead);
	ctf->ahead = NULL;
	ctf_graph_close(&ctf->graph);
	ctf_classes_release(&ctf->classes);
	import_map_release(&ctf->streams);
	kernel_rows_release(&ctf->rows);
	free(ctf->interrupts);
	ctf->interrupts = NULL;
}

static void release(struct import_source *source)
{
	release_reading(self_of(source));
	ctf_folders_release(&self_of(source)->folders);
}

static struct ctf_stream stream_of(const struct ctf *ctf, const bt_stream *stream)
{
	const uint64_t known = import_map_get(&ctf->streams, (uintptr_t)stream);

	return (struct ctf_stream){ (uint32_t)(known >> 2), known >> 1 & 1 };
}

static int keep_stream(struct ctf *ctf, const bt_stream *stream, struct ctf_stream known)
{
	return import_map_put(&ctf->streams, (uintptr_t)stream,
		(uint64_t)known.cpu << 2 | (uint64_t)known.user << 1 | 1);
}

static bool is_user(const bt_trace *trace)
{
	const bt_value *domain =
		bt_trace_borrow_environment_entry_value_by_name_const(trace, "domain");

	return domain && bt_value_is_string(domain) &&
	       strcmp(bt_value_string_get(domain), "kernel") != 0;
}

/* A stream begins: of which kind it is, and what its events can say. */
static int begin_stream(struct ctf *ctf, const bt_message *message)
{
	const bt_stream *stream = bt_message_stream_beginning_borrow_stream_const(message);
	const bt_stream_class *class = bt_stream_borrow_class_const(stream);
	const struct ctf_stream known = { 0, is_user(bt_stream_borrow_trace_const(stream)) };
	const uint64_t count = bt_stream_class_get_event_class_count(class);
	uint32_t calls = 0;

	for (uint64_t i = 0; i < count; i++) {
		const struct ctf_class *event = ctf_class_of(&ctf->classes,
			bt_stream_class_borrow_event_class_by_index_const(class, i), known.user);

		if (!event)
			return DWELL_ENOMEM;
		if (event->kind != CTF_KERNEL)
			continue;
		ctf->rows.waking |= event->event == KERNEL_WAKING;
		ctf->rows.newborn |= event->event == KERNEL_WAKEUP_NEW;
		calls += event->event == KERNEL_SYSCALL_ENTER;
	}
	ctf->rows.calls_told |= calls >= EVERY_CALL;
	return keep_stream(ctf, stream, known);
}

static int begin_packet(struct ctf *ctf, const bt_message *message)
{
	const bt_packet *packet = bt_message_packet_beginning_borrow_packet_const(message);
	const bt_stream *stream = bt_packet_borrow_stream_const(packet);
	const bt_field *context = bt_packet_borrow_context_field_const(packet);
	struct ctf_stream known = stream_of(ctf, stream);
	int16_t place;
	int64_t cpu;

	if (!context)
		return DWELL_OK;
	place = ctf_place(bt_field_borrow_class_const(context), "cpu_id");
	cpu = ctf_integer(context, place);
	if (cpu < 0 || cpu >= KERNEL_CPUS) {
		ctf->malformed++;
		cpu = 0;
	}
	known.cpu = (uint32_t)cpu;
	return keep_stream(ctf, stream, known);
}

static uint64_t time_of(const bt_clock_snapshot *clock)
{
	int64_t ns = 0;

	if (bt_clock_snapshot_get_ns_from_origin(clock, &ns) !=
		BT_CLOCK_SNAPSHOT_GET_NS_FROM_ORIGIN_STATUS_OK)
		bt_current_thread_clear_error();
	return ns < 0 ? 0 : (uint64_t)ns;
}

/* Events were discarded, somewhere from one moment to another. */
static int put_loss(struct ctf *ctf, const bt_stream *stream, const bt_clock_snapshot *from,
	const bt_clock_snapshot *to, uint64_t count)
{
	return kernel_rows_loss(
		&ctf->rows, stream_of(ctf, stream).cpu, time_of(from), time_of(to), count);
}

static bool has_clock(const bt_stream *stream)
{
	return bt_stream_class_borrow_default_clock_class_const(
		       bt_stream_borrow_class_const(stream)) != NULL;
}

static int discarded_events(struct ctf *ctf, const bt_message *message)
{
	const bt_stream *stream = bt_message_discarded_events_borrow_stream_const(message);
	uint64_t count = 0;

	if (!has_clock(stream))
		return DWELL_OK;
	if (bt_message_discarded_events_get_count(message, &count) !=
		BT_PROPERTY_AVAILABILITY_AVAILABLE)
		count = 0;
	return put_loss(ctf, stream,
		bt_message_discarded_events_borrow_beginning_default_clock_snapshot_const(message),
		bt_message_discarded_events_borrow_end_default_clock_snapshot_const(message),
		count);
}

/* Whole packets: how many events were in them is not known. */
static int discarded_packets(struct ctf *ctf, const bt_message *message)
{
	const bt_stream *stream = bt_message_discarded_packets_borrow_stream_const(message);

	if (!has_clock(stream))
		return DWELL_OK;
	return put_loss(ctf, stream,
		bt_message_discarded_packets_borrow_beginning_default_clock_snapshot_const(message),
		bt_message_discarded_packets_borrow_end_default_clock_snapshot_const(message), 0);
}

/* prev_state as the kernel has it since 4.14: bits by the order of its letters "SDTtXZPI", and one
 * above them for a task that could run on. */
static void set_state(struct kernel_event *out, int64_t state)
{
	out->preempted = state > 0xff && !(state & 0xff);
	if (state & 0x30)
		out->state = 'X';
	else
		out->state = state ? 'S' : 'R';
}

static int32_t tid_of(const bt_field *parent, int16_t place)
{
	const int64_t tid = ctf_integer(parent, place);

	return tid < 0 || tid > INT32_MAX ? 0 : (int32_t)tid;
}

static void fill(struct kernel_event *out, const struct ctf_class *class, const bt_event *event)
{
	const bt_field *payload = bt_event_borrow_payload_field_const(event);
	const bt_field *context = bt_event_borrow_common_context_field_const(event);
	const int16_t *at = class->fields;

	if (class->context_tid >= 0) {
		out->tid = tid_of(context, class->context_tid);
		out->comm = ctf_text(context, class->context_comm);
	}
	if (class->context_tgid >= 0)
		out->tgid = tid_of(context, class->context_tgid);
	if (at[CTF_TID] >= 0) {
		out->tid = tid_of(payload, at[CTF_TID]);
		out->comm = ctf_text(payload, at[CTF_COMM]);
	}
	out->other = tid_of(payload, at[CTF_OTHER]);
	out->other_comm = ctf_text(payload, at[CTF_OTHER_COMM]);
	out->other_tgid = tid_of(payload, at[CTF_OTHER_TGID]);
	out->prev = tid_of(payload, at[CTF_PREV]);
	out->prev_comm = ctf_text(payload, at[CTF_PREV_COMM]);
	out->value = (uint64_t)ctf_integer(payload, at[CTF_VALUE]);
	out->text = class->name;
	set_state(out, ctf_integer(payload, at[CTF_STATE]));
}

static int put_event(struct ctf *ctf, const bt_message *message)
{
	const bt_event *event = bt_message_event_borrow_event_const(message);
	const struct ctf_stream stream = stream_of(ctf, bt_event_borrow_stream_const(event));
	const struct ctf_class *class =
		ctf_class_of(&ctf->classes, bt_event_borrow_class_const(event), stream.user);
	struct kernel_event out = {
		.cpu = stream.cpu,
		.time_ns = time_of(bt_message_event_borrow_default_clock_snapshot_const(message)),
		.tid = KERNEL_CURRENT,
		.tgid = -1,
	};

	if (!class)
		return DWELL_ENOMEM;
	if (class->kind == CTF_IRQ_ENTER)
		ctf->interrupts[stream.cpu]++;
	else if (class->kind == CTF_IRQ_EXIT && ctf->interrupts[stream.cpu])
		ctf->interrupts[stream.cpu]--;
	else if (class->kind == CTF_KERNEL || class->kind == CTF_USER) {
		fill(&out, class, event);
		out.kind = class->kind == CTF_USER ? KERNEL_SAID : class->event;
		if (class->kind == CTF_USER && class->context_tid < 0)
			out.tid = 0;
	}
	out.in_interrupt = ctf->interrupts[stream.cpu] != 0;
	return kernel_rows_event(&ctf->rows, &out);
}

static int put_message(struct ctf *ctf, const bt_message *message)
{
	switch (bt_message_get_type(message)) {
	case BT_MESSAGE_TYPE_STREAM_BEGINNING:
		return begin_stream(ctf, message);
	case BT_MESSAGE_TYPE_PACKET_BEGINNING:
		return begin_packet(ctf, message);
	case BT_MESSAGE_TYPE_DISCARDED_EVENTS:
		return discarded_events(ctf, message);
	case BT_MESSAGE_TYPE_DISCARDED_PACKETS:
		return discarded_packets(ctf, message);
	case BT_MESSAGE_TYPE_EVENT:
		return put_event(ctf, message);
	default:
		return DWELL_OK;
	}
}

/* To the first event, through what is told before it. */
static int read_to_zero(struct ctf *ctf)
{
	struct dwell_diag *diag = &ctf->source.diag;
	const bt_message *message;
	int err;

	while (!(err = ctf_graph_next(&ctf->graph, &message, diag))) {
		const bt_message_type type = bt_message_get_type(message);

		if (type == BT_MESSAGE_TYPE_EVENT) {
			ctf->ahead = message;
			return DWELL_OK;
		}
		if (type == BT_MESSAGE_TYPE_STREAM_BEGINNING &&
			!has_clock(bt_message_stream_beginning_borrow_stream_const(message)))
			err = dwell_diag_set(diag, DWELL_EUNSUPPORTED, UINT64_MAX, 0,
				"CTF: a stream without a clock is not read here");
		/* What was lost before the first event is before the trace. */
		if (!err && (type == BT_MESSAGE_TYPE_STREAM_BEGINNING ||
				    type == BT_MESSAGE_TYPE_PACKET_BEGINNING))
			err = put_message(ctf, message);
		bt_message_put_ref(message);
		if (err)
			return err;
	}
	return err;
}

static int reset(struct ctf *ctf)
{
	int err;

	release_reading(ctf);
	ctf->malformed = 0;
	ctf->broken = false;
	ctf->interrupts = calloc(KERNEL_CPUS, sizeof(*ctf->interrupts));
	err = ctf->interrupts ? kernel_rows_init(&ctf->rows) : DWELL_ENOMEM;
	if (!err)
		err = ctf_graph_open(&ctf->graph, (const char *const *)ctf->folders.paths,
			ctf->folders.count, &ctf->source.diag);
	return err ? err : read_to_zero(ctf);
}

static int tell_begin(struct ctf *ctf, struct dwell_sink *sink)
{
	struct dwell_trace_info info = {
		.source = { "ctf", 3 },
		.tick_ns = 1,
		.levels = DWELL_LEVEL_PROGRAM,
	};

	if (ctf->rows.waking)
		info.levels = DWELL_LEVEL_SWITCHES | DWELL_LEVEL_SCHEDULER;
	if (ctf->ahead) {
		const bt_clock_snapshot *first =
			bt_message_event_borrow_default_clock_snapshot_const(ctf->ahead);
		const bt_clock_class *clock = bt_clock_snapshot_borrow_clock_class_const(first);
		const char *name = bt_clock_class_get_name(clock);

		ctf->rows.zero_ns = time_of(first);
		if (bt_clock_class_origin_is_unix_epoch(clock))
			info.start_unix_ns = ctf->rows.zero_ns;
		if (name && !strcmp(name, "monotonic") &&
			bt_clock_class_get_frequency(clock) == 1000000000)
			info.start_monotonic_ns = bt_clock_snapshot_get_value(first);
	}
	return import_tell_begin(sink, &info, 0);
}

static int start(struct import_source *source, struct dwell_sink *sink)
{
	struct ctf *ctf = self_of(source);
	int err = ctf->ahead ? DWELL_OK : reset(ctf); /* else nothing was taken since */

	ctf->rows.sink = sink;
	return err && err != DWELL_END ? err : tell_begin(ctf, sink);
}

static int rows(struct import_source *source, struct dwell_sink *sink)
{
	struct ctf *ctf = self_of(source);
	const bt_message *message = ctf->ahead;
	int err = message ? DWELL_OK : DWELL_END;

	ctf->ahead = NULL;
	ctf->rows.sink = sink;
	while (!err) {
		err = put_message(ctf, message);
		bt_message_put_ref(message);
		if (err)
			return err;
		err = ctf_graph_next(&ctf->graph, &message, &source->diag);
	}
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
		err = import_tell_count(sink, "import.malformed", ctf->malformed);
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
