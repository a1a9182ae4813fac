#ifndef DWELL_GO_EMIT_H
#define DWELL_GO_EMIT_H

#include "import/go/go.h"

/* Go's reader gives every event a time of its own, later than the one before. */
static inline uint64_t go_stamp(struct go_reader *reader, uint64_t time)
{
	if (time <= reader->last_time)
		time = reader->last_time + 1;
	reader->last_time = time;
	return time;
}

static inline uint32_t go_task_of(const struct go_reader *reader, uint32_t g)
{
	return g == GO_NOBODY ? DWELL_NONE : reader->goroutines.at[g].task;
}

static inline uint32_t go_executor_of(uint32_t p)
{
	return p == GO_NOBODY ? DWELL_NONE : p + 1;
}

/* emit.c: rows. `thread` is whose event it is, as it is before the event. */
int go_emit(struct go_reader *reader, struct dwell_event row);
int go_emit_flush(struct go_reader *reader);
/*
 * The next row, empty but for its time and kind, to be filled before the next call. When
 * telling the rows before failed, row_err says so: there is always a row to fill.
 */
static inline struct dwell_event *go_row(struct go_reader *reader, uint64_t time, uint8_t kind)
{
	struct dwell_event *row;

	if (reader->row_count == GO_ROWS)
		reader->row_err = go_emit_flush(reader);
	row = &reader->rows[reader->row_count++];
	*row = (struct dwell_event){ .time_ns = time - reader->zero, .kind = kind };
	return row;
}

int go_emit_counters(struct go_reader *reader);
int go_emit_firsts(struct go_reader *reader);
int go_emit_create(struct go_reader *reader, const struct go_thread *thread,
	struct go_goroutine *made, const struct go_event *event, uint64_t time);
int go_emit_enter(
	struct go_reader *reader, const struct go_thread *thread, uint32_t g, uint64_t time);
int go_emit_leave(struct go_reader *reader, const struct go_thread *thread, uint32_t g,
	const struct go_event *event, uint64_t time);
int go_emit_wake(struct go_reader *reader, const struct go_thread *thread, uint32_t g,
	uint64_t stack, uint64_t time);
int go_emit_lost_proc(struct go_reader *reader, uint32_t p, uint64_t time);
/* Where a goroutine enters a system call: told when it loses its P, maybe a generation later. */
void go_keep_call(struct go_reader *reader, uint32_t g, uint64_t stack);
int go_emit_state(struct go_reader *reader, uint32_t g, uint8_t state, uint64_t time);
int go_emit_exit(struct go_reader *reader, uint32_t g, uint64_t time);
int go_emit_annotation(struct go_reader *reader, const struct go_thread *thread,
	const struct go_event *event, uint64_t time);
int go_emit_sample(struct go_reader *reader, const struct go_sample *sample, uint64_t time);
int go_emit_loss(struct go_reader *reader, uint64_t from);
int go_emit_executor(struct go_reader *reader, uint32_t p);

#endif
