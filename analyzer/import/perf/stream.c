#include "import/perf/perf.h"

#include <stdlib.h>
#include <string.h>

enum {
	/* Small enough to stay in the cache of a core: copying costs less than mapping. */
	ROOM = 1 << 17,
	/* The longest piece asked for: the tracing data of a machine with every tracepoint. */
	LONGEST = 1 << 26
};

void perf_stream_start(struct perf_stream *stream, uint64_t at, uint64_t end)
{
	perf_stream_release(stream);
	stream->at = at;
	stream->end = end;
}

void perf_stream_release(struct perf_stream *stream)
{
	free(stream->buffer);
	*stream = (struct perf_stream){ .buffer = NULL };
}

static void short_at(struct perf_stream *stream, uint64_t at)
{
	stream->short_file = true;
	stream->end = at;
}

/* Move what is not taken yet to the front of a buffer with room for size bytes. */
static int make_room(struct perf_stream *stream, size_t size)
{
	const size_t left = stream->to - stream->from;

	if (size < ROOM)
		size = ROOM;
	if (left)
		memmove(stream->buffer, stream->buffer + stream->from, left);
	if (size > stream->room) {
		uint8_t *buffer = realloc(stream->buffer, size);

		if (!buffer)
			return DWELL_ENOMEM;
		stream->buffer = buffer;
		stream->room = size;
	}
	stream->from = 0;
	stream->to = left;
	return DWELL_OK;
}

static int read_more(struct perf_stream *stream, struct dwell_bytes *bytes, size_t size)
{
	uint64_t more = stream->end - stream->at;
	size_t got = 0;
	int err = make_room(stream, size);

	if (err)
		return err;
	if (more > stream->room - stream->to)
		more = stream->room - stream->to;
	err = bytes->ops->read(bytes, stream->at, stream->buffer + stream->to, (size_t)more, &got);
	if (err)
		return err;
	stream->at += got;
	stream->to += got;
	if (got < more)
		short_at(stream, stream->at);
	return DWELL_OK;
}

int perf_stream_fill(struct perf_stream *stream, struct dwell_bytes *bytes, size_t size)
{
	int err;

	if (size > stream->to - stream->from + (stream->end - stream->at))
		return DWELL_END;
	if (size > LONGEST)
		return DWELL_ELIMIT;
	err = read_more(stream, bytes, size);
	if (err)
		return err;
	return stream->to - stream->from < size ? DWELL_END : DWELL_OK;
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
