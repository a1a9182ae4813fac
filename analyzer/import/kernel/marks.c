/*
 * What programs write into trace_marker. Android's tools and many others write
 *
 *     B|pid|name   E|pid   S|pid|name|cookie   F|pid|name|cookie   C|pid|name|value
 *
 * for regions of a thread, requests and counters; all else is a mark.
 */
#include <stdlib.h>
#include <string.h>

#include "dwell/limits.h"
#include "import/kernel/rows.h"

enum { MAX_REGION_THREADS = 1 << 16 };

static int label_of(struct kernel_rows *rows, struct dwell_string text, uint32_t *out)
{
	bool fresh;
	const uint32_t id =
		import_intern(&rows->labels, text.at, text.size, DWELL_MAX_LABELS, &fresh);
	const struct dwell_label label = { .id = id, .text = text };

	*out = id;
	if (!id)
		return rows->labels.count >= DWELL_MAX_LABELS ? DWELL_ELIMIT : DWELL_ENOMEM;
	return fresh && rows->sink->ops->label ? rows->sink->ops->label(rows->sink, &label)
					       : DWELL_OK;
}

/* The next part up to a '|'. */
static struct dwell_string take_part(struct dwell_string *rest)
{
	const char *bar = rest->size ? memchr(rest->at, '|', rest->size) : NULL;
	const size_t size = bar ? (size_t)(bar - rest->at) : rest->size;
	const struct dwell_string part = { rest->at, size };

	rest->at += size + (bar != NULL);
	rest->size -= size + (bar != NULL);
	return part;
}

static struct kernel_regions *regions_of(struct kernel_rows *rows, uint32_t slot)
{
	struct kernel_regions *regions =
		(struct kernel_regions *)(uintptr_t)import_map_get(&rows->regions, slot);

	if (regions || rows->regions.count >= MAX_REGION_THREADS)
		return regions;
	regions = calloc(1, sizeof(*regions));
	if (regions && import_map_put(&rows->regions, slot, (uintptr_t)regions)) {
		free(regions);
		regions = NULL;
	}
	return regions;
}

static int put_span(struct kernel_rows *rows, uint32_t slot, struct dwell_string name, uint8_t kind,
	uint64_t *span)
{
	struct dwell_event row = {
		.kind = DWELL_EVENT_SPAN_BEGIN,
		.task = rows->tasks.slots[slot].task,
		.reason = kind,
		.flags = DWELL_EVENT_HAS_VALUE,
	};
	const int err = label_of(rows, name, &row.object);

	*span = row.value = ++rows->spans;
	return err ? err : kernel_put(rows, &row);
}

static int end_span(struct kernel_rows *rows, uint32_t slot, uint64_t span)
{
	return kernel_put(rows, &(struct dwell_event){
					.kind = DWELL_EVENT_SPAN_END,
					.task = rows->tasks.slots[slot].task,
					.value = span,
					.flags = DWELL_EVENT_HAS_VALUE,
				});
}

static int begin_region(struct kernel_rows *rows, uint32_t slot, struct dwell_string name)
{
	struct kernel_regions *regions = regions_of(rows, slot);
	uint64_t span;
	int err;

	if (!regions)
		return DWELL_ENOMEM;
	/* Deeper ones are counted, so that their ends are not taken for those of others. */
	if (regions->count++ >= KERNEL_DEPTH)
		return DWELL_OK;
	err = put_span(rows, slot, name, DWELL_SPAN_REGION, &span);
	regions->spans[regions->count - 1] = span;
	return err;
}

static int end_region(struct kernel_rows *rows, uint32_t slot)
{
	struct kernel_regions *regions = regions_of(rows, slot);

	if (!regions || !regions->count) /* begun before the trace */
		return DWELL_OK;
	if (--regions->count >= KERNEL_DEPTH)
		return DWELL_OK;
	return end_span(rows, slot, regions->spans[regions->count]);
}

/* Requests are told apart by process, name and cookie. */
static int request(struct kernel_rows *rows, uint32_t slot, bool begins, struct dwell_string all,
	struct dwell_string name)
{
	const uint64_t key = import_hash(all.at, all.size, 1);
	uint64_t span;
	int err;

	if (!begins) {
		span = import_map_take(&rows->async, key);
		return span ? end_span(rows, slot, span) : DWELL_OK;
	}
	err = put_span(rows, slot, name, DWELL_SPAN_REQUEST, &span);
	return err ? err : import_map_put(&rows->async, key, span);
}

static int64_t number_of(struct dwell_string text)
{
	const bool negative = text.size && text.at[0] == '-';
	uint64_t number = 0;

	for (size_t i = negative; i < text.size && text.at[i] >= '0' && text.at[i] <= '9'; i++)
		number = number > INT64_MAX / 20 ? number
						 : number * 10 + (uint64_t)(text.at[i] - '0');
	return negative ? -(int64_t)number : (int64_t)number;
}

static int count_value(
	struct kernel_rows *rows, struct dwell_string name, struct dwell_string value)
{
	bool fresh;
	const uint32_t id =
		import_intern(&rows->counters, name.at, name.size, DWELL_MAX_COUNTERS, &fresh);
	const struct dwell_counter counter = {
		.id = id, .kind = DWELL_COUNTER_GAUGE, .name = name
	};
	int err = DWELL_OK;

	if (!id)
		return rows->counters.count >= DWELL_MAX_COUNTERS ? DWELL_ELIMIT : DWELL_ENOMEM;
	if (fresh && rows->sink->ops->counter)
		err = rows->sink->ops->counter(rows->sink, &counter);
	if (err)
		return err;
	return kernel_put(rows, &(struct dwell_event){
					.kind = DWELL_EVENT_COUNTER,
					.object = id,
					.value = (uint64_t)number_of(value),
					.flags = DWELL_EVENT_HAS_VALUE,
				});
}

int kernel_plain_mark(struct kernel_rows *rows, struct dwell_string text, uint32_t slot)
{
	struct dwell_event row = { .kind = DWELL_EVENT_MARK, .task = rows->tasks.slots[slot].task };
	const int err = label_of(rows, text, &row.object);

	return err ? err : kernel_put(rows, &row);
}

int kernel_mark(struct kernel_rows *rows, const struct kernel_event *event, uint32_t slot)
{
	struct dwell_string rest = event->text, name;
	const struct dwell_string letter = take_part(&rest), all = rest;

	if (letter.size != 1 || (!all.size && letter.at[0] != 'E'))
		return kernel_plain_mark(rows, event->text, slot);
	take_part(&rest); /* the process, which the line told already */
	if (letter.at[0] == 'B' && slot)
		return begin_region(rows, slot, rest);
	if (letter.at[0] == 'E' && slot)
		return end_region(rows, slot);
	name = take_part(&rest);
	switch (letter.at[0]) {
	case 'S':
	case 'F':
		return request(rows, slot, letter.at[0] == 'S', all, name);
	case 'C':
		return count_value(rows, name, rest);
	default:
		return kernel_plain_mark(rows, event->text, slot);
	}
}

void kernel_marks_release(struct kernel_rows *rows)
{
	for (size_t i = 0; i < rows->regions.room; i++)
		if (rows->regions.values[i])
			free((void *)(uintptr_t)rows->regions.values[i]);
	import_map_release(&rows->regions);
	import_map_release(&rows->async);
	import_intern_release(&rows->labels);
	import_intern_release(&rows->counters);
}
