#include "src/verify_private.h"

#include "dwell/limits.h"
#include "src/borrowed.h"
#include "src/pyramid_file.h"
#include "src/reader_private.h"
#include "src/records.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void dwell_verify_say(struct verify *v, enum dwell_verify_level level, const char *format, ...)
{
	struct dwell_diag diag = { .offset = v->offset };
	va_list args;

	va_start(args, format);
	vsnprintf(diag.what, sizeof(diag.what), format, args);
	va_end(args);
	v->damaged |= level == DWELL_VERIFY_DAMAGE;
	if (v->report)
		v->report(v->context, level, &diag);
}

static int verify_info(struct verify *v, const struct dwell_chunk_read *chunk)
{
	struct dwell_trace_info info;
	struct dwell_cursor in = chunk->body;

	if (v->serial != 0)
		dwell_verify_say(v, DWELL_VERIFY_DAMAGE, "info chunk: not the first");
	return dwell_record_read_info(&in, &info);
}

static int verify_end(struct verify *v, const struct dwell_chunk_read *chunk)
{
	if (chunk->body.left < WIRE_END_BODY)
		return DWELL_ETRUNCATED;
	v->ended = true;
	if (chunk->head.row != v->row)
		dwell_verify_say(v, DWELL_VERIFY_DAMAGE, "end chunk: counts other rows");
	return DWELL_OK;
}

static int verify_pyramid(struct verify *v, const struct dwell_chunk_read *chunk)
{
	struct pyramid_chunk buckets = { 0 };
	uint8_t *at = NULL;
	size_t size = 0;
	int err =
		dwell_unsqueeze_blob(v->unsqueeze, chunk->body, DWELL_MAX_TABLES_BYTES, &at, &size);

	v->what = "buckets";
	if (!err)
		err = dwell_pyramid_chunk_read(
			&buckets, (struct dwell_cursor){ at, size }, chunk->head.count);
	if (!err)
		err = dwell_verify_buckets(v, at, size);
	dwell_pyramid_chunk_release(&buckets);
	free(at);
	return err;
}

static int verify_body(struct verify *v, const struct dwell_chunk_read *chunk)
{
	switch (chunk->head.kind) {
	case WIRE_INFO:
		return verify_info(v, chunk);
	case WIRE_TABLES:
		return dwell_verify_tables(v, chunk);
	case WIRE_KEYFRAME:
		return dwell_verify_keyframe(v, chunk);
	case WIRE_EVENTS:
		return dwell_verify_events(v, chunk);
	case WIRE_END:
		return verify_end(v, chunk);
	case WIRE_PYRAMID:
		return verify_pyramid(v, chunk);
	case WIRE_INDEX:
		return DWELL_OK; /* compared with what is met, chunk by chunk */
	default:
		dwell_verify_say(v,
			chunk->head.flags & WIRE_MUST_KNOW ? DWELL_VERIFY_DAMAGE
							   : DWELL_VERIFY_NOTE,
			"chunk of kind %u, which this version does not know", chunk->head.kind);
		return DWELL_OK;
	}
}

/* Bytes between a body and the next chunk: zero. */
static void verify_padding(struct verify *v, const struct wire_chunk *head)
{
	const uint64_t size = (uint64_t)head->header_size + head->body_size;
	const uint64_t padding = dwell_chunk_size(head) - size;
	struct dwell_view view;

	if (dwell_view_open(&view, v->bytes, v->offset + size, padding)) {
		dwell_verify_say(v, DWELL_VERIFY_DAMAGE, "chunk: padding cut off");
	} else {
		for (size_t i = 0; i < view.size; i++) {
			if (!view.at[i])
				continue;
			dwell_verify_say(v, DWELL_VERIFY_DAMAGE, "chunk: padding is not zero");
			break;
		}
	}
	dwell_view_close(&view);
}

/* What the index says of an events chunk must be so. */
static void verify_indexed(struct verify *v, const struct wire_chunk *head)
{
	if (!v->indexed || head->kind != WIRE_EVENTS)
		return;

	const struct index_chunk *told =
		v->next_chunk < v->index.chunk_count ? &v->index.chunks[v->next_chunk++] : NULL;

	if (!told || told->offset != v->offset || told->rows != head->count ||
		told->first_ns != head->first_ns || told->last_ns != head->last_ns)
		dwell_verify_say(v, DWELL_VERIFY_DAMAGE, "events chunk: the index says otherwise");
}

static const char *kind_name(unsigned kind)
{
	static const char *const names[] = { "chunk", "info chunk", "tables chunk",
		"keyframe chunk", "events chunk", "pyramid chunk", "index chunk", "end chunk" };

	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : names[0];
}

/* One chunk; the offset moves on. DWELL_END: there is none behind it. */
static int step(struct verify *v)
{
	struct dwell_chunk_read chunk;
	int err = dwell_chunk_open(&chunk, v->bytes, v->offset, v->sync);
	const char *what = chunk.what;
	uint64_t next = UINT64_MAX;

	if (err == DWELL_EIO || err == DWELL_ENOMEM)
		goto out;
	if (chunk.head.kind && dwell_chunk_size(&chunk.head) <= v->bytes->size - v->offset) {
		next = v->offset + dwell_chunk_size(&chunk.head);
		verify_padding(v, &chunk.head);
		if (chunk.head.serial != v->serial)
			dwell_verify_say(v, DWELL_VERIFY_DAMAGE,
				"chunk: number %u where %u should be", chunk.head.serial,
				v->serial);
		v->serial = chunk.head.serial;
	} else {
		next = dwell_chunk_search(v->bytes, v->offset + WIRE_ALIGN, v->sync);
	}
	if (!err) {
		verify_indexed(v, &chunk.head);
		v->what = "content";
		err = verify_body(v, &chunk);
		what = v->what;
	}
	v->serial += chunk.head.kind != 0;
	if (err == DWELL_ENOMEM || err == DWELL_EIO)
		goto out;
	if (err)
		dwell_verify_say(v, DWELL_VERIFY_DAMAGE, "%s: %s: %s", kind_name(chunk.head.kind),
			what, dwell_strerror(err));
	err = next >= v->bytes->size ? DWELL_END : DWELL_OK;
	v->offset = next;
out:
	dwell_chunk_close(&chunk);
	return err;
}

/* The index as the reader finds it. */
static int find_index(struct verify *v)
{
	struct borrowed_bytes borrowed;
	struct dwell_reader *reader;
	struct dwell_diag diag = { .offset = 0 };
	const int err = dwell_reader_open(&reader, dwell_bytes_borrow(&borrowed, v->bytes), &diag);

	if (err) {
		v->offset = diag.offset;
		dwell_verify_say(v, DWELL_VERIFY_DAMAGE, "%s", diag.what);
		return err;
	}
	memcpy(v->sync, reader->sync, WIRE_SYNC_SIZE);
	v->offset = reader->start;
	v->indexed = reader->summary.indexed;
	v->index = reader->index;
	reader->index = (struct index){ 0 };
	dwell_reader_close(reader);
	return DWELL_OK;
}

static void verify_prologue(struct verify *v)
{
	const uint64_t size = v->bytes->size < 4096 ? v->bytes->size : 4096;
	const uint64_t at = v->offset;
	struct wire_prologue prologue;
	struct dwell_view view;
	const char *what;

	v->offset = 0;
	v->minor = WIRE_VERSION_MINOR;
	if (!dwell_view_open(&view, v->bytes, 0, size)) {
		if (dwell_prologue_read(&prologue, view.at, view.size, &what))
			dwell_verify_say(v, DWELL_VERIFY_DAMAGE, "%s", what);
		else
			v->minor = prologue.minor;
	}
	dwell_view_close(&view);
	v->offset = at;
}

static int walk(struct verify *v)
{
	int err = find_index(v);

	if (err)
		return err;
	err = dwell_verify_follow(v);
	if (err)
		return err;
	verify_prologue(v);
	while (!err && v->offset < v->bytes->size)
		err = step(v);
	if (err && err != DWELL_END)
		return err;
	v->offset = v->bytes->size;
	err = dwell_verify_pyramid_end(v);
	if (err)
		return err;
	if (!v->ended)
		dwell_verify_say(v, DWELL_VERIFY_NOTE, "the file was not closed");
	else if (!v->indexed)
		dwell_verify_say(v, DWELL_VERIFY_DAMAGE, "the index cannot be read");
	if (v->indexed && (v->next_chunk != v->index.chunk_count || v->index.events != v->row))
		dwell_verify_say(
			v, DWELL_VERIFY_DAMAGE, "the index names chunks that are not here");
	return v->damaged ? DWELL_EFORMAT : DWELL_OK;
}

int dwell_verify(struct dwell_bytes *bytes, dwell_verify_fn report, void *context)
{
	struct verify *v = calloc(1, sizeof(*v));
	int err = v ? DWELL_OK : DWELL_ENOMEM;

	if (err)
		return err;
	v->bytes = bytes;
	v->report = report;
	v->context = context;
	dwell_verify_init_sink(v);
	err = dwell_unsqueeze_new(&v->unsqueeze);
	if (!err)
		err = dwell_decoder_init(&v->decoder);
	if (!err)
		err = walk(v);
	for (unsigned i = 0; i < VERIFY_SPACES; i++)
		dwell_pages_release(&v->defined[i]);
	dwell_verify_follow_end(v);
	dwell_index_release(&v->index);
	dwell_unsqueeze_free(v->unsqueeze);
	dwell_decoder_release(&v->decoder);
	free(v->rows);
	free(v);
	return err;
}
