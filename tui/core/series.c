#include "core/series.h"

#include "core/port.h"
#include "core/work.h"

const struct dwell_counted *series_of(const struct tui *tui, uint32_t id)
{
	return &dwell_job_survey(tui->survey.job)->series[id];
}

/* The first reading at or after a time. */
static size_t first_from(const struct dwell_counted *series, uint64_t time_ns)
{
	size_t low = 0, high = series->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (series->at[middle].time_ns < time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Of neighbours that differ by more than there is room for: the most there is. */
static int64_t added(int64_t from, int64_t to)
{
	int64_t out;

	return __builtin_sub_overflow(to, from, &out) ? INT64_MAX : out;
}

static void take(struct tui_level *level, const struct dwell_reading *reading)
{
	if (!level->fresh || reading->min < level->min)
		level->min = reading->min;
	if (!level->fresh || reading->max > level->max)
		level->max = reading->max;
	level->last = reading->last;
	level->known = level->fresh = true;
}

void series_levels(
	const struct tui *tui, const struct dwell_counted *series, struct tui_level *levels)
{
	const struct dwell_catalog_counter *counter =
		dwell_catalog_counter(tui->catalog, series->counter);
	const unsigned kind = counter ? counter->kind : DWELL_COUNTER_GAUGE;
	const struct tui_place *place = &tui->place;
	size_t at = first_from(series, place->from_ns);
	bool known = at > 0;
	int64_t last = known ? series->at[at - 1].last : 0;

	for (unsigned i = 0; i < tui->layout.columns; i++) {
		const uint64_t end = place->from_ns + (i + 1) * place->cell_ns;
		const bool told = i * place->cell_ns + place->from_ns < tui->facts->end_ns;
		struct tui_level level = { .known = known && told && kind == DWELL_COUNTER_GAUGE,
			.min = last,
			.max = last,
			.last = last };

		for (; at < series->count && series->at[at].time_ns < end; at++)
			take(&level, &series->at[at]);
		if (level.fresh && kind == DWELL_COUNTER_SUM) {
			const int64_t sum = level.last;

			/* What the first one had before is not known. */
			level.known = known;
			level.min = level.max = level.last = added(last, sum);
			last = sum;
		} else if (level.fresh) {
			last = level.last;
		}
		known |= level.fresh;
		levels[i] = level;
	}
}
