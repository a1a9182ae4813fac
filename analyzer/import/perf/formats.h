#ifndef DWELL_IMPORT_PERF_FORMATS_H
#define DWELL_IMPORT_PERF_FORMATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/types.h"
#include "import/perf/wire.h"

/* The tracepoints that are understood, and the fields of them that are read. */
enum perf_event_of {
	PERF_EVENT_OTHER,
	PERF_EVENT_SWITCH,
	PERF_EVENT_WAKING,
	PERF_EVENT_WAKEUP,
	PERF_EVENT_WAKEUP_NEW,
	PERF_EVENT_FORK,
	PERF_EVENT_EXIT,
	PERF_EVENT_RENAME,
	PERF_EVENT_PRINT,     /* ftrace's own: what a program wrote into the trace */
	PERF_EVENT_CPU_CLOCK, /* no tracepoint: a sample of what runs */
	PERF_EVENT_OF_COUNT
};

enum perf_field {
	PERF_FIELD_FLAGS, /* common_flags: interrupt context */
	PERF_FIELD_TID,   /* common_pid: who ran */
	PERF_FIELD_COMM,
	PERF_FIELD_PID,
	PERF_FIELD_PRIO,
	PERF_FIELD_STATE,
	PERF_FIELD_COMM2, /* of the task that enters, of the child */
	PERF_FIELD_PID2,
	PERF_FIELD_PRIO2,
	PERF_FIELD_TEXT, /* to the end of the raw data */
	PERF_FIELD_COUNT
};

/* Where the fields lie in a tracepoint's raw data, by its format file. */
struct perf_format {
	uint32_t id; /* attr.config of its events */
	uint8_t event;
	uint16_t size;                     /* raw data shorter than this lacks a field */
	uint16_t offset[PERF_FIELD_COUNT]; /* UINT16_MAX: the format has no such field */
	bool wide_state;                   /* prev_state has 8 bytes, not 4 */
	uint64_t exited, stopped, blocked; /* bits of prev_state; none of them: runnable */
};

struct perf_formats {
	struct perf_format *all;
	size_t count;
};

/*
 * Read a tracing data section: the event format files of the recording machine. Keeps those that
 * are understood. DWELL_EFORMAT, DWELL_ETRUNCATED, DWELL_ENOMEM; what was read is kept.
 */
int perf_formats_read(struct perf_formats *formats, struct perf_wire in);
/* One format file: kept where it is understood. DWELL_ENOMEM. */
int perf_formats_add(struct perf_formats *formats, const void *at, size_t size);
void perf_formats_release(struct perf_formats *formats);

const struct perf_format *perf_formats_find(const struct perf_formats *formats, uint64_t id);

static inline bool perf_has(const struct perf_format *format, enum perf_field field)
{
	return format->offset[field] != UINT16_MAX;
}

/* A raw field of 4 bytes, which the format says is there. */
static inline int32_t perf_field32(
	const struct perf_format *format, enum perf_field field, const uint8_t *raw, bool big)
{
	return (int32_t)perf_get32(raw + format->offset[field], big);
}

/* State and reason (<< 8) of the task that leaves, from the prev_state at `at`. */
static inline uint32_t perf_format_leaves(
	const struct perf_format *format, const uint8_t *at, bool big)
{
	const uint64_t bits = format->wide_state ? perf_get64(at, big) : perf_get32(at, big);

	if (!(bits & format->blocked))
		return DWELL_RUNNABLE;
	if (bits & format->exited)
		return DWELL_EXITED;
	return bits & format->stopped ? DWELL_BLOCKED | DWELL_REASON_SIGNAL << 8 : DWELL_BLOCKED;
}

#endif
