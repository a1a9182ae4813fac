/*
 * Values of counters over a whole trace. When there are too many, neighbours become one, which
 * has the least and the most of both: memory does not grow, and no spike is lost.
 */
#include "timeline/readings.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_SERIES = 1 << 10, SLOTS = 1 << 12, MOST_READINGS = 1 << 17 };

static uint64_t mix(uint64_t hash, uint64_t number)
{
	hash = (hash ^ number) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

static bool is_of(const struct dwell_counted *series, const struct dwell_event *row)
{
	return series->counter == row->object && series->task == row->task &&
	       series->executor == row->executor;
}

static uint32_t *slot_of(const struct readings *readings, const struct dwell_event *row)
{
	uint64_t i = mix(mix(row->object, row->task), row->executor) % SLOTS;

	while (readings->slots[i] && !is_of(&readings->series[readings->slots[i] - 1], row))
		i = (i + 1) % SLOTS;
	return &readings->slots[i];
}

static bool make_room(struct readings *readings)
{
	if (readings->slots)
		return true;
	readings->series = calloc(MOST_SERIES, sizeof(*readings->series));
	readings->slots = calloc(SLOTS, sizeof(*readings->slots));
	return readings->series && readings->slots;
}

static void thin(struct dwell_counted *series)
{
	for (size_t i = 0; i < series->count; i += 2) {
		struct dwell_reading *out = &series->at[i / 2];
		const struct dwell_reading *next = &series->at[i + 1];

		*out = series->at[i];
		if (i + 1 == series->count)
			continue;
		out->min = next->min < out->min ? next->min : out->min;
		out->max = next->max > out->max ? next->max : out->max;
		out->last = next->last;
	}
	series->count = (series->count + 1) / 2;
}

static void thin_all(struct readings *readings)
{
	readings->all = 0;
	for (size_t i = 0; i < readings->count; i++) {
		thin(&readings->series[i]);
		readings->all += readings->series[i].count;
	}
}

static int append(struct dwell_counted *series, const struct dwell_event *row)
{
	const int64_t value = (int64_t)row->value;

	if (series->count == series->cap) {
		const size_t cap = series->cap ? series->cap * 2 : 16;
		struct dwell_reading *at = realloc(series->at, cap * sizeof(*at));

		if (!at)
			return DWELL_ENOMEM;
		series->at = at;
		series->cap = cap;
	}
	series->at[series->count++] = (struct dwell_reading){
		.time_ns = row->time_ns, .first = value, .min = value, .max = value, .last = value
	};
	return DWELL_OK;
}

int readings_add(struct readings *readings, const struct dwell_event *row)
{
	uint32_t *slot;

	if (!make_room(readings))
		return DWELL_ENOMEM;
	slot = slot_of(readings, row);
	if (!*slot) {
		if (readings->count == MOST_SERIES) {
			readings->cut = true;
			return DWELL_OK;
		}
		readings->series[readings->count++] = (struct dwell_counted){
			.counter = row->object, .task = row->task, .executor = row->executor
		};
		*slot = (uint32_t)readings->count;
	}
	if (readings->all >= MOST_READINGS)
		thin_all(readings);
	readings->all++;
	return append(&readings->series[*slot - 1], row);
}

static int in_order(const void *left, const void *right)
{
	const struct dwell_counted *a = left, *b = right;

	if (a->counter != b->counter)
		return a->counter < b->counter ? -1 : 1;
	if (a->task != b->task)
		return a->task < b->task ? -1 : 1;
	return (a->executor > b->executor) - (a->executor < b->executor);
}

void readings_sort(struct readings *readings)
{
	if (readings->count)
		qsort(readings->series, readings->count, sizeof(*readings->series), in_order);
}

void readings_release(struct readings *readings)
{
	for (size_t i = 0; i < readings->count; i++)
		free(readings->series[i].at);
	free(readings->series);
	free(readings->slots);
}
