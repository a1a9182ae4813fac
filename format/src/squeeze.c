#include "src/squeeze.h"

#include "dwell/error.h"
#include "src/wire.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum { BLOB_HEAD = 8, TOO_SMALL = 32 };

struct dwell_squeeze {
	ZSTD_CCtx *context;
	int level;
};

struct dwell_unsqueeze {
	ZSTD_DCtx *context;
};

int dwell_squeeze_new(struct dwell_squeeze **out, int level)
{
	struct dwell_squeeze *squeeze = calloc(1, sizeof(*squeeze));

	if (!squeeze)
		return DWELL_ENOMEM;
	squeeze->level = level;
	squeeze->context = ZSTD_createCCtx();
	if (!squeeze->context) {
		free(squeeze);
		return DWELL_ENOMEM;
	}
	*out = squeeze;
	return DWELL_OK;
}

void dwell_squeeze_free(struct dwell_squeeze *squeeze)
{
	if (!squeeze)
		return;
	ZSTD_freeCCtx(squeeze->context);
	free(squeeze);
}

int dwell_squeeze_put(
	struct dwell_squeeze *squeeze, struct dwell_buffer *out, const void *at, size_t size)
{
	if (size >= TOO_SMALL) {
		const size_t bound = ZSTD_compressBound(size);
		uint8_t *room = dwell_buffer_room(out, bound);

		if (!room)
			return DWELL_ENOMEM;

		const size_t stored =
			ZSTD_compressCCtx(squeeze->context, room, bound, at, size, squeeze->level);

		if (ZSTD_isError(stored))
			return DWELL_ENOMEM;
		if (stored < size) {
			out->size += stored;
			return WIRE_ZSTD;
		}
	}
	dwell_buffer_put(out, at, size);
	return out->failed ? (int)DWELL_ENOMEM : (int)WIRE_RAW;
}

int dwell_squeeze_blob(
	struct dwell_squeeze *squeeze, struct dwell_buffer *out, const void *at, size_t size)
{
	const size_t start = out->size;

	dwell_buffer_zeros(out, 4);
	dwell_buffer_u32(out, (uint32_t)size);

	const int codec = dwell_squeeze_put(squeeze, out, at, size);

	if (codec < 0)
		return codec;
	out->at[start] = (uint8_t)codec;
	return DWELL_OK;
}

int dwell_unsqueeze_new(struct dwell_unsqueeze **out)
{
	struct dwell_unsqueeze *unsqueeze = calloc(1, sizeof(*unsqueeze));

	if (!unsqueeze)
		return DWELL_ENOMEM;
	unsqueeze->context = ZSTD_createDCtx();
	if (!unsqueeze->context) {
		free(unsqueeze);
		return DWELL_ENOMEM;
	}
	*out = unsqueeze;
	return DWELL_OK;
}

void dwell_unsqueeze_free(struct dwell_unsqueeze *unsqueeze)
{
	if (!unsqueeze)
		return;
	ZSTD_freeDCtx(unsqueeze->context);
	free(unsqueeze);
}

int dwell_unsqueeze_get(struct dwell_unsqueeze *unsqueeze, unsigned codec, struct dwell_cursor in,
	uint8_t *out, size_t raw_size)
{
	if (codec == WIRE_RAW) {
		if (in.left != raw_size)
			return DWELL_EFORMAT;
		if (raw_size)
			memcpy(out, in.at, raw_size);
		return DWELL_OK;
	}
	if (codec != WIRE_ZSTD)
		return DWELL_EVERSION;

	const size_t got = ZSTD_decompressDCtx(unsqueeze->context, out, raw_size, in.at, in.left);

	return ZSTD_isError(got) || got != raw_size ? (int)DWELL_EFORMAT : (int)DWELL_OK;
}

int dwell_unsqueeze_blob(struct dwell_unsqueeze *unsqueeze, struct dwell_cursor in, size_t limit,
	uint8_t **out, size_t *size)
{
	struct dwell_cursor head;

	if (dwell_cursor_take(&in, BLOB_HEAD, &head))
		return DWELL_ETRUNCATED;

	const size_t raw_size = dwell_get_u32(head.at + 4);

	if (raw_size > limit)
		return DWELL_ELIMIT;
	if (head.at[1] | head.at[2] | head.at[3])
		return DWELL_EFORMAT;

	uint8_t *at = malloc(raw_size ? raw_size : 1);

	if (!at)
		return DWELL_ENOMEM;

	const int err = dwell_unsqueeze_get(unsqueeze, head.at[0], in, at, raw_size);

	if (err) {
		free(at);
		return err;
	}
	*out = at;
	*size = raw_size;
	return DWELL_OK;
}
