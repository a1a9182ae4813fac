/*
 * Writes trace files that the encoder would not: a valid one that is not compressed, and one file
 * for each defect (docs/format.md names the fields). Usage: mktrace FOLDER
 *
 * A small trace of the tests' generator is taken apart with everything decompressed, changed in one
 * place, and put together again with right checksums, without the index, whose offsets no longer
 * fit, and without the end: as a file that was not closed.
 */
#include "src/squeeze.h"
#include "src/wire.h"
#include "tests/gen.h"
#include "tests/trip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CHUNKS = 64 };

struct chunk {
	uint8_t head[WIRE_HEADER_SIZE];
	uint8_t *body;
	size_t size;
};

struct trace {
	uint8_t prologue[WIRE_PROLOGUE_SIZE];
	struct chunk chunks[MAX_CHUNKS];
	size_t count;
};

/* Where a change is made. */
enum place { PROLOGUE, HEADER, BODY, RAW, COLUMN };

enum { FLIP = 0x100 }; /* a value: the byte, changed */

struct defect {
	const char *name;
	enum place place;
	uint8_t kind;        /* of the chunk, its first one */
	uint8_t field, part; /* COLUMN */
	int offset;          /* from the end where negative */
	uint8_t width;       /* of the value, in bytes */
	uint64_t value;
	bool leave; /* the checksum as it was */
};

#define IN_PROLOGUE(n, o, w, v)                                                                    \
	{                                                                                          \
		.name = n, .place = PROLOGUE, .offset = o, .width = w, .value = v                  \
	}
#define IN_HEADER(n, k, o, w, v)                                                                   \
	{                                                                                          \
		.name = n, .place = HEADER, .kind = k, .offset = o, .width = w, .value = v         \
	}
#define IN_BODY(n, k, o, w, v)                                                                     \
	{                                                                                          \
		.name = n, .place = BODY, .kind = k, .offset = o, .width = w, .value = v           \
	}
#define IN_RAW(n, k, o, w, v)                                                                      \
	{                                                                                          \
		.name = n, .place = RAW, .kind = k, .offset = o, .width = w, .value = v            \
	}
#define IN_COLUMN(n, f, o, v)                                                                      \
	{                                                                                          \
		.name = n, .place = COLUMN, .kind = WIRE_EVENTS, .field = f, .offset = o,          \
		.width = 1, .value = v                                                             \
	}

static const struct defect defects[] = {
	IN_PROLOGUE("prologue-magic", 1, 1, 'x'),
	IN_PROLOGUE("prologue-size", 8, 2, 60),
	IN_PROLOGUE("prologue-major", 10, 2, 2),
	IN_PROLOGUE("prologue-feature", 16, 8, 3),
	{ .name = "prologue-checksum",
		.place = PROLOGUE,
		.offset = 56,
		.width = 1,
		.value = FLIP,
		.leave = true },
	IN_HEADER("header-sync", WIRE_EVENTS, 3, 1, FLIP),
	IN_HEADER("header-size", WIRE_EVENTS, 16, 2, 72),
	IN_HEADER("header-kind", WIRE_EVENTS, 18, 1, 99),
	IN_HEADER("header-serial", WIRE_EVENTS, 24, 4, 77),
	IN_HEADER("header-body-size", WIRE_EVENTS, 28, 4, 0x7fffffff),
	IN_HEADER("header-count", WIRE_EVENTS, 32, 4, 0xffffffff),
	IN_HEADER("header-row", WIRE_EVENTS, 40, 8, 12),
	IN_HEADER("header-times", WIRE_EVENTS, 56, 8, 0),
	{ .name = "header-checksum",
		.place = HEADER,
		.kind = WIRE_EVENTS,
		.offset = 72,
		.width = 1,
		.value = FLIP,
		.leave = true },
	IN_HEADER("body-checksum", WIRE_EVENTS, 64, 1, FLIP),
	IN_HEADER("keyframe-count", WIRE_KEYFRAME, 32, 4, 0xffffff),
	IN_HEADER("end-rows", WIRE_END, 40, 8, 5000),
	IN_BODY("info-source", WIRE_INFO, 0, 1, 0x7f),
	IN_BODY("blob-codec", WIRE_TABLES, 0, 1, 9),
	IN_BODY("blob-zeros", WIRE_TABLES, 2, 1, 1),
	IN_BODY("blob-size", WIRE_TABLES, 4, 4, 0xfffffff0),
	IN_RAW("record-length", WIRE_TABLES, 1, 1, 0),
	IN_RAW("record-id-zero", WIRE_TABLES, 2, 1, 0),
	IN_RAW("record-recorded", WIRE_TABLES, 16, 1, 2), /* of the first process */
	IN_BODY("columns-count", WIRE_EVENTS, 0, 4, 0xffffffff),
	IN_BODY("column-field", WIRE_EVENTS, 4 + 12, 1, 100),
	IN_BODY("column-twice", WIRE_EVENTS, 4 + 12, 1, 0),
	IN_BODY("column-codec", WIRE_EVENTS, 4 + 12 + 2, 1, 3),
	IN_BODY("column-zero", WIRE_EVENTS, 4 + 12 + 3, 1, 3),
	IN_BODY("column-stored", WIRE_EVENTS, 4 + 12 + 4, 4, 0xffffffff),
	IN_BODY("column-stream", WIRE_EVENTS, 4 + 24 + 1, 1, 9),
	IN_BODY("column-times", WIRE_EVENTS, 4 + 24, 1, WIRE_TIME_ON),
	IN_BODY("column-size", WIRE_EVENTS, 4 + 12 + 8, 4, 0xffffff),
	IN_COLUMN("head-unit", WIRE_HEAD, 0, 0),
	IN_COLUMN("head-kinds", WIRE_HEAD, 2, 0x7f),
	IN_COLUMN("head-end", WIRE_HEAD, -1, 0x80),
	IN_COLUMN("shape-kind", WIRE_HEAD, -13, 0),
	IN_COLUMN("shape-state", WIRE_HEAD, -12, 9),
	IN_COLUMN("shape-mode", WIRE_HEAD, -9, 7),
	IN_COLUMN("shape-stream", WIRE_HEAD, -2, 16),
	IN_COLUMN("shapes-column", WIRE_SHAPE, 5, 255),
	IN_COLUMN("shape-object", WIRE_HEAD, -6, 1),
	IN_COLUMN("time-code", WIRE_TIME, 1, 255),
	IN_COLUMN("explicit-task", WIRE_F_TASK, 0, 255),
	IN_COLUMN("explicit-peer", WIRE_F_PEER, 0, 255),
	IN_RAW("pyramid-task", WIRE_PYRAMID, 0, 1, 0x7f),
	IN_BODY("end-index", WIRE_END, 0, 8, 64),
};

static void fail(const char *what)
{
	fprintf(stderr, "mktrace: %s\n", what);
	exit(1);
}

static void unpack(unsigned codec, const uint8_t *at, size_t size, uint8_t *out, size_t raw_size)
{
	struct dwell_unsqueeze *unsqueeze;

	if (dwell_unsqueeze_new(&unsqueeze) ||
		dwell_unsqueeze_get(
			unsqueeze, codec, (struct dwell_cursor){ at, size }, out, raw_size))
		fail("cannot unpack");
	dwell_unsqueeze_free(unsqueeze);
}

static void unpack_blob(struct chunk *chunk, const uint8_t *at, size_t size)
{
	const size_t raw_size = dwell_get_u32(at + 4);

	chunk->size = 8 + raw_size;
	memset(chunk->body, 0, 8);
	dwell_put_u32(chunk->body + 4, (uint32_t)raw_size);
	unpack(at[0], at + 8, size - 8, chunk->body + 8, raw_size);
}

static void unpack_columns(struct chunk *chunk, const uint8_t *at)
{
	const uint32_t count = dwell_get_u32(at);
	const size_t table = 4 + (size_t)count * WIRE_COLUMN_SIZE;
	const uint8_t *stored = at + table;
	uint8_t *out = chunk->body + table;

	memcpy(chunk->body, at, table);
	for (uint32_t i = 0; i < count; i++) {
		uint8_t *entry = chunk->body + 4 + (size_t)i * WIRE_COLUMN_SIZE;
		const uint32_t size = dwell_get_u32(entry + 4), raw_size = dwell_get_u32(entry + 8);

		unpack(entry[2], stored, size, out, raw_size);
		entry[2] = WIRE_RAW;
		dwell_put_u32(entry + 4, raw_size);
		stored += size;
		out += raw_size;
	}
	chunk->size = (size_t)(out - chunk->body);
}

static void take_apart(struct trace *trace, const uint8_t *at, size_t size)
{
	size_t offset = WIRE_PROLOGUE_SIZE;

	*trace = (struct trace){ 0 };
	memcpy(trace->prologue, at, WIRE_PROLOGUE_SIZE);
	while (offset < size && trace->count < MAX_CHUNKS) {
		struct chunk *chunk = &trace->chunks[trace->count++];
		const size_t body = dwell_get_u32(at + offset + 28);
		const uint8_t *from = at + offset + WIRE_HEADER_SIZE;

		memcpy(chunk->head, at + offset, WIRE_HEADER_SIZE);
		chunk->body = calloc(1, body * 64 + (1 << 20));
		if (!chunk->body)
			fail("out of memory");
		if (chunk->head[18] == WIRE_EVENTS) {
			unpack_columns(chunk, from);
		} else if (chunk->head[18] == WIRE_INFO || chunk->head[18] == WIRE_END) {
			memcpy(chunk->body, from, body);
			chunk->size = body;
		} else {
			unpack_blob(chunk, from, body);
		}
		offset += (WIRE_HEADER_SIZE + body + WIRE_ALIGN - 1) / WIRE_ALIGN * WIRE_ALIGN;
	}
}

/* Right sizes and checksums. */
static void mend(struct chunk *chunk)
{
	dwell_put_u32(chunk->head + 28, (uint32_t)chunk->size);
	dwell_put_u64(chunk->head + 64, dwell_checksum(chunk->body, chunk->size));
	dwell_put_u64(chunk->head + 72, dwell_checksum(chunk->head, 72));
}

static void put(uint8_t *at, const struct defect *defect)
{
	for (unsigned i = 0; i < defect->width; i++)
		at[i] = defect->value == FLIP ? (uint8_t)(at[i] ^ 0x55)
					      : (uint8_t)(defect->value >> (8 * i));
}

static uint8_t *column_of(const struct chunk *chunk, const struct defect *defect, size_t *size)
{
	const uint32_t count = dwell_get_u32(chunk->body);
	uint8_t *at = chunk->body + 4 + (size_t)count * WIRE_COLUMN_SIZE;

	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *entry = chunk->body + 4 + (size_t)i * WIRE_COLUMN_SIZE;

		*size = dwell_get_u32(entry + 8);
		if (entry[0] == defect->field && entry[1] == defect->part)
			return at;
		at += *size;
	}
	return NULL;
}

static uint8_t *place_of(struct chunk *chunk, const struct defect *defect)
{
	uint8_t *at = chunk->body;
	size_t size = chunk->size;

	if (defect->place == HEADER)
		return chunk->head + defect->offset;
	if (defect->place == RAW) {
		at += 8;
		size -= 8;
	}
	if (defect->place == COLUMN)
		at = column_of(chunk, defect, &size);
	if (!at)
		fail("no such column");
	return defect->offset < 0 ? at + size + defect->offset : at + defect->offset;
}

static void apply(struct trace *trace, const struct defect *defect)
{
	if (defect->place == PROLOGUE) {
		put(trace->prologue + defect->offset, defect);
		if (!defect->leave)
			dwell_put_u64(trace->prologue + 56, dwell_checksum(trace->prologue, 56));
		return;
	}
	for (size_t i = 0; i < trace->count; i++) {
		struct chunk *chunk = &trace->chunks[i];

		if (chunk->head[18] != defect->kind)
			continue;
		put(place_of(chunk, defect), defect);
		if (defect->place != HEADER)
			mend(chunk);
		else if (!defect->leave)
			dwell_put_u64(chunk->head + 72, dwell_checksum(chunk->head, 72));
		return;
	}
	fail("no such chunk");
}

static void write_trace(const struct trace *trace, const char *folder, const char *name)
{
	char path[1024];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.dwell", folder, name);
	file = fopen(path, "wb");
	if (!file || fwrite(trace->prologue, 1, WIRE_PROLOGUE_SIZE, file) != WIRE_PROLOGUE_SIZE)
		fail(path);
	for (size_t i = 0; i < trace->count; i++) {
		const struct chunk *chunk = &trace->chunks[i];
		const size_t padded = (chunk->size + WIRE_ALIGN - 1) / WIRE_ALIGN * WIRE_ALIGN;

		if (fwrite(chunk->head, 1, WIRE_HEADER_SIZE, file) != WIRE_HEADER_SIZE ||
			fwrite(chunk->body, 1, padded, file) != padded)
			fail(path);
	}
	if (fclose(file))
		fail(path);
}

static void make_base(struct memory_output *out)
{
	struct gen_options gen = gen_any(7);
	struct dwell_encoder *encoder;

	gen.tasks = 6;
	gen.rows = 120;
	gen.executors = 2;
	gen.levels = DWELL_LEVEL_SCHEDULER;
	gen.extras = true;
	gen.losses = 0;
	memory_output_init(out);
	if (dwell_encoder_new(&encoder, &out->output, NULL) ||
		gen_drive(&gen, dwell_encoder_sink(encoder)))
		fail("cannot encode");
	dwell_encoder_free(encoder);
}

/* Leave the index out, and the end unless it is what is to be changed. */
static void leave_out(struct trace *trace, bool end)
{
	size_t count = 0;

	for (size_t i = 0; i < trace->count; i++) {
		struct chunk *chunk = &trace->chunks[i];
		const bool keep =
			chunk->head[18] < WIRE_INDEX || (chunk->head[18] == WIRE_END && end);

		dwell_put_u32(chunk->head + 24, (uint32_t)count);
		if (keep)
			trace->chunks[count++] = *chunk;
		else
			free(chunk->body);
	}
	trace->count = count;
}

static void make(const struct memory_output *base, const struct defect *defect, const char *folder)
{
	static struct trace trace;

	take_apart(&trace, base->at, base->size);
	leave_out(&trace, defect && defect->kind == WIRE_END);
	for (size_t i = 0; i < trace.count; i++)
		mend(&trace.chunks[i]);
	if (defect)
		apply(&trace, defect);
	write_trace(&trace, folder, defect ? defect->name : "uncompressed");
	for (size_t i = 0; i < trace.count; i++)
		free(trace.chunks[i].body);
}

int main(int argc, char **argv)
{
	struct memory_output base;

	if (argc != 2)
		fail("usage: mktrace FOLDER");
	make_base(&base);
	make(&base, NULL, argv[1]);
	for (size_t i = 0; i < sizeof(defects) / sizeof(defects[0]); i++)
		make(&base, &defects[i], argv[1]);
	memory_output_release(&base);
	return 0;
}
