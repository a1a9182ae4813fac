#include "area.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "drain/grow.h"
#include "dwell/error.h"

#define OWN_BYTES (UINT64_C(64) << 20)
#define LIST_REST_NS UINT64_C(10000000000)

enum { ALIGN = 64, LIST_STEP = 32, MOST_RETIRED = 4096 };

int dwell_area_open(struct dwell_area *area, const struct dwell_session *session, int fd)
{
	*area = (struct dwell_area){ .fd = -1, .used = ALIGN };
	if (session && session->header) {
		area->at = (uint8_t *)session->header + session->unwind_offset;
		area->bytes = session->unwind_bytes;
		area->before = session->unwind_offset;
		area->fd = fd;
		return 0;
	}
	area->bytes = OWN_BYTES;
	area->at = mmap(NULL, area->bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area->at != MAP_FAILED)
		return 0;
	area->at = NULL;
	return DWELL_ENOMEM;
}

void dwell_area_close(struct dwell_area *area)
{
	if (area->at && area->fd < 0)
		munmap(area->at, area->bytes);
	free(area->retired);
	*area = (struct dwell_area){ .fd = -1 };
}

/* 0: no room. A full /dev/shm must be an answer here, not a signal when it is written to. */
static uint64_t take(struct dwell_area *area, uint64_t size)
{
	const uint64_t at = area->used, rounded = (size + ALIGN - 1) / ALIGN * ALIGN;

	if (area->full || !area->at || rounded > area->bytes - at ||
		(area->fd >= 0 && fallocate(area->fd, FALLOC_FL_KEEP_SIZE,
					  (off_t)(area->before + at), (off_t)rounded) != 0)) {
		area->full = true;
		return 0;
	}
	area->used += rounded;
	return at;
}

uint64_t dwell_area_table(struct dwell_area *area, const struct dwell_cfi *cfi)
{
	const uint64_t size = 8 + (uint64_t)cfi->count * 8;
	const uint64_t offset = cfi->count > 0 ? take(area, size) : 0;
	uint32_t *words;

	if (offset == 0)
		return 0;
	words = (uint32_t *)(void *)(area->at + offset);
	for (size_t i = 0; i < cfi->count; i++) {
		words[2 + i] = cfi->rows[2 * i];
		words[2 + cfi->count + i] = cfi->rows[2 * i + 1];
	}
	words[0] = (uint32_t)cfi->count;
	area->tables++;
	area->table_bytes += size;
	return offset;
}

uint64_t dwell_area_put(struct dwell_area *area, const void *what, size_t size)
{
	const uint64_t offset = take(area, size);

	if (offset != 0)
		memcpy(area->at + offset, what, size);
	return offset;
}

/* A place of a former list that has rested long enough. */
static struct dwell_area_list reuse(struct dwell_area *area, uint64_t room, uint64_t now_ns)
{
	for (size_t i = 0; i < area->retired_count; i++) {
		const struct area_retired retired = area->retired[i];

		if (retired.list.room < room || retired.list.room > 2 * room ||
			now_ns < retired.since_ns + LIST_REST_NS)
			continue;
		area->retired[i] = area->retired[--area->retired_count];
		return retired.list;
	}
	return (struct dwell_area_list){ 0, 0 };
}

struct dwell_area_list dwell_area_list(struct dwell_area *area,
	const struct dwell_unwind_range *ranges, size_t count, uint64_t now_ns)
{
	const uint64_t room = (count / LIST_STEP + 1) * LIST_STEP;
	struct dwell_area_list list = reuse(area, room, now_ns);

	if (list.offset == 0) {
		list.offset = take(area, 8 + room * sizeof(*ranges));
		list.room = room;
	}
	if (list.offset == 0)
		return list;
	memcpy(area->at + list.offset + 8, ranges, count * sizeof(*ranges));
	*(volatile uint64_t *)(void *)(area->at + list.offset) = count;
	return list;
}

void dwell_area_retire(struct dwell_area *area, struct dwell_area_list list, uint64_t now_ns)
{
	if (list.offset == 0)
		return;
	if (area->retired_count == MOST_RETIRED ||
		!dwell_grow((void **)&area->retired, area->retired_count, &area->retired_room,
			sizeof(*area->retired), 64))
		return; /* never used again */
	area->retired[area->retired_count++] = (struct area_retired){ list, now_ns };
}
