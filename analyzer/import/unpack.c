#include "import/unpack.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

#include "dwell/error.h"

enum { BLOCK = 1 << 17 };

enum import_packing import_packing_of(const void *at, size_t size)
{
	static const uint8_t gzip[] = { 0x1f, 0x8b, 0x08 };
	static const uint8_t zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };

	if (size >= sizeof(gzip) && !memcmp(at, gzip, sizeof(gzip)))
		return IMPORT_GZIP;
	if (size >= sizeof(zstd) && !memcmp(at, zstd, sizeof(zstd)))
		return IMPORT_ZSTD;
	return IMPORT_PLAIN;
}

struct buffers {
	uint8_t in[BLOCK];
	uint8_t out[BLOCK];
};

static int copy_all(
	struct buffers *buffers, struct import_origin *origin, struct import_target *target)
{
	for (;;) {
		size_t got = 0;
		int err = origin->read(origin, buffers->in, sizeof(buffers->in), &got);

		if (err || !got)
			return err;
		err = target->write(target, buffers->in, got);
		if (err)
			return err;
	}
}

/* Hand over what the input at `in` still gives; *open: the stream has not ended. */
static int inflate_some(
	z_stream *stream, struct buffers *buffers, struct import_target *target, bool *open)
{
	do {
		if (!*open && inflateReset(stream) != Z_OK)
			return DWELL_EFORMAT;
		stream->next_out = buffers->out;
		stream->avail_out = sizeof(buffers->out);

		const int status = inflate(stream, Z_NO_FLUSH);
		if (status == Z_MEM_ERROR)
			return DWELL_ENOMEM;
		if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
			return DWELL_EFORMAT;
		*open = status != Z_STREAM_END;

		const int err = target->write(
			target, buffers->out, sizeof(buffers->out) - stream->avail_out);
		if (err)
			return err;
	} while (stream->avail_in || !stream->avail_out);
	return DWELL_OK;
}

static int gunzip(
	struct buffers *buffers, struct import_origin *origin, struct import_target *target)
{
	z_stream stream = { .next_in = Z_NULL };
	bool open = true;
	size_t got;
	int err;

	if (inflateInit2(&stream, 15 + 16) != Z_OK)
		return DWELL_ENOMEM;
	for (;;) {
		got = 0;
		err = origin->read(origin, buffers->in, sizeof(buffers->in), &got);
		if (err || !got)
			break;
		stream.next_in = buffers->in;
		stream.avail_in = (uInt)got;
		err = inflate_some(&stream, buffers, target, &open);
		if (err)
			break;
	}
	inflateEnd(&stream);
	return err ? err : open ? DWELL_ETRUNCATED : DWELL_OK;
}

static int unzstd(
	struct buffers *buffers, struct import_origin *origin, struct import_target *target)
{
	ZSTD_DCtx *context = ZSTD_createDCtx();
	size_t left = 0;
	int err = context ? DWELL_OK : DWELL_ENOMEM;

	while (!err) {
		ZSTD_inBuffer in = { .src = buffers->in };

		err = origin->read(origin, buffers->in, sizeof(buffers->in), &in.size);
		if (err || !in.size)
			break;

		ZSTD_outBuffer out = { .dst = buffers->out };
		do {
			out = (ZSTD_outBuffer){ .dst = buffers->out, .size = sizeof(buffers->out) };
			left = ZSTD_decompressStream(context, &out, &in);
			err = ZSTD_isError(left) ? DWELL_EFORMAT
						 : target->write(target, out.dst, out.pos);
		} while (!err && (in.pos < in.size || out.pos == out.size));
	}
	ZSTD_freeDCtx(context);
	return err ? err : left ? DWELL_ETRUNCATED : DWELL_OK;
}

int import_unpack(
	enum import_packing packing, struct import_origin *origin, struct import_target *target)
{
	struct buffers *buffers = malloc(sizeof(*buffers));
	int err;

	if (!buffers)
		return DWELL_ENOMEM;
	if (packing == IMPORT_GZIP)
		err = gunzip(buffers, origin, target);
	else if (packing == IMPORT_ZSTD)
		err = unzstd(buffers, origin, target);
	else
		err = copy_all(buffers, origin, target);
	free(buffers);
	return err;
}
