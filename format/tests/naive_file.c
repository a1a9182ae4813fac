#include "tests/naive_file.h"

#include "dwell/states.h"
#include "tests/naive_rows.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

static uint64_t little(const uint8_t *at, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = bytes; i > 0; i--)
		value = value << 8 | at[i - 1];
	return value;
}

uint64_t naive_varint(struct naive_bytes *in)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		if (!in->left)
			break;

		const uint8_t byte = *in->at++;

		in->left--;
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
	in->bad = true;
	in->left = 0;
	return 0;
}

int64_t naive_signed(struct naive_bytes *in)
{
	const uint64_t value = naive_varint(in);

	return value & 1 ? -(int64_t)(value >> 1) - 1 : (int64_t)(value >> 1);
}

struct naive_bytes naive_take(struct naive_bytes *in, uint64_t size)
{
	struct naive_bytes out = { in->at, (size_t)size, false };

	if (size > in->left) {
		in->bad = true;
		in->left = 0;
		return (struct naive_bytes){ in->at, 0, true };
	}
	in->at += size;
	in->left -= (size_t)size;
	return out;
}

uint8_t *naive_unpack(unsigned codec, struct naive_bytes in, size_t size)
{
	uint8_t *out = calloc(size + 8, 1);

	if (!out)
		abort();
	if (codec == 0 && in.left == size)
		memcpy(out, in.at, size);
	else if (codec != 1 || ZSTD_decompress(out, size, in.at, in.left) != size) {
		free(out);
		return NULL;
	}
	return out;
}

/* A blob's content; *memory is to be freed. */
static struct naive_bytes blob(struct naive_bytes body, uint8_t **memory)
{
	const struct naive_bytes none = { NULL, 0, true };

	*memory = NULL;
	if (body.left < 8 || little(body.at + 1, 3))
		return none;

	const uint8_t *head = body.at;
	const size_t size = (size_t)little(head + 4, 4);

	body.at += 8;
	body.left -= 8;
	*memory = naive_unpack(head[0], body, size);
	return *memory ? (struct naive_bytes){ *memory, size, false } : none;
}

static struct dwell_string text(struct naive_bytes *in)
{
	const struct naive_bytes at = naive_take(in, naive_varint(in));

	return (struct dwell_string){ (const char *)at.at, at.left };
}

static void info(struct naive_bytes in, struct dwell_sink *sink)
{
	struct dwell_trace_info info;

	info.source = text(&in);
	info.start_unix_ns = naive_varint(&in);
	info.start_monotonic_ns = naive_varint(&in);
	info.begin_ns = naive_varint(&in);
	info.tick_ns = naive_varint(&in);
	info.levels = (uint32_t)naive_varint(&in);
	sink->ops->begin(sink, &info);
}

static void task(struct naive_bytes *in, struct dwell_sink *sink)
{
	struct dwell_task task = { 0 };

	task.id = (uint32_t)naive_varint(in);
	task.process = (uint32_t)naive_varint(in);
	task.parent = (uint32_t)naive_varint(in);
	task.creation_stack = (uint32_t)naive_varint(in);
	task.start_location = (uint32_t)naive_varint(in);
	task.kind = (uint8_t)naive_varint(in);
	task.born = naive_varint(in) != 0;
	task.tid = naive_signed(in);
	task.native_id = naive_varint(in);
	task.created_ns = naive_varint(in);
	task.name = text(in);
	sink->ops->task(sink, &task);
}

static void process(struct naive_bytes *in, struct dwell_sink *sink)
{
	struct dwell_process process = { 0 };

	process.id = (uint32_t)naive_varint(in);
	process.parent = (uint32_t)naive_varint(in);
	process.pid = naive_signed(in);
	process.name = text(in);
	process.command = text(in);
	process.recorded = in->left && naive_varint(in);
	sink->ops->process(sink, &process);
}

static void executor(struct naive_bytes *in, struct dwell_sink *sink)
{
	struct dwell_executor executor = { 0 };

	executor.id = (uint32_t)naive_varint(in);
	executor.parent = (uint32_t)naive_varint(in);
	executor.kind = (uint8_t)naive_varint(in);
	executor.number = (uint32_t)naive_varint(in);
	executor.name = text(in);
	sink->ops->executor(sink, &executor);
}

static void object(struct naive_bytes *in, struct dwell_sink *sink)
{
	struct dwell_object object = { 0 };

	object.id = (uint32_t)naive_varint(in);
	object.process = (uint32_t)naive_varint(in);
	object.creation_stack = (uint32_t)naive_varint(in);
	object.kind = (uint8_t)naive_varint(in);
	object.native_id = naive_varint(in);
	object.name = text(in);
	sink->ops->object(sink, &object);
}

static void mapping(struct naive_bytes *in, struct dwell_sink *sink)
{
	struct dwell_mapping mapping = { 0 };

	mapping.id = (uint32_t)naive_varint(in);
	mapping.process = (uint32_t)naive_varint(in);
	mapping.start = naive_varint(in);
	mapping.end = naive_varint(in);
	mapping.file_offset = naive_varint(in);
	mapping.path = text(in);
	mapping.build_id = text(in);
	sink->ops->mapping(sink, &mapping);
}

static void location(struct naive_bytes *in, struct dwell_sink *sink)
{
	struct dwell_location location = { 0 };
	struct dwell_line lines[64];

	location.id = (uint32_t)naive_varint(in);
	location.mapping = (uint32_t)naive_varint(in);
	location.address = naive_varint(in);
	location.line_count = (size_t)naive_varint(in);
	location.lines = lines;
	for (size_t i = 0; i < location.line_count && i < 64; i++) {
		lines[i].function = text(in);
		lines[i].file = text(in);
		lines[i].line = (uint32_t)naive_varint(in);
	}
	sink->ops->location(sink, &location);
}

static void stack(struct naive_bytes *in, struct dwell_sink *sink)
{
	struct dwell_stack stack = { 0 };
	uint32_t locations[256];
	int64_t at = 0;

	stack.id = (uint32_t)naive_varint(in);
	stack.truncated = naive_varint(in) != 0;
	stack.count = (size_t)naive_varint(in);
	stack.locations = locations;
	for (size_t i = 0; i < stack.count && i < 256; i++) {
		at += naive_signed(in);
		locations[i] = (uint32_t)at;
	}
	sink->ops->stack(sink, &stack);
}

static void label(struct naive_bytes *in, struct dwell_sink *sink)
{
	struct dwell_label label = { 0 };

	label.id = (uint32_t)naive_varint(in);
	label.text = text(in);
	sink->ops->label(sink, &label);
}

static void counter(struct naive_bytes *in, struct dwell_sink *sink)
{
	struct dwell_counter counter = { 0 };

	counter.id = (uint32_t)naive_varint(in);
	counter.kind = (uint8_t)naive_varint(in);
	counter.exponent = (int8_t)naive_signed(in);
	counter.name = text(in);
	counter.unit = text(in);
	sink->ops->counter(sink, &counter);
}

static void clock_pair(struct naive_bytes *in, struct dwell_sink *sink)
{
	struct dwell_clock_pair pair;

	pair.clock = text(in);
	pair.value = naive_varint(in);
	pair.time_ns = naive_varint(in);
	sink->ops->clock(sink, &pair);
}

static void note(struct naive_bytes *in, struct dwell_sink *sink)
{
	struct dwell_note note;

	note.key = text(in);
	note.value = text(in);
	sink->ops->note(sink, &note);
}

static bool tables(struct naive_bytes body, struct dwell_sink *sink)
{
	static void (*const readers[])(struct naive_bytes *, struct dwell_sink *) = { NULL, process,
		task, executor, object, mapping, location, stack, label, counter, clock_pair,
		note };
	uint8_t *memory;
	struct naive_bytes in = blob(body, &memory);

	while (in.left && !in.bad) {
		const uint64_t type = naive_varint(&in);
		struct naive_bytes record = naive_take(&in, naive_varint(&in));

		if (type >= 1 && type <= 11)
			readers[type](&record, sink);
		in.bad |= record.bad;
	}
	free(memory);
	return !in.bad;
}

/* One state of a keyframe. */
static struct dwell_task_state task_state(struct naive_bytes *in, uint32_t id)
{
	struct dwell_task_state s = { .task = id };
	const uint64_t mask = naive_varint(in);
	uint64_t v[25];

	for (unsigned i = 0; i < 25; i++)
		v[i] = mask >> i & 1 ? naive_varint(in) : 0;
	s.since_ns = v[0];
	s.created_ns = v[1];
	s.wake_ns = v[2];
	s.lost_ns = v[3];
	s.wait_since_ns = v[4];
	s.wait_blocked_ns = v[5];
	s.wait_runnable_ns = v[6];
	s.wait_running_ns = v[7];
	s.executor = (uint32_t)v[8];
	s.object = (uint32_t)v[9];
	s.stack = (uint32_t)v[10];
	s.waker = (uint32_t)v[11];
	s.waker_stack = (uint32_t)v[12];
	s.wait_object = (uint32_t)v[13];
	s.wait_stack = (uint32_t)v[14];
	s.wait_holder = (uint32_t)v[15];
	s.wait_waker = (uint32_t)v[16];
	s.wait_waker_stack = (uint32_t)v[17];
	s.state = (uint8_t)v[18];
	s.reason = (uint8_t)v[19];
	s.cause = (uint8_t)v[20];
	s.wait_reason = (uint8_t)v[21];
	s.wait_flags = (uint8_t)v[22];
	s.wait_waker_how = (uint8_t)v[23];
	s.own_word = (uint8_t)v[24];
	return s;
}

static bool keyframe(
	struct naive_bytes body, uint32_t count, uint64_t time, struct dwell_sink *sink)
{
	struct dwell_task_state *states = calloc(count + (size_t)1, sizeof(*states));
	uint8_t *memory;
	struct naive_bytes in = blob(body, &memory);
	uint32_t id = 0;

	if (!states)
		abort();
	for (uint32_t i = 0; i < count && !in.bad; i++) {
		id += (uint32_t)naive_varint(&in);
		states[i] = task_state(&in, id);
	}
	if (!in.bad && !in.left)
		sink->ops->keyframe(sink, time, states, count);
	free(states);
	free(memory);
	return !in.bad && !in.left;
}

static bool chunk(const uint8_t *head, struct naive_bytes body, struct dwell_sink *sink)
{
	struct dwell_trace_end end;

	switch (head[18]) {
	case 1:
		info(body, sink);
		return true;
	case 2:
		return head[19] & 2 || tables(body, sink);
	case 3:
		return keyframe(body, (uint32_t)little(head + 32, 4), little(head + 48, 8), sink);
	case 4:
		return naive_rows(body, (uint32_t)little(head + 32, 4), little(head + 48, 8),
			little(head + 56, 8), sink);
	case 7:
		end.end_ns = little(body.at + 8, 8);
		end.closed = little(body.at + 16, 8) & 1;
		sink->ops->end(sink, &end);
		return true;
	default:
		return !(head[19] & 1);
	}
}

int naive_file_read(const uint8_t *at, size_t size, struct dwell_sink *sink)
{
	uint8_t sync[16];

	if (size < 64 || memcmp(at,
				 "\x89"
				 "DWELL\n\x1a",
				 8) != 0)
		return -1;

	size_t offset = (size_t)little(at + 8, 2);

	if (offset < 64 || offset > size || little(at + 10, 2) != 1 ||
		XXH3_64bits(at, offset - 8) != little(at + offset - 8, 8))
		return -1;
	memcpy(sync, at + 32, sizeof(sync));
	while (offset < size) {
		const uint8_t *head = at + offset;

		if (size - offset < 80 || memcmp(head, sync, sizeof(sync)) != 0)
			return -1;

		const size_t head_size = (size_t)little(head + 16, 2);
		const size_t body_size = (size_t)little(head + 28, 4);

		if (head_size < 80 || head_size + body_size > size - offset ||
			XXH3_64bits(head, head_size - 8) != little(head + head_size - 8, 8) ||
			XXH3_64bits(head + head_size, body_size) != little(head + 64, 8))
			return -1;
		if (!chunk(head, (struct naive_bytes){ head + head_size, body_size, false }, sink))
			return -1;
		offset += (head_size + body_size + 7) / 8 * 8;
	}
	return 0;
}
