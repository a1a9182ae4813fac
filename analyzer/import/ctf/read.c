/* The process that reads: babeltrace2's messages become records. */
#include "import/ctf/read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "import/ctf/classes.h"
#include "import/ctf/graph.h"
#include "import/kernel/rows.h"

/* Linux has more than 300 calls: where so many are told, all were asked for. */
enum { EVERY_CALL = 250 };

struct stream {
	uint32_t cpu;
	bool user; /* a program's, not the kernel's */
};

struct reading {
	struct ctf_writer *writer;
	struct ctf_graph graph;
	struct ctf_classes classes;
	struct import_map streams; /* the library's object to what is known of it, packed, + 1 */
	uint32_t *interrupts;      /* by CPU: how deep */
	uint64_t malformed;
	uint64_t known, others; /* events */
	const char *first_other;
	uint8_t flags; /* enum ctf_record_flags: what is told */
	bool begun;
	struct dwell_diag diag;
};

static int put(struct reading *reading, struct ctf_record record, const struct dwell_string *texts)
{
	static const struct dwell_string none[CTF_TEXTS];

	record.flags |= reading->flags;
	return ctf_writer_put(reading->writer, &record, texts ? texts : none);
}

static struct stream stream_of(const struct reading *reading, const bt_stream *stream)
{
	const uint64_t known = import_map_get(&reading->streams, (uintptr_t)stream);

	return (struct stream){ (uint32_t)(known >> 2), known >> 1 & 1 };
}

static int keep_stream(struct reading *reading, const bt_stream *stream, struct stream known)
{
	return import_map_put(&reading->streams, (uintptr_t)stream,
		(uint64_t)known.cpu << 2 | (uint64_t)known.user << 1 | 1);
}

static bool is_user(const bt_trace *trace)
{
	const bt_value *domain =
		bt_trace_borrow_environment_entry_value_by_name_const(trace, "domain");

	return domain && bt_value_is_string(domain) &&
	       strcmp(bt_value_string_get(domain), "kernel") != 0;
}

static bool has_clock(const bt_stream *stream)
{
	return bt_stream_class_borrow_default_clock_class_const(
		       bt_stream_borrow_class_const(stream)) != NULL;
}

/* A stream begins: of which kind it is, and what its events can say. */
static int begin_stream(struct reading *reading, const bt_message *message)
{
	const bt_stream *stream = bt_message_stream_beginning_borrow_stream_const(message);
	const bt_stream_class *class = bt_stream_borrow_class_const(stream);
	const struct stream known = { 0, is_user(bt_stream_borrow_trace_const(stream)) };
	const uint64_t count = bt_stream_class_get_event_class_count(class);
	uint32_t calls = 0;

	if (!has_clock(stream))
		return dwell_diag_set(&reading->diag, DWELL_EUNSUPPORTED, UINT64_MAX, 0,
			"CTF: a stream without a clock is not read here");
	for (uint64_t i = 0; i < count; i++) {
		const struct ctf_class *event = ctf_class_of(&reading->classes,
			bt_stream_class_borrow_event_class_by_index_const(class, i), known.user);

		if (!event)
			return DWELL_ENOMEM;
		if (event->kind != CTF_KERNEL)
			continue;
		if (event->event == KERNEL_WAKING)
			reading->flags |= CTF_WAKING;
		if (event->event == KERNEL_WAKEUP_NEW)
			reading->flags |= CTF_NEWBORN;
		calls += event->event == KERNEL_SYSCALL_ENTER;
	}
	if (calls >= EVERY_CALL)
		reading->flags |= CTF_CALLS_TOLD;
	return keep_stream(reading, stream, known);
}

static int begin_packet(struct reading *reading, const bt_message *message)
{
	const bt_packet *packet = bt_message_packet_beginning_borrow_packet_const(message);
	const bt_stream *stream = bt_packet_borrow_stream_const(packet);
	const bt_field *context = bt_packet_borrow_context_field_const(packet);
	struct stream known = stream_of(reading, stream);
	int16_t place;
	int64_t cpu;

	if (!context)
		return DWELL_OK;
	place = ctf_place(bt_field_borrow_class_const(context), "cpu_id");
	cpu = ctf_integer(context, place);
	if (cpu < 0 || cpu >= KERNEL_CPUS) {
		reading->malformed++;
		cpu = 0;
	}
	known.cpu = (uint32_t)cpu;
	return keep_stream(reading, stream, known);
}

static uint64_t time_of(const bt_clock_snapshot *clock)
{
	int64_t ns = 0;

	if (bt_clock_snapshot_get_ns_from_origin(clock, &ns) !=
		BT_CLOCK_SNAPSHOT_GET_NS_FROM_ORIGIN_STATUS_OK)
		bt_current_thread_clear_error();
	return ns < 0 ? 0 : (uint64_t)ns;
}

/* Events were discarded, somewhere from one moment to another. What was lost before the first event
 * is before the trace. */
static int put_loss(struct reading *reading, const bt_stream *stream, const bt_clock_snapshot *from,
	const bt_clock_snapshot *to, uint64_t count)
{
	const struct ctf_record record = {
		.kind = CTF_RECORD_LOSS,
		.cpu = stream_of(reading, stream).cpu,
		.time_ns = time_of(from),
		.to_ns = time_of(to),
		.value = count,
	};

	return reading->begun ? put(reading, record, NULL) : DWELL_OK;
}

static int discarded_events(struct reading *reading, const bt_message *message)
{
	const bt_stream *stream = bt_message_discarded_events_borrow_stream_const(message);
	uint64_t count = 0;

	if (!has_clock(stream))
		return DWELL_OK;
	if (bt_message_discarded_events_get_count(message, &count) !=
		BT_PROPERTY_AVAILABILITY_AVAILABLE)
		count = 0;
	return put_loss(reading, stream,
		bt_message_discarded_events_borrow_beginning_default_clock_snapshot_const(message),
		bt_message_discarded_events_borrow_end_default_clock_snapshot_const(message),
		count);
}

/* Whole packets: how many events were in them is not known. */
static int discarded_packets(struct reading *reading, const bt_message *message)
{
	const bt_stream *stream = bt_message_discarded_packets_borrow_stream_const(message);

	if (!has_clock(stream))
		return DWELL_OK;
	return put_loss(reading, stream,
		bt_message_discarded_packets_borrow_beginning_default_clock_snapshot_const(message),
		bt_message_discarded_packets_borrow_end_default_clock_snapshot_const(message), 0);
}

/* prev_state as the kernel has it since 4.14: bits by the order of its letters "SDTtXZPI", and one
 * above them for a task that could run on. */
static void set_state(struct ctf_record *out, int64_t state)
{
	if (state > 0xff && !(state & 0xff))
		out->flags |= CTF_PREEMPTED;
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

static void fill(struct ctf_record *out, struct dwell_string texts[CTF_TEXTS],
	const struct ctf_class *class, const bt_event *event)
{
	const bt_field *payload = bt_event_borrow_payload_field_const(event);
	const bt_field *context = bt_event_borrow_common_context_field_const(event);
	const int16_t *at = class->fields;

	if (class->context_tid >= 0) {
		out->tid = tid_of(context, class->context_tid);
		texts[CTF_TEXT_COMM] = ctf_text(context, class->context_comm);
	}
	if (class->context_tgid >= 0)
		out->tgid = tid_of(context, class->context_tgid);
	if (at[CTF_TID] >= 0) {
		out->tid = tid_of(payload, at[CTF_TID]);
		texts[CTF_TEXT_COMM] = ctf_text(payload, at[CTF_COMM]);
	}
	out->other = tid_of(payload, at[CTF_OTHER]);
	texts[CTF_TEXT_OTHER] = ctf_text(payload, at[CTF_OTHER_COMM]);
	out->other_tgid = tid_of(payload, at[CTF_OTHER_TGID]);
	out->prev = tid_of(payload, at[CTF_PREV]);
	texts[CTF_TEXT_PREV] = ctf_text(payload, at[CTF_PREV_COMM]);
	out->value = (uint64_t)ctf_integer(payload, at[CTF_VALUE]);
	texts[CTF_TEXT] = class->name;
	set_state(out, ctf_integer(payload, at[CTF_STATE]));
}

/* The first event's times begin the trace. */
static int begin(struct reading *reading, const bt_clock_snapshot *first)
{
	const bt_clock_class *clock = bt_clock_snapshot_borrow_clock_class_const(first);
	const char *name = bt_clock_class_get_name(clock);
	struct ctf_record record = {
		.kind = CTF_RECORD_BEGIN,
		.time_ns = time_of(first),
	};

	reading->begun = true;
	if (bt_clock_class_origin_is_unix_epoch(clock))
		record.value = record.time_ns;
	if (name && !strcmp(name, "monotonic") && bt_clock_class_get_frequency(clock) == 1000000000)
		record.to_ns = bt_clock_snapshot_get_value(first);
	return put(reading, record, NULL);
}

static int put_event(struct reading *reading, const bt_message *message)
{
	const bt_event *event = bt_message_event_borrow_event_const(message);
	const bt_clock_snapshot *clock =
		bt_message_event_borrow_default_clock_snapshot_const(message);
	const struct stream stream = stream_of(reading, bt_event_borrow_stream_const(event));
	const struct ctf_class *class =
		ctf_class_of(&reading->classes, bt_event_borrow_class_const(event), stream.user);
	struct dwell_string texts[CTF_TEXTS] = { { NULL, 0 } };
	struct ctf_record out = {
		.kind = CTF_RECORD_EVENT,
		.cpu = stream.cpu,
		.time_ns = time_of(clock),
		.tid = KERNEL_CURRENT,
		.tgid = -1,
	};

	if (!class || (!reading->begun && begin(reading, clock)))
		return DWELL_ENOMEM;
	reading->known += class->kind == CTF_KERNEL || class->kind == CTF_USER;
	if (class->kind == CTF_IGNORED && !reading->others++)
		reading->first_other = class->name.at;
	if (class->kind == CTF_IRQ_ENTER)
		reading->interrupts[stream.cpu]++;
	else if (class->kind == CTF_IRQ_EXIT && reading->interrupts[stream.cpu])
		reading->interrupts[stream.cpu]--;
	else if (class->kind == CTF_KERNEL || class->kind == CTF_USER) {
		fill(&out, texts, class, event);
		out.event = class->kind == CTF_USER ? KERNEL_SAID : class->event;
		if (class->kind == CTF_USER && class->context_tid < 0)
			out.tid = 0;
	}
	if (reading->interrupts[stream.cpu])
		out.flags |= CTF_IN_INTERRUPT;
	return put(reading, out, texts);
}

static int put_message(struct reading *reading, const bt_message *message)
{
	switch (bt_message_get_type(message)) {
	case BT_MESSAGE_TYPE_STREAM_BEGINNING:
		return begin_stream(reading, message);
	case BT_MESSAGE_TYPE_PACKET_BEGINNING:
		return begin_packet(reading, message);
	case BT_MESSAGE_TYPE_DISCARDED_EVENTS:
		return discarded_events(reading, message);
	case BT_MESSAGE_TYPE_DISCARDED_PACKETS:
		return discarded_packets(reading, message);
	case BT_MESSAGE_TYPE_EVENT:
		return put_event(reading, message);
	default:
		return DWELL_OK;
	}
}

static int read_all(struct reading *reading, const struct ctf_folders *folders)
{
	const bt_message *message;
	int err = DWELL_ENOMEM;

	reading->interrupts = calloc(KERNEL_CPUS, sizeof(*reading->interrupts));
	if (reading->interrupts)
		err = ctf_graph_open(&reading->graph, (const char *const *)folders->paths,
			folders->count, &reading->diag);
	while (!err && !(err = ctf_graph_next(&reading->graph, &message, &reading->diag))) {
		err = put_message(reading, message);
		bt_message_put_ref(message);
	}
	return err == DWELL_END ? DWELL_OK : err;
}

/* An answer of nothing to a trace full of events is none. */
static int judge(struct reading *reading)
{
	if (reading->known || !reading->others)
		return DWELL_OK;
	return dwell_diag_set(&reading->diag, DWELL_EUNSUPPORTED, UINT64_MAX, 0,
		"CTF: %" PRIu64 " events, and none of a kind that is read here, as LTTng's "
		"sched_switch is; the first is %.80s",
		reading->others, reading->first_other);
}

int ctf_read(const struct ctf_folders *folders, struct ctf_writer *writer)
{
	struct reading reading = { .writer = writer };
	struct ctf_record last = { .kind = CTF_RECORD_END };
	struct dwell_string texts[CTF_TEXTS] = { { NULL, 0 } };
	int err = read_all(&reading, folders);

	err = err ? err : judge(&reading);
	last.value = (uint64_t)-err;
	last.to_ns = reading.malformed;
	texts[CTF_TEXT] = (struct dwell_string){ reading.diag.what, strlen(reading.diag.what) };
	if (!reading.begun && !err)
		err = put(&reading, (struct ctf_record){ .kind = CTF_RECORD_BEGIN }, NULL);
	/* The library is left as it is: the process ends here. */
	return put(&reading, last, texts) || ctf_writer_flush(writer) ? DWELL_EIO : err;
}
