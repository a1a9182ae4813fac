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
	free(scratch->deltas);
	*scratch = (struct columns_scratch){ 0 };
}

/* Of a column that is stored from `before` on. */
static void put_entry(
	struct writer *w, unsigned field, unsigned part, int codec, size_t before, size_t size)
{
	struct dwell_buffer *table = &w->scratch->table;

	dwell_buffer_byte(table, field);
	dwell_buffer_byte(table, part);
	dwell_buffer_byte(table, (unsigned)codec);
	dwell_buffer_byte(table, 0);
	dwell_buffer_u32(table, (uint32_t)(w->scratch->stored.size - before));
	dwell_buffer_u32(table, (uint32_t)size);
	w->count++;
}

static void put_raw(struct writer *w, unsigned field, const void *at, size_t size)
{
	const size_t before = w->scratch->stored.size;

	if (w->err || !size)
		return;
	dwell_buffer_put(&w->scratch->stored, at, size);
	put_entry(w, field, 0, WIRE_RAW, before, size);
}

static void put_column(struct writer *w, unsigned field, unsigned part, const void *at, size_t size)
{
	uint8_t *like = &w->scratch->like[field][part];
	const size_t before = w->scratch->stored.size;
	int done = DWELL_OK;

	if (w->err || !size)
		return;
	if (w->scratch->written % COLUMNS_TRY_CHUNKS == 0) {
		done = dwell_squeeze_like(w->squeeze, at, size);
		*like = done < 0 ? *like : (uint8_t)done;
	}
	if (done >= 0)
		done = dwell_squeeze_put(
			w->squeeze, &w->scratch->stored, at, size, (enum squeeze_like) * like);
	if (done < 0)
		w->err = done;
	else
		put_entry(w, field, part, done, before, size);
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
		put_column(w, field, plane, at, count);
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
	put_column(w, WIRE_HEAD, 0, head->at, head->size);
}

static void put_times(struct writer *w, const struct columns_times *times)
{
	const uint8_t *at = w->scratch->codes;

	for (unsigned i = 0; i < WIRE_TIME_STREAMS; i++) {
		put_column(w, times->field, i, at, times->sizes[i]);
		at += times->sizes[i];
	}
	put_raw(w, WIRE_TIME_BITS, w->scratch->bits, times->bits_size);
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
	if (!scratch->written) {
		memset(scratch->like[WIRE_TIME], SQUEEZE_NOISE, sizeof(scratch->like[0]));
		memset(scratch->like[WIRE_TIME_ON], SQUEEZE_NOISE, sizeof(scratch->like[0]));
	}
	if (!scratch->codes)
		scratch->codes = malloc(max_rows);
	if (!scratch->bits)
		scratch->bits = malloc((size_t)max_rows * 8 + 16);
	if (!scratch->deltas)
		scratch->deltas = malloc(max_rows * sizeof(*scratch->deltas));
	return scratch->codes && scratch->bits && scratch->deltas ? DWELL_OK : DWELL_ENOMEM;
}

int dwell_columns_write(const struct columns *columns, struct columns_scratch *scratch,
	struct dwell_squeeze *squeeze, struct dwell_buffer *out)
{
	struct writer w = { .columns = columns, .scratch = scratch, .squeeze = squeeze };
	struct columns_times times;

	if (reserve(scratch, columns->max_rows))
		return DWELL_ENOMEM;
	scratch->table.size = 0;
	scratch->stored.size = 0;
	dwell_columns_times(columns, scratch, squeeze, &times);
	put_head(&w, &times.code);
	put_column(&w, WIRE_SHAPE, 0, columns->shape, columns->count);
	put_times(&w, &times);
	put_fields(&w);
	scratch->written++;
	dwell_buffer_u32(out, w.count);
	dwell_buffer_put(out, scratch->table.at, scratch->table.size);
	dwell_buffer_put(out, scratch->stored.at, scratch->stored.size);
	if (out->failed || scratch->table.failed || scratch->stored.failed)
		return DWELL_ENOMEM;
	return w.err;
}
