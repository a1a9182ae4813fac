/*
 * Samples as nearly all of a recording are: of an event whose samples have their fields at the same
 * places, of tasks that are called as they were. Each is looked at once, where it lies; all others
 * are left to samples.c.
 */
#include "import/perf/perf.h"

#include <string.h>

enum { HEADER = 8, RECORD_SAMPLE = 9, IN_HARD_INTERRUPT = 0x08 };

static inline uint32_t get32(const uint8_t *at)
{
	return perf_get32(at, perf_host_big);
}

/* The slot of a thread number. False: there is none yet. */
static inline bool find(const struct perf_tasks *tasks, int32_t tid, uint32_t *out)
{
	*out = 0;
	if (tid < 1)
		return true;
	*out = tasks->index[perf_tasks_place(tasks, tid)].slot;
	return *out > 0;
}

/* A task that the record names. False: it has no slot yet, or is called otherwise than before. */
static inline bool is_as_said(const struct perf_tasks *tasks, const uint8_t *at,
	const struct perf_named *named, uint32_t *out)
{
	const struct perf_said *said;

	if (!find(tasks, (int32_t)get32(at + named->pid), out))
		return false;
	if (!*out)
		return true;
	said = &tasks->said[*out];
	return said->prio == (int32_t)get32(at + named->prio) &&
	       !memcmp(said->comm, at + named->comm, PERF_COMM);
}

/* Who ran when the sample was taken. False: it has no slot yet, or another process than before. */
static inline bool is_where_said(const struct perf_tasks *tasks, const uint8_t *at, uint32_t *out)
{
	const int32_t pid = (int32_t)get32(at);

	if (!find(tasks, (int32_t)get32(at + 4), out))
		return false;
	return !*out || pid < 1 || tasks->said[*out].pid == pid;
}

static void add(struct perf_queue *queue, const struct perf_attr *attr, const uint8_t *at,
	const struct perf_item *said)
{
	const struct perf_layout *layout = &attr->layout;
	struct perf_item *item =
		perf_queue_add(queue, perf_get64(at + layout->time, perf_host_big));
	const uint32_t cpu = get32(at + layout->cpu);

	item->a = said->a;
	item->b = said->b;
	item->current = said->current;
	item->chain = 0;
	item->cpu = cpu < PERF_NO_CPU ? (uint16_t)cpu : PERF_NO_CPU;
	item->kind = layout->item;
	if (layout->item == PERF_ITEM_SWITCH) {
		item->value = perf_format_leaves(attr->format, at + layout->state, perf_host_big);
		item->flags = item->value == DWELL_RUNNABLE ? PERF_ITEM_PREEMPTED : 0;
	} else {
		item->value = 0;
		item->flags = at[layout->flags] & IN_HARD_INTERRUPT ? PERF_ITEM_IN_INTERRUPT : 0;
	}
}

/* One whose fields are all there. False: it tells something new, and nothing was done. */
static bool take_fields(struct perf *perf, const struct perf_attr *attr, const uint8_t *at)
{
	const struct perf_layout *layout = &attr->layout;
	struct perf_item said = { .b = 0 };

	if (!is_as_said(&perf->tasks, at, &layout->first, &said.a) ||
		!is_where_said(&perf->tasks, at + layout->pid, &said.current) ||
		(layout->item == PERF_ITEM_SWITCH &&
			!is_as_said(&perf->tasks, at, &layout->second, &said.b)))
		return false;
	add(&perf->queue, attr, at, &said);
	return true;
}

/* A sample of size bytes. False: it is not such a one, and nothing was done. */
static bool take(struct perf *perf, const uint8_t *at, uint16_t size)
{
	const struct perf_wire body = { at + HEADER, size - (size_t)HEADER, perf_host_big };
	const struct perf_attr *attr = perf_attrs_of_sample(&perf->attrs, &body);

	if (!attr || attr->layout.item == PERF_LAYOUT_NONE)
		return false;
	if (attr->layout.item == PERF_LAYOUT_IGNORED) {
		perf->ignored++;
		return true;
	}
	if (size < attr->layout.size)
		return false;

	const uint32_t raw = get32(at + attr->layout.raw - 4);
	return raw <= (uint32_t)(size - attr->layout.raw) && raw >= attr->format->size &&
	       take_fields(perf, attr, at);
}

const uint8_t *perf_samples_fixed(struct perf *perf, const uint8_t *at, const uint8_t *end)
{
	const struct perf_queue *queue = &perf->queue;
	const size_t most = queue->room < PERF_QUEUE_MOST ? queue->room : PERF_QUEUE_MOST;

	if (perf->big != perf_host_big)
		return at;
	while (end - at >= HEADER && queue->count < most) {
		const uint16_t size = perf_get16(at + 6, perf_host_big);

		if (get32(at) != RECORD_SAMPLE || size < HEADER || size > end - at ||
			!take(perf, at, size))
			break;
		at += size;
	}
	return at;
}
