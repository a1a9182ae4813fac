#include "src/decode.h"
#include "src/index.h"
#include "src/keyframe.h"
#include "src/pyramid_file.h"
#include "src/records.h"

#include "dwell/error.h"

#include <stdlib.h>

/* What stands in blobs, without the blobs: the first byte says what it is. */
static void read_events(struct dwell_cursor in)
{
	const struct wire_chunk chunk = { .count = in.left > 2 ? in.at[0] : 0,
		.last_ns = UINT64_MAX / 2 };
	struct decoder decoder;
	struct dwell_event rows[64];
	size_t got;

	if (dwell_decoder_init(&decoder))
		return;
	if (!dwell_decoder_open(&decoder, &chunk, in, 0))
		while (!dwell_decoder_rows(&decoder, rows, 64, &got) && got)
			continue;
	dwell_decoder_release(&decoder);
}

static void read_index(struct dwell_cursor in)
{
	struct index index = { 0 };

	dwell_index_read(&index, in);
	dwell_index_release(&index);
}

static void read_keyframe(struct dwell_cursor in)
{
	struct dwell_task_state *states = NULL;

	if (in.left && !dwell_keyframe_read(in, in.at[0], &states))
		free(states);
}

static void read_pyramid(struct dwell_cursor in)
{
	struct pyramid_chunk chunk;

	dwell_pyramid_chunk_read(&chunk, in, in.left ? in.at[in.left - 1] : 0);
	dwell_pyramid_chunk_release(&chunk);
}

static void read_tables(struct dwell_cursor in)
{
	static const struct dwell_sink_ops none;
	struct dwell_sink nobody = { &none };

	while (!dwell_record_next(&in, &nobody))
		continue;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(struct dwell_cursor) = { read_index, read_keyframe,
		read_pyramid, read_tables, read_events };

	if (size)
		readers[data[0] % 5]((struct dwell_cursor){ data + 1, size - 1 });
	return 0;
}
