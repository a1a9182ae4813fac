#include "src/pyramid_file.h"

#include "dwell/error.h"
#include "dwell/limits.h"

#include <stdlib.h>

/* A chunk's columns, in their order in the file. */
enum column {
	TASKS, /* steps of task, and how many buckets */
	INDEXES,
	SHARES,
	AFTER = SHARES + PYRAMID_STATES,
	LONGEST,
	LEADS,
	SWITCHES,
	COLUMNS
};

/* How a lead is told. */
enum lead { LEAD_NONE = 0, LEAD_LONGEST, LEAD_APART };

struct writing {
	struct dwell_buffer columns[COLUMNS], body;
	struct index_pyramid entry;
	uint32_t task, run;
	uint32_t last_task, last_index;
	dwell_pyramid_put_fn put;
	void *context;
};

static void end_run(struct writing *w)
{
	if (!w->run)
		return;
	dwell_buffer_varint(&w->columns[TASKS], w->task - w->last_task);
	dwell_buffer_varint(&w->columns[TASKS], w->run);
	w->last_task = w->task;
	w->run = 0;
}

static int end_chunk(struct writing *w)
{
	int err = DWELL_OK;

	end_run(w);
	if (!w->entry.buckets)
		return DWELL_OK;
	w->body.size = 0;
	for (unsigned i = 0; i < COLUMNS; i++) {
		dwell_buffer_varint(&w->body, w->columns[i].size);
		dwell_buffer_put(&w->body, w->columns[i].at, w->columns[i].size);
		if (w->columns[i].failed)
			err = DWELL_ENOMEM;
		w->columns[i].size = 0;
	}
	if (!err)
		err = w->body.failed ? (int)DWELL_ENOMEM : w->put(w->context, &w->entry, &w->body);
	w->entry.buckets = 0;
	w->last_task = 0;
	return err;
}

static uint8_t stored_share(unsigned share)
{
	return (uint8_t)((share * PYRAMID_STORED_WHOLE + PYRAMID_WHOLE - 1) / PYRAMID_WHOLE);
}

static void put_bucket(struct writing *w, const struct pyramid_bucket *bucket)
{
	const unsigned lead = !bucket->lead                     ? LEAD_NONE
			      : bucket->lead == bucket->longest ? LEAD_LONGEST
								: LEAD_APART;

	if (!w->entry.buckets++) {
		w->entry.first_task = w->task;
		w->entry.first_index = bucket->index;
	}
	dwell_buffer_varint(
		&w->columns[INDEXES], w->run++ ? bucket->index - w->last_index : bucket->index);
	w->last_index = bucket->index;
	for (unsigned i = 0; i < PYRAMID_STATES; i++)
		dwell_buffer_byte(&w->columns[SHARES + i], stored_share(bucket->share[i]));
	dwell_buffer_byte(&w->columns[AFTER], bucket->after);
	dwell_buffer_varint(&w->columns[LONGEST], bucket->longest);
	dwell_buffer_byte(&w->columns[LEADS], lead);
	if (lead == LEAD_APART)
		dwell_buffer_varint(&w->columns[LEADS], bucket->lead);
	dwell_buffer_varint(&w->columns[SWITCHES], bucket->switches);
}

static int write_level(struct writing *w, const struct pyramid_level *level, uint64_t width_ns)
{
	int err = DWELL_OK;

	w->entry = (struct index_pyramid){ .width_ns = width_ns };
	w->last_task = 0;
	for (size_t i = 0; i < level->count && !err; i++) {
		const struct pyramid_row *row = &level->rows[i];

		w->task = row->task;
		for (size_t k = 0; k < row->count && !err; k++) {
			put_bucket(w, &row->buckets[k]);
			if (w->entry.buckets == PYRAMID_CHUNK_BUCKETS)
				err = end_chunk(w);
		}
		end_run(w);
	}
	return err ? err : end_chunk(w);
}

int dwell_pyramid_write(struct pyramid_build *build, dwell_pyramid_put_fn put, void *context)
{
	struct writing w = { .put = put, .context = context };
	struct pyramid_level levels[PYRAMID_LEVELS] = { 0 };
	unsigned count = 0;
	uint64_t width_ns = build->width_ns;
	int err = dwell_pyramid_take(build, &levels[count++]);

	/* Up to where a task has hardly more than one bucket. */
	while (!err && count < PYRAMID_LEVELS &&
		levels[count - 1].buckets > 2 * levels[count - 1].count) {
		err = dwell_pyramid_above(&levels[count - 1], &levels[count]);
		count++;
		width_ns *= PYRAMID_STEP;
	}
	for (unsigned i = count; i > 0; i--) {
		if (!err)
			err = write_level(&w, &levels[i - 1], width_ns);
		dwell_pyramid_level_release(&levels[i - 1]);
		width_ns /= PYRAMID_STEP;
	}
	for (unsigned i = 0; i < COLUMNS; i++)
		dwell_buffer_release(&w.columns[i]);
	dwell_buffer_release(&w.body);
	return err;
}

static inline int number(struct dwell_cursor *in, uint64_t max, uint64_t *out)
{
	/* Most are below 128: one byte. */
	if (in->left && in->at[0] < 0x80 && in->at[0] <= max) {
		*out = in->at[0];
		in->at++;
		in->left--;
		return DWELL_OK;
	}

	const int err = dwell_cursor_varint(in, out);

	return err ? err : *out > max ? DWELL_EFORMAT : DWELL_OK;
}

/* How many tasks there are at most: each takes two bytes of the column. */
static size_t most_runs(const struct pyramid_chunk *chunk, const struct dwell_cursor *tasks)
{
	return tasks->left / 2 < chunk->count ? tasks->left / 2 : chunk->count;
}

/* A task's run of buckets: where each is. */
static int read_run(struct pyramid_seen *buckets, uint64_t count, struct dwell_cursor *in)
{
	uint64_t index = 0, step;

	for (uint64_t i = 0; i < count; i++) {
		const int err = number(in, UINT32_MAX - index, &step);

		if (err)
			return err;
		if (i && !step)
			return DWELL_EFORMAT;
		index += step;
		buckets[i].index = (uint32_t)index;
	}
	return DWELL_OK;
}

/* Which task each bucket belongs to, and where it is. */
static int read_places(struct pyramid_chunk *chunk, struct dwell_cursor columns[COLUMNS])
{
	const size_t most = most_runs(chunk, &columns[TASKS]);
	uint64_t task = 0, step, run;
	uint32_t next = 0;
	int err = DWELL_OK;

	chunk->runs = malloc((most + 1) * sizeof(*chunk->runs));
	if (!chunk->runs)
		return DWELL_ENOMEM;
	while (columns[TASKS].left && !err) {
		if ((err = number(&columns[TASKS], DWELL_MAX_TASKS - task, &step)) ||
			(err = number(&columns[TASKS], chunk->count - next, &run)))
			return err;
		if (!run || (!step && next))
			return DWELL_EFORMAT;
		task += step;
		chunk->runs[chunk->run_count++] = (struct pyramid_run){ (uint32_t)task, next };
		err = read_run(chunk->buckets + next, run, &columns[INDEXES]);
		next += (uint32_t)run;
	}
	chunk->runs[chunk->run_count] = (struct pyramid_run){ UINT32_MAX, next };
	if (err)
		return err;
	return next == chunk->count && !columns[INDEXES].left ? DWELL_OK : DWELL_EFORMAT;
}

/* Columns of one byte a bucket. */
static int read_bytes(struct pyramid_chunk *chunk, const struct dwell_cursor columns[COLUMNS])
{
	for (unsigned i = SHARES; i <= AFTER; i++)
		if (columns[i].left < chunk->count)
			return DWELL_ETRUNCATED;
	for (uint32_t k = 0; k < chunk->count; k++) {
		const unsigned after = columns[AFTER].at[k];
		unsigned packed = after << PYRAMID_AFTER_SHIFT, any = 0;

		for (unsigned i = 0; i < PYRAMID_STATES; i++) {
			const unsigned share = columns[SHARES + i].at[k];

			packed |= share << i * PYRAMID_SHARE_BITS;
			any |= share;
		}
		if (any > PYRAMID_STORED_WHOLE || after >= DWELL_STATE_COUNT)
			return DWELL_EFORMAT;
		chunk->buckets[k].packed = packed;
	}
	return DWELL_OK;
}

static int read_bucket(struct pyramid_seen *bucket, struct dwell_cursor columns[COLUMNS])
{
	uint64_t longest, lead, apart, switches;
	int err;

	if ((err = number(&columns[LONGEST], UINT16_MAX, &longest)) ||
		(err = number(&columns[LEADS], LEAD_APART, &lead)) ||
		(err = number(&columns[SWITCHES], UINT32_MAX, &switches)))
		return err;
	apart = lead == LEAD_LONGEST ? longest : 0;
	if (lead == LEAD_APART && (err = number(&columns[LEADS], UINT16_MAX, &apart)))
		return err;
	bucket->longest = (uint16_t)longest;
	bucket->lead = (uint16_t)apart;
	bucket->switches = (uint32_t)switches;
	return DWELL_OK;
}

int dwell_pyramid_chunk_read(struct pyramid_chunk *out, struct dwell_cursor in, uint32_t buckets)
{
	struct dwell_cursor columns[COLUMNS];
	int err = DWELL_OK;

	*out = (struct pyramid_chunk){ .count = buckets };
	/* A bucket takes a byte of each share at least. */
	if (buckets > in.left / PYRAMID_STATES)
		return DWELL_EFORMAT;
	out->buckets = calloc(buckets ? buckets : 1, sizeof(*out->buckets));
	if (!out->buckets)
		return DWELL_ENOMEM;
	for (unsigned i = 0; i < COLUMNS && !err; i++) {
		uint64_t size = 0;

		err = number(&in, in.left, &size);
		if (!err)
			err = dwell_cursor_take(&in, size, &columns[i]);
	}
	if (!err)
		err = read_places(out, columns);
	if (!err)
		err = read_bytes(out, columns);
	for (uint32_t i = 0; i < buckets && !err; i++)
		err = read_bucket(&out->buckets[i], columns);
	return err;
}

void dwell_pyramid_chunk_release(struct pyramid_chunk *chunk)
{
	free(chunk->buckets);
	free(chunk->runs);
	*chunk = (struct pyramid_chunk){ 0 };
}
