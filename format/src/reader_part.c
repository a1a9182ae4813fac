#include "src/reader_private.h"

#include "dwell/limits.h"
#include "dwell/states.h"
#include "src/early.h"
#include "src/keyframe.h"

#include <stdlib.h>

enum { BATCH = DECODE_ROWS }; /* what is passed on is still in the first cache */

/* One part on its way into a sink. */
struct run {
	struct dwell_reader *reader;
	const struct reader_part *part;
	struct dwell_sink *sink;
	uint64_t from_ns, to_ns;
	uint32_t columns;
	struct decoder decoder;
	struct dwell_event *rows;
	uint64_t next_row; /* rows of the file before the next one */
	uint64_t last_ns;
	/* Until from_ns: what happened before makes the keyframe. */
	struct early early; /* definitions for the states */
	struct dwell_states *states;
	struct dwell_buffer ahead; /* losses that were told ahead */
};

static int tell_keyframe(
	struct run *run, uint64_t time_ns, const struct dwell_task_state *states, size_t count)
{
	if (!run->sink->ops->keyframe)
		return DWELL_OK;
	return run->sink->ops->keyframe(run->sink, time_ns, states, count);
}

static int tell(struct run *run, const struct dwell_event *rows, size_t count)
{
	if (!count || !run->sink->ops->events)
		return DWELL_OK;
	return run->sink->ops->events(run->sink, rows, count);
}

static int begin_replay(struct run *run)
{
	static const struct dwell_states_ops none;
	int err = dwell_states_new(&run->states, run->reader->index.info.levels, &none, NULL);

	if (!err) {
		dwell_early_init(&run->early, run->states, run->part->time_ns, run->from_ns);
		err = dwell_reader_tables(run->reader, &run->early.sink);
	}
	return err ? err : dwell_early_ask(&run->early);
}

/* Losses that began before from_ns and go on. */
static int tell_ahead(struct run *run)
{
	const struct dwell_event *losses = (const void *)run->ahead.at;
	int err = DWELL_OK;

	for (size_t i = 0; i < run->ahead.size / sizeof(*losses) && !err; i++) {
		struct dwell_event loss = losses[i];

		if (loss.extra <= run->from_ns)
			continue;
		loss.time_ns = run->from_ns;
		loss.value = 0; /* counted where it began */
		err = tell(run, &loss, 1);
	}
	return err;
}

/* from_ns is reached: the states so far are the sink's keyframe. */
static int end_replay(struct run *run)
{
	/* Says nothing of states, but brings them to the time: tasks may have been created since.
	 */
	const struct dwell_event now = { .kind = DWELL_EVENT_MARK, .time_ns = run->from_ns };
	const struct dwell_task_state *states;
	size_t count;
	int err = dwell_states_apply(run->states, &now, 1);

	if (!err)
		err = dwell_states_save(run->states, &states, &count);
	if (!err)
		err = tell_keyframe(run, run->from_ns, states, count);
	if (!err)
		err = tell_ahead(run);
	dwell_states_free(run->states);
	run->states = NULL;
	dwell_early_release(&run->early);
	return err;
}

static size_t before(const struct dwell_event *rows, size_t count, uint64_t time_ns)
{
	if (!count || rows[count - 1].time_ns < time_ns)
		return count;
	while (count > 0 && rows[count - 1].time_ns >= time_ns)
		count--;
	return count;
}

static int replay(struct run *run, const struct dwell_event *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].kind == DWELL_EVENT_LOSS && rows[i].extra > rows[i].time_ns)
			dwell_buffer_put(&run->ahead, &rows[i], sizeof(rows[i]));
	const int err = run->ahead.failed ? (int)DWELL_ENOMEM
					  : dwell_states_apply(run->states, rows, count);

	return err ? err : dwell_states_forget(run->states, NULL, NULL);
}

/* Rows of the part, in order, to where they belong: before, in, or after the window. */
static int pass(struct run *run, const struct dwell_event *rows, size_t count)
{
	int err = DWELL_OK;

	if (run->states) {
		const size_t early = before(rows, count, run->from_ns);

		err = replay(run, rows, early);
		if (!err && early < count)
			err = end_replay(run);
		rows += early;
		count -= early;
	}
	return err ? err : tell(run, rows, before(rows, count, run->to_ns));
}

static int lose(struct run *run, enum dwell_loss_cause cause, uint64_t from_ns, uint64_t time_ns,
	uint64_t rows)
{
	const struct dwell_event loss = {
		.kind = DWELL_EVENT_LOSS,
		.reason = (uint8_t)cause,
		.time_ns = time_ns < run->last_ns ? run->last_ns : time_ns,
		.extra = from_ns < run->last_ns ? run->last_ns : from_ns,
		.value = rows,
	};

	run->last_ns = loss.time_ns;
	return pass(run, &loss, 1);
}

static struct dwell_event *room(struct run *run)
{
	struct dwell_event *rows =
		run->sink->ops->room ? run->sink->ops->room(run->sink, BATCH) : NULL;

	return rows ? rows : run->rows;
}

static int decode_chunk(struct run *run, const struct dwell_chunk_read *chunk)
{
	size_t got = 1;
	int err = dwell_decoder_open(&run->decoder, &chunk->head, chunk->body, run->columns);

	while (!err && got && run->last_ns < run->to_ns) {
		struct dwell_event *rows = room(run);

		err = dwell_decoder_rows(&run->decoder, rows, BATCH, &got);
		if (!got)
			break;
		run->last_ns = rows[got - 1].time_ns;
		run->next_row += got;

		const int failed = pass(run, rows, got);

		/* What the sink says is not to be taken for damage. */
		if (failed)
			return failed;
	}
	if (err == DWELL_EFORMAT || err == DWELL_ETRUNCATED || err == DWELL_ELIMIT ||
		err == DWELL_EVERSION)
		return lose(run, DWELL_LOSS_CORRUPT, run->last_ns, chunk->head.last_ns,
			chunk->head.row + chunk->head.count - run->next_row);
	return err;
}

/* Does the chunk hold what the index says that it does? */
static bool is_as_told(const struct wire_chunk *head, const struct index_chunk *told)
{
	return head->kind == WIRE_EVENTS && head->row == told->row && head->count == told->rows &&
	       head->first_ns == told->first_ns && head->last_ns == told->last_ns;
}

static int drive_chunk(struct run *run, const struct index_chunk *told)
{
	struct dwell_chunk_read chunk;
	int err = DWELL_OK;

	if (told->row > run->next_row)
		err = lose(run, DWELL_LOSS_CORRUPT, run->last_ns, told->first_ns,
			told->row - run->next_row);
	if (err)
		return err;
	run->next_row = told->row;
	err = dwell_chunk_open(&chunk, run->reader->bytes, told->offset, run->reader->sync);
	if (err == DWELL_EFORMAT || err == DWELL_ETRUNCATED ||
		(!err && !is_as_told(&chunk.head, told)))
		err = lose(run, DWELL_LOSS_CORRUPT, told->first_ns, told->last_ns, told->rows);
	else if (!err)
		err = decode_chunk(run, &chunk);
	dwell_chunk_close(&chunk);
	run->next_row = told->row + told->rows;
	return err;
}

/* What is missing behind the last chunk. */
static int drive_end(struct run *run)
{
	const struct dwell_reader *reader = run->reader;
	const bool last = run->part == &reader->parts[reader->part_count - 1];
	int err = DWELL_OK;

	if (run->part->end_row > run->next_row)
		err = lose(run, DWELL_LOSS_CORRUPT, run->last_ns,
			last ? reader->index.end.end_ns : run->part[1].time_ns,
			run->part->end_row - run->next_row);
	if (!err && last && reader->cut && reader->cut_rows)
		err = lose(run, DWELL_LOSS_CUT, reader->cut_first_ns, reader->cut_last_ns,
			reader->cut_rows);
	else if (!err && last && reader->cut)
		err = lose(run, DWELL_LOSS_CUT, run->last_ns, run->last_ns, 0);
	return err;
}

/* The keyframe at the part's start; to the sink, or into the states that run up to from_ns. */
static int drive_keyframe(struct run *run)
{
	struct dwell_unsqueeze *unsqueeze = run->decoder.unsqueeze;
	struct dwell_task_state *states = NULL;
	struct dwell_chunk_read chunk = { 0 };
	uint8_t *raw = NULL;
	size_t size = 0, count = 0;
	int err = DWELL_OK;

	if (run->part->keyframe) {
		err = dwell_chunk_open(
			&chunk, run->reader->bytes, run->part->keyframe, run->reader->sync);
		count = chunk.head.count;
		if (!err)
			err = dwell_unsqueeze_blob(
				unsqueeze, chunk.body, DWELL_MAX_TABLES_BYTES, &raw, &size);
		if (!err)
			err = dwell_keyframe_read(
				(struct dwell_cursor){ raw, size }, count, &states);
	}
	if (!err)
		err = run->states
			      ? dwell_states_load(run->states, run->part->time_ns, states, count)
			      : tell_keyframe(run, run->part->time_ns, states, count);
	free(states);
	free(raw);
	dwell_chunk_close(&chunk);
	return err;
}

/* States before it are missing: by damage, or because the file ends where they would be (then that
 * it is cut says so). */
static bool lacks_states(const struct run *run)
{
	const struct dwell_reader *reader = run->reader;
	const struct reader_part *part = run->part;

	if (reader->tables_lost && part == reader->parts)
		return true;
	return !part->keyframe && !(reader->cut && part->chunks == 0 &&
					  part == &reader->parts[reader->part_count - 1]);
}

static int drive(struct run *run, bool first)
{
	const struct reader_part *part = run->part;
	int err = DWELL_OK;

	if (first && run->from_ns > part->time_ns) {
		run->columns = 0;
		err = begin_replay(run);
	}
	if (!err)
		err = drive_keyframe(run);
	if (!err && lacks_states(run))
		err = lose(run, DWELL_LOSS_CORRUPT, part->time_ns, part->time_ns, 0);
	for (size_t i = 0; i < part->chunks && !err; i++) {
		const struct index_chunk *chunk = &run->reader->index.chunks[part->first_chunk + i];

		if (chunk->first_ns >= run->to_ns)
			break;
		err = drive_chunk(run, chunk);
	}
	if (!err && run->last_ns < run->to_ns)
		err = drive_end(run);
	if (!err && run->states)
		err = end_replay(run);
	return err;
}

int dwell_reader_drive_part(struct dwell_reader *reader, const struct dwell_source_options *options,
	struct reader_part *part, bool first, struct dwell_sink *sink)
{
	struct run run = {
		.reader = reader,
		.part = part,
		.sink = sink,
		.from_ns = options->from_ns,
		.to_ns = options->to_ns ? options->to_ns : UINT64_MAX,
		.columns = options->columns,
		.next_row = part->row,
		.last_ns = part->time_ns,
		.rows = malloc(BATCH * sizeof(*run.rows)),
	};
	int err = run.rows ? dwell_decoder_init(&run.decoder) : DWELL_ENOMEM;

	if (!err)
		err = drive(&run, first);
	if (err)
		dwell_diag_set(&part->diag, err, UINT64_MAX, 0, "part from %llu ns: %s",
			(unsigned long long)part->time_ns, dwell_strerror(err));
	dwell_decoder_release(&run.decoder);
	dwell_states_free(run.states);
	dwell_early_release(&run.early);
	dwell_buffer_release(&run.ahead);
	free(run.rows);
	return err;
}
