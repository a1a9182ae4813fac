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
	struct perf_when when;
	int32_t pid, tid;
	uint32_t current; /* slot of the task that the CPU ran */
	uint32_t chain_id;
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
	sample->when.time_ns = perf_get64(in.at + attr->time, in.big);
	sample->when.cpu = cpu < PERF_NO_CPU ? (uint16_t)cpu : PERF_NO_CPU;
	sample->when.exec = false;
	sample->pid = has_tid ? (int32_t)perf_get32(in.at + attr->tid, in.big) : -1;
	sample->tid = has_tid ? (int32_t)perf_get32(in.at + attr->tid + 4, in.big) : -1;
	sample->period =
		attr->period_at != PERF_ABSENT ? perf_get64(in.at + attr->period_at, in.big) : 0;
	sample->chain_id = 0;
	sample->chain.left = sample->raw.left = 0;
	return perf_skip(&in, attr->body) && take_parts(sample, in);
}

static struct perf_item *add(struct perf *perf, const struct perf_when *when)
{
	struct perf_item *item = perf_queue_add(&perf->queue, when->time_ns);

	if (item)
		item->cpu = when->cpu;
	return item;
}

static int say_comm(
	struct perf *perf, uint32_t slot, const char comm[PERF_COMM], const struct perf_when *when)
{
	struct perf_item *item = add(perf, when);

	if (!item)
		return DWELL_ENOMEM;
	memcpy(perf->tasks.said[slot].comm, comm, PERF_COMM);
	item->kind = PERF_ITEM_COMM;
	item->flags = when->exec ? PERF_ITEM_EXEC : 0;
	item->a = slot;
	memset(item->comm, 0, sizeof(item->comm));
	memcpy(item->comm, comm, strnlen(comm, PERF_COMM));
	return DWELL_OK;
}

int perf_say_comm(struct perf *perf, uint32_t slot, const uint8_t *comm, size_t size,
	const struct perf_when *when)
{
	char whole[PERF_COMM] = { 0 };

	if (!slot || !size)
		return DWELL_OK;
	memcpy(whole, comm, size < PERF_COMM ? size : PERF_COMM);
	return say_comm(perf, slot, whole, when);
}

int perf_say_new_process(
	struct perf *perf, uint32_t slot, int32_t pid, const struct perf_when *when)
{
	uint32_t process;
	int err = perf_tasks_slot(&perf->tasks, pid, &process);
	struct perf_item *item = err ? NULL : add(perf, when);

	if (!item)
		return err ? err : DWELL_ENOMEM;
	perf->tasks.said[slot].process = process;
	perf->tasks.said[slot].pid = pid;
	item->kind = PERF_ITEM_OF;
	item->flags = 0;
	item->a = slot;
	item->b = process;
	return DWELL_OK;
}

static int say_prio(struct perf *perf, uint32_t slot, int32_t prio, const struct perf_when *when)
{
	struct perf_item *item = add(perf, when);

	if (!item)
		return DWELL_ENOMEM;
	perf->tasks.said[slot].prio = prio;
	item->kind = PERF_ITEM_PRIO;
	item->flags = 0;
	item->a = slot;
	item->value = (uint32_t)prio;
	return DWELL_OK;
}

/* Where a tracepoint names a task. */
struct fields {
	enum perf_field pid, comm;
};

static const struct fields FIRST = { PERF_FIELD_PID, PERF_FIELD_COMM };
static const struct fields SECOND = { PERF_FIELD_PID2, PERF_FIELD_COMM2 };

static inline int named(
	struct perf *perf, const struct sample *sample, struct fields fields, uint32_t *out)
{
	const struct perf_format *format = sample->attr->format;
	const uint8_t *raw = sample->raw.at;
	const bool big = sample->raw.big;
	int err = perf_tasks_slot(&perf->tasks, perf_field32(format, fields.pid, raw, big), out);

	if (err || !*out)
		return err;

	const struct perf_said *said = &perf->tasks.said[*out];
	if (perf_has(format, fields.comm) &&
		memcmp(said->comm, raw + format->offset[fields.comm], PERF_COMM))
		err = say_comm(
			perf, *out, (const char *)raw + format->offset[fields.comm], &sample->when);
	return err;
}

/* After the row that names the task: that one may be what makes it. */
static inline int prioritized(
	struct perf *perf, const struct sample *sample, enum perf_field field, uint32_t slot)
{
	const struct perf_format *format = sample->attr->format;

	if (!slot || !perf_has(format, field))
		return DWELL_OK;

	const int32_t prio = perf_field32(format, field, sample->raw.at, sample->raw.big);
	return prio == perf->tasks.said[slot].prio ? DWELL_OK
						   : say_prio(perf, slot, prio, &sample->when);
}

static int put(struct perf *perf, const struct sample *sample, enum perf_item_kind kind,
	unsigned flags, uint32_t a, uint32_t b, uint32_t value)
{
	struct perf_item *item = add(perf, &sample->when);

	if (!item)
		return DWELL_ENOMEM;
	item->kind = (uint8_t)kind;
	item->flags = (uint8_t)flags;
	item->a = a;
	item->b = b;
	item->current = sample->current;
	item->value = value;
	item->chain = sample->chain_id;
	return DWELL_OK;
}

static int sched_switch(struct perf *perf, const struct sample *sample)
{
	const struct perf_format *format = sample->attr->format;
	const uint32_t leaves = perf_format_leaves(
		format, sample->raw.at + format->offset[PERF_FIELD_STATE], sample->raw.big);
	const unsigned flags = leaves == DWELL_RUNNABLE ? PERF_ITEM_PREEMPTED : 0;
	uint32_t from, to;
	int err = named(perf, sample, FIRST, &from);

	if (!err)
		err = named(perf, sample, SECOND, &to);
	if (!err)
		err = put(perf, sample, PERF_ITEM_SWITCH, flags, from, to, leaves);
	if (!err)
		err = prioritized(perf, sample, PERF_FIELD_PRIO, from);
	return err ? err : prioritized(perf, sample, PERF_FIELD_PRIO2, to);
}

static int woken(struct perf *perf, const struct sample *sample)
{
	const struct perf_format *format = sample->attr->format;
	const bool interrupt = perf_has(format, PERF_FIELD_FLAGS) &&
			       sample->raw.at[format->offset[PERF_FIELD_FLAGS]] & IN_HARD_INTERRUPT;
	const enum perf_item_kind kind =
		sample->attr->event == PERF_EVENT_WAKEUP_NEW ? PERF_ITEM_NEW : PERF_ITEM_WAKING;
	uint32_t who;
	int err = named(perf, sample, FIRST, &who);

	if (!err)
		err = put(perf, sample, kind, interrupt ? PERF_ITEM_IN_INTERRUPT : 0, who, 0, 0);
	return err ? err : prioritized(perf, sample, PERF_FIELD_PRIO, who);
}

static int forked(struct perf *perf, struct sample *sample)
{
	const uint32_t parent = sample->current;
	uint32_t child;
	const int err = named(perf, sample, SECOND, &child);

	sample->current = 0; /* in this item: its process, which the tracepoint does not tell */
	return err ? err : put(perf, sample, PERF_ITEM_FORK, 0, child, parent, 0);
}

static int exits(struct perf *perf, const struct sample *sample)
{
	uint32_t who;
	const int err = named(perf, sample, FIRST, &who);

	return err ? err : put(perf, sample, PERF_ITEM_EXIT, 0, who, 0, 0);
}

/* A sample of what runs stands for the time since the one before. */
static int runs(struct perf *perf, const struct sample *sample)
{
	const struct perf_attr *attr = sample->attr;
	const bool counts_ns = attr->type == 1;
	uint64_t ns = 0;

	if (!sample->current)
		return DWELL_OK;
	if (counts_ns)
		ns = sample->period ? sample->period : attr->period;
	else if (attr->flags >> PERF_ATTR_FREQ & 1 && attr->period)
		ns = 1000000000 / attr->period;
	return put(
		perf, sample, PERF_ITEM_CPU, 0, 0, 0, ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns);
}

static int understood(struct perf *perf, struct sample *sample)
{
	switch (sample->attr->event) {
	case PERF_EVENT_SWITCH:
		return sched_switch(perf, sample);
	case PERF_EVENT_WAKING:
	case PERF_EVENT_WAKEUP:
	case PERF_EVENT_WAKEUP_NEW:
		return woken(perf, sample);
	case PERF_EVENT_FORK:
		return forked(perf, sample);
	case PERF_EVENT_EXIT:
		return exits(perf, sample);
	default:
		return runs(perf, sample);
	}
}

int perf_sample(struct perf *perf, const struct perf_record *record)
{
	const struct perf_wire *body = &record->body;
	struct sample sample;
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
	err = perf_tasks_slot(&perf->tasks, sample.tid, &sample.current);
	if (!err)
		err = perf_say_process(perf, sample.current, sample.pid, &sample.when);
	if (!err && sample.chain.left)
		err = perf_stacks_chain(&perf->stacks, sample.chain, &sample.chain_id);
	return err ? err : understood(perf, &sample);
}
