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
	import_ahead_stop(stream->ahead);
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
	const bool owned = stream->data == stream->buffer;
	uint8_t *buffer = stream->buffer;

	if (size < ROOM)
		size = ROOM;
	if (owned && left)
		memmove(buffer, buffer + stream->from, left);
	if (size > stream->room) {
		buffer = realloc(buffer, size);
		if (!buffer)
			return DWELL_ENOMEM;
		stream->buffer = buffer;
		stream->room = size;
	}
	if (!owned && left)
		memcpy(buffer, stream->data + stream->from, left);
	stream->data = buffer;
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

/* The next block that was read ahead, with what is not taken yet in front of it. */
static int next_block(struct perf_stream *stream)
{
	const size_t left = stream->to - stream->from;
	const uint64_t more = stream->end - stream->at;
	uint8_t *block;
	size_t got;
	const int err = import_ahead_next(stream->ahead, &block, &got);

	if (err)
		return err;
	if (left)
		memcpy(block - left, stream->data + stream->from, left);
	stream->data = block - left;
	stream->from = 0;
	stream->to = left + got;
	stream->at += got;
	if (got < AHEAD_BLOCK && got < more)
		short_at(stream, stream->at);
	return DWELL_OK;
}

/* From here on as it is asked for. What is not taken yet is kept. */
static int stop_ahead(struct perf_stream *stream)
{
	const int err = make_room(stream, stream->to - stream->from);

	if (err)
		return err;
	import_ahead_stop(stream->ahead);
	stream->ahead = NULL;
	return DWELL_OK;
}

int perf_stream_fill(struct perf_stream *stream, struct dwell_bytes *bytes, size_t size)
{
	const size_t left = stream->to - stream->from;
	const bool fits = left <= AHEAD_BEFORE && size <= AHEAD_BLOCK;
	int err = DWELL_OK;

	if (size > left + (stream->end - stream->at))
		return DWELL_END;
	if (size > LONGEST)
		return DWELL_ELIMIT;
	if (!stream->ahead && fits && !stream->jumped &&
		import_ahead_pays(stream->end - stream->at) &&
		import_ahead_start(&stream->ahead, bytes, stream->at, stream->end))
		stream->ahead = NULL;
	if (stream->ahead && !fits)
		err = stop_ahead(stream);
	if (!err)
		err = stream->ahead ? next_block(stream) : read_more(stream, bytes, size);
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
	stream->jumped = true;
	import_ahead_stop(stream->ahead);
	stream->ahead = NULL;
	stream->data = stream->buffer;
	stream->from = stream->to = 0;
	stream->at = size > stream->end - stream->at ? stream->end : stream->at + size;
}
