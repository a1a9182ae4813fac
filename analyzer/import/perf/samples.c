/* Samples: one event each, most of them one of the scheduler's. This is where the time goes. */
#include "import/perf/perf.h"

#include <string.h>

enum {
	IN_HARD_INTERRUPT = 0x08, /* in common_flags */
	READ_TIME_ENABLED = 1 << 0,
	READ_TIME_RUNNING = 1 << 1,
	READ_ID = 1 << 2,
	READ_GROUP = 1 << 3,
	READ_LOST = 1 << 4
};

/* A sample's parts. */
struct sample {
	const struct perf_attr *attr;
	struct perf_item item; /* when, where, whose */
	int32_t pid, tid;
	uint64_t period;
	struct perf_wire chain, raw;
};

static bool skip_read(uint64_t format, struct perf_wire *in)
{
	const uint64_t times =
		(format & READ_TIME_ENABLED ? 1u : 0u) + (format & READ_TIME_RUNNING ? 1u : 0u);
	const uint64_t each = 1u + (format & READ_ID ? 1u : 0u) + (format & READ_LOST ? 1u : 0u);
	uint64_t count = 1;

	if (format & READ_GROUP && !perf_u64(in, &count))
		return false;
	return count <= in->left && perf_skip(in, 8 * (times + each * count));
}

static bool take_chain(struct perf_wire *in, struct perf_wire *out)
{
	uint64_t count;

	return perf_u64(in, &count) && count <= in->left / 8 && perf_take(in, 8 * count, out);
}

static bool take_raw(struct perf_wire *in, struct perf_wire *out)
{
	uint32_t size;

	return perf_u32(in, &size) && perf_take(in, size, out);
}

static bool take_parts(struct sample *sample, struct perf_wire in)
{
	const uint64_t type = sample->attr->sample_type;

	if (type & PERF_SAMPLE_READ && !skip_read(sample->attr->read_format, &in))
		return false;
	if (type & PERF_SAMPLE_CALLCHAIN && !take_chain(&in, &sample->chain))
		return false;
	return !(type & PERF_SAMPLE_RAW) || take_raw(&in, &sample->raw);
}

/* Every member is set here: clearing the whole costs more than reading the record. */
static bool take_sample(struct sample *sample, struct perf_wire in)
{
	const struct perf_attr *attr = sample->attr;
	const bool has_cpu = attr->cpu != PERF_ABSENT, has_tid = attr->tid != PERF_ABSENT;

	if (attr->body > in.left || attr->time == PERF_ABSENT)
		return false;

	const uint32_t cpu = has_cpu ? perf_get32(in.at + attr->cpu, in.big) : PERF_NO_CPU;
	sample->item = (struct perf_item){
		.time_ns = perf_get64(in.at + attr->time, in.big),
		.cpu = cpu < PERF_NO_CPU ? (uint16_t)cpu : PERF_NO_CPU,
	};
	sample->pid = has_tid ? (int32_t)perf_get32(in.at + attr->tid, in.big) : -1;
	sample->tid = has_tid ? (int32_t)perf_get32(in.at + attr->tid + 4, in.big) : -1;
	sample->period =
		attr->period_at != PERF_ABSENT ? perf_get64(in.at + attr->period_at, in.big) : 0;
	sample->chain.left = sample->raw.left = 0;
	return perf_skip(&in, attr->body) && take_parts(sample, in);
}

int perf_say_comm(struct perf *perf, uint32_t slot, const uint8_t *comm, size_t size,
	const struct perf_item *when)
{
	struct perf_slot *self = &perf->tasks.slots[slot];
	struct perf_item item;

	if (!slot || !size)
		return DWELL_OK;
	if (size >= PERF_COMM && !when->flags && !memcmp(self->said_comm, comm, PERF_COMM))
		return DWELL_OK;
	item = *when;
	item.kind = PERF_ITEM_COMM;
	item.a = slot;
	memset(item.comm, 0, sizeof(item.comm));
	memcpy(item.comm, comm, strnlen((const char *)comm, size < PERF_COMM ? size : PERF_COMM));
	if (size >= PERF_COMM)
		memcpy(self->said_comm, comm, PERF_COMM);
	else
		memcpy(self->said_comm, item.comm, PERF_COMM);
	return perf_queue_put(&perf->queue, &item);
}

int perf_say_process(struct perf *perf, uint32_t slot, int32_t pid, const struct perf_item *when)
{
	struct perf_item item;
	int err;

	if (!slot || pid < 1)
		return DWELL_OK;

	const uint32_t said = perf->tasks.slots[slot].said_process;
	if (said && perf->tasks.slots[said].tid == pid)
		return DWELL_OK;
	item = *when;
	item.kind = PERF_ITEM_OF;
	item.flags = 0;
	item.a = slot;
	item.current = item.value = item.chain = 0;
	err = perf_tasks_slot(&perf->tasks, pid, &item.b);
	if (err)
		return err;
	perf->tasks.slots[slot].said_process = item.b;
	return perf_queue_put(&perf->queue, &item);
}

/* The task that a tracepoint names by pid, comm and prio. */
static int named(struct perf *perf, const struct sample *sample, bool second, uint32_t *out)
{
	const struct perf_format *format = sample->attr->format;
	const enum perf_field pid = second ? PERF_FIELD_PID2 : PERF_FIELD_PID;
	const enum perf_field comm = second ? PERF_FIELD_COMM2 : PERF_FIELD_COMM;
	const enum perf_field prio = second ? PERF_FIELD_PRIO2 : PERF_FIELD_PRIO;
	const uint8_t *raw = sample->raw.at;
	const bool big = sample->raw.big;
	int err = perf_tasks_slot(&perf->tasks, perf_field32(format, pid, raw, big), out);

	if (err || !*out)
		return err;
	if (perf_has(format, prio)) {
		struct perf_slot *slot = &perf->tasks.slots[*out];
		const int32_t said = perf_field32(format, prio, raw, big);

		if (said != slot->said_prio) {
			struct perf_item item = sample->item;

			slot->said_prio = said;
			item.kind = PERF_ITEM_PRIO;
			item.a = *out;
			item.value = (uint32_t)said;
			err = perf_queue_put(&perf->queue, &item);
		}
	}
	if (!err && perf_has(format, comm))
		err = perf_say_comm(
			perf, *out, raw + format->offset[comm], PERF_COMM, &sample->item);
	return err;
}

/* State and reason of the task that leaves, from prev_state. */
static void leaves_for(struct perf_item *item, const struct perf_format *format, uint64_t bits)
{
	item->value = DWELL_BLOCKED;
	if (bits & format->exited) {
		item->value = DWELL_EXITED;
	} else if (bits & format->stopped) {
		item->value |= DWELL_REASON_SIGNAL << 8;
	} else if (!(bits & format->blocked)) {
		item->value = DWELL_RUNNABLE;
		item->flags = PERF_ITEM_PREEMPTED;
	}
}

static uint64_t state_of(const struct sample *sample)
{
	const struct perf_format *format = sample->attr->format;
	const uint8_t *at = sample->raw.at + format->offset[PERF_FIELD_STATE];

	return format->wide_state ? perf_get64(at, sample->raw.big)
				  : perf_get32(at, sample->raw.big);
}

static int sched_switch(struct perf *perf, const struct sample *sample, struct perf_item *item)
{
	const struct perf_format *format = sample->attr->format;
	int err = named(perf, sample, false, &item->a);

	if (!err)
		err = named(perf, sample, true, &item->b);
	if (err)
		return err;
	item->kind = PERF_ITEM_SWITCH;
	leaves_for(item, format, state_of(sample));
	return perf_queue_put(&perf->queue, item);
}

static int woken(struct perf *perf, const struct sample *sample, struct perf_item *item)
{
	const struct perf_format *format = sample->attr->format;
	int err = named(perf, sample, false, &item->a);

	if (err)
		return err;
	if (perf_has(format, PERF_FIELD_FLAGS) &&
		sample->raw.at[format->offset[PERF_FIELD_FLAGS]] & IN_HARD_INTERRUPT)
		item->flags = PERF_ITEM_IN_INTERRUPT;
	item->kind =
		sample->attr->event == PERF_EVENT_WAKEUP_NEW ? PERF_ITEM_NEW : PERF_ITEM_WAKING;
	return perf_queue_put(&perf->queue, item);
}

static int forked(struct perf *perf, const struct sample *sample, struct perf_item *item)
{
	int err = named(perf, sample, true, &item->a);

	item->kind = PERF_ITEM_FORK;
	item->b = item->current;
	item->current = 0;
	return err ? err : perf_queue_put(&perf->queue, item);
}

static int exits(struct perf *perf, const struct sample *sample, struct perf_item *item)
{
	const int err = named(perf, sample, false, &item->a);

	item->kind = PERF_ITEM_EXIT;
	return err ? err : perf_queue_put(&perf->queue, item);
}

/* A sample of what runs stands for the time since the one before. */
static int runs(struct perf *perf, const struct sample *sample, struct perf_item *item)
{
	const struct perf_attr *attr = sample->attr;
	const bool counts_ns = attr->type == 1;
	uint64_t ns = 0;

	if (counts_ns)
		ns = sample->period ? sample->period : attr->period;
	else if (attr->flags >> PERF_ATTR_FREQ & 1 && attr->period)
		ns = 1000000000 / attr->period;
	item->kind = PERF_ITEM_CPU;
	item->value = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
	return item->current ? perf_queue_put(&perf->queue, item) : DWELL_OK;
}

static int understood(struct perf *perf, const struct sample *sample, struct perf_item *item)
{
	switch (sample->attr->event) {
	case PERF_EVENT_SWITCH:
		return sched_switch(perf, sample, item);
	case PERF_EVENT_WAKING:
	case PERF_EVENT_WAKEUP:
	case PERF_EVENT_WAKEUP_NEW:
		return woken(perf, sample, item);
	case PERF_EVENT_FORK:
		return forked(perf, sample, item);
	case PERF_EVENT_EXIT:
		return exits(perf, sample, item);
	default:
		return runs(perf, sample, item);
	}
}

int perf_sample(struct perf *perf, const struct perf_record *record)
{
	const struct perf_wire *body = &record->body;
	struct sample sample;
	struct perf_item item;
	int err;

	sample.attr = perf_attrs_of_sample(&perf->attrs, body);
	if (!sample.attr || !sample.attr->event ||
		(sample.attr->event == PERF_EVENT_WAKEUP && perf->attrs.waking)) {
		perf->ignored++;
		return DWELL_OK;
	}
	if (!take_sample(&sample, *body) ||
		(sample.attr->format && sample.raw.left < sample.attr->format->size)) {
		perf->malformed++;
		return DWELL_OK;
	}
	item = sample.item;
	err = perf_tasks_slot(&perf->tasks, sample.tid, &item.current);
	if (!err && item.current)
		err = perf_say_process(perf, item.current, sample.pid, &sample.item);
	if (!err && sample.chain.left)
		err = perf_stacks_chain(&perf->stacks, sample.chain, &item.chain);
	return err ? err : understood(perf, &sample, &item);
}
