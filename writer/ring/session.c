#include "session.h"

#include <string.h>

_Static_assert(sizeof(struct dwell_process_slot) == 512, "part of the layout");
_Static_assert(sizeof(struct dwell_thread_slot) == 256, "part of the layout");
_Static_assert(sizeof(struct dwell_ring_line) == 64, "one cache line");
_Static_assert(sizeof(struct dwell_session_header) <= 4096, "the header's page");

enum { PAGE = 4096 };
#define MIB (UINT64_C(1) << 20)

static uint64_t round_up(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

static uint64_t or_else(uint64_t value, uint64_t otherwise)
{
	return value ? value : otherwise;
}

static uint32_t power_of_two(uint64_t least)
{
	uint32_t value = 16;

	while (value < least && value < UINT32_C(1) << 31)
		value <<= 1;
	return value;
}

/* Where everything lies, from the options. */
static void lay_out(
	struct dwell_session_header *header, const struct dwell_session_options *options)
{
	header->process_bytes = sizeof(struct dwell_process_slot);
	header->thread_bytes = sizeof(struct dwell_thread_slot);
	header->process_max = (uint32_t)or_else(options->process_max, 4096);
	header->thread_max = (uint32_t)or_else(options->thread_max, 16384);
	header->ring_first = power_of_two(or_else(options->ring_first, 1024));
	header->ring_most = power_of_two(or_else(options->ring_most, 65536));
	if (header->ring_most < header->ring_first)
		header->ring_most = header->ring_first;
	header->ring_bytes = round_up(or_else(options->ring_bytes, 256 * MIB), PAGE);
	header->arena_bytes = round_up(or_else(options->arena_bytes, 64 * MIB), PAGE);
	header->unwind_bytes = round_up(or_else(options->unwind_bytes, 64 * MIB), PAGE);
	/* A stack takes some 100 bytes, so the index cannot fill before the arena does. */
	header->index_max = power_of_two(header->arena_bytes / 64);
	header->process_offset = PAGE;
	header->thread_offset =
		header->process_offset +
		round_up((uint64_t)header->process_max * header->process_bytes, PAGE);
	header->index_offset = header->thread_offset +
			       round_up((uint64_t)header->thread_max * header->thread_bytes, PAGE);
	header->arena_offset =
		header->index_offset + round_up((uint64_t)header->index_max * 4, PAGE);
	header->unwind_offset = header->arena_offset + header->arena_bytes;
	header->ring_offset = header->unwind_offset + header->unwind_bytes;
	header->bytes = header->ring_offset + header->ring_bytes;
}

uint64_t dwell_session_size(const struct dwell_session_options *options)
{
	struct dwell_session_header header;

	lay_out(&header, options);
	return header.bytes;
}

void dwell_session_format(
	struct dwell_session *session, void *at, const struct dwell_session_options *options)
{
	struct dwell_session_header *header = at;

	lay_out(header, options);
	header->major = DWELL_SESSION_MAJOR;
	header->minor = DWELL_SESSION_MINOR;
	header->clock = options->clock;
	header->start_ticks = options->start_ticks;
	header->start_monotonic_ns = options->start_monotonic_ns;
	atomic_store_explicit(&header->flags, options->flags, memory_order_relaxed);
	atomic_store_explicit(&header->stack_ticks, options->stack_ticks, memory_order_relaxed);
	atomic_store_explicit(&header->call_ticks, options->call_ticks, memory_order_relaxed);
	atomic_store_explicit(&header->stack_depth, (uint32_t)or_else(options->stack_depth, 128),
		memory_order_relaxed);
	/* Entry 0 means "none". */
	atomic_store_explicit(&header->arena_used, 8, memory_order_relaxed);
	atomic_store_explicit(
		(_Atomic uint64_t *)&header->magic, DWELL_SESSION_MAGIC, memory_order_release);
	(void)dwell_session_open(session, at, header->bytes);
}

static bool part_fits(uint64_t offset, uint64_t size, uint64_t bytes)
{
	return offset % 64 == 0 && offset >= sizeof(struct dwell_session_header) &&
	       offset <= bytes && size <= bytes - offset;
}

static bool sizes_hold(const struct dwell_session_header *h)
{
	return h->process_bytes == sizeof(struct dwell_process_slot) &&
	       h->thread_bytes == sizeof(struct dwell_thread_slot) && h->process_max > 0 &&
	       h->thread_max > 0 && h->index_max > 0 && (h->index_max & (h->index_max - 1)) == 0 &&
	       h->ring_first >= 16 && (h->ring_first & (h->ring_first - 1)) == 0 &&
	       h->ring_most >= h->ring_first && (h->ring_most & (h->ring_most - 1)) == 0 &&
	       part_fits(
		       h->process_offset, (uint64_t)h->process_max * h->process_bytes, h->bytes) &&
	       part_fits(h->thread_offset, (uint64_t)h->thread_max * h->thread_bytes, h->bytes) &&
	       part_fits(h->index_offset, (uint64_t)h->index_max * 4, h->bytes) &&
	       part_fits(h->arena_offset, h->arena_bytes, h->bytes) &&
	       part_fits(h->unwind_offset, h->unwind_bytes, h->bytes) &&
	       part_fits(h->ring_offset, h->ring_bytes, h->bytes);
}

enum dwell_session_verdict dwell_session_open(
	struct dwell_session *session, void *at, uint64_t bytes)
{
	struct dwell_session_header *header = at;
	uint64_t magic;

	if (bytes < PAGE)
		return DWELL_SESSION_NOT_ONE;
	magic = atomic_load_explicit((_Atomic uint64_t *)&header->magic, memory_order_acquire);
	if (magic != DWELL_SESSION_MAGIC)
		return DWELL_SESSION_NOT_ONE;
	if (header->major != DWELL_SESSION_MAJOR) {
		atomic_fetch_add_explicit(&header->other_version, 1, memory_order_relaxed);
		return DWELL_SESSION_VERSION;
	}
	if (header->bytes != bytes || !sizes_hold(header))
		return DWELL_SESSION_NOT_ONE;
	*session = (struct dwell_session){
		.header = header,
		.bytes = bytes,
		.process_offset = header->process_offset,
		.thread_offset = header->thread_offset,
		.ring_offset = header->ring_offset,
		.index_offset = header->index_offset,
		.arena_offset = header->arena_offset,
		.unwind_offset = header->unwind_offset,
		.ring_bytes = header->ring_bytes,
		.arena_bytes = header->arena_bytes,
		.unwind_bytes = header->unwind_bytes,
		.process_max = header->process_max,
		.thread_max = header->thread_max,
		.index_max = header->index_max,
		.ring_first = header->ring_first,
		.ring_most = header->ring_most,
		.clock = header->clock,
		.start_ticks = header->start_ticks,
		.start_monotonic_ns = header->start_monotonic_ns,
		.minor = header->minor,
		.flight = (atomic_load(&header->flags) & DWELL_SESSION_FLIGHT) != 0,
	};
	return DWELL_SESSION_OK;
}

struct dwell_process_slot *dwell_session_process(
	const struct dwell_session *session, uint32_t index)
{
	char *base = (char *)session->header + session->process_offset;

	if (index >= session->process_max)
		return NULL;
	return (struct dwell_process_slot *)(base +
					     (size_t)index * sizeof(struct dwell_process_slot));
}

struct dwell_thread_slot *dwell_session_thread(const struct dwell_session *session, uint32_t index)
{
	char *base = (char *)session->header + session->thread_offset;

	if (index >= session->thread_max)
		return NULL;
	return (struct dwell_thread_slot *)(base +
					    (size_t)index * sizeof(struct dwell_thread_slot));
}

uint32_t dwell_session_process_count(const struct dwell_session *session)
{
	uint32_t count =
		atomic_load_explicit(&session->header->process_count, memory_order_acquire);

	return count < session->process_max ? count : session->process_max;
}

uint32_t dwell_session_thread_count(const struct dwell_session *session)
{
	uint32_t count = atomic_load_explicit(&session->header->thread_count, memory_order_acquire);

	return count < session->thread_max ? count : session->thread_max;
}

bool dwell_session_ring(const struct dwell_session *session, uint64_t word,
	struct dwell_slot **slots, uint64_t *mask)
{
	unsigned order = (unsigned)(word & 0xff);
	uint64_t offset = (word >> 8) * 64;
	uint64_t size;

	/* word 0: the first ring of a pool lies at offset 0, but no ring has order 0. */
	if (order < 4 || order > 31)
		return false;
	size = (UINT64_C(1) << order) * DWELL_SLOT_BYTES;
	if (size > session->ring_bytes || offset > session->ring_bytes - size)
		return false;
	*slots = (struct dwell_slot *)((char *)session->header + session->ring_offset + offset);
	*mask = (UINT64_C(1) << order) - 1;
	return true;
}
