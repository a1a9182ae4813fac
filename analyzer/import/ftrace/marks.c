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
#include "import/ftrace/ftrace.h"

enum { MAX_REGION_THREADS = 1 << 16 };

static int label_of(struct ftrace *ftrace, struct dwell_string text, uint32_t *out)
{
	bool fresh;
	const uint32_t id =
		import_intern(&ftrace->labels, text.at, text.size, DWELL_MAX_LABELS, &fresh);
	const struct dwell_label label = { .id = id, .text = text };

	*out = id;
	if (!id)
		return ftrace->labels.count >= DWELL_MAX_LABELS ? DWELL_ELIMIT : DWELL_ENOMEM;
	return fresh && ftrace->sink->ops->label ? ftrace->sink->ops->label(ftrace->sink, &label)
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

static struct ftrace_regions *regions_of(struct ftrace *ftrace, uint32_t slot)
{
	struct ftrace_regions *regions =
		(struct ftrace_regions *)(uintptr_t)import_map_get(&ftrace->regions, slot);

	if (regions || ftrace->regions.count >= MAX_REGION_THREADS)
		return regions;
	regions = calloc(1, sizeof(*regions));
	if (regions && import_map_put(&ftrace->regions, slot, (uintptr_t)regions)) {
		free(regions);
		regions = NULL;
	}
	return regions;
}

static int put_span(struct ftrace *ftrace, uint32_t slot, struct dwell_string name, uint8_t kind,
	uint64_t *span)
{
	struct dwell_event row = {
		.kind = DWELL_EVENT_SPAN_BEGIN,
		.task = ftrace->tasks.slots[slot].task,
		.reason = kind,
		.flags = DWELL_EVENT_HAS_VALUE,
	};
	const int err = label_of(ftrace, name, &row.object);

	*span = row.value = ++ftrace->spans;
	return err ? err : ftrace_put(ftrace, &row);
}

static int end_span(struct ftrace *ftrace, uint32_t slot, uint64_t span)
{
	return ftrace_put(ftrace, &(struct dwell_event){
					  .kind = DWELL_EVENT_SPAN_END,
					  .task = ftrace->tasks.slots[slot].task,
					  .value = span,
					  .flags = DWELL_EVENT_HAS_VALUE,
				  });
}

static int begin_region(struct ftrace *ftrace, uint32_t slot, struct dwell_string name)
{
	struct ftrace_regions *regions = regions_of(ftrace, slot);
	uint64_t span;
	int err;

	if (!regions)
		return DWELL_ENOMEM;
	/* Deeper ones are counted, so that their ends are not taken for those of others. */
	if (regions->count++ >= FTRACE_DEPTH)
		return DWELL_OK;
	err = put_span(ftrace, slot, name, DWELL_SPAN_REGION, &span);
	regions->spans[regions->count - 1] = span;
	return err;
}

static int end_region(struct ftrace *ftrace, uint32_t slot)
{
	struct ftrace_regions *regions = regions_of(ftrace, slot);

	if (!regions || !regions->count) /* begun before the trace */
		return DWELL_OK;
	if (--regions->count >= FTRACE_DEPTH)
		return DWELL_OK;
	return end_span(ftrace, slot, regions->spans[regions->count]);
}

/* Requests are told apart by process, name and cookie. */
static int request(struct ftrace *ftrace, uint32_t slot, bool begins, struct dwell_string all,
	struct dwell_string name)
{
	const uint64_t key = import_hash(all.at, all.size, 1);
	uint64_t span;
	int err;

	if (!begins) {
		span = import_map_take(&ftrace->async, key);
		return span ? end_span(ftrace, slot, span) : DWELL_OK;
	}
	err = put_span(ftrace, slot, name, DWELL_SPAN_REQUEST, &span);
	return err ? err : import_map_put(&ftrace->async, key, span);
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

static int count_value(struct ftrace *ftrace, struct dwell_string name, struct dwell_string value)
{
	bool fresh;
	const uint32_t id =
		import_intern(&ftrace->counters, name.at, name.size, DWELL_MAX_COUNTERS, &fresh);
	const struct dwell_counter counter = {
		.id = id, .kind = DWELL_COUNTER_GAUGE, .name = name
	};
	int err = DWELL_OK;

	if (!id)
		return ftrace->counters.count >= DWELL_MAX_COUNTERS ? DWELL_ELIMIT : DWELL_ENOMEM;
	if (fresh && ftrace->sink->ops->counter)
		err = ftrace->sink->ops->counter(ftrace->sink, &counter);
	if (err)
		return err;
	return ftrace_put(ftrace, &(struct dwell_event){
					  .kind = DWELL_EVENT_COUNTER,
					  .object = id,
					  .value = (uint64_t)number_of(value),
					  .flags = DWELL_EVENT_HAS_VALUE,
				  });
}

static int plain_mark(struct ftrace *ftrace, struct dwell_string text, uint32_t slot)
{
	struct dwell_event row = { .kind = DWELL_EVENT_MARK,
		.task = ftrace->tasks.slots[slot].task };
	const int err = label_of(ftrace, text, &row.object);

	return err ? err : ftrace_put(ftrace, &row);
}

int ftrace_mark(struct ftrace *ftrace, const struct ftrace_line *line, uint32_t slot)
{
	struct dwell_string rest = line->text, name;
	const struct dwell_string letter = take_part(&rest), all = rest;

	if (letter.size != 1 || (!all.size && letter.at[0] != 'E'))
		return plain_mark(ftrace, line->text, slot);
	take_part(&rest); /* the process, which the line told already */
	if (letter.at[0] == 'B' && slot)
		return begin_region(ftrace, slot, rest);
	if (letter.at[0] == 'E' && slot)
		return end_region(ftrace, slot);
	name = take_part(&rest);
	switch (letter.at[0]) {
	case 'S':
	case 'F':
		return request(ftrace, slot, letter.at[0] == 'S', all, name);
	case 'C':
		return count_value(ftrace, name, rest);
	default:
		return plain_mark(ftrace, line->text, slot);
	}
}

void ftrace_marks_release(struct ftrace *ftrace)
{
	for (size_t i = 0; i < ftrace->regions.room; i++)
		if (ftrace->regions.values[i])
			free((void *)(uintptr_t)ftrace->regions.values[i]);
	import_map_release(&ftrace->regions);
	import_map_release(&ftrace->async);
	import_intern_release(&ftrace->labels);
	import_intern_release(&ftrace->counters);
}
