#include "core/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/against.h"
#include "core/series.h"

static int length(struct dwell_string text)
{
	return text.size > 500 ? 500 : (int)text.size;
}

static const char *name_process(
	char out[NAME_SIZE], const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_process *process = dwell_catalog_process(catalog, id);

	if (process && process->pid >= 0)
		snprintf(out, NAME_SIZE, "%.*s [%" PRId64 "]", length(process->name),
			process->name.at ? process->name.at : "", process->pid);
	else if (process && process->name.size)
		snprintf(out, NAME_SIZE, "%.*s", length(process->name), process->name.at);
	else
		snprintf(out, NAME_SIZE, id ? "process %" PRIu32 : "no process", id);
	return out;
}

static const char *name_series(char out[NAME_SIZE], const struct tui *tui, uint32_t id)
{
	const struct dwell_counted *series = series_of(tui, id);
	const struct dwell_catalog_counter *counter =
		dwell_catalog_counter(tui->catalog, series->counter);
	char owner[NAME_SIZE] = "";

	if (series->task)
		dwell_name_task(owner, tui->catalog, series->task);
	else if (series->executor)
		dwell_name_executor(owner, tui->catalog, series->executor);
	snprintf(out, NAME_SIZE, "%.*s%s%.200s", counter ? length(counter->name) : 0,
		counter ? counter->name.at : "", *owner ? " of " : "", owner);
	return out;
}

const char *name_row(char out[NAME_SIZE], const struct tui *tui, const struct tui_row *row)
{
	const struct dwell_catalog_class *class;

	switch (row->kind) {
	case ROW_PROCESS:
		return name_process(out, tui->catalog, row->id);
	case ROW_CLASS:
		class = dwell_catalog_class(tui->catalog, row->id);
		if (class)
			snprintf(out, NAME_SIZE, "%.*s", length(class->text), class->text.at);
		else
			snprintf(out, NAME_SIZE, "no class");
		return out;
	case ROW_BASE:
		class = dwell_catalog_class(tui->against->catalog, row->id);
		snprintf(out, NAME_SIZE, "base %.*s", class ? length(class->text) : 0,
			class ? class->text.at : "");
		return out;
	case ROW_COUNTER:
		return name_series(out, tui, row->id);
	case ROW_EXECUTOR:
		return dwell_name_executor(out, tui->catalog, row->id);
	default:
		return dwell_name_task(out, tui->catalog, row->id);
	}
}

const char *name_time(char out[NAME_SIZE], uint64_t time_ns, uint64_t resolution_ns)
{
	unsigned digits = 0;
	size_t size;

	for (uint64_t step = 1000000000; step > resolution_ns && digits < 9; step /= 10)
		digits++;
	size = (size_t)snprintf(out, NAME_SIZE, "%" PRIu64 ".%09" PRIu64, time_ns / 1000000000,
		time_ns % 1000000000);
	/* All nine, and those that are too many cut off; without any, the point too. */
	size -= digits ? 9 - digits : 10;
	snprintf(out + size, NAME_SIZE - size, " s");
	return out;
}

static bool read_duration(const char *text, uint64_t *out)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "ns", 1 }, { "us", 1e3 }, { "µs", 1e3 }, { "ms", 1e6 }, { "s", 1e9 },
		{ "min", 6e10 }, { "h", 3.6e12 }, { "", 1e9 } };
	char *end;
	const double value = strtod(text, &end);

	if (end == text || !(value >= 0))
		return false;
	while (*end == ' ')
		end++;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].name) != 0)
			continue;
		if (!(value * units[i].ns < 9e18))
			return false;
		*out = (uint64_t)(value * units[i].ns + 0.5);
		return true;
	}
	return false;
}

/* "14:03:22.5", in the user's zone: the first such moment at or after the trace's start. */
static bool read_clock(const struct tui *tui, const char *text, uint64_t *out)
{
	const time_t start = (time_t)(tui->facts->start_unix_ns / 1000000000);
	unsigned hours, minutes;
	double seconds;
	struct tm day;
	uint64_t wanted, midnight;

	if (!tui->facts->start_unix_ns ||
		sscanf(text, "%2u:%2u:%lf", &hours, &minutes, &seconds) != 3 || hours > 23 ||
		minutes > 59 || !(seconds >= 0 && seconds < 61) || !localtime_r(&start, &day))
		return false;
	midnight =
		((uint64_t)start - (uint64_t)(day.tm_hour * 3600 + day.tm_min * 60 + day.tm_sec)) *
		1000000000;
	wanted = midnight + (hours * 3600u + minutes * 60u) * UINT64_C(1000000000) +
		 (uint64_t)(seconds * 1e9);
	if (wanted < tui->facts->start_unix_ns)
		wanted += UINT64_C(86400) * 1000000000;
	*out = wanted - tui->facts->start_unix_ns;
	return true;
}

bool time_of_text(const struct tui *tui, const char *text, uint64_t *out)
{
	const char sign = *text;
	uint64_t ns;

	if (strchr(text, ':'))
		return read_clock(tui, text, out);
	if (!read_duration(text + (sign == '+' || sign == '-'), &ns))
		return false;
	if (sign == '+')
		*out = tui->place.time_ns + ns;
	else if (sign == '-')
		*out = tui->place.time_ns > ns ? tui->place.time_ns - ns : 0;
	else
		*out = ns;
	return true;
}
