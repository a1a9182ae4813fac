#ifndef DWELL_IMPORT_PERF_ATTRS_H
#define DWELL_IMPORT_PERF_ATTRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "import/perf/formats.h"
#include "import/perf/wire.h"

/* Bits of perf_event_attr that matter here, as the kernel's ABI numbers them. */
enum perf_sample_bit {
	PERF_SAMPLE_IP = 1 << 0,
	PERF_SAMPLE_TID = 1 << 1,
	PERF_SAMPLE_TIME = 1 << 2,
	PERF_SAMPLE_ADDR = 1 << 3,
	PERF_SAMPLE_READ = 1 << 4,
	PERF_SAMPLE_CALLCHAIN = 1 << 5,
	PERF_SAMPLE_ID = 1 << 6,
	PERF_SAMPLE_CPU = 1 << 7,
	PERF_SAMPLE_PERIOD = 1 << 8,
	PERF_SAMPLE_STREAM_ID = 1 << 9,
	PERF_SAMPLE_RAW = 1 << 10,
	PERF_SAMPLE_IDENTIFIER = 1 << 16
};

enum perf_attr_flag {
	PERF_ATTR_FREQ = 10,
	PERF_ATTR_ENABLE_ON_EXEC = 12,
	PERF_ATTR_SAMPLE_ID_ALL = 18,
	PERF_ATTR_USE_CLOCKID = 25,
	PERF_ATTR_CONTEXT_SWITCH = 26
};

enum { PERF_ABSENT = UINT16_MAX };

/*
 * Where an event's samples have what is read of them, counted from the record's start: where all of
 * them have it at the same places, as those of the scheduler's tracepoints without stacks do.
 */
struct perf_layout {
	uint8_t item;  /* enum perf_item_kind of what they become; else, one of these: */
	uint16_t size; /* a shorter record is not one of these */
	uint16_t time, pid, cpu, raw;
	uint16_t flags, state;
	struct perf_named {
		uint16_t pid, comm, prio;
	} first, second;
};

enum { PERF_LAYOUT_NONE = 0xff, PERF_LAYOUT_IGNORED = 0xfe };

/* What one event of the recording is, and where the fields of its records lie. */
struct perf_attr {
	uint32_t type;
	int32_t clockid;
	uint64_t config, period, sample_type, read_format, flags;
	const struct perf_format *format; /* of a tracepoint that is understood */
	uint8_t event;                    /* enum perf_event_of */
	/* Of a sample: offsets after the record's header, PERF_ABSENT where there is none. */
	uint16_t tid, time, id, cpu, period_at, body;
	/* Of every other record: offsets from its end. */
	uint16_t tail_tid, tail_time, tail_id, tail_cpu, tail;
	struct perf_layout layout;
};

struct perf_id {
	uint64_t id;
	uint32_t attr; /* index + 1; 0: free */
};

struct perf_attrs {
	struct perf_attr *all;
	size_t count;
	struct perf_id *ids; /* open addressing */
	size_t id_count, id_size;
	uint16_t sample_id, tail_id; /* where the first attr has the id: how to tell them apart */
	bool waking;                 /* one of them is sched_waking */
};

/* Read one perf_event_attr of any size. DWELL_EFORMAT, DWELL_ELIMIT, DWELL_ENOMEM. */
int perf_attrs_add(struct perf_attrs *attrs, struct perf_wire in);

/* The last attr added has these ids, 8 bytes each. */
int perf_attrs_add_ids(struct perf_attrs *attrs, struct perf_wire in);

/* Find out which attrs are tracepoints that are understood, once the formats are known. */
void perf_attrs_resolve(struct perf_attrs *attrs, const struct perf_formats *formats);

static inline size_t perf_id_slot(const struct perf_attrs *attrs, uint64_t id)
{
	size_t i = (size_t)(id * 0x9e3779b97f4a7c15 >> 32) & (attrs->id_size - 1);

	while (attrs->ids[i].attr && attrs->ids[i].id != id)
		i = (i + 1) & (attrs->id_size - 1);
	return i;
}

static inline const struct perf_attr *perf_attrs_find(const struct perf_attrs *attrs, uint64_t id)
{
	if (!attrs->id_size)
		return NULL;

	const struct perf_id *slot = &attrs->ids[perf_id_slot(attrs, id)];
	return slot->attr ? &attrs->all[slot->attr - 1] : NULL;
}

/* The event of a sample's body (after its header); NULL: it cannot be told. */
static inline const struct perf_attr *perf_attrs_of_sample(
	const struct perf_attrs *attrs, const struct perf_wire *body)
{
	if (attrs->count == 1)
		return attrs->all;
	if (attrs->sample_id == PERF_ABSENT || attrs->sample_id + 8u > body->left)
		return NULL;
	return perf_attrs_find(attrs, perf_get64(body->at + attrs->sample_id, body->big));
}

/* The same of another record's. */
const struct perf_attr *perf_attrs_of_other(
	const struct perf_attrs *attrs, const struct perf_wire *body);

/* Does any event ask for this, is any of this event? */
bool perf_attrs_sample(const struct perf_attrs *attrs, enum perf_sample_bit bit);
bool perf_attrs_flag(const struct perf_attrs *attrs, enum perf_attr_flag flag);
bool perf_attrs_has(const struct perf_attrs *attrs, enum perf_event_of event);

void perf_attrs_release(struct perf_attrs *attrs);

#endif
