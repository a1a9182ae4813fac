/* The events of a recording: what their records hold, and which record is of which event. */
#include "import/perf/attrs.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "import/perf/queue.h"

enum {
	TYPE_HARDWARE = 0,
	TYPE_SOFTWARE = 1,
	TYPE_TRACEPOINT = 2,
	SMALLEST_ATTR = 64, /* of Linux 2.6.31 */
	/* A recording with more events than this is no recording of the scheduler. */
	MOST_ATTRS = 1 << 16
};

static bool wants(const struct perf_attr *attr, uint64_t bit)
{
	return (attr->sample_type & bit) != 0;
}

static uint16_t place(const struct perf_attr *attr, uint64_t bit, uint16_t *at)
{
	if (!wants(attr, bit))
		return PERF_ABSENT;

	const uint16_t here = *at;
	*at = (uint16_t)(*at + 8);
	return here;
}

static void lay_out_sample(struct perf_attr *attr)
{
	uint16_t at = 0;

	attr->id = place(attr, PERF_SAMPLE_IDENTIFIER, &at);
	place(attr, PERF_SAMPLE_IP, &at);
	attr->tid = place(attr, PERF_SAMPLE_TID, &at);
	attr->time = place(attr, PERF_SAMPLE_TIME, &at);
	place(attr, PERF_SAMPLE_ADDR, &at);

	const uint16_t id = place(attr, PERF_SAMPLE_ID, &at);
	if (attr->id == PERF_ABSENT)
		attr->id = id;
	place(attr, PERF_SAMPLE_STREAM_ID, &at);
	attr->cpu = place(attr, PERF_SAMPLE_CPU, &at);
	attr->period_at = place(attr, PERF_SAMPLE_PERIOD, &at);
	attr->body = at;
}

/* The fields at the end of the other records, from the last one backwards. */
static void lay_out_tail(struct perf_attr *attr)
{
	uint16_t at = 8;

	attr->tail_id = attr->tail_cpu = attr->tail_time = attr->tail_tid = PERF_ABSENT;
	attr->tail = 0;
	if (!(attr->flags >> PERF_ATTR_SAMPLE_ID_ALL & 1))
		return;
	attr->tail_id = place(attr, PERF_SAMPLE_IDENTIFIER, &at);
	attr->tail_cpu = place(attr, PERF_SAMPLE_CPU, &at);
	place(attr, PERF_SAMPLE_STREAM_ID, &at);

	const uint16_t id = place(attr, PERF_SAMPLE_ID, &at);
	if (attr->tail_id == PERF_ABSENT)
		attr->tail_id = id;
	attr->tail_time = place(attr, PERF_SAMPLE_TIME, &at);
	attr->tail_tid = place(attr, PERF_SAMPLE_TID, &at);
	attr->tail = (uint16_t)(at - 8);
}

/* The kernel's bit fields start at the most significant bit on big-endian machines. */
static uint64_t flags_of(uint64_t word, bool big)
{
	uint64_t flags = 0;

	for (unsigned i = 0; i < 64 && big; i++)
		flags |= (word >> (63 - i) & 1) << i;
	return big ? flags : word;
}

int perf_attrs_add(struct perf_attrs *attrs, struct perf_wire in)
{
	struct perf_attr attr = { .event = PERF_EVENT_OTHER };
	uint32_t declared;

	if (in.left < SMALLEST_ATTR)
		return DWELL_EFORMAT;
	declared = perf_get32(in.at + 4, in.big);
	if (declared > in.left)
		return DWELL_EFORMAT;
	if (attrs->count == MOST_ATTRS)
		return DWELL_ELIMIT;
	attr.type = perf_get32(in.at, in.big);
	attr.config = perf_get64(in.at + 8, in.big);
	attr.period = perf_get64(in.at + 16, in.big);
	attr.sample_type = perf_get64(in.at + 24, in.big);
	attr.read_format = perf_get64(in.at + 32, in.big);
	attr.flags = flags_of(perf_get64(in.at + 40, in.big), in.big);
	if (declared >= 96)
		attr.clockid = (int32_t)perf_get32(in.at + 92, in.big);
	lay_out_sample(&attr);
	lay_out_tail(&attr);

	/* Grown by doubling. */
	if (!(attrs->count & (attrs->count - 1))) {
		const size_t size = attrs->count ? attrs->count * 2 : 1;
		struct perf_attr *grown = realloc(attrs->all, size * sizeof(*grown));

		if (!grown)
			return DWELL_ENOMEM;
		attrs->all = grown;
	}
	if (!attrs->count) {
		attrs->sample_id = attr.id;
		attrs->tail_id = attr.tail_id;
	}
	attrs->all[attrs->count++] = attr;
	return DWELL_OK;
}

static int grow_ids(struct perf_attrs *attrs, size_t more)
{
	struct perf_attrs grown = *attrs;

	while (grown.id_size < 2 * (attrs->id_count + more))
		grown.id_size = grown.id_size ? 2 * grown.id_size : 64;
	if (grown.id_size == attrs->id_size)
		return DWELL_OK;
	grown.ids = calloc(grown.id_size, sizeof(*grown.ids));
	if (!grown.ids)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < attrs->id_size; i++)
		if (attrs->ids[i].attr)
			grown.ids[perf_id_slot(&grown, attrs->ids[i].id)] = attrs->ids[i];
	free(attrs->ids);
	*attrs = grown;
	return DWELL_OK;
}

int perf_attrs_add_ids(struct perf_attrs *attrs, struct perf_wire in)
{
	int err = grow_ids(attrs, in.left / 8);
	uint64_t id;

	while (!err && perf_u64(&in, &id)) {
		struct perf_id *slot = &attrs->ids[perf_id_slot(attrs, id)];

		if (slot->attr)
			continue;
		*slot = (struct perf_id){ .id = id, .attr = (uint32_t)attrs->count };
		attrs->id_count++;
	}
	return err;
}

/* cpu-cycles, cpu-clock and task-clock: samples of what runs. */
static bool samples_cpu(const struct perf_attr *attr)
{
	return (attr->type == TYPE_HARDWARE && (attr->config & 0xffffffff) == 0) ||
	       (attr->type == TYPE_SOFTWARE && attr->config <= 1);
}

static struct perf_named named_at(uint16_t raw, const struct perf_format *format,
	enum perf_field pid, enum perf_field comm, enum perf_field prio)
{
	return (struct perf_named){
		.pid = (uint16_t)(raw + format->offset[pid]),
		.comm = (uint16_t)(raw + format->offset[comm]),
		.prio = (uint16_t)(raw + format->offset[prio]),
	};
}

static bool has_all(const struct perf_format *format, uint32_t fields)
{
	for (unsigned i = 0; i < PERF_FIELD_COUNT; i++)
		if (fields >> i & 1 && !perf_has(format, (enum perf_field)i))
			return false;
	return true;
}

/* What a sample of this event becomes, if all that this takes is there. */
static uint8_t item_of(const struct perf_attr *attr)
{
	enum {
		FIRST = 1 << PERF_FIELD_PID | 1 << PERF_FIELD_COMM | 1 << PERF_FIELD_PRIO,
		SECOND = 1 << PERF_FIELD_PID2 | 1 << PERF_FIELD_COMM2 | 1 << PERF_FIELD_PRIO2,
		SWITCH = FIRST | SECOND | 1 << PERF_FIELD_STATE,
		WAKE = FIRST | 1 << PERF_FIELD_FLAGS
	};

	switch (attr->event) {
	case PERF_EVENT_SWITCH:
		return has_all(attr->format, SWITCH) ? PERF_ITEM_SWITCH : PERF_LAYOUT_NONE;
	case PERF_EVENT_WAKING:
	case PERF_EVENT_WAKEUP:
		return has_all(attr->format, WAKE) ? PERF_ITEM_WAKING : PERF_LAYOUT_NONE;
	default:
		return PERF_LAYOUT_NONE;
	}
}

static void lay_out(struct perf_attr *attr, bool waking)
{
	enum {
		HEADER = 8,
		EVERY = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_RAW,
		VARYING = PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN
	};
	const struct perf_format *format = attr->format;
	const uint16_t raw = (uint16_t)(HEADER + attr->body + 4);

	attr->layout = (struct perf_layout){ .item = PERF_LAYOUT_NONE };
	if (!attr->event || (attr->event == PERF_EVENT_WAKEUP && waking))
		attr->layout.item = PERF_LAYOUT_IGNORED;
	else if (format && (attr->sample_type & (EVERY | VARYING)) == EVERY)
		attr->layout = (struct perf_layout){
			.item = item_of(attr),
			.size = (uint16_t)(raw + format->size),
			.time = (uint16_t)(HEADER + attr->time),
			.pid = (uint16_t)(HEADER + attr->tid),
			.cpu = (uint16_t)(HEADER + attr->cpu),
			.raw = raw,
			.flags = (uint16_t)(raw + format->offset[PERF_FIELD_FLAGS]),
			.state = (uint16_t)(raw + format->offset[PERF_FIELD_STATE]),
			.first = named_at(
				raw, format, PERF_FIELD_PID, PERF_FIELD_COMM, PERF_FIELD_PRIO),
			.second = named_at(
				raw, format, PERF_FIELD_PID2, PERF_FIELD_COMM2, PERF_FIELD_PRIO2),
		};
}

void perf_attrs_resolve(struct perf_attrs *attrs, const struct perf_formats *formats)
{
	for (size_t i = 0; i < attrs->count; i++) {
		struct perf_attr *attr = &attrs->all[i];

		if (attr->type == TYPE_TRACEPOINT) {
			attr->format = perf_formats_find(formats, attr->config);
			attr->event = attr->format ? attr->format->event : PERF_EVENT_OTHER;
		} else if (samples_cpu(attr)) {
			attr->event = PERF_EVENT_CPU_CLOCK;
		}
		attrs->waking = attrs->waking || attr->event == PERF_EVENT_WAKING;
	}
	for (size_t i = 0; i < attrs->count; i++)
		lay_out(&attrs->all[i], attrs->waking);
}

const struct perf_attr *perf_attrs_of_other(
	const struct perf_attrs *attrs, const struct perf_wire *body)
{
	const struct perf_attr *attr = NULL;

	if (attrs->count > 1 && attrs->tail_id != PERF_ABSENT && attrs->tail_id <= body->left)
		attr = perf_attrs_find(
			attrs, perf_get64(body->at + body->left - attrs->tail_id, body->big));
	/* What perf itself makes up bears id 0; all events agree on what it holds. */
	return attr ? attr : attrs->count ? attrs->all : NULL;
}

bool perf_attrs_sample(const struct perf_attrs *attrs, enum perf_sample_bit bit)
{
	for (size_t i = 0; i < attrs->count; i++)
		if (wants(&attrs->all[i], bit))
			return true;
	return false;
}

bool perf_attrs_flag(const struct perf_attrs *attrs, enum perf_attr_flag flag)
{
	for (size_t i = 0; i < attrs->count; i++)
		if (attrs->all[i].flags >> flag & 1)
			return true;
	return false;
}

bool perf_attrs_has(const struct perf_attrs *attrs, enum perf_event_of event)
{
	for (size_t i = 0; i < attrs->count; i++)
		if (attrs->all[i].event == event)
			return true;
	return false;
}

void perf_attrs_release(struct perf_attrs *attrs)
{
	free(attrs->all);
	free(attrs->ids);
	*attrs = (struct perf_attrs){ .all = NULL };
}
