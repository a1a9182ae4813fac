#include <stdlib.h>
#include <string.h>

#include "import/go/next.h"

#define WITH(arguments) ((arguments) + 1)
const uint8_t go_number_count[UINT8_MAX + 1] = {
	[GO_PROCS_CHANGE] = WITH(2),
	[GO_PROC_START] = WITH(2),
	[GO_PROC_STOP] = WITH(0),
	[GO_PROC_STEAL] = WITH(3),
	[GO_PROC_STATUS] = WITH(2),
	[GO_CREATE] = WITH(3),
	[GO_CREATE_SYSCALL] = WITH(1),
	[GO_START] = WITH(2),
	[GO_DESTROY] = WITH(0),
	[GO_DESTROY_SYSCALL] = WITH(0),
	[GO_STOP] = WITH(2),
	[GO_BLOCK] = WITH(2),
	[GO_UNBLOCK] = WITH(3),
	[GO_SYSCALL_BEGIN] = WITH(2),
	[GO_SYSCALL_END] = WITH(0),
	[GO_SYSCALL_END_BLOCKED] = WITH(0),
	[GO_STATUS] = WITH(3),
	[GO_STW_BEGIN] = WITH(2),
	[GO_STW_END] = WITH(0),
	[GO_GC_ACTIVE] = WITH(1),
	[GO_GC_BEGIN] = WITH(2),
	[GO_GC_END] = WITH(1),
	[GO_SWEEP_ACTIVE] = WITH(1),
	[GO_SWEEP_BEGIN] = WITH(1),
	[GO_SWEEP_END] = WITH(2),
	[GO_ASSIST_ACTIVE] = WITH(1),
	[GO_ASSIST_BEGIN] = WITH(1),
	[GO_ASSIST_END] = WITH(0),
	[GO_HEAP_ALLOC] = WITH(1),
	[GO_HEAP_GOAL] = WITH(1),
	[GO_LABEL] = WITH(1),
	[GO_TASK_BEGIN] = WITH(4),
	[GO_TASK_END] = WITH(2),
	[GO_REGION_BEGIN] = WITH(3),
	[GO_REGION_END] = WITH(3),
	[GO_LOG] = WITH(4),
	[GO_SWITCH] = WITH(2),
	[GO_SWITCH_DESTROY] = WITH(2),
	[GO_CREATE_BLOCKED] = WITH(3),
	[GO_STATUS_STACK] = WITH(4),
	/* Allocations, an experiment: read over. */
	[GO_FIRST_EXPERIMENTAL] = WITH(3),
	[GO_FIRST_EXPERIMENTAL + 1] = WITH(3),
	[GO_FIRST_EXPERIMENTAL + 2] = WITH(1),
	[GO_FIRST_EXPERIMENTAL + 3] = WITH(2),
	[GO_FIRST_EXPERIMENTAL + 4] = WITH(2),
	[GO_FIRST_EXPERIMENTAL + 5] = WITH(1),
	[GO_FIRST_EXPERIMENTAL + 6] = WITH(2),
	[GO_FIRST_EXPERIMENTAL + 7] = WITH(2),
	[GO_FIRST_EXPERIMENTAL + 8] = WITH(1),
};

bool go_varint_long(struct go_cursor *in, uint64_t *out)
{
	const uint8_t *at = in->at;
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		if (at == in->end)
			return false;

		const uint8_t byte = *at++;
		if (shift == 63 && byte > 1)
			return false;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		in->at = at;
		*out = value;
		return true;
	}
	return false;
}

uint64_t go_ns(const struct go_reader *reader, uint64_t units)
{
	const double ns = (double)units * reader->ns_per_unit;

	return ns < 9.2e18 ? (uint64_t)ns : 0;
}

bool go_reserve(void **at, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return true;

	const size_t next = *capacity ? *capacity * 2 : 64;
	void *grown = realloc(*at, next * size);

	if (!grown)
		return false;
	*at = grown;
	*capacity = next;
	return true;
}

uint32_t go_thread_index(struct go_reader *reader, uint64_t id)
{
	uint32_t i = go_map_get(&reader->thread_by_id, id);

	if (i != GO_NOBODY)
		return i;
	i = (uint32_t)reader->threads.count;
	if (!GO_RESERVE(&reader->threads) || !go_map_put(&reader->thread_by_id, id, i))
		return GO_NOBODY;
	reader->threads.at[reader->threads.count++] = (struct go_thread){
		.id = id,
		.first = GO_NOBODY,
		.last = GO_NOBODY,
		.batch = GO_NOBODY,
		.g = GO_NOBODY,
		.p = GO_NOBODY,
	};
	return i;
}

/* One batch as it stands in the file. */
struct header {
	uint64_t at, generation, thread, time;
	uint64_t offset; /* of its bytes */
	uint32_t size;
	uint8_t first; /* byte of them */
	bool experimental, end;
};

static int damaged(struct go_reader *reader, uint64_t offset, const char *what)
{
	return dwell_diag_set(&reader->source.diag, DWELL_EFORMAT, offset, 0, "Go trace: %s", what);
}

enum { LONGEST_HEADER = 2 + 4 * 10 };

static int parse_header(struct go_reader *reader, struct go_cursor in, struct header *out)
{
	const uint8_t *from = in.at;
	const uint8_t type = *in.at++;
	uint64_t size;

	if (type == GO_END_OF_GENERATION && reader->version >= 26) {
		out->end = true;
		reader->offset++;
		return 0;
	}
	out->experimental = type == GO_EXPERIMENTAL_BATCH && reader->version >= 23;
	if (type != GO_EVENT_BATCH && !out->experimental)
		return damaged(reader, out->at, "no batch where one must begin");
	if (out->experimental && in.at++ == in.end)
		return DWELL_ETRUNCATED;
	if (!go_varint(&in, &out->generation) || !go_varint(&in, &out->thread) ||
		!go_varint(&in, &out->time) || !go_varint(&in, &size))
		return in.end - from < LONGEST_HEADER ? DWELL_ETRUNCATED
						      : damaged(reader, out->at, "bad batch");
	if (size > GO_MAX_BATCH)
		return damaged(reader, out->at, "a batch larger than 64 KiB");
	out->offset = out->at + (uint64_t)(in.at - from);
	out->size = (uint32_t)size;
	if (out->size > reader->size - out->offset)
		return DWELL_ETRUNCATED;
	out->first = size && in.at < in.end ? *in.at : 0;
	reader->offset = out->offset + size;
	return 0;
}

/* The batch at the reader's offset, which moves behind it. */
static int next_batch(struct go_reader *reader, struct header *out)
{
	uint8_t head[LONGEST_HEADER + 1];
	size_t got = 0;
	const int err = reader->source.bytes->ops->read(
		reader->source.bytes, reader->offset, head, sizeof(head), &got);

	*out = (struct header){ .at = reader->offset };
	if (err)
		return err;
	return got ? parse_header(reader, (struct go_cursor){ head, head + got }, out) : DWELL_END;
}

/* A batch's bytes, to be freed by the caller. */
static int read_batch(struct go_reader *reader, const struct header *batch, uint8_t **out)
{
	uint8_t *bytes = malloc(batch->size ? batch->size : 1);
	size_t got = 0;
	int err;

	if (!bytes)
		return DWELL_ENOMEM;
	err = reader->source.bytes->ops->read(
		reader->source.bytes, batch->offset, bytes, batch->size, &got);
	if (!err && got < batch->size)
		err = DWELL_ETRUNCATED;
	if (err)
		free(bytes);
	else
		*out = bytes;
	return err;
}

static int add_frequency(struct go_reader *reader, struct go_cursor *in)
{
	uint64_t units_per_second;

	if (reader->ns_per_unit > 0)
		return damaged(reader, reader->offset, "a generation with two frequencies");
	if (!go_varint(in, &units_per_second) || !units_per_second)
		return damaged(reader, reader->offset, "bad frequency");
	reader->ns_per_unit = 1.0 / ((double)units_per_second / 1e9);
	reader->whole_ns = 1000000000 % units_per_second ? 0 : 1000000000 / units_per_second;
	return 0;
}

static int add_snapshot(struct go_reader *reader, const struct header *batch, struct go_cursor *in)
{
	uint64_t delta, mono, seconds, ns;

	if (!go_varint(in, &delta) || !go_varint(in, &mono) || !go_varint(in, &seconds) ||
		!go_varint(in, &ns))
		return damaged(reader, batch->offset, "bad clock snapshot");
	reader->snapshot_time = batch->time + delta;
	reader->snapshot_mono = mono;
	reader->snapshot_unix = seconds * 1000000000u + ns;
	return 0;
}

static int add_sync(struct go_reader *reader, const struct header *batch)
{
	uint8_t *bytes;
	int err = read_batch(reader, batch, &bytes);

	if (err)
		return err;

	struct go_cursor in = { bytes, bytes + batch->size };
	in.at += *in.at == GO_SYNC;
	while (!err && in.at < in.end) {
		const uint8_t type = *in.at++;

		if (type == GO_FREQUENCY)
			err = add_frequency(reader, &in);
		else if (type == GO_CLOCK_SNAPSHOT && reader->version >= 25)
			err = add_snapshot(reader, batch, &in);
		else
			err = damaged(reader, batch->offset, "unknown event in a sync batch");
	}
	free(bytes);
	return err;
}

static int add_table(struct go_reader *reader, const struct header *batch)
{
	uint8_t *bytes;
	const int err = read_batch(reader, batch, &bytes);

	return err ? err : go_tables_add(reader, bytes, batch->size, batch->offset);
}

static int add_events(struct go_reader *reader, const struct header *batch)
{
	const uint32_t t = go_thread_index(reader, batch->thread);
	const uint32_t b = (uint32_t)reader->batches.count;

	if (t == GO_NOBODY || !GO_RESERVE(&reader->batches))
		return DWELL_ENOMEM;
	reader->batches.at[reader->batches.count++] = (struct go_batch){
		.offset = batch->offset, .size = batch->size, .time = batch->time, .next = GO_NOBODY
	};

	struct go_thread *thread = &reader->threads.at[t];
	if (thread->first == GO_NOBODY)
		thread->first = b;
	else
		reader->batches.at[thread->last].next = b;
	thread->last = b;
	return 0;
}

static int add_batch(struct go_reader *reader, const struct header *batch)
{
	const uint8_t first = batch->first;

	if (!reader->min_time || batch->time < reader->min_time)
		reader->min_time = batch->time;
	if (batch->experimental || !batch->size)
		return 0;
	if (first == GO_STRINGS || first == GO_STACKS || first == GO_CPU_SAMPLES)
		return add_table(reader, batch);
	if (first == GO_FREQUENCY || (first == GO_SYNC && reader->version >= 25))
		return add_sync(reader, batch);
	return add_events(reader, batch);
}

void go_generation_release(struct go_reader *reader)
{
	for (size_t i = 0; i < reader->threads.count; i++)
		reader->threads.at[i].first = reader->threads.at[i].last = GO_NOBODY;
	reader->batches.count = 0;
	reader->min_time = 0;
	reader->ns_per_unit = 0;
	reader->whole_ns = 0;
	reader->snapshot_time = 0;
	go_tables_clear(reader);
}

static int check_generation(struct go_reader *reader, uint64_t from, int err)
{
	if (err == DWELL_ETRUNCATED)
		reader->broken = true;
	if (reader->ns_per_unit <= 0)
		return err == DWELL_ETRUNCATED
			       ? err
			       : damaged(reader, from, "a generation without a frequency");
	return 0;
}

int go_generation_load(struct go_reader *reader)
{
	const uint64_t from = reader->offset;
	struct header batch = { 0 };
	bool any = false;
	int err;

	go_generation_release(reader);
	for (;;) {
		const uint64_t before = reader->offset;

		err = next_batch(reader, &batch);
		if (err || batch.end)
			break;
		if (any && batch.generation != reader->generation) {
			reader->offset = before;
			if (reader->version >= 26 || batch.generation != reader->generation + 1)
				return damaged(reader, before, "generations out of order");
			break;
		}
		reader->generation = batch.generation;
		any = true;
		if ((err = add_batch(reader, &batch)))
			return err;
	}
	if (err == DWELL_END && any && reader->version >= 26)
		err = DWELL_ETRUNCATED;
	if (err == DWELL_EFORMAT && any)
		err = DWELL_ETRUNCATED;
	if (err < 0 && err != DWELL_ETRUNCATED)
		return err;
	if (!any)
		return err ? err : DWELL_END;
	return check_generation(reader, from, err);
}

/* The thread's next batch into its buffer. */
static int enter_batch(struct go_reader *reader, struct go_thread *thread)
{
	const struct go_batch *batch = &reader->batches.at[thread->batch];
	size_t got = 0;
	int err;

	if (batch->size > thread->buffer_size) {
		uint8_t *buffer = realloc(thread->buffer, batch->size);

		if (!buffer)
			return DWELL_ENOMEM;
		thread->buffer = buffer;
		thread->buffer_size = batch->size;
	}
	err = reader->source.bytes->ops->read(
		reader->source.bytes, batch->offset, thread->buffer, batch->size, &got);
	if (err || got < batch->size)
		return err ? err : DWELL_ETRUNCATED;
	thread->data = (struct go_cursor){ thread->buffer, thread->buffer + batch->size };
	thread->buffer_offset = batch->offset;
	thread->last_time = go_ns(reader, batch->time);
	thread->batch = batch->next;
	return 0;
}

const uint8_t *go_take_long(const uint8_t *at, uint64_t *out)
{
	uint64_t number = at[0] & 0x7f;
	unsigned i = 1;

	for (; at[i] >= 0x80; i++) {
		if (i == 9)
			return NULL;
		number |= (uint64_t)(at[i] & 0x7f) << (7 * i);
	}
	if (i == 9 && at[i] > 1)
		return NULL;
	*out = number | (uint64_t)at[i] << (7 * i);
	return at + i + 1;
}

/* Of the thread's next event in the file. */
static uint64_t place(const struct go_thread *thread)
{
	return thread->buffer_offset + (uint64_t)(thread->data.at - thread->buffer);
}

int go_thread_next_slowly(struct go_reader *reader, struct go_thread *thread)
{
	struct go_event *event = &thread->event;
	uint64_t delta;

	while (thread->data.at == thread->data.end) {
		const int err =
			thread->batch == GO_NOBODY ? DWELL_END : enter_batch(reader, thread);

		if (err)
			return err;
	}

	struct go_cursor in = thread->data;
	event->type = *in.at++;
	const unsigned count = go_number_count[event->type];
	bool whole = go_varint(&in, &delta);

	if (!count)
		return damaged(reader, place(thread), "an event of unknown type");
	for (unsigned i = 0; i + 1 < count && whole; i++)
		whole = go_varint(&in, &event->args[i]);
	if (!whole)
		return damaged(reader, place(thread), "an event cut short");
	return go_take_time(reader, thread, in.at, delta);
}

int go_generation_start(struct go_reader *reader)
{
	reader->frontier_count = 0;
	reader->next_sample = 0;
	for (size_t i = 0; i < reader->threads.count; i++) {
		struct go_thread *thread = &reader->threads.at[i];

		thread->batch = thread->first;
		thread->data = (struct go_cursor){ NULL, NULL };
	}
	return 0;
}
