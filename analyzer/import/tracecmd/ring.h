#ifndef DWELL_IMPORT_TRACECMD_RING_H
#define DWELL_IMPORT_TRACECMD_RING_H

#include "import/tracecmd/file.h"

/*
 * Events of one CPU, from the kernel's ring buffer: sub-buffers, each with the time at which it
 * begins, what is used of it and whether events before it are missing, and events in it, each
 * with the time since the one before (the comment on struct ring_buffer_event in Linux's
 * include/linux/ring_buffer.h specifies them).
 */
struct tracecmd_ring {
	const struct tracecmd_file *file;
	const struct tracecmd_stream *stream;
	uint64_t at, end;           /* in the file: what was not loaded yet */
	uint32_t chunks;            /* that are still to come, where they are packed */
	uint8_t *data;              /* sub-buffers that were loaded */
	size_t size, room;          /* of it */
	size_t page;                /* in data: the next sub-buffer */
	const uint8_t *next, *last; /* in the sub-buffer: the next event, and where they end */
	uint64_t time;              /* of the last event, on the recording's clock */

	/* The event that was read last, and whether events are missing between it and the one
	 * before: how many (0: not known). */
	const uint8_t *event;
	size_t event_size;
	bool lost;
	uint64_t lost_count;

	bool cut;           /* the file ends within it */
	uint64_t malformed; /* sub-buffers of which a part cannot be read */
};

int tracecmd_ring_open(struct tracecmd_ring *ring, const struct tracecmd_file *file,
	const struct tracecmd_stream *stream);
void tracecmd_ring_release(struct tracecmd_ring *ring);
/* DWELL_END behind the last event, when `lost` tells whether some are missing there. DWELL_EIO,
 * DWELL_ENOMEM. */
int tracecmd_ring_next(struct tracecmd_ring *ring);

#endif
