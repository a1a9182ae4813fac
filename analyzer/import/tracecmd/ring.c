#include "import/tracecmd/ring.h"

#include <stdlib.h>
#include <string.h>

#include "import/perf/wire.h"

enum { TYPE_PADDING = 29, TYPE_EXTEND = 30, TYPE_STAMP = 31, TIME_BITS = 27, LONGEST = 28 };

/* In a sub-buffer's second field: how much of it is used, and two flags. */
static const uint32_t USED = (1 << 20) - 1, MISSED = UINT32_C(1) << 31, COUNTED = 1 << 30;
/* An absolute time stamp has 59 bits; the others are as before. */
static const uint64_t STAMP_HIGH = UINT64_C(0x1f) << 59;

static struct tracecmd_place place_of(const struct tracecmd_ring *ring)
{
	return (struct tracecmd_place){ ring->file->bytes, ring->at, ring->end, ring->file->big };
}

int tracecmd_ring_open(struct tracecmd_ring *ring, const struct tracecmd_file *file,
	const struct tracecmd_stream *stream)
{
	const uint64_t all = file->bytes->size;
	const uint64_t from = stream->at < all ? stream->at : all;
	/* Of chunks the size leaves out the number of them. */
	const uint64_t told = stream->size + (stream->packed && stream->size < all ? 4 : 0);
	const uint64_t size = told < all - from ? told : all - from;

	*ring = (struct tracecmd_ring){
		.file = file,
		.stream = stream,
		.at = from,
		.end = from + size,
		.cut = size < told,
	};
	if (stream->packed) {
		struct tracecmd_place place = place_of(ring);

		ring->cut |= tracecmd_u32(&place, &ring->chunks) != DWELL_OK;
		ring->at = place.at;
	}
	return DWELL_OK;
}

void tracecmd_ring_release(struct tracecmd_ring *ring)
{
	free(ring->data);
	*ring = (struct tracecmd_ring){ .file = NULL };
}

static int make_room(struct tracecmd_ring *ring, size_t size)
{
	uint8_t *larger;

	if (size <= ring->room)
		return DWELL_OK;
	larger = realloc(ring->data, size);
	if (!larger)
		return DWELL_ENOMEM;
	ring->data = larger;
	ring->room = size;
	return DWELL_OK;
}

/* No more can be had of it; what there should have been is missing. */
static int give_up(struct tracecmd_ring *ring)
{
	ring->at = ring->end;
	ring->chunks = 0;
	ring->cut = true;
	return DWELL_END;
}

static int load_plain(struct tracecmd_ring *ring)
{
	struct tracecmd_place place = place_of(ring);
	const uint32_t page = ring->stream->page;
	int err;

	if (ring->end - ring->at < page) {
		ring->cut |= ring->at < ring->end;
		return DWELL_END;
	}
	err = make_room(ring, page);
	if (!err)
		err = tracecmd_take(&place, ring->data, page);
	ring->at = place.at;
	ring->size = page;
	return err == DWELL_ETRUNCATED ? give_up(ring) : err;
}

static int load_chunk(struct tracecmd_ring *ring)
{
	struct tracecmd_place place = place_of(ring);
	uint32_t packed_size, size;
	uint8_t *packed;
	int err;

	if (!ring->chunks--) {
		ring->chunks = 0;
		return DWELL_END;
	}
	if (tracecmd_u32(&place, &packed_size) || tracecmd_u32(&place, &size) ||
		packed_size > place.end - place.at || size > TRACECMD_LARGEST_CHUNK)
		return give_up(ring);
	packed = malloc(packed_size + 1);
	err = packed ? make_room(ring, size) : DWELL_ENOMEM;
	if (!err)
		err = tracecmd_take(&place, packed, packed_size);
	if (!err)
		err = tracecmd_unpack(ring->file->packing, packed, packed_size, ring->data, size);
	free(packed);
	ring->at = place.at;
	ring->size = err ? 0 : size;
	return err == DWELL_EFORMAT || err == DWELL_ETRUNCATED ? give_up(ring) : err;
}

static uint64_t get_long(const struct tracecmd_ring *ring, const uint8_t *at)
{
	return ring->file->commit_size == 8 ? perf_get64(at, ring->file->big)
					    : perf_get32(at, ring->file->big);
}

/* Events are missing here: some, or so many. */
static void missing(struct tracecmd_ring *ring, uint64_t count)
{
	ring->lost_count = ring->lost && !ring->lost_count ? 0 : ring->lost_count + count;
	if (!count)
		ring->lost_count = 0;
	ring->lost = true;
}

static void malformed(struct tracecmd_ring *ring)
{
	ring->next = ring->last;
	ring->malformed++;
	missing(ring, 0);
}

/* The next sub-buffer that was loaded. */
static void begin_page(struct tracecmd_ring *ring)
{
	const uint8_t *page = ring->data + ring->page;
	const uint32_t size = ring->stream->page, width = ring->file->commit_size;
	const uint32_t commit = (uint32_t)get_long(ring, page + 8), used = commit & USED;
	const uint8_t *events = page + 8 + width;

	ring->page += size;
	ring->time = perf_get64(page, ring->file->big);
	ring->next = ring->last = events;
	if (commit & MISSED) /* told even of a page that is damaged otherwise */
		missing(ring, commit & COUNTED && used + 8 + 2 * width <= size
				      ? get_long(ring, events + used)
				      : 0);
	if (used > size - 8 - width)
		malformed(ring);
	else
		ring->last = events + used;
}

static int next_page(struct tracecmd_ring *ring)
{
	while (ring->size - ring->page < ring->stream->page) {
		int err;

		ring->size = ring->page = 0;
		err = ring->stream->packed ? load_chunk(ring) : load_plain(ring);
		if (err)
			return err;
	}
	begin_page(ring);
	return DWELL_OK;
}

/* A time of its own, not the distance from the last. */
static uint64_t stamp(uint64_t before, uint64_t value)
{
	if (!(before & STAMP_HIGH))
		return value;
	value |= before & STAMP_HIGH;
	return value < before ? value + (UINT64_C(1) << 59) : value;
}

/*
 * What is at ring->next: false where that is no event, or a damaged one, behind which the
 * sub-buffer is not read on.
 */
static bool take_event(struct tracecmd_ring *ring)
{
	const bool big = ring->file->big;
	const uint32_t head = perf_get32(ring->next, big);
	const uint32_t type = big ? head >> TIME_BITS : head & 31;
	const uint32_t delta = big ? head & ((1 << TIME_BITS) - 1) : head >> 5;
	const size_t left = (size_t)(ring->last - ring->next) - 4;
	const bool wide = type == 0 || type > LONGEST; /* a word follows */
	const uint32_t word = wide && left >= 4 ? perf_get32(ring->next + 4, big) : 0;

	ring->next += 4;
	if (type == TYPE_PADDING && !delta) { /* to the end */
		ring->next = ring->last;
		return false;
	}
	if (wide && left < 4) {
		malformed(ring);
		return false;
	}
	if (type == TYPE_EXTEND || type == TYPE_STAMP) {
		const uint64_t value = ((uint64_t)word << TIME_BITS) + delta;

		ring->time = type == TYPE_STAMP ? stamp(ring->time, value) : ring->time + value;
		ring->next += 4;
		return false;
	}
	ring->time += delta;
	/* How long an event is includes the word that tells it; they are of whole words. */
	ring->event = ring->next + (type == 0 ? 4 : 0);
	ring->event_size = type == 0 || type == TYPE_PADDING ? word : 4 * (size_t)type;
	if (ring->event_size > left || (type == 0 && word < 4)) {
		malformed(ring);
		return false;
	}
	ring->next += (ring->event_size + 3) & ~(size_t)3;
	if (ring->next > ring->last)
		ring->next = ring->last;
	ring->event_size -= type == 0 ? 4 : 0;
	return type != TYPE_PADDING;
}

int tracecmd_ring_next(struct tracecmd_ring *ring)
{
	ring->lost = false;
	ring->lost_count = 0;
	for (;;) {
		while (ring->last - ring->next >= 4)
			if (take_event(ring))
				return DWELL_OK;

		const int err = next_page(ring);
		if (err)
			return err;
	}
}
