/* Records from front to back: out of the file, out of compressed records, and round by round. */
#include "import/perf/perf.h"

#include <stdlib.h>
#include <string.h>

enum {
	HEADER = 8, /* type, misc, size */
	RECORD_HEADER_ATTR = 64,
	RECORD_TRACING_DATA = 66,
	RECORD_FINISHED_ROUND = 68,
	RECORD_AUXTRACE = 71,
	RECORD_FEATURE = 80,
	RECORD_COMPRESSED = 81,
	RECORD_COMPRESSED2 = 83,
	/* One compressed record is 64 KiB at most; perf gives it a buffer of its ring's size to
	   unpack. */
	LARGEST_UNPACKED = 1 << 28,
	UNPACK_STEP = 1 << 17
};

static int broken(struct perf *perf, enum dwell_loss_cause cause, const char *what)
{
	perf->broken = (uint8_t)cause;
	return dwell_diag_set(&perf->source.diag, DWELL_END, perf->stream.at, 0, "%s", what);
}

/* The attributes of an event, as a pipe tells them: then their ids. */
static int header_attr(struct perf *perf, struct perf_wire in)
{
	struct perf_wire attr;
	int err;

	if (in.left < 8 || !perf_take(&in, perf_get32(in.at + 4, in.big), &attr))
		return DWELL_EFORMAT;
	err = perf_attrs_add(&perf->attrs, attr);
	if (!err)
		err = perf_attrs_add_ids(&perf->attrs, in);
	if (!err)
		perf_attrs_resolve(&perf->attrs, &perf->formats);
	return err;
}

static int feature(struct perf *perf, struct perf_wire in)
{
	uint64_t which;

	return perf_u64(&in, &which) ? perf_feature(perf, which, in) : DWELL_EFORMAT;
}

/* Records out of what the compressed ones so far unpacked to; the rest waits for the next. */
static int unpacked_records(struct perf *perf)
{
	struct perf_unpacked *unpacked = &perf->unpacked;
	size_t at = 0;
	int err = DWELL_OK;

	while (!err) {
		at = (size_t)(perf_samples_fixed(perf, unpacked->buffer + at,
				      unpacked->buffer + unpacked->used) -
			      unpacked->buffer);
		if (unpacked->used - at < HEADER)
			break;

		const uint8_t *header = unpacked->buffer + at;
		const uint16_t size = perf_get16(header + 6, perf->big);
		const struct perf_record record = {
			.type = perf_get32(header, perf->big),
			.misc = perf_get16(header + 4, perf->big),
			.body = { header + HEADER, (size_t)(size - HEADER), perf->big },
		};

		if (size < HEADER)
			return broken(
				perf, DWELL_LOSS_CORRUPT, "perf: a compressed record is damaged");
		if (size > unpacked->used - at)
			break;
		err = perf_record(perf, &record);
		at += size;
	}
	memmove(unpacked->buffer, unpacked->buffer + at, unpacked->used - at);
	unpacked->used -= at;
	return err;
}

static int room_to_unpack(struct perf_unpacked *unpacked)
{
	if (unpacked->room - unpacked->used >= UNPACK_STEP)
		return DWELL_OK;
	if (unpacked->room >= LARGEST_UNPACKED)
		return DWELL_ELIMIT;

	const size_t room = 2 * unpacked->room + 2 * UNPACK_STEP;
	uint8_t *buffer = realloc(unpacked->buffer, room);
	if (!buffer)
		return DWELL_ENOMEM;
	unpacked->buffer = buffer;
	unpacked->room = room;
	return DWELL_OK;
}

/* The compressed records of a file are one stream of zstd, flushed at the end of each. */
static int compressed(struct perf *perf, struct perf_wire body)
{
	struct perf_unpacked *unpacked = &perf->unpacked;
	ZSTD_inBuffer in = { .src = body.at, .size = body.left };
	bool more = true;

	if (!unpacked->context)
		unpacked->context = ZSTD_createDCtx();
	if (!unpacked->context)
		return DWELL_ENOMEM;
	while (more) {
		int err = room_to_unpack(unpacked);
		if (err)
			return err;

		ZSTD_outBuffer out = { unpacked->buffer + unpacked->used,
			unpacked->room - unpacked->used, 0 };
		if (ZSTD_isError(ZSTD_decompressStream(unpacked->context, &out, &in)))
			return broken(
				perf, DWELL_LOSS_CORRUPT, "perf: compressed records are damaged");
		more = in.pos < in.size || out.pos == out.size;
		unpacked->used += out.pos;
		err = unpacked_records(perf);
		if (err)
			return err;
	}
	return DWELL_OK;
}

static int compressed2(struct perf *perf, struct perf_wire in)
{
	struct perf_wire packed;
	uint64_t size;

	if (!perf_u64(&in, &size) || !perf_take(&in, size, &packed))
		return broken(perf, DWELL_LOSS_CORRUPT, "perf: a compressed record is damaged");
	return compressed(perf, packed);
}

/* A pipe's tracing data stand behind their record. */
static int tracing_data(struct perf *perf, struct perf_wire in)
{
	const uint8_t *at;
	uint32_t size;
	int err;

	if (!perf_u32(&in, &size))
		return DWELL_EFORMAT;
	size = (size + 7) & ~UINT32_C(7);
	err = perf_stream_take(&perf->stream, perf->source.bytes, size, &at);
	if (err == DWELL_END)
		return broken(perf, DWELL_LOSS_CUT, "perf: ends in its tracing data");
	if (err)
		return err;
	err = perf_formats_read(
		&perf->formats, (struct perf_wire){ .at = at, .left = size, .big = perf->big });
	perf_stream_skip(&perf->stream, size);
	if (err)
		return dwell_diag_set(&perf->source.diag, err, perf->stream.at, 0,
			"perf: the table of tracepoint formats is damaged");
	perf_attrs_resolve(&perf->attrs, &perf->formats);
	return DWELL_OK;
}

static int auxtrace(struct perf *perf, struct perf_wire in)
{
	uint64_t size;

	if (perf_u64(&in, &size))
		perf_stream_skip(&perf->stream, size);
	return DWELL_OK;
}

static int dispatch(struct perf *perf, const struct perf_record *record)
{
	switch (record->type) {
	case RECORD_HEADER_ATTR:
		return perf->pipe ? header_attr(perf, record->body) : DWELL_OK;
	case RECORD_TRACING_DATA:
		return tracing_data(perf, record->body);
	case RECORD_FEATURE:
		return feature(perf, record->body);
	case RECORD_AUXTRACE:
		return auxtrace(perf, record->body);
	case RECORD_COMPRESSED:
		return compressed(perf, record->body);
	case RECORD_COMPRESSED2:
		return compressed2(perf, record->body);
	default:
		return perf_record(perf, record);
	}
}

/* One record of the file, which is taken before it is looked at: some have more behind them. */
static int read_record(struct perf *perf, bool *round)
{
	const uint8_t *at;
	struct perf_record record;
	int err = perf_stream_take(&perf->stream, perf->source.bytes, HEADER, &at);

	if (err)
		return err;

	const uint16_t size = perf_get16(at + 6, perf->big);
	if (size < HEADER)
		return broken(
			perf, DWELL_LOSS_CORRUPT, "perf: a record is damaged: its size is wrong");
	err = perf_stream_take(&perf->stream, perf->source.bytes, size, &at);
	if (err)
		return err;
	record = (struct perf_record){
		.type = perf_get32(at, perf->big),
		.misc = perf_get16(at + 4, perf->big),
		.body = { at + HEADER, size - (size_t)HEADER, perf->big },
	};
	perf_stream_skip(&perf->stream, size);
	*round = record.type == RECORD_FINISHED_ROUND;
	return dispatch(perf, &record);
}

/* Samples that are at hand and need no more than a look. */
static void read_samples(struct perf *perf)
{
	struct perf_stream *stream = &perf->stream;
	const uint8_t *at;

	/* Else there may be no data at all. */
	if (stream->from == stream->to)
		return;
	at = stream->data + stream->from;
	stream->from += (size_t)(perf_samples_fixed(perf, at, stream->data + stream->to) - at);
}

static bool left_over(const struct perf *perf)
{
	return perf->stream.to > perf->stream.from || perf->stream.short_file ||
	       perf->unpacked.used;
}

static size_t read_end(struct perf *perf)
{
	perf->done = true;
	if (!perf->broken && left_over(perf))
		broken(perf, DWELL_LOSS_CUT, "perf: ends in the middle of a record");
	if (!perf->broken && perf->unclosed)
		broken(perf, DWELL_LOSS_CUT, "perf: was not closed");
	return perf_queue_all(&perf->queue);
}

int perf_read_on(struct perf *perf, size_t *ready)
{
	*ready = 0;
	if (perf->done)
		return DWELL_END;
	while (!*ready) {
		bool round = false;
		int err = DWELL_OK;

		read_samples(perf);
		if (perf->queue.count < PERF_QUEUE_MOST)
			err = read_record(perf, &round);
		if (err < 0)
			return err;
		if (err == DWELL_END) {
			*ready = read_end(perf);
			return DWELL_OK;
		}
		if (round)
			*ready = perf_queue_round(&perf->queue);
		else if (perf->queue.count >= PERF_QUEUE_MOST)
			*ready = perf_queue_half(&perf->queue);
	}
	return DWELL_OK;
}
