#include "import/perf/perf.h"

#include <stdlib.h>
#include <string.h>

enum {
	/* Small enough to stay in the cache of a core. */
	ROOM = 1 << 18,
	/* The longest piece that is asked for: the tracing data of a machine with every tracepoint.
	 */
	LONGEST = 1 << 26
};

int perf_stream_start(struct perf_stream *stream, uint64_t at, uint64_t end)
{
	uint8_t *buffer = stream->buffer;
	size_t room = stream->room;

	if (!buffer) {
		buffer = malloc(ROOM);
		room = ROOM;
	}
	*stream = (struct perf_stream){ .buffer = buffer, .room = room, .at = at, .end = end };
	return buffer ? DWELL_OK : DWELL_ENOMEM;
}

void perf_stream_release(struct perf_stream *stream)
{
	free(stream->buffer);
	*stream = (struct perf_stream){ .buffer = NULL };
}

static int make_room(struct perf_stream *stream, size_t size)
{
	const size_t left = stream->to - stream->from;

	memmove(stream->buffer, stream->buffer + stream->from, left);
	stream->from = 0;
	stream->to = left;
	if (size <= stream->room)
		return DWELL_OK;

	uint8_t *buffer = realloc(stream->buffer, size);
	if (!buffer)
		return DWELL_ENOMEM;
	stream->buffer = buffer;
	stream->room = size;
	return DWELL_OK;
}

/* Read until size bytes are there. */
static int fill(struct perf_stream *stream, struct dwell_bytes *bytes, size_t size)
{
	const uint64_t left = stream->to - stream->from;
	uint64_t more = stream->end - stream->at;
	size_t got = 0;
	int err;

	if (size > left + more)
		return DWELL_END;
	if (size > LONGEST)
		return DWELL_ELIMIT;
	err = make_room(stream, size);
	if (err)
		return err;
	if (more > stream->room - stream->to)
		more = stream->room - stream->to;
	err = bytes->ops->read(bytes, stream->at, stream->buffer + stream->to, (size_t)more, &got);
	if (err)
		return err;
	if (got < more) {
		stream->short_file = true;
		stream->end = stream->at + got;
	}
	stream->at += got;
	stream->to += got;
	return stream->to - stream->from < size ? DWELL_END : DWELL_OK;
}

int perf_stream_take(
	struct perf_stream *stream, struct dwell_bytes *bytes, size_t size, const uint8_t **out)
{
	if (stream->to - stream->from < size) {
		const int err = fill(stream, bytes, size);

		if (err)
			return err;
	}
	*out = stream->buffer + stream->from;
	return DWELL_OK;
}

void perf_stream_skip(struct perf_stream *stream, uint64_t size)
{
	const size_t here = stream->to - stream->from;

	if (size <= here) {
		stream->from += (size_t)size;
		return;
	}
	size -= here;
	stream->from = stream->to;
	stream->at = size > stream->end - stream->at ? stream->end : stream->at + size;
}
