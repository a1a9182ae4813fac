#include "src/squeeze.h"

#include "dwell/error.h"
#include "src/wire.h"

#include <stdlib.h>
#include <string.h>
/* For ZSTD_c_literalCompressionMode; where a later zstd refuses it, we do without. */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

enum { BLOB_HEAD = 8, TOO_SMALL = 32, SAMPLE = 16384 };

struct dwell_squeeze {
	ZSTD_CCtx *context;
	ZSTD_CCtx *noise; /* looks for repeats at few places only; NULL: as the other */
	int level;
	uint8_t sample[ZSTD_COMPRESSBOUND(SAMPLE)];
};

struct dwell_unsqueeze {
	ZSTD_DCtx *context;
};

/* Level 1, but only every 200th place is tried for a repeat. */
static int make_noise(struct dwell_squeeze *squeeze)
{
	static const struct {
		ZSTD_cParameter name;
		int value;
	} set[] = {
		{ ZSTD_c_compressionLevel, 1 },
		{ ZSTD_c_strategy, ZSTD_fast },
		{ ZSTD_c_minMatch, 7 },
		{ ZSTD_c_targetLength, 200 },
		{ ZSTD_c_literalCompressionMode, ZSTD_ps_enable },
	};
	bool good = true;

	squeeze->noise = ZSTD_createCCtx();
	if (!squeeze->noise)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++)
		good &= !ZSTD_isError(
			ZSTD_CCtx_setParameter(squeeze->noise, set[i].name, set[i].value));
	if (!good) {
		ZSTD_freeCCtx(squeeze->noise);
		squeeze->noise = NULL;
	}
	return DWELL_OK;
}

int dwell_squeeze_new(struct dwell_squeeze **out, int level)
{
	struct dwell_squeeze *squeeze = calloc(1, sizeof(*squeeze));

	if (!squeeze)
		return DWELL_ENOMEM;
	squeeze->level = level;
	squeeze->context = ZSTD_createCCtx();
	/* Who asks for more than the least wants all that there is. */
	if (!squeeze->context || (level <= 1 && make_noise(squeeze))) {
		dwell_squeeze_free(squeeze);
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
	ZSTD_freeCCtx(squeeze->noise);
	free(squeeze);
}

static size_t compress(struct dwell_squeeze *squeeze, void *out, size_t room, const void *at,
	size_t size, enum squeeze_like like)
{
	if (like == SQUEEZE_NOISE && squeeze->noise)
		return ZSTD_compress2(squeeze->noise, out, room, at, size);
	return ZSTD_compressCCtx(squeeze->context, out, room, at, size, squeeze->level);
}

int dwell_squeeze_put(struct dwell_squeeze *squeeze, struct dwell_buffer *out, const void *at,
	size_t size, enum squeeze_like like)
{
	if (size >= TOO_SMALL) {
		const size_t bound = ZSTD_compressBound(size);
		uint8_t *room = dwell_buffer_room(out, bound);

		if (!room)
			return DWELL_ENOMEM;

		const size_t stored = compress(squeeze, room, bound, at, size, like);

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

int dwell_squeeze_like(struct dwell_squeeze *squeeze, const void *at, size_t size)
{
	const size_t some = size < SAMPLE ? size : SAMPLE;
	size_t stored[2];

	if (!squeeze->noise)
		return SQUEEZE_TEXT;
	for (int like = SQUEEZE_TEXT; like <= SQUEEZE_NOISE; like++) {
		stored[like] = compress(squeeze, squeeze->sample, sizeof(squeeze->sample), at, some,
			(enum squeeze_like)like);
		if (ZSTD_isError(stored[like]))
			return DWELL_ENOMEM;
	}
	/* One in 32 more is a fair price. */
	return stored[SQUEEZE_NOISE] <= stored[SQUEEZE_TEXT] + stored[SQUEEZE_TEXT] / 32
		       ? SQUEEZE_NOISE
		       : SQUEEZE_TEXT;
}

int dwell_squeeze_blob(
	struct dwell_squeeze *squeeze, struct dwell_buffer *out, const void *at, size_t size)
{
	const size_t start = out->size;

	dwell_buffer_zeros(out, 4);
	dwell_buffer_u32(out, (uint32_t)size);

	const int codec = dwell_squeeze_put(squeeze, out, at, size, SQUEEZE_TEXT);

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
