#ifndef DWELL_ENCODER_H
#define DWELL_ENCODER_H

#include <stddef.h>
#include <stdint.h>

#include "dwell/error.h"
#include "dwell/sink.h"

/*
 * Writes a trace file as it is told as a sink. The file is readable at any
 * moment: chunks are written whole, tables before the events that use them. Rows must
 * be in order of time (else DWELL_EINVAL).
 */

/* Where the bytes go. write takes all or fails; 0, DWELL_EIO (errno), DWELL_ELIMIT. */
struct dwell_output {
	int (*write)(struct dwell_output *output, const void *at, size_t size);
};

struct dwell_encoder_options {
	int level;                  /* of zstd; 0: the default, 1 */
	uint32_t chunk_rows;        /* rows in an events chunk; 0: 65536 */
	uint32_t generation_chunks; /* events chunks in a generation; 0: the default */
};

struct dwell_encoder;

/* output must outlive the encoder and is not closed by it. options may be NULL. DWELL_ENOMEM. */
int dwell_encoder_new(struct dwell_encoder **out, struct dwell_output *output,
	const struct dwell_encoder_options *options);

/* The sink to drive; end writes summary, index and footer. */
struct dwell_sink *dwell_encoder_sink(struct dwell_encoder *encoder);

/* Write what is pending as a chunk now, so that a reader of the file has all rows told so far. */
int dwell_encoder_flush(struct dwell_encoder *encoder);

/* Bytes written so far. */
uint64_t dwell_encoder_bytes(const struct dwell_encoder *encoder);

/* What went wrong last. */
const struct dwell_diag *dwell_encoder_diag(const struct dwell_encoder *encoder);

/* Without an end the file stays "not closed", which readers say. NULL is allowed. */
void dwell_encoder_free(struct dwell_encoder *encoder);

#endif
