#ifndef DWELL_GO_NEXT_H
#define DWELL_GO_NEXT_H

#include "import/go/go.h"

/* The next event of a thread, to be compiled into the loop that takes them all. */

/* How many numbers a timed event has, its time and the arguments behind it; 0: no timed event. */
extern const uint8_t go_number_count[UINT8_MAX + 1];

/* A number of which the first byte is not the last, where ten bytes are left. NULL: no number. */
const uint8_t *go_take_long(const uint8_t *at, uint64_t *out);
/* The first event of a batch, one near its end, and one that is none. */
int go_thread_next_slowly(struct go_reader *reader, struct go_thread *thread);

enum { GO_LONGEST_EVENT = 1 + 10 * (1 + GO_ARGS) };

/* As go_varint where ten bytes are left: nobody asks each byte whether it is the end. */
static inline const uint8_t *go_take(const uint8_t *at, uint64_t *out)
{
	const unsigned more = at[0] >> 7, second = at[1] & (0u - more);

	/* One byte or two, without a branch, which would be guessed wrong half the time. */
	if (second >= 0x80)
		return go_take_long(at, out);
	*out = (at[0] & 0x7f) | second << 7;
	return at + 1 + more;
}

static inline int go_take_time(
	const struct go_reader *reader, struct go_thread *thread, const uint8_t *at, uint64_t delta)
{
	thread->data.at = at;
	thread->last_time += reader->whole_ns ? delta * reader->whole_ns : go_ns(reader, delta);
	thread->event.time = thread->last_time;
	return 0;
}

/* Into thread->event: 0, DWELL_END or an error. */
static inline int go_thread_next(struct go_reader *reader, struct go_thread *thread)
{
	struct go_event *event = &thread->event;
	const uint8_t *at = thread->data.at;
	uint64_t delta;

	if (thread->data.end - at < GO_LONGEST_EVENT || !go_number_count[*at])
		return go_thread_next_slowly(reader, thread);
	event->type = *at;

	const unsigned arguments = go_number_count[*at] - 1u;
	at = go_take(at + 1, &delta);
	for (unsigned i = 0; i < arguments && at; i++)
		at = go_take(at, &event->args[i]);
	return at ? go_take_time(reader, thread, at, delta) : go_thread_next_slowly(reader, thread);
}

#endif
