#ifndef DWELL_ENCODER_PRIVATE_H
#define DWELL_ENCODER_PRIVATE_H

#include "dwell/encoder.h"

#include "dwell/states.h"
#include "src/columns_write.h"
#include "src/definitions.h"
#include "src/index.h"
#include "src/pyramid_file.h"
#include "src/squeeze.h"

struct dwell_encoder {
	struct dwell_sink sink;
	struct dwell_output *output;
	struct dwell_encoder_options options;
	struct dwell_diag diag;
	int err; /* sticky: of the output or of memory */
	uint64_t bytes;
	uint32_t serial;
	uint8_t sync[WIRE_SYNC_SIZE];
	bool begun, ended;

	struct definitions definitions;
	struct dwell_buffer tables; /* records for the next tables chunk */
	struct columns columns;
	struct columns_scratch scratch;
	struct dwell_squeeze *squeeze;
	struct dwell_states *states;
	struct pyramid_build pyramid;
	struct dwell_buffer body; /* of the chunk being made */

	struct index index;
	uint32_t generation;
	uint64_t generation_rows;
	bool generation_begun; /* its keyframe is in `keyframe` or written */
	bool keyframe_pending;
	struct dwell_buffer keyframe;
	uint32_t keyframe_count;
	uint64_t keyframe_ns;
	uint64_t now_ns; /* the latest row or watermark */
};

/* One chunk: header, encoder->body, padding. */
int dwell_encoder_chunk(struct dwell_encoder *encoder, const struct wire_chunk *chunk);
/* Tables, keyframe and events that are pending, as chunks. */
int dwell_encoder_close_chunk(struct dwell_encoder *encoder);
/* Take the states of all tasks as the keyframe of a generation that begins now. */
int dwell_encoder_take_keyframe(struct dwell_encoder *encoder, uint64_t time_ns);
/* Merged tables, index and end. */
int dwell_encoder_finish(struct dwell_encoder *encoder);
int dwell_encoder_put_tables(struct dwell_encoder *encoder, uint8_t flags);

#endif
