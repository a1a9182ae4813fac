#ifndef DWELL_VERIFY_H
#define DWELL_VERIFY_H

#include "dwell/bytes.h"
#include "dwell/encoder.h"
#include "dwell/error.h"

/* How bad a finding is: only damage makes `verify` fail. */
enum dwell_verify_level { DWELL_VERIFY_NOTE, DWELL_VERIFY_LOSS, DWELL_VERIFY_DAMAGE };

/* Called for everything that is found, in order of offset. */
typedef void (*dwell_verify_fn)(
	void *context, enum dwell_verify_level level, const struct dwell_diag *diag);

/* Walk the whole file: every checksum, every field, the index against what is met; keyframes and
 * pyramid against those that this version makes of the rows (a note where they differ). 0: no
 * damage; DWELL_EFORMAT: some; else why it could not be done. bytes stay the caller's.
 */
int dwell_verify(struct dwell_bytes *bytes, dwell_verify_fn report, void *context);

/* Write all that can be read of a damaged or unclosed file as a good one: what is missing is told
 * in it as losses. bytes stay the caller's. What dwell_reader_open and an encoder return. */
int dwell_repair(struct dwell_bytes *bytes, struct dwell_output *output, struct dwell_diag *diag);

#endif
