#include "src/chunk_read.h"

#include "dwell/error.h"

#include <stdlib.h>
#include <string.h>

enum { SEARCH_BYTES = 1 << 16 };

int dwell_view_open(
	struct dwell_view *out, struct dwell_bytes *bytes, uint64_t offset, uint64_t size)
{
	*out = (struct dwell_view){ .size = (size_t)size };
	if (offset > bytes->size || size > bytes->size - offset)
		return DWELL_ETRUNCATED;
	out->at = bytes->ops->map(bytes, offset, (size_t)size);
	out->offset = offset;
	out->mapped = out->at ? bytes : NULL;
	if (out->at)
		return DWELL_OK;
	out->owned = malloc(size ? (size_t)size : 1);
	if (!out->owned)
		return DWELL_ENOMEM;
	out->at = out->owned;

	size_t got;
	const int err = bytes->ops->read(bytes, offset, out->owned, (size_t)size, &got);

	if (err)
		return err;
	return got < size ? DWELL_ETRUNCATED : DWELL_OK;
}

void dwell_view_close(struct dwell_view *view)
{
	if (view->mapped && view->mapped->ops->done)
		view->mapped->ops->done(view->mapped, view->offset, view->size);
	free(view->owned);
	*view = (struct dwell_view){ 0 };
}

int dwell_chunk_head(struct wire_chunk *out, struct dwell_bytes *bytes, uint64_t offset,
	const uint8_t sync[WIRE_SYNC_SIZE], const char **what)
{
	struct dwell_view view;
	int err = dwell_view_open(&view, bytes, offset, WIRE_HEADER_SIZE);

	*what = "chunk header cut off";
	if (!err) {
		/* A later version's header may be longer. */
		const uint16_t size = dwell_get_u16(view.at + 16);

		if (size > WIRE_HEADER_SIZE && !memcmp(view.at, sync, WIRE_SYNC_SIZE)) {
			dwell_view_close(&view);
			err = dwell_view_open(&view, bytes, offset, size);
		}
	}
	if (!err)
		err = dwell_header_read(out, view.at, view.size, sync, what);
	dwell_view_close(&view);
	return err;
}

int dwell_chunk_open(struct dwell_chunk_read *out, struct dwell_bytes *bytes, uint64_t offset,
	const uint8_t sync[WIRE_SYNC_SIZE])
{
	*out = (struct dwell_chunk_read){ 0 };

	int err = dwell_chunk_head(&out->head, bytes, offset, sync, &out->what);

	if (err) {
		out->head.kind = 0;
		return err;
	}
	out->what = "chunk body cut off";
	err = dwell_view_open(
		&out->view, bytes, offset + out->head.header_size, out->head.body_size);
	if (err)
		return err;
	out->what = "chunk body: checksum differs";
	if (dwell_checksum(out->view.at, out->view.size) != out->head.body_checksum)
		return DWELL_EFORMAT;
	out->what = NULL;
	out->body = (struct dwell_cursor){ out->view.at, out->view.size };
	return DWELL_OK;
}

void dwell_chunk_close(struct dwell_chunk_read *chunk)
{
	dwell_view_close(&chunk->view);
}

/* Where in these bytes the marker stands on the alignment; size: nowhere. */
static size_t search_view(const struct dwell_view *view, const uint8_t *sync)
{
	for (size_t i = 0; i + WIRE_SYNC_SIZE <= view->size; i += WIRE_ALIGN)
		if (view->at[i] == sync[0] && !memcmp(view->at + i, sync, WIRE_SYNC_SIZE))
			return i;
	return view->size;
}

uint64_t dwell_chunk_search(
	struct dwell_bytes *bytes, uint64_t offset, const uint8_t sync[WIRE_SYNC_SIZE])
{
	offset = (offset + WIRE_ALIGN - 1) & ~(uint64_t)(WIRE_ALIGN - 1);
	while (offset < bytes->size && bytes->size - offset >= WIRE_SYNC_SIZE) {
		const uint64_t left = bytes->size - offset;
		const uint64_t size = left < SEARCH_BYTES ? left : SEARCH_BYTES;
		struct dwell_view view;
		const int err = dwell_view_open(&view, bytes, offset, size);
		const size_t at = err ? 0 : search_view(&view, sync);

		dwell_view_close(&view);
		if (err)
			return UINT64_MAX;
		if (at < size)
			return offset + at;
		/* A marker may stand across the end of this stretch. */
		offset += size == left ? size : size - WIRE_SYNC_SIZE + WIRE_ALIGN;
	}
	return UINT64_MAX;
}
