#include "src/decode.h"

#include "dwell/error.h"
#include "dwell/limits.h"
#include "dwell/sink.h"

#include <stdlib.h>
#include <string.h>

enum {
	PADDING = 16, /* behind every column, so that words may be read whole */
	MAX_COLUMNS = 256,
	HEAD_ROW_BYTES = 24, /* the most that dictionaries can need for a row */
	HEAD_BYTES = 1 << 20
};

int dwell_decoder_init(struct decoder *d)
{
	*d = (struct decoder){ 0 };
	return dwell_unsqueeze_new(&d->unsqueeze);
}

void dwell_decoder_release(struct decoder *d)
{
	dwell_unsqueeze_free(d->unsqueeze);
	free(d->arena);
	free(d->head);
	d->unsqueeze = NULL;
	d->arena = d->head = NULL;
}

void *dwell_decoder_take(struct decoder *d, size_t size)
{
	const size_t whole = (size + 15) & ~(size_t)15;

	if (whole > d->arena_cap - d->arena_used)
		return NULL;

	uint8_t *at = d->arena + d->arena_used;

	d->arena_used += whole;
	return at;
}

/* Memory of at least that size; what it held is gone. */
static int reserve(uint8_t **at, size_t *cap, size_t size)
{
	if (size <= *cap)
		return DWELL_OK;
	free(*at);
	*cap = 0;
	*at = malloc(size);
	if (!*at)
		return DWELL_ENOMEM;
	*cap = size;
	return DWELL_OK;
}

static int read_column(struct decoder *d, const uint8_t *entry, struct dwell_cursor *stored)
{
	const unsigned field = entry[0], part = entry[1];
	struct dwell_cursor at;

	if (dwell_cursor_take(stored, dwell_get_u32(entry + 4), &at))
		return DWELL_ETRUNCATED;
	if (field & 0x80)
		return DWELL_OK; /* from a later version, for those who know it */
	if (field >= WIRE_FIELD_COUNT || part >= DECODE_PARTS)
		return DWELL_EVERSION;

	struct decode_column *column = &d->columns[field][part];

	if (column->stored.at || entry[3])
		return DWELL_EFORMAT;
	column->stored = at;
	column->codec = entry[2];
	column->raw_size = dwell_get_u32(entry + 8);
	return DWELL_OK;
}

static int read_table(struct decoder *d, struct dwell_cursor body)
{
	struct dwell_cursor at, table;
	int err;

	d->what = "table of columns";
	memset(d->columns, 0, sizeof(d->columns));
	memset(d->by_kind, 0, sizeof(d->by_kind));
	if (dwell_cursor_take(&body, 4, &at))
		return DWELL_ETRUNCATED;

	const uint32_t count = dwell_get_u32(at.at);

	if (count > MAX_COLUMNS)
		return DWELL_EFORMAT;
	if (dwell_cursor_take(&body, (uint64_t)count * WIRE_COLUMN_SIZE, &table))
		return DWELL_ETRUNCATED;
	for (uint32_t i = 0; i < count; i++) {
		err = read_column(d, table.at + (size_t)i * WIRE_COLUMN_SIZE, &body);
		if (err)
			return err;
	}
	return body.left ? DWELL_EFORMAT : DWELL_OK;
}

static int load_head(struct decoder *d, bool peek)
{
	struct decode_column *head = &d->columns[WIRE_HEAD][0];

	d->what = "head";
	if (!head->stored.at || d->chunk->count > DWELL_MAX_CHUNK_ROWS ||
		head->raw_size > HEAD_BYTES + (size_t)d->chunk->count * HEAD_ROW_BYTES)
		return DWELL_EFORMAT;
	if (reserve(&d->head, &d->head_cap, head->raw_size + (size_t)PADDING))
		return DWELL_ENOMEM;
	head->raw = d->head;

	const int err = dwell_unsqueeze_get(
		d->unsqueeze, head->codec, head->stored, head->raw, head->raw_size);

	if (err)
		return err;
	/* Dictionaries: at most one entry for a byte of the head, and number 0. */
	if (!peek) {
		const size_t entries = head->raw_size + (size_t)8;
		const size_t each = 3 * sizeof(uint32_t) + 1 + sizeof(*d->on_time) +
				    sizeof(*d->on) + sizeof(*d->follow) + sizeof(*d->detail) +
				    sizeof(*d->object_values);
		const size_t columns = (size_t)d->chunk->count * 96 + 65536;

		d->arena_used = 0;
		if (reserve(&d->arena, &d->arena_cap, entries * each + columns))
			return DWELL_ENOMEM;
	}
	return dwell_decoder_head(d, peek);
}

/* With padding zeros behind it. */
static int load_padded(
	struct decoder *d, unsigned field, unsigned part, size_t raw_size, size_t padding)
{
	struct decode_column *column = &d->columns[field][part];

	if (column->raw_size != raw_size)
		return DWELL_EFORMAT;
	column->raw = dwell_decoder_take(d, raw_size + padding);
	if (!column->raw)
		return DWELL_ENOMEM;
	memset(column->raw + raw_size, 0, padding);
	return dwell_unsqueeze_get(
		d->unsqueeze, column->codec, column->stored, column->raw, raw_size);
}

static int load(struct decoder *d, unsigned field, unsigned part, size_t raw_size)
{
	return load_padded(d, field, part, raw_size, PADDING);
}

static bool all_below(const uint8_t *at, uint32_t count, unsigned limit)
{
	uint8_t most = 0;

	for (uint32_t i = 0; i < count; i++)
		most = at[i] > most ? at[i] : most;
	return !count || most < limit;
}

static int load_shapes(struct decoder *d)
{
	const uint32_t count = d->chunk->count;

	d->what = "column of shapes";

	const int err = load(d, WIRE_SHAPE, 0, count);

	if (err)
		return err;
	return all_below(d->columns[WIRE_SHAPE][0].raw, count, d->shape_count) ? DWELL_OK
									       : DWELL_EFORMAT;
}

/* Which column the codes of times are in: by row or by executor. Rows they have alike, as many as
 * there are; that each stream has those of its rows, is seen when they are read. */
static int find_codes(struct decoder *d, unsigned *field)
{
	uint64_t codes = 0, on = 0;

	for (unsigned i = 0; i < WIRE_TIME_STREAMS; i++) {
		codes += d->columns[WIRE_TIME][i].raw_size;
		on += d->columns[WIRE_TIME_ON][i].raw_size;
	}
	d->by_row = !on;
	*field = on ? WIRE_TIME_ON : WIRE_TIME;
	return codes + on == d->chunk->count && (!codes || !on) ? DWELL_OK : DWELL_EFORMAT;
}

static int load_codes(struct decoder *d)
{
	unsigned field;
	int err = find_codes(d, &field);

	for (unsigned i = 0; i < WIRE_TIME_STREAMS && !err; i++) {
		const uint32_t size = d->columns[field][i].raw_size;

		err = load_padded(d, field, i, size, DECODE_ROWS);
		d->stream[i] = d->columns[field][i].raw;
		d->stream_end[i] = err ? NULL : d->stream[i] + size;
		if (!err && !all_below(d->stream[i], size, d->code.count))
			err = DWELL_EFORMAT;
	}
	return err;
}

static int load_times(struct decoder *d)
{
	struct decode_column *bits = &d->columns[WIRE_TIME_BITS][0];
	int err;

	d->what = "columns of times";
	err = load_codes(d);
	if (err)
		return err;
	/* Whether there are as many as the codes need, is seen when they are read. */
	d->what = "column of time bits";
	d->bit_count = (uint64_t)bits->raw_size * 8;
	return load(d, WIRE_TIME_BITS, 0, bits->raw_size);
}

static void *zeros(struct decoder *d, size_t count, size_t size)
{
	void *at = dwell_decoder_take(d, count * size);

	if (at)
		memset(at, 0, count * size);
	return at;
}

/* Numbers below `limit` from their planes. */
static int load_narrow(struct decoder *d, unsigned field, uint32_t limit)
{
	struct decode_entries *entries = &d->entries[field];
	uint32_t most = 0;

	entries->narrow = zeros(d, entries->count + (size_t)DECODE_ROWS, sizeof(*entries->narrow));
	if (!entries->narrow)
		return DWELL_ENOMEM;
	for (unsigned part = 0; part < 4; part++) {
		const struct decode_column *column = &d->columns[WIRE_F_TASK + field][part];
		const int err = column->stored.at
					? load(d, WIRE_F_TASK + field, part, entries->count)
					: DWELL_OK;

		if (err)
			return err;
		if (!column->raw && part == 0 && entries->count)
			return DWELL_EFORMAT;
		for (uint32_t i = 0; column->raw && i < entries->count; i++)
			entries->narrow[i] |= (uint32_t)column->raw[i] << (8 * part);
	}
	for (uint32_t i = 0; i < entries->count; i++)
		most = entries->narrow[i] > most ? entries->narrow[i] : most;
	return most < limit ? DWELL_OK : DWELL_EFORMAT;
}

static int load_wide(struct decoder *d, unsigned field)
{
	struct decode_entries *entries = &d->entries[field];

	entries->wide = zeros(d, entries->count, sizeof(*entries->wide));
	if (!entries->wide)
		return DWELL_ENOMEM;
	for (unsigned part = 0; part < 8; part++) {
		const struct decode_column *column = &d->columns[WIRE_F_TASK + field][part];
		const int err = column->stored.at
					? load(d, WIRE_F_TASK + field, part, entries->count)
					: DWELL_OK;

		if (err)
			return err;
		if (!column->raw && part == 0 && entries->count)
			return DWELL_EFORMAT;
		for (uint32_t i = 0; column->raw && i < entries->count; i++)
			entries->wide[i] |= (uint64_t)column->raw[i] << (8 * part);
	}
	return DWELL_OK;
}

/* What a column's rows need to be told; bits of enum dwell_column. */
static uint32_t with_needs(uint32_t columns)
{
	const uint32_t tasks = DWELL_COLUMN_TASK | DWELL_COLUMN_PEER | DWELL_COLUMN_EXECUTOR;

	if (!columns)
		return UINT32_MAX;
	if (columns & DWELL_COLUMN_VALUE)
		columns |= DWELL_COLUMN_OBJECT;
	if (columns & ~(uint32_t)DWELL_COLUMN_EXECUTOR)
		columns |= tasks;
	return columns;
}

static const char *const field_names[WIRE_FIELDS] = { "column of tasks", "column of peers",
	"column of executors", "column of objects", "column of stacks", "column of values",
	"column of extras" };

static int load_fields(struct decoder *d)
{
	static const uint32_t bits[WIRE_FIELDS] = { DWELL_COLUMN_TASK, DWELL_COLUMN_PEER, 0,
		DWELL_COLUMN_OBJECT, DWELL_COLUMN_STACK, DWELL_COLUMN_VALUE, DWELL_COLUMN_EXTRA };
	const uint32_t limits[] = { d->task_count, d->task_count, d->executor_count,
		d->object_count, d->stack_count };
	int err = DWELL_OK;

	memset(d->entries, 0, sizeof(d->entries));
	for (unsigned i = 0; i < WIRE_FIELDS && !err; i++) {
		if (bits[i] && !(d->wanted & bits[i]))
			continue;
		d->what = field_names[i];
		d->entries[i].count = d->columns[WIRE_F_TASK + i][0].raw_size;
		/* At most one for a row; that they are as many, is seen when they are read. */
		err = d->entries[i].count > d->chunk->count ? (int)DWELL_EFORMAT
		      : i <= ROWS_STACK                     ? load_narrow(d, i, limits[i])
							    : load_wide(d, i);
	}
	return err;
}

int dwell_decoder_open(struct decoder *d, const struct wire_chunk *chunk, struct dwell_cursor body,
	uint32_t columns)
{
	int err;

	d->chunk = chunk;
	d->wanted = with_needs(columns);
	d->tasks_wanted = d->wanted & DWELL_COLUMN_TASK;
	d->row = 0;
	d->bit = d->marks = 0;
	d->woken = d->woken2 = d->last_other = 0;
	d->starved = false;
	err = read_table(d, body);
	if (err || (err = load_head(d, false)))
		return err;
	d->follow = zeros(d, d->task_count, sizeof(*d->follow));
	d->detail = zeros(d, d->task_count, sizeof(*d->detail));
	d->object_values = zeros(d, d->object_count, sizeof(*d->object_values));
	if (!d->follow || !d->detail || !d->object_values || dwell_decoder_when(d))
		return DWELL_ENOMEM;
	dwell_decoder_who(d);
	if ((err = load_shapes(d)) || (err = load_times(d)))
		return err;
	err = load_fields(d);
	if (err)
		return err;
	d->what = "row that cannot be";
	return chunk->count ? DWELL_OK : dwell_decoder_end(d);
}

int dwell_decoder_end(struct decoder *d)
{
	d->what = "column of time bits";
	if (d->bit + 7 < d->bit_count)
		return DWELL_EFORMAT;
	for (unsigned i = 0; i < WIRE_FIELDS; i++) {
		d->what = field_names[i];
		if (d->entries[i].next < d->entries[i].count)
			return DWELL_EFORMAT;
	}
	d->what = "head: rows of each kind";
	return dwell_decoder_kinds(d) ? DWELL_OK : DWELL_EFORMAT;
}

int dwell_decoder_peek(struct decoder *d, const struct wire_chunk *chunk, struct dwell_cursor body)
{
	d->chunk = chunk;

	const int err = read_table(d, body);

	return err ? err : load_head(d, true);
}
