#include "drain_private.h"
#include "dwell/types.h"
#include "flags.h"
#include "memo.h"

typedef void (*decode_fn)(const struct drain_place *place, const struct dwell_record *record,
	struct dwell_event *row);

/* Spans, marks and pools belong to what runs on the thread. */
static uint32_t current(const struct drain_place *place)
{
	return place->thread->running ? place->thread->running : place->thread->task;
}

uint32_t dwell_drain_task_of_tid(const struct drain_place *place, uint64_t tid)
{
	const struct dwell_drain_options *options = &place->drain->options;
	int64_t host = (int64_t)tid;

	if (tid == 0 || tid > INT32_MAX)
		return 0;
	if (options->host_tid)
		host = options->host_tid(options->context, place->process->host_pid, (int32_t)tid);
	return dwell_registry_find_task(place->drain->registry, host);
}

static uint8_t reason_of(unsigned reason)
{
	return reason > 0 && reason < DWELL_REASON_COUNT ? (uint8_t)reason : DWELL_REASON_OTHER;
}

static uint64_t stamp(const struct drain_place *place, uint64_t ticks)
{
	return dwell_drain_stamp(place->drain, place->process, ticks);
}

/* A thread that is joined or detached is known by its pthread_t; its number says more. NULL where
 * it is not known. */
static struct drain_birth *target_of(
	const struct drain_place *place, unsigned kind, uint64_t ticks, uint64_t *native)
{
	struct drain_birth *birth =
		kind == DWELL_OBJECT_THREAD ? dwell_drain_of_handle(place, *native, ticks) : NULL;

	if (birth)
		*native = birth->tid;
	return birth;
}

/* What WAIT_BEGIN and WAIT_END say alike. */
struct wait_facts {
	uint32_t peer, object, stack;
	uint8_t reason, flags;
};

/* What the wait was on when it was begun: its descriptor may stand for something else by now. */
static uint32_t begun_object(const struct drain_place *place, uint8_t *reason)
{
	const uint32_t object = place->thread->begun_object;
	const uint8_t by_kind =
		dwell_descriptor_reason(dwell_registry_object_kind(place->drain->registry, object));

	if (*reason == DWELL_REASON_SYSCALL && by_kind)
		*reason = by_kind;
	return object;
}

static struct wait_facts wait_facts(
	const struct drain_place *place, const struct dwell_record *record)
{
	const unsigned flags = dwell_what_flags(record->a), kind = dwell_what_object(record->a);
	const bool begun = place->thread->begun_since == record->x[1];
	struct wait_facts facts = { .flags = dwell_drain_row_flags(flags) };
	uint64_t native = record->y[1];
	struct drain_birth *target = target_of(place, kind, record->x[1], &native);

	facts.peer = target ? target->task : 0;
	if (target && (flags & DWELL_FLAG_TIMED_OUT) == 0)
		target->given_up = true;
	facts.reason = reason_of(dwell_what_reason(record->a));
	facts.object = begun ? begun_object(place, &facts.reason)
			     : dwell_drain_object_of(place, kind, flags, native, &facts.reason);
	facts.stack = dwell_drain_stack(place, dwell_what_stack(record->a));
	if (record->slots > 2)
		facts.peer = dwell_drain_task_of_tid(place, record->x[2]);
	if (facts.peer != 0)
		facts.flags |= DWELL_EVENT_HOLDER_READ;
	return facts;
}

static uint64_t begun_ns(
	const struct drain_place *place, const struct dwell_record *record, uint64_t end_ns)
{
	const struct drain_thread *thread = place->thread;
	const uint64_t ns =
		thread->dropped_since == record->x[1]
			? thread->dropped_ns
			: dwell_drain_after(stamp(place, record->x[1]), thread->last_ns);

	return ns < end_ns ? ns : end_ns;
}

static void put_wait(const struct drain_place *place, const struct wait_facts *facts,
	enum dwell_event_kind kind, uint64_t time_ns, unsigned state, unsigned flags)
{
	*dwell_drain_next(place->drain) = (struct dwell_event){
		.time_ns = time_ns,
		.task = place->thread->task,
		.peer = facts->peer,
		.object = facts->object,
		.stack = facts->stack,
		.kind = (uint8_t)kind,
		.state = (uint8_t)(place->drain->options.states ? state
								: (unsigned)DWELL_STATE_SAME),
		.reason = facts->reason,
		.flags = (uint8_t)flags,
	};
}

/* Tells both rows itself. */
static void decode_wait(
	const struct drain_place *place, const struct dwell_record *record, struct dwell_event *row)
{
	struct wait_facts facts = wait_facts(place, record);
	struct drain_thread *thread = place->thread;
	const unsigned begin_flags = dwell_drain_begin_flags(dwell_what_flags(record->a)) |
				     (facts.flags & DWELL_EVENT_HOLDER_READ);

	if (thread->begun_since != record->x[1]) {
		put_wait(place, &facts, DWELL_EVENT_WAIT_BEGIN,
			begun_ns(place, record, row->time_ns), DWELL_BLOCKED, begin_flags);
		/* All else is as it began. */
		facts = (struct wait_facts){ .reason = facts.reason,
			.flags = facts.flags & (uint8_t)~DWELL_EVENT_HOLDER_READ };
	} else {
		thread->begun_since = 0;
		row->time_ns = dwell_drain_after(row->time_ns, thread->begun_ns);
	}
	if (thread->ended_since < record->x[1])
		thread->ended_since = record->x[1];
	put_wait(place, &facts, DWELL_EVENT_WAIT_END, row->time_ns, DWELL_RUNNING, facts.flags);
	row->kind = 0;
}

static void decode_hold(
	const struct drain_place *place, const struct dwell_record *record, struct dwell_event *row)
{
	const unsigned flags = dwell_what_flags(record->a), kind = dwell_what_object(record->a);
	uint64_t native = record->y[1];

	uint8_t reason = DWELL_REASON_SYSCALL;

	row->kind =
		record->kind == DWELL_RECORD_ACQUIRE ? DWELL_EVENT_ACQUIRE : DWELL_EVENT_RELEASE;
	row->task = current(place);
	struct drain_birth *target = target_of(place, kind, record->time, &native);

	if (target) {
		target->given_up = true;
	} else if (kind == DWELL_OBJECT_THREAD && record->kind == DWELL_RECORD_RELEASE) {
		dwell_drain_detach_later(place, native, record->time);
		row->kind = 0;
		return;
	}
	row->object = dwell_drain_object_of(place, kind, flags, native, &reason);
	row->stack = dwell_drain_stack(place, dwell_what_stack(record->a));
	row->flags = dwell_drain_row_flags(flags);
	if (row->kind == DWELL_EVENT_ACQUIRE && (flags & DWELL_FLAG_TIMED) != 0)
		row->flags |= DWELL_EVENT_TIMED_OUT;
	if (row->kind == DWELL_EVENT_RELEASE && (flags & DWELL_FLAG_UNHEARD) != 0)
		row->flags |= DWELL_EVENT_HAS_VALUE;
	row->peer = dwell_drain_task_of_tid(place, record->x[1]);
	/* Nobody waits for what is written to a file. */
	if ((flags & DWELL_FLAG_DESCRIPTOR) != 0 && reason == DWELL_REASON_FILE)
		row->kind = 0;
}

uint32_t dwell_drain_label(const struct drain_place *place, uint32_t entry)
{
	struct drain_memo *memo = dwell_drain_memo(place->drain, entry, 0);
	struct dwell_string text;

	if (memo->id == 0 && dwell_drain_text(place->drain, entry, &text))
		memo->id = dwell_registry_label(place->drain->registry, text);
	return memo->id;
}

static void decode_mark(
	const struct drain_place *place, const struct dwell_record *record, struct dwell_event *row)
{
	row->kind = DWELL_EVENT_MARK;
	row->task = current(place);
	row->object = dwell_drain_label(place, (uint32_t)record->a);
	row->stack = dwell_drain_stack(place, (uint32_t)(record->a >> 32));
}

/* Spans are numbered within a process. */
static uint64_t span_id(const struct drain_place *place, uint64_t native)
{
	enum { SPAN_BITS = 40 };

	return native ? (uint64_t)place->process->id << SPAN_BITS |
				(native & ((UINT64_C(1) << SPAN_BITS) - 1))
		      : 0;
}

static void decode_span(
	const struct drain_place *place, const struct dwell_record *record, struct dwell_event *row)
{
	row->task = current(place);
	if (record->kind == DWELL_RECORD_SPAN_END) {
		row->kind = DWELL_EVENT_SPAN_END;
		row->value = span_id(place, record->a);
		return;
	}
	row->kind = DWELL_EVENT_SPAN_BEGIN;
	row->object = dwell_drain_label(place, (uint32_t)record->a);
	row->value = span_id(place, record->y[1]);
	row->extra = span_id(place, record->x[1]);
	row->reason = (uint8_t)(record->a >> 32);
	if (row->reason == 0 || row->reason >= DWELL_SPAN_KIND_COUNT)
		row->reason = DWELL_SPAN_REGION;
}

static uint32_t counter_of(const struct drain_place *place, uint32_t id)
{
	struct dwell_entry entry;
	struct dwell_string name, unit;
	size_t size, length;

	if (!dwell_intern_get(place->drain->session, id, &entry) ||
		entry.kind != DWELL_ENTRY_COUNTER)
		return 0;
	size = (size_t)entry.count * 8;
	length = entry.extra >> 16;
	if (length + 1 > size)
		return 0;
	name = (struct dwell_string){ (const char *)entry.words, length };
	unit.at = (const char *)entry.words + length + 1;
	unit.size = 0;
	while (length + 1 + unit.size < size && unit.at[unit.size] != '\0')
		unit.size++;
	unsigned kind = entry.extra & 0xff;
	if (kind == 0 || kind >= DWELL_COUNTER_KIND_COUNT)
		kind = DWELL_COUNTER_GAUGE;
	return dwell_registry_counter(
		place->drain->registry, (uint8_t)kind, (int8_t)(entry.extra >> 8), name, unit);
}

static void decode_counter(
	const struct drain_place *place, const struct dwell_record *record, struct dwell_event *row)
{
	row->kind = DWELL_EVENT_COUNTER;
	row->task = 0;
	row->object = counter_of(place, (uint32_t)record->a);
	row->value = record->y[1];
	if (row->object == 0)
		row->kind = 0;
}

static void decode_pool(
	const struct drain_place *place, const struct dwell_record *record, struct dwell_event *row)
{
	unsigned flags = dwell_what_flags(record->a);

	row->kind = DWELL_EVENT_POOL;
	row->task = current(place);
	row->reason = dwell_what_reason(record->a);
	row->object = dwell_drain_object(place, DWELL_OBJECT_POOL, record->x[1]);
	row->value = record->y[1];
	row->stack = dwell_drain_stack(place, dwell_what_stack(record->a));
	if ((flags & DWELL_FLAG_FOREIGN) != 0)
		row->flags = DWELL_EVENT_FOREIGN_PUT;
	if (row->reason == 0 || row->reason >= DWELL_POOL_OP_COUNT)
		row->kind = 0;
}

static void decode_sample(
	const struct drain_place *place, const struct dwell_record *record, struct dwell_event *row)
{
	row->kind = DWELL_EVENT_SAMPLE;
	row->task = current(place);
	row->reason = dwell_what_reason(record->a);
	row->stack = dwell_drain_stack(place, dwell_what_stack(record->a));
	row->value = record->y[1];
	if (row->reason == 0 || row->reason >= DWELL_SAMPLE_KIND_COUNT)
		row->kind = 0;
}

static void decode_names(
	const struct drain_place *place, const struct dwell_record *record, struct dwell_event *row)
{
	struct dwell_registry *registry = place->drain->registry;
	struct dwell_registry_task what = { 0 };
	struct dwell_string text;

	row->kind = 0;
	if (record->kind == DWELL_RECORD_MODULE) {
		dwell_drain_module(place, (uint32_t)record->a);
	} else if (record->kind == DWELL_RECORD_RENAME) {
		if (record->slots > 1)
			dwell_drain_rename_other(place, record->y[1], (uint32_t)record->a);
		else if (dwell_drain_text(place->drain, (uint32_t)record->a, &what.name))
			dwell_registry_describe_task(registry, place->thread->task, &what);
	} else if (record->kind == DWELL_RECORD_OBJECT) {
		if (dwell_drain_text(place->drain, dwell_what_stack(record->a), &text))
			dwell_registry_name_object(registry,
				dwell_drain_object(
					place, dwell_what_object(record->a), record->y[1]),
				text);
	}
}

static void decode_lost(
	const struct drain_place *place, const struct dwell_record *record, struct dwell_event *row)
{
	place->drain->counts.lost += record->a;
	row->kind = DWELL_EVENT_LOSS;
	row->value = record->a;
	row->extra = stamp(place, record->x[1]);
	row->reason = DWELL_LOSS_FULL;
	/* A clock fitted anew since may put it some nanoseconds before the record before. */
	if (row->extra < place->thread->last_ns)
		row->extra = place->thread->last_ns;
	if (row->extra > row->time_ns)
		row->extra = row->time_ns;
}

static const struct {
	decode_fn decode;
	uint8_t slots; /* at least */
	bool in_place; /* it tells no other rows on the way */
} decoders[DWELL_RECORD_KIND_COUNT] = {
	[DWELL_RECORD_WAIT] = { decode_wait, 2, false },
	[DWELL_RECORD_ACQUIRE] = { decode_hold, 2, false },
	[DWELL_RECORD_RELEASE] = { decode_hold, 2, false },
	[DWELL_RECORD_MARK] = { decode_mark, 1, true },
	[DWELL_RECORD_SPAN_BEGIN] = { decode_span, 2, true },
	[DWELL_RECORD_SPAN_END] = { decode_span, 1, true },
	[DWELL_RECORD_COUNTER] = { decode_counter, 2, true },
	[DWELL_RECORD_POOL] = { decode_pool, 2, true },
	[DWELL_RECORD_OBJECT] = { decode_names, 2, false },
	[DWELL_RECORD_RENAME] = { decode_names, 1, false },
	[DWELL_RECORD_MODULE] = { decode_names, 1, false },
	[DWELL_RECORD_LOST] = { decode_lost, 2, false },
	[DWELL_RECORD_EXEC] = { dwell_drain_decode_life, 1, false },
	[DWELL_RECORD_FORK] = { dwell_drain_decode_life, 1, false },
	[DWELL_RECORD_CREATE] = { dwell_drain_decode_life, 2, false },
	[DWELL_RECORD_TASK_CREATE] = { dwell_drain_decode_task, 3, false },
	[DWELL_RECORD_TASK_RUN] = { dwell_drain_decode_task, 1, false },
	[DWELL_RECORD_TASK_LEAVE] = { dwell_drain_decode_task, 2, false },
	[DWELL_RECORD_TASK_WAKE] = { dwell_drain_decode_task, 1, false },
	[DWELL_RECORD_SAMPLE] = { decode_sample, 2, true },
	[DWELL_RECORD_PRIORITY] = { dwell_drain_decode_priority, 2, false },
};

static void tell_overwritten(const struct drain_place *place, uint64_t time_ns)
{
	struct dwell_event row = { .time_ns = time_ns,
		.extra = place->thread->last_ns,
		.task = place->thread->task,
		.kind = DWELL_EVENT_LOSS,
		.reason = DWELL_LOSS_OVERWRITTEN };

	place->thread->overwritten = false;
	dwell_drain_put(place->drain, &row);
}

static void decode_in_place(
	const struct drain_place *place, const struct dwell_record *record, uint64_t time_ns)
{
	struct dwell_drain *drain = place->drain;
	struct dwell_event *row = dwell_drain_next(drain);

	*row = (struct dwell_event){ .time_ns = time_ns, .task = place->thread->task };
	decoders[record->kind].decode(place, record, row);
	drain->rows -= row->kind == 0;
}

static void decode_apart(
	const struct drain_place *place, const struct dwell_record *record, uint64_t time_ns)
{
	struct dwell_event row = { .time_ns = time_ns, .task = place->thread->task };

	decoders[record->kind].decode(place, record, &row);
	if (row.kind != 0)
		dwell_drain_put(place->drain, &row);
}

void dwell_drain_record(const struct drain_place *place, const struct dwell_record *record)
{
	uint64_t time_ns;

	if (record->kind >= DWELL_RECORD_KIND_COUNT || !decoders[record->kind].decode ||
		record->slots < decoders[record->kind].slots) {
		place->drain->counts.hostile++;
		return;
	}
	time_ns = stamp(place, record->time);
	if (place->thread->overwritten)
		tell_overwritten(place, time_ns);
	if (decoders[record->kind].in_place)
		decode_in_place(place, record, time_ns);
	else
		decode_apart(place, record, time_ns);
	if (place->thread->last_ns < time_ns)
		place->thread->last_ns = time_ns;
}

static void end_unrecorded(const struct drain_place *place)
{
	struct dwell_event row = { .time_ns = place->drain->pass_ns,
		.task = place->thread->task,
		.kind = DWELL_EVENT_WAIT_END,
		.state = place->drain->options.states ? DWELL_RUNNING : DWELL_STATE_SAME };

	place->thread->dropped_since = place->thread->begun_since;
	place->thread->dropped_ns = row.time_ns;
	place->thread->begun_since = 0;
	dwell_drain_put(place->drain, &row);
}

/* Where a wait that lasts was begun: its stack, or no more than its caller until it ends. */
static uint32_t caller_stack(const struct drain_place *place, uint64_t caller)
{
	if (caller == 0)
		return 0;
	if ((caller & DWELL_CALLER_STACK) != 0)
		return dwell_drain_stack(place, (uint32_t)caller);
	return dwell_registry_stack(
		place->drain->registry, place->process->id, &caller, 1, true, true);
}

/* Who has the lock of a file that its waiter could not ask of. */
static uint32_t file_holder(const struct drain_place *place, unsigned flags, uint64_t native)
{
	const struct dwell_drain_options *options = &place->drain->options;

	return options->file_holder
		       ? options->file_holder(options->context, place->process->host_pid,
				 (uint32_t)native, (flags & DWELL_FLAG_SHARED) != 0)
		       : 0;
}

static void fill_begin(const struct drain_place *place, const struct drain_word *word,
	uint64_t since, struct dwell_event *row)
{
	const unsigned kind = word->what >> 8 & 0xff, flags = word->what & 0xff;
	uint64_t native = word->state[1];

	const struct drain_birth *target = target_of(place, kind, since, &native);

	row->peer = target ? target->task : 0;
	row->reason = reason_of(word->state[0] & 0xff);
	row->flags = dwell_drain_row_flags(flags & ~(unsigned)DWELL_FLAG_TIMED_OUT);
	row->object =
		dwell_drain_object_of(place, kind, flags | DRAIN_GOES_ON, native, &row->reason);
	row->stack = caller_stack(place, word->caller);
	if (row->peer == 0)
		row->peer = dwell_drain_task_of_tid(place, word->holder);
	if (word->holder == 0 && kind == DWELL_OBJECT_FILE && row->reason == DWELL_REASON_RWLOCK)
		row->peer = file_holder(place, flags, native);
	if (row->peer != 0)
		row->flags |= DWELL_EVENT_HOLDER_READ;
	if ((flags & DWELL_FLAG_TIMED) != 0)
		row->flags |= DWELL_EVENT_TIMED_OUT;
}

void dwell_drain_state(const struct drain_place *place, const struct drain_word *word)
{
	struct drain_thread *thread = place->thread;
	uint64_t since = word->state[0] >> 8;
	unsigned reason = word->state[0] & 0xff;
	struct dwell_event row = { .task = thread->task,
		.kind = DWELL_EVENT_WAIT_BEGIN,
		.state = place->drain->options.states ? DWELL_BLOCKED : DWELL_STATE_SAME };

	if (reason != 0 && since == thread->begun_since)
		return;
	/* The record of a wait that was begun is written before the state word changes, and all
	   records were read after that: so it was refused, and the loss is told beside it; or a
	   signal handler waits inside that wait, which then goes on when its record comes. */
	if (thread->begun_since != 0)
		end_unrecorded(place);
	row.time_ns = dwell_drain_after(stamp(place, since), thread->last_ns);
	if (reason == 0 || since <= thread->ended_since ||
		row.time_ns >= place->drain->watermark_ns)
		return;
	fill_begin(place, word, since, &row);
	thread->begun_since = since;
	thread->begun_object = row.object;
	thread->begun_ns = row.time_ns;
	dwell_drain_put(place->drain, &row);
}
