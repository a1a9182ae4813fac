#include "src/reader_private.h"

#include "dwell/limits.h"
#include "src/records.h"

#include <stdlib.h>
#include <string.h>

/* A blob chunk's content; free(*out). */
static int open_blob(struct dwell_reader *reader, uint64_t offset, unsigned kind, size_t limit,
	uint8_t **out, size_t *size)
{
	struct dwell_unsqueeze *unsqueeze = NULL;
	struct dwell_chunk_read chunk;
	int err = dwell_chunk_open(&chunk, reader->bytes, offset, reader->sync);

	if (!err && chunk.head.kind != kind)
		err = DWELL_EFORMAT;
	if (!err)
		err = dwell_unsqueeze_new(&unsqueeze);
	if (!err)
		err = dwell_unsqueeze_blob(unsqueeze, chunk.body, limit, out, size);
	dwell_unsqueeze_free(unsqueeze);
	dwell_chunk_close(&chunk);
	return err;
}

int dwell_reader_read_index(struct dwell_reader *reader, uint64_t offset)
{
	uint8_t *at = NULL;
	size_t size = 0;
	int err = open_blob(reader, offset, WIRE_INDEX, DWELL_MAX_INDEX_BYTES, &at, &size);

	if (!err)
		err = dwell_index_read(&reader->index, (struct dwell_cursor){ at, size });
	free(at);
	if (err)
		dwell_index_release(&reader->index);
	return err;
}

/* The end chunk says where the index is. */
static int index_from_end(struct dwell_reader *reader)
{
	const uint64_t size = WIRE_HEADER_SIZE + WIRE_END_BODY;
	struct dwell_chunk_read chunk;

	if (reader->bytes->size < reader->start + size)
		return DWELL_ETRUNCATED;

	int err = dwell_chunk_open(&chunk, reader->bytes, reader->bytes->size - size, reader->sync);
	uint64_t offset = 0;

	if (!err && (chunk.head.kind != WIRE_END || chunk.body.left < WIRE_END_BODY))
		err = DWELL_EFORMAT;
	if (!err)
		offset = dwell_get_u64(chunk.body.at);
	dwell_chunk_close(&chunk);
	return err ? err : dwell_reader_read_index(reader, offset);
}

int dwell_reader_index(struct dwell_reader *reader)
{
	const int err = index_from_end(reader);

	if (err == DWELL_ENOMEM || err == DWELL_EIO)
		return err;
	if (!err) {
		reader->summary.indexed = true;
		return DWELL_OK;
	}
	return dwell_reader_scan(reader);
}

/* The definitions of one chunk, up to one that cannot be read. */
static int tell_tables(struct dwell_reader *reader, uint64_t offset, struct dwell_sink *sink)
{
	uint8_t *at = NULL;
	size_t size = 0;
	int err = open_blob(reader, offset, WIRE_TABLES, DWELL_MAX_TABLES_BYTES, &at, &size);
	struct dwell_cursor in = { at, size };

	bool faulty = err != DWELL_OK;

	if (err == DWELL_ENOMEM || err == DWELL_EIO)
		return err;
	while (!err)
		err = dwell_record_tell(&in, sink, &faulty);
	free(at);
	reader->tables_lost |= faulty;
	return faulty || err == DWELL_END ? DWELL_OK : err;
}

int dwell_reader_tables(struct dwell_reader *reader, struct dwell_sink *sink)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < reader->index.table_count && !err; i++) {
		err = tell_tables(reader, reader->index.tables[i], sink);
		if (err)
			dwell_diag_set(
				&reader->diag, err, reader->index.tables[i], 0, "definitions");
	}
	return err;
}
