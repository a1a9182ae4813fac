#include "dwell/limits.h"
#include "dwell/pyramid.h"
#include "dwell/reader.h"
#include "dwell/states.h"
#include "dwell/verify.h"
#include "src/wire.h"

#include <stdlib.h>
#include <string.h>

/*
 * A file of any bytes: opened, driven in parts and in a window, verified, its pyramid asked. What
 * the reader tells must keep the laws that its users rely on. Where the last byte of the input
 * is odd, checksums are made right first, so that what they guard is reached.
 */
struct guard {
	struct dwell_sink sink;
	uint64_t last_ns;
};

static int guard_events(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	struct guard *guard = (struct guard *)sink;

	for (size_t i = 0; i < count; i++) {
		const struct dwell_event *row = &rows[i];

		if (row->time_ns < guard->last_ns || row->kind == 0 ||
			row->kind >= DWELL_EVENT_KIND_COUNT || row->task > DWELL_MAX_TASKS ||
			row->peer > DWELL_MAX_TASKS || row->executor > DWELL_MAX_EXECUTORS ||
			row->object > DWELL_MAX_OBJECTS || row->stack > DWELL_MAX_STACKS)
			abort();
		guard->last_ns = row->time_ns;
	}
	return DWELL_OK;
}

static int guard_keyframe(struct dwell_sink *sink, uint64_t time_ns,
	const struct dwell_task_state *states, size_t count)
{
	uint32_t before = 0;

	(void)sink;
	(void)time_ns;
	for (size_t i = 0; i < count; i++) {
		if (states[i].task <= before || states[i].task > DWELL_MAX_TASKS)
			abort();
		before = states[i].task;
	}
	return DWELL_OK;
}

static void drive(struct dwell_reader *reader, const struct dwell_source_options *options)
{
	static const struct dwell_sink_ops ops = { .events = guard_events,
		.keyframe = guard_keyframe };
	struct guard guard = { .sink = { &ops } };

	dwell_source_drive(dwell_reader_source(reader), options, &guard.sink);
}

static void ask_pyramid(struct dwell_reader *reader)
{
	struct dwell_pyramid *pyramid;
	struct dwell_cell cells[16];

	if (dwell_pyramid_open(&pyramid, reader, NULL))
		return;
	for (uint32_t task = 1; task < 4; task++)
		dwell_pyramid_query(pyramid, task, 0, 1 << 24, cells, 16);
	dwell_pyramid_free(pyramid);
}

/* Right checksums for all chunks that can be found by their headers. */
static void mend(uint8_t *at, size_t size)
{
	if (size < WIRE_PROLOGUE_SIZE)
		return;
	dwell_put_u64(at + 56, dwell_checksum(at, 56));
	for (size_t offset = WIRE_PROLOGUE_SIZE; size - offset >= WIRE_HEADER_SIZE;) {
		uint8_t *head = at + offset;
		const size_t body = dwell_get_u32(head + 28);

		if (body > size - offset - WIRE_HEADER_SIZE)
			return;
		memcpy(head, at + 32, WIRE_SYNC_SIZE);
		dwell_put_u64(head + 64, dwell_checksum(head + WIRE_HEADER_SIZE, body));
		dwell_put_u64(head + 72, dwell_checksum(head, 72));
		offset += (WIRE_HEADER_SIZE + body + WIRE_ALIGN - 1) / WIRE_ALIGN * WIRE_ALIGN;
		if (offset > size)
			return;
	}
}

static void read_file(const uint8_t *at, size_t size)
{
	static const struct dwell_source_options window = {
		.from_ns = 1000, .to_ns = 100000, .columns = DWELL_COLUMN_TASK
	};
	struct dwell_bytes *bytes;
	struct dwell_reader *reader;

	if (dwell_bytes_open_memory(&bytes, at, size))
		return;
	dwell_verify(bytes, NULL, NULL);
	if (dwell_reader_open(&reader, bytes, NULL))
		return;
	drive(reader, &(struct dwell_source_options){ 0 });
	drive(reader, &window);
	ask_pyramid(reader);
	dwell_reader_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);

	if (!copy)
		return 0;
	if (size)
		memcpy(copy, data, size);
	if (size && data[size - 1] & 1)
		mend(copy, size);
	read_file(copy, size);
	free(copy);
	return 0;
}
