#ifndef DWELL_DEFINITIONS_H
#define DWELL_DEFINITIONS_H

#include "dwell/sink.h"
#include "src/buffer.h"
#include "src/pages.h"
#include "src/wire.h"

/*
 * All definitions of a trace that is being written, and which of them the current generation
 * has in its tables. Clock pairs and notes have no identifier: each is written once.
 */
struct definitions {
	struct dwell_sink reader; /* of its own records, to find what they refer to */
	struct dwell_pages by_id[WIRE_RECORD_COUNT];
	struct dwell_buffer records;
	struct dwell_buffer loose; /* clocks and notes */
	size_t loose_written;
	struct dwell_buffer pending; /* type and id of what was told since the last tables */
	struct dwell_buffer *out;
	uint32_t generation;
	uint32_t tasks, executors;
	uint32_t out_count; /* records written since the tables were last taken */
};

void dwell_definitions_init(struct definitions *definitions);
void dwell_definitions_release(struct definitions *definitions);

/* Keep the record of `id` that stands at definitions->records from `start` on. */
int dwell_definitions_add(
	struct definitions *definitions, enum wire_record type, uint32_t id, size_t start);

/* Write a definition into the tables, unless the generation has it. Ids that were never defined
 * are passed over. */
void dwell_definitions_need(struct definitions *definitions, enum wire_record type, uint32_t id);

/* All that was told since the last time. */
void dwell_definitions_pending(struct definitions *definitions);
bool dwell_definitions_any_pending(const struct definitions *definitions);

/* All definitions, what others refer to first, to `each` (of a record's bytes). */
int dwell_definitions_all(const struct definitions *definitions,
	int (*each)(void *context, const uint8_t *at, size_t size), void *context);

#endif
