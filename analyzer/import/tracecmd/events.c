/* Records of the kernel's ring become events of its scheduler, by the file's own formats. */
#include <string.h>

#include "import/tracecmd/events.h"

enum {
	IN_INTERRUPT = 0x48, /* common_flags: in a hardware interrupt, or one that nothing masks */
	COMM = 16
};

static const struct perf_format *format_of(const struct tracecmd_ring *ring)
{
	return ring->event_size < 2 ? NULL
				    : perf_formats_find(&ring->file->formats,
					      perf_get16(ring->event, ring->file->big));
}

static enum kernel_event_kind kind_of(const struct perf_format *format)
{
	switch (format ? format->event : PERF_EVENT_OTHER) {
	case PERF_EVENT_SWITCH:
		return KERNEL_SWITCH;
	case PERF_EVENT_WAKING:
		return KERNEL_WAKING;
	case PERF_EVENT_WAKEUP:
		return KERNEL_WAKEUP;
	case PERF_EVENT_WAKEUP_NEW:
		return KERNEL_WAKEUP_NEW;
	case PERF_EVENT_FORK:
		return KERNEL_FORK;
	case PERF_EVENT_EXIT:
		return KERNEL_EXIT;
	case PERF_EVENT_RENAME:
		return KERNEL_RENAME;
	case PERF_EVENT_PRINT:
		return KERNEL_MARK;
	default:
		return KERNEL_OTHER;
	}
}

enum kernel_event_kind tracecmd_kind(const struct tracecmd_ring *ring)
{
	return kind_of(format_of(ring));
}

static int32_t number(
	const struct tracecmd_ring *ring, const struct perf_format *format, enum perf_field field)
{
	return perf_has(format, field) ? perf_field32(format, field, ring->event, ring->file->big)
				       : KERNEL_CURRENT;
}

static struct dwell_string comm(
	const struct tracecmd_ring *ring, const struct perf_format *format, enum perf_field field)
{
	const char *at = (const char *)ring->event + format->offset[field];

	if (!perf_has(format, field))
		return (struct dwell_string){ NULL, 0 };
	return (struct dwell_string){ at, strnlen(at, COMM) };
}

static struct dwell_string text(const struct tracecmd_ring *ring, const struct perf_format *format)
{
	const char *at = (const char *)ring->event + format->offset[PERF_FIELD_TEXT];
	size_t size = strnlen(at, ring->event_size - format->offset[PERF_FIELD_TEXT]);

	while (size && at[size - 1] == '\n')
		size--;
	return (struct dwell_string){ at, size };
}

static char state(const struct tracecmd_ring *ring, const struct perf_format *format)
{
	const uint8_t *at = ring->event + format->offset[PERF_FIELD_STATE];
	const uint64_t bits = format->wide_state ? perf_get64(at, ring->file->big)
						 : perf_get32(at, ring->file->big);

	if (!(bits & format->blocked))
		return 'R';
	return bits & format->exited ? 'X' : 'S';
}

bool tracecmd_event(struct kernel_event *out, const struct tracecmd_ring *ring)
{
	const struct perf_format *format = format_of(ring);

	*out = (struct kernel_event){ .kind = kind_of(format),
		.cpu = ring->stream->cpu,
		.tick_ns = 1,
		.tid = KERNEL_CURRENT,
		.tgid = -1,
		.prio = INT32_MIN,
		.other_prio = INT32_MIN };
	if (out->kind == KERNEL_OTHER)
		return true;
	if (ring->event_size < format->size)
		return false;
	out->tid = number(ring, format, PERF_FIELD_TID);
	out->in_interrupt = perf_has(format, PERF_FIELD_FLAGS) &&
			    ring->event[format->offset[PERF_FIELD_FLAGS]] & IN_INTERRUPT;
	if (out->kind == KERNEL_MARK) {
		out->text = text(ring, format);
		return true;
	}
	if (out->kind == KERNEL_SWITCH || out->kind == KERNEL_FORK) {
		out->prev = number(ring, format, PERF_FIELD_PID);
		out->prev_comm = comm(ring, format, PERF_FIELD_COMM);
		out->other = number(ring, format, PERF_FIELD_PID2);
		out->other_comm = comm(ring, format, PERF_FIELD_COMM2);
	} else {
		out->other = number(ring, format, PERF_FIELD_PID);
		out->other_comm = comm(ring, format, PERF_FIELD_COMM);
	}
	if (out->kind == KERNEL_SWITCH)
		out->state = state(ring, format);
	return true;
}
