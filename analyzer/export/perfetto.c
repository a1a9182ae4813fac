/*
 * Perfetto's trace: scheduling as the ftrace events that its thread states are made from; waits
 * with object, holder and site, spans, marks and counters as events of tracks.
 */
#include "export/perfetto.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/report.h"

/* Everything of ours is one sequence. */
enum { SEQUENCE = 1, STATE_CLEARED = 1 };

char *perfetto_text(char out[PERFETTO_TEXT], struct dwell_string text)
{
	size_t used = 0;

	for (size_t i = 0, step; i < text.size && used + 5 < PERFETTO_TEXT; i += step) {
		uint32_t character;

		step = dwell_utf8_decode(text.at + i, text.size - i, &character);
		if (character == UINT32_MAX || !character) {
			out[used++] = '?';
			continue;
		}
		memcpy(out + used, text.at + i, step);
		used += step;
	}
	out[used] = '\0';
	return out;
}

/* A packet's bytes go to the file as they come. */
struct file_buffer {
	ProtobufCBuffer base;
	FILE *file;
};

static void append(ProtobufCBuffer *buffer, size_t size, const uint8_t *at)
{
	fwrite(at, 1, size, ((struct file_buffer *)buffer)->file);
}

int perfetto_put(struct export *export, TracePacket *packet)
{
	struct file_buffer buffer = { { append }, export->target.file };
	uint8_t head[12] = { 1 << 3 | 2 }; /* Trace.packet, of a length */
	size_t size = trace_packet__get_packed_size(packet);
	size_t used = 1;

	if (!perfetto_of(export)->begun) {
		perfetto_of(export)->begun = true;
		packet->has_sequence_flags = 1;
		packet->sequence_flags = STATE_CLEARED;
		packet->has_trusted_packet_sequence_id = 1;
		packet->trusted_packet_sequence_id = SEQUENCE;
		size = trace_packet__get_packed_size(packet);
	}
	for (; size >= 0x80; size >>= 7)
		head[used++] = (uint8_t)(size | 0x80);
	head[used++] = (uint8_t)size;
	fwrite(head, 1, used, export->target.file);
	trace_packet__pack_to_buffer(packet, &buffer.base);
	return ferror(export->target.file) ? DWELL_EIO : DWELL_OK;
}

int perfetto_event(struct export *export, uint64_t time_ns, TrackEvent *event)
{
	TracePacket packet = TRACE_PACKET__INIT;

	packet.has_timestamp = 1;
	packet.timestamp = time_ns;
	packet.has_trusted_packet_sequence_id = 1;
	packet.trusted_packet_sequence_id = SEQUENCE;
	packet.track_event = event;
	event->has_type = 1;
	event->has_track_uuid = 1;
	return perfetto_put(export, &packet);
}

static int perfetto_begin(struct export *export)
{
	struct perfetto *perfetto = calloc(1, sizeof(*perfetto));

	if (!perfetto)
		return DWELL_ENOMEM;
	perfetto->lanes.item = sizeof(struct lane);
	perfetto->described.item = sizeof(struct described);
	perfetto->counters.item = sizeof(uint64_t *);
	export->own = perfetto;
	return DWELL_OK;
}

/* An annotation that says something. */
static void annotate(DebugAnnotation *all, size_t *count, const char *name, char *value)
{
	DebugAnnotation *annotation = &all[*count];

	if (!*value)
		return;
	debug_annotation__init(annotation);
	annotation->name = (char *)name; /* protobuf-c does not know const */
	annotation->string_value = value;
	(*count)++;
}

enum { NOTES = 5 };

struct wait_notes {
	DebugAnnotation all[NOTES], *pointers[NOTES];
	size_t count;
	char object[DWELL_NAME_SIZE], site[DWELL_NAME_SIZE], holder[DWELL_NAME_SIZE],
		waker[DWELL_NAME_SIZE];
};

/* The names go through perfetto_text: what comes from the trace may be anything. */
static char *clean(char name[DWELL_NAME_SIZE])
{
	char copy[DWELL_NAME_SIZE];

	memcpy(copy, name, sizeof(copy));
	return perfetto_text(name, (struct dwell_string){ copy, strlen(copy) });
}

static void note_wait(struct wait_notes *notes, const struct dwell_catalog *catalog,
	const struct dwell_wait *wait)
{
	dwell_name_object(notes->object, catalog, wait->object);
	dwell_name_site(notes->site, catalog, wait->stack);
	dwell_name_task(notes->holder, catalog, wait->holder);
	dwell_name_task(notes->waker, catalog, wait->waker);
	notes->count = 0;
	annotate(notes->all, &notes->count, "object", clean(notes->object));
	annotate(notes->all, &notes->count, "site", clean(notes->site));
	annotate(notes->all, &notes->count, "holder", clean(notes->holder));
	annotate(notes->all, &notes->count, "ended by", clean(notes->waker));
	for (size_t i = 0; i < notes->count; i++)
		notes->pointers[i] = &notes->all[i];
}

/* Where no scheduler tells who woke whom, an arrow does. */
static int put_flow(struct export *export, const struct dwell_wait *wait, uint64_t *flow)
{
	TrackEvent from = TRACK_EVENT__INIT;
	int err;

	if (!wait->waker || export->model.has_wakes)
		return DWELL_OK;
	err = perfetto_waits_track(export, wait->waker);
	*flow = ++perfetto_of(export)->flows;
	from.type = TRACK_EVENT__TYPE__TYPE_INSTANT;
	from.track_uuid = track_of(TRACK_WAITS, wait->waker);
	from.name = (char *)"ends a wait";
	from.n_flow_ids = 1;
	from.flow_ids = flow;
	return err ? err : perfetto_event(export, wait->end_ns, &from);
}

/* What thread states say too is not said twice: only waits of which more is known. */
static int perfetto_wait(struct export *export, const struct dwell_wait *wait)
{
	const char *reason = dwell_reason_name(wait->reason);
	TrackEvent begin = TRACK_EVENT__INIT, end = TRACK_EVENT__INIT;
	struct wait_notes notes;
	uint64_t flow = 0;
	int err;

	if (!wait->reason || !reason || !(wait->object || wait->stack || wait->holder))
		return DWELL_OK;
	err = perfetto_waits_track(export, wait->task);
	note_wait(&notes, export_catalog(export), wait);
	begin.type = TRACK_EVENT__TYPE__TYPE_SLICE_BEGIN;
	end.type = TRACK_EVENT__TYPE__TYPE_SLICE_END;
	begin.track_uuid = end.track_uuid = track_of(TRACK_WAITS, wait->task);
	begin.name = (char *)reason;
	begin.n_debug_annotations = notes.count;
	begin.debug_annotations = notes.pointers;
	if (!err)
		err = perfetto_event(export, wait->start_ns, &begin);
	if (!err)
		err = put_flow(export, wait, &flow);
	if (flow) {
		end.n_terminating_flow_ids = 1;
		end.terminating_flow_ids = &flow;
	}
	return err ? err : perfetto_event(export, wait->end_ns, &end);
}

static int perfetto_interval(struct export *export, const struct dwell_interval *interval)
{
	switch (interval->state) {
	case DWELL_RUNNING:
		return perfetto_running(export, interval);
	case DWELL_RUNNABLE:
		return perfetto_runnable(export, interval);
	default:
		return DWELL_OK;
	}
}

static int put_span(
	struct export *export, const struct export_span *span, bool begins, uint64_t time_ns)
{
	const bool nests = span->kind == DWELL_SPAN_REGION;
	TrackEvent event = TRACK_EVENT__INIT;
	char name[PERFETTO_TEXT];
	int err = DWELL_OK;

	if (begins)
		err = nests ? perfetto_thread_track(export, span->task)
			    : perfetto_request_track(export, span);
	event.type =
		begins ? TRACK_EVENT__TYPE__TYPE_SLICE_BEGIN : TRACK_EVENT__TYPE__TYPE_SLICE_END;
	event.track_uuid =
		nests ? track_of(TRACK_THREAD, span->task) : track_of(TRACK_REQUEST, span->id);
	if (begins)
		event.name = perfetto_text(
			name, dwell_catalog_label(export_catalog(export), span->label));
	return err ? err : perfetto_event(export, time_ns, &event);
}

static int put_mark(struct export *export, const struct dwell_event *row)
{
	TrackEvent event = TRACK_EVENT__INIT;
	char name[PERFETTO_TEXT];
	const int err = row->task ? perfetto_thread_track(export, row->task) : DWELL_OK;

	event.type = TRACK_EVENT__TYPE__TYPE_INSTANT;
	event.track_uuid = row->task ? track_of(TRACK_THREAD, row->task) : 0;
	event.name = perfetto_text(name, dwell_catalog_label(export_catalog(export), row->object));
	return err ? err : perfetto_event(export, row->time_ns, &event);
}

static int put_counter(struct export *export, const struct dwell_event *row)
{
	const struct dwell_catalog_counter *counter =
		dwell_catalog_counter(export_catalog(export), row->object);
	TrackEvent event = TRACK_EVENT__INIT;
	double value = (double)(int64_t)row->value;
	int err;

	if (!counter)
		return DWELL_OK;
	err = perfetto_counter_track(export, row, &event.track_uuid);
	event.type = TRACK_EVENT__TYPE__TYPE_COUNTER;
	if (counter->exponent) {
		for (int i = counter->exponent; i < 0; i++)
			value /= 10;
		for (int i = counter->exponent; i > 0; i--)
			value *= 10;
		event.has_double_counter_value = 1;
		event.double_counter_value = value;
	} else {
		event.has_counter_value = 1;
		event.counter_value = (int64_t)row->value;
	}
	return err ? err : perfetto_event(export, row->time_ns, &event);
}

static int put_loss(struct export *export, const struct dwell_event *row)
{
	const uint64_t from_ns = row->extra < row->time_ns ? row->extra : row->time_ns;
	const uint64_t to_ns = row->extra < row->time_ns ? row->time_ns : row->extra;
	TrackEvent begin = TRACK_EVENT__INIT, end = TRACK_EVENT__INIT;
	int err = perfetto_loss_track(export);

	begin.type = TRACK_EVENT__TYPE__TYPE_SLICE_BEGIN;
	end.type = TRACK_EVENT__TYPE__TYPE_SLICE_END;
	begin.track_uuid = end.track_uuid = track_of(TRACK_LOSS, 1);
	begin.name = (char *)dwell_loss_cause_name(row->reason);
	if (!err)
		err = perfetto_event(export, from_ns, &begin);
	return err ? err : perfetto_event(export, to_ns, &end);
}

static int perfetto_row(struct export *export, const struct dwell_event *event)
{
	struct export_spans *spans = &perfetto_of(export)->spans;
	struct export_span span;

	switch (event->kind) {
	case DWELL_EVENT_SPAN_BEGIN:
		if (export_span_begin(spans, event))
			return DWELL_ENOMEM;
		return put_span(export, &spans->open[spans->count - 1], true, event->time_ns);
	case DWELL_EVENT_SPAN_END:
		return export_span_end(spans, event, &span)
			       ? put_span(export, &span, false, event->time_ns)
			       : DWELL_OK;
	case DWELL_EVENT_MARK:
		return put_mark(export, event);
	case DWELL_EVENT_COUNTER:
		return put_counter(export, event);
	default:
		return put_loss(export, event);
	}
}

static int perfetto_end(struct export *export)
{
	int err = perfetto_leave_all(export);

	if (!err)
		err = perfetto_names(export);
	return err || !fflush(export->target.file) ? err : DWELL_EIO;
}

static void perfetto_drop(struct export *export)
{
	struct perfetto *perfetto = perfetto_of(export);

	if (!perfetto)
		return;
	for (uint32_t id = 0; id < perfetto->counters.end; id++) {
		uint64_t **owners = table_get(&perfetto->counters, id);

		if (owners)
			free(*owners);
	}
	table_release(&perfetto->lanes);
	table_release(&perfetto->described);
	table_release(&perfetto->counters);
	export_spans_release(&perfetto->spans);
	free(perfetto);
}

const struct export_ops export_perfetto = {
	.kinds = 1u << DWELL_EVENT_SPAN_BEGIN | 1u << DWELL_EVENT_SPAN_END |
		 1u << DWELL_EVENT_MARK | 1u << DWELL_EVENT_COUNTER | 1u << DWELL_EVENT_LOSS,
	.begin = perfetto_begin,
	.event = perfetto_row,
	.interval = perfetto_interval,
	.wait = perfetto_wait,
	.end = perfetto_end,
	.drop = perfetto_drop,
};
