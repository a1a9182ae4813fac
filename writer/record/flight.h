#ifndef DWELL_RECORD_FLIGHT_H
#define DWELL_RECORD_FLIGHT_H

#include "recording.h"

/*
 * The flight recorder: the trace is written to memory and its old part dropped, until a
 * snapshot of what is left is asked for.
 */

/* Drop what is older than was asked to keep, when enough has come together. */
int dwell_flight_trim(struct dwell_recording *recording);

/* Write what is kept to a file, as a trace of its own; recording goes on. 0 or a negative
 * dwell_error (DWELL_EIO: errno). */
int dwell_flight_write(struct dwell_recording *recording, const char *path);

#endif
