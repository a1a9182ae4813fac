#ifndef DWELL_RECORDS_H
#define DWELL_RECORDS_H

#include "dwell/sink.h"
#include "src/buffer.h"
#include "src/cursor.h"
#include "src/wire.h"

/* Records of TABLES: one definition each, as type, length, fields (docs/format.md, "Tables"). */

void dwell_record_process(struct dwell_buffer *out, const struct dwell_process *process);
void dwell_record_task(struct dwell_buffer *out, const struct dwell_task *task);
void dwell_record_executor(struct dwell_buffer *out, const struct dwell_executor *executor);
void dwell_record_object(struct dwell_buffer *out, const struct dwell_object *object);
void dwell_record_mapping(struct dwell_buffer *out, const struct dwell_mapping *mapping);
void dwell_record_location(struct dwell_buffer *out, const struct dwell_location *location);
void dwell_record_stack(struct dwell_buffer *out, const struct dwell_stack *stack);
void dwell_record_label(struct dwell_buffer *out, const struct dwell_label *label);
void dwell_record_counter(struct dwell_buffer *out, const struct dwell_counter *counter);
void dwell_record_clock(struct dwell_buffer *out, const struct dwell_clock_pair *pair);
void dwell_record_note(struct dwell_buffer *out, const struct dwell_note *note);

/* What dwell_trace_info holds; not a record, but written in the same way. */
void dwell_record_info(struct dwell_buffer *out, const struct dwell_trace_info *info);
int dwell_record_read_info(struct dwell_cursor *in, struct dwell_trace_info *out);

/*
 * Read the next record and tell it to the sink. Unknown types and fields at a record's end are
 * skipped. Returns 0, DWELL_END, DWELL_EFORMAT, DWELL_ETRUNCATED, DWELL_ELIMIT, DWELL_ENOMEM, or
 * what the sink returned.
 */
int dwell_record_next(struct dwell_cursor *in, struct dwell_sink *sink);
/* The same; where it fails, *faulty tells whether the record is to blame or the sink. */
int dwell_record_tell(struct dwell_cursor *in, struct dwell_sink *sink, bool *faulty);

#endif
