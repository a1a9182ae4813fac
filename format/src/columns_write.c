#include "src/columns_write.h"

#include "dwell/error.h"
#include "src/timecode.h"

#include <stdlib.h>
#include <string.h>

struct writer {
	const struct columns *columns;
	struct columns_scratch *scratch;
	struct dwell_squeeze *squeeze;
	unsigned count; /* of columns */
	int err;
};

void dwell_columns_scratch_release(struct columns_scratch *scratch)
{
	dwell_buffer_release(&scratch->head);
	dwell_buffer_release(&scratch->planes);
	dwell_buffer_release(&scratch->table);
	dwell_buffer_release(&scratch->stored);
	free(scratch->codes);
	free(scratch->bits);
	*scratch = (struct columns_scratch){ 0 };
}

/* Every so many chunks it is tried again what streams of times are like. */
enum { TRY_CHUNKS = 16, LIKE_RAW = -1 };

static void put_column(
	struct writer *w, unsigned field, unsigned part, const void *at, size_t size, int like)
{
	struct dwell_buffer *stored = &w->scratch->stored, *table = &w->scratch->table;
	const size_t before = stored->size;
	int codec = WIRE_RAW;

	if (w->err || !size)
		return;
	if (like == LIKE_RAW)
		dwell_buffer_put(stored, at, size);
	else
		codec = dwell_squeeze_put(w->squeeze, stored, at, size, (enum squeeze_like)like);
	if (codec < 0) {
		w->err = codec;
		return;
	}
	dwell_buffer_byte(table, field);
	dwell_buffer_byte(table, part);
	dwell_buffer_byte(table, (unsigned)codec);
	dwell_buffer_byte(table, 0);
	dwell_buffer_u32(table, (uint32_t)(stored->size - before));
	dwell_buffer_u32(table, (uint32_t)size);
	w->count++;
}

static void put_stream(struct writer *w, unsigned stream, const void *at, size_t size)
{
	uint8_t *like = &w->scratch->like[stream];

	if (size && w->scratch->written % TRY_CHUNKS == 0) {
		const int found = dwell_squeeze_like(w->squeeze, at, size);

		if (found < 0)
			w->err = found;
		else
			*like = (uint8_t)found;
	}
	put_column(w, WIRE_TIME, stream, at, size, *like);
}

/* The places of numbers that are not all zero, each a column. */
static void put_planes(struct writer *w, unsigned field, const uint64_t *wide,
	const uint32_t *narrow, size_t count)
{
	uint64_t all = 0;

	for (size_t i = 0; i < count; i++)
		all |= wide ? wide[i] : narrow[i];
	for (unsigned plane = 0; count && (plane == 0 || (plane < 8 && all >> (8 * plane)));
		plane++) {
		w->scratch->planes.size = 0;

		uint8_t *at = dwell_buffer_room(&w->scratch->planes, count);

		if (!at) {
			w->err = DWELL_ENOMEM;
			return;
		}
		if (wide)
			for (size_t i = 0; i < count; i++)
				at[i] = (uint8_t)(wide[i] >> (8 * plane));
		else
			for (size_t i = 0; i < count; i++)
				at[i] = (uint8_t)(narrow[i] >> (8 * plane));
		put_column(w, field, plane, at, count, SQUEEZE_TEXT);
	}
}

static void put_ids(struct dwell_buffer *out, const uint32_t *ids, uint32_t count)
{
	dwell_buffer_varint(out, count - 1);
	for (uint32_t i = 1; i < count; i++)
		dwell_buffer_signed(out, (int64_t)ids[i] - ids[i - 1]);
}

/* Occupants at the chunk's start are lost by now on the executors themselves: they are
 * those that the chunk before left, still in the array across chunks. */
static void put_dictionaries(struct dwell_buffer *out, const struct columns *c)
{
	put_ids(out, c->tasks.ids, c->tasks.count);
	put_ids(out, c->executors.ids, c->executors.count);
	for (uint32_t i = 1; i < c->executors.count; i++) {
		const uint32_t occupant = c->occupants[c->executors.ids[i]];

		dwell_buffer_varint(out, dwell_dict_find(&c->tasks, occupant));
	}
	dwell_buffer_varint(out, c->object_count - 1);
	for (uint32_t i = 1; i < c->object_count; i++)
		dwell_buffer_signed(
			out, (int64_t)(c->object_ids[i] - (i > 1 ? c->object_ids[i - 1] : 0)));
	put_ids(out, c->stacks.ids, c->stacks.count);
}

static void put_shapes(struct dwell_buffer *out, const struct shapes *shapes)
{
	dwell_buffer_varint(out, shapes->count);
	for (unsigned i = 0; i < shapes->count; i++) {
		const struct rows_shape *shape = &shapes->list[i];

		dwell_buffer_byte(out, shape->kind);
		dwell_buffer_byte(out, shape->state);
		dwell_buffer_byte(out, shape->reason);
		dwell_buffer_byte(out, shape->flags);
		for (unsigned field = 0; field < WIRE_FIELDS; field++)
			dwell_buffer_byte(out, shape->mode[field]);
		dwell_buffer_byte(out, shape->stream);
		dwell_buffer_varint(out, shape->executor);
	}
}

/* How many rows of each kind, so that a scan need not look at rows. */
static void put_kinds(struct dwell_buffer *out, const struct columns *c)
{
	uint64_t by_kind[DWELL_EVENT_KIND_COUNT];
	unsigned kinds = 0;

	dwell_columns_kinds(c, by_kind);
	for (unsigned i = 0; i < DWELL_EVENT_KIND_COUNT; i++)
		kinds += by_kind[i] > 0;
	dwell_buffer_varint(out, c->lost);
	dwell_buffer_varint(out, kinds);
	for (unsigned i = 0; i < DWELL_EVENT_KIND_COUNT; i++) {
		if (!by_kind[i])
			continue;
		dwell_buffer_byte(out, i);
		dwell_buffer_varint(out, by_kind[i]);
	}
}

static void put_head(struct writer *w, const struct timecode *code)
{
	struct dwell_buffer *head = &w->scratch->head;

	head->size = 0;
	dwell_buffer_varint(head, w->columns->unit);
	put_kinds(head, w->columns);
	put_dictionaries(head, w->columns);
	dwell_timecode_write(head, code);
	put_shapes(head, &w->columns->shapes);
	if (head->failed)
		w->err = DWELL_ENOMEM;
	put_column(w, WIRE_HEAD, 0, head->at, head->size, SQUEEZE_TEXT);
}

static void choose_code(const struct columns *c, struct timecode *code)
{
	size_t counts[TIMECODE_WIDTHS] = { 0 };

	for (uint32_t i = 0; i < c->count; i++)
		counts[timecode_width(c->delta[i])]++;
	dwell_timecode_choose(code, counts);
}

/* Bits, lowest first. */
struct bits {
	uint8_t *at;
	uint64_t pending;
	unsigned count; /* of pending, below 8 between calls */
};

static void put_bits(struct bits *bits, uint64_t value, unsigned count)
{
	if (count > 56) {
		put_bits(bits, value & 0xffffffff, 32);
		value >>= 32;
		count -= 32;
	}
	bits->pending |= value << bits->count;
	bits->count += count;
	dwell_put_u64(bits->at, bits->pending);
	bits->at += bits->count / 8;
	bits->pending = bits->count / 8 == 8 ? 0 : bits->pending >> (bits->count & ~7u);
	bits->count &= 7;
}

/* Codes of each stream into a stretch of its own, the rest into bits. */
static size_t split_times(
	const struct writer *w, const struct timecode *code, uint8_t *streams[WIRE_TIME_STREAMS])
{
	const struct columns *c = w->columns;
	unsigned bases[TIMECODE_WIDTHS];
	struct bits bits = { .at = w->scratch->bits };

	dwell_timecode_bases(code, bases);
	for (uint32_t i = 0; i < c->count; i++) {
		const uint64_t delta = c->delta[i];
		const unsigned width = timecode_width(delta), leading = code->leading[width];
		const unsigned rest = width ? width - 1 - leading : 0;
		const uint64_t top = delta >> rest & ((1u << leading) - 1);
		const unsigned stream = c->shapes.list[c->shape[i]].stream;

		*streams[stream]++ = (uint8_t)(bases[width] + top);
		put_bits(&bits, delta & ((UINT64_C(1) << rest) - 1), rest);
	}
	return (size_t)(bits.at - w->scratch->bits) + (bits.count ? 1 : 0);
}

static void put_times(struct writer *w, const struct timecode *code)
{
	const struct columns *c = w->columns;
	uint32_t sizes[WIRE_TIME_STREAMS] = { 0 };
	uint8_t *at = w->scratch->codes, *streams[WIRE_TIME_STREAMS];

	for (uint32_t i = 0; i < c->count; i++)
		sizes[c->shapes.list[c->shape[i]].stream]++;
	for (unsigned i = 0; i < WIRE_TIME_STREAMS; i++) {
		streams[i] = at;
		at += sizes[i];
	}

	const size_t bits = split_times(w, code, streams);

	for (unsigned i = 0; i < WIRE_TIME_STREAMS; i++)
		put_stream(w, i, streams[i] - sizes[i], sizes[i]);
	put_column(w, WIRE_TIME_BITS, 0, w->scratch->bits, bits, LIKE_RAW);
}

static void put_fields(struct writer *w)
{
	const struct columns *c = w->columns;

	for (unsigned i = 0; i < COLUMNS_EXPLICIT; i++)
		put_planes(w, WIRE_F_TASK + i, NULL, c->number[i], c->entries[i]);
	put_planes(w, WIRE_F_VALUE, c->value, NULL, c->entries[ROWS_VALUE]);
	put_planes(w, WIRE_F_EXTRA, c->extra, NULL, c->entries[ROWS_EXTRA]);
}

static int reserve(struct columns_scratch *scratch, uint32_t max_rows)
{
	if (!scratch->codes)
		scratch->codes = malloc(max_rows);
	if (!scratch->bits)
		scratch->bits = malloc((size_t)max_rows * 8 + 16);
	return scratch->codes && scratch->bits ? DWELL_OK : DWELL_ENOMEM;
}

int dwell_columns_write(const struct columns *columns, struct columns_scratch *scratch,
	struct dwell_squeeze *squeeze, struct dwell_buffer *out)
{
	struct writer w = { .columns = columns, .scratch = scratch, .squeeze = squeeze };
	struct timecode code;

	if (reserve(scratch, columns->max_rows))
		return DWELL_ENOMEM;
	scratch->table.size = 0;
	scratch->stored.size = 0;
	choose_code(columns, &code);
	put_head(&w, &code);
	put_column(&w, WIRE_SHAPE, 0, columns->shape, columns->count, SQUEEZE_TEXT);
	put_times(&w, &code);
	put_fields(&w);
	scratch->written++;
	dwell_buffer_u32(out, w.count);
	dwell_buffer_put(out, scratch->table.at, scratch->table.size);
	dwell_buffer_put(out, scratch->stored.at, scratch->stored.size);
	if (out->failed || scratch->table.failed || scratch->stored.failed)
		return DWELL_ENOMEM;
	return w.err;
}
