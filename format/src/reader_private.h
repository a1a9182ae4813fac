#ifndef DWELL_READER_PRIVATE_H
#define DWELL_READER_PRIVATE_H

#include "dwell/reader.h"

#include "src/chunk_read.h"
#include "src/decode.h"
#include "src/index.h"

/* A stretch of chunks that is read from one keyframe on. */
struct reader_part {
	size_t first_chunk, chunks;
	uint64_t time_ns;
	uint64_t row, end_row; /* rows before it; where its rows should end, 0: not known */
	uint64_t keyframe;     /* offset; 0: there is none that can be read */
	struct dwell_diag diag;
};

struct dwell_reader {
	struct dwell_source source; /* must be first */
	struct dwell_bytes *bytes;
	struct dwell_diag diag;
	uint8_t sync[WIRE_SYNC_SIZE];
	uint64_t start; /* of the first chunk */
	struct index index;
	struct dwell_summary summary;
	struct dwell_generation *generations;
	uint64_t rows;                                /* of the whole file; 0: not known */
	bool cut;                                     /* the file ends without its end */
	bool tables_lost;                             /* some definitions could not be read */
	uint64_t cut_first_ns, cut_last_ns, cut_rows; /* of a chunk that is not whole at the end */
	struct reader_part *parts;
	size_t part_count;
};

/* Read index, or find out by a scan what it would say. */
int dwell_reader_index(struct dwell_reader *reader);
int dwell_reader_scan(struct dwell_reader *reader);
int dwell_reader_read_index(struct dwell_reader *reader, uint64_t offset);

/* All definitions into the sink. Damaged tables set reader->tables_lost. */
int dwell_reader_tables(struct dwell_reader *reader, struct dwell_sink *sink);

/* Stretches that begin with a keyframe that can be read; once. */
int dwell_reader_make_parts(struct dwell_reader *reader);

/* Keyframe and rows of one part; reader_part.c. */
int dwell_reader_drive_part(struct dwell_reader *reader, const struct dwell_source_options *options,
	struct reader_part *part, bool first, struct dwell_sink *sink);

extern const struct dwell_source_ops dwell_reader_ops;

#endif
