#include "cli/times.h"

#include <string.h>
#include <time.h>

#define SECOND UINT64_C(1000000000)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits at *at; false when there are none or too many. */
static bool take_number(const char **at, uint64_t *out)
{
	uint64_t value = 0;

	if (!is_digit(**at))
		return false;
	for (; is_digit(**at); ++*at) {
		if (value > (UINT64_MAX - 9) / 10)
			return false;
		value = value * 10 + (uint64_t)(**at - '0');
	}
	*out = value;
	return true;
}

/* What follows a point, as nanoseconds of a unit; digits below one are cut. */
static uint64_t take_fraction(const char **at, uint64_t unit)
{
	uint64_t value = 0;

	for (; is_digit(**at); ++*at) {
		unit /= 10;
		value += unit * (uint64_t)(**at - '0');
	}
	return value;
}

static uint64_t find_unit(const char *name)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "ns", 1 },
		{ "us", 1000 },
		{ "µs", 1000 },
		{ "ms", 1000000 },
		{ "s", SECOND },
		{ "", SECOND },
		{ "min", 60 * SECOND },
		{ "m", 60 * SECOND },
		{ "h", 3600 * SECOND },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(units[i].name, name))
			return units[i].ns;
	return 0;
}

bool duration_parse(const char *text, uint64_t *out)
{
	const char *fraction = NULL;
	uint64_t whole, unit, rest = 0;

	if (!take_number(&text, &whole))
		return false;
	if (*text == '.') {
		fraction = ++text;
		if (!is_digit(*text))
			return false;
		take_fraction(&text, 1);
	}
	unit = find_unit(*text == ' ' ? text + 1 : text);
	if (!unit || whole > UINT64_MAX / unit - 1)
		return false;
	if (fraction)
		rest = take_fraction(&fraction, unit);
	*out = whole * unit + rest;
	return true;
}

/* "14:03:22.5" or "14:03" */
static bool clock_parse(const char *text, uint64_t *out)
{
	uint64_t hours, minutes, seconds = 0, rest = 0;

	if (!take_number(&text, &hours) || *text++ != ':' || !take_number(&text, &minutes))
		return false;
	if (*text == ':') {
		text++;
		if (!take_number(&text, &seconds))
			return false;
		if (*text == '.') {
			text++;
			rest = take_fraction(&text, SECOND);
		}
	}
	if (*text || hours > 23 || minutes > 59 || seconds > 59)
		return false;
	*out = ((hours * 60 + minutes) * 60 + seconds) * SECOND + rest;
	return true;
}

bool moment_parse(const char *text, struct moment *out)
{
	*out = (struct moment){ .id = text };
	if (*text == '@') {
		out->kind = MOMENT_ID;
		out->id = text + 1;
		return *out->id;
	}
	if (strchr(text, ':')) {
		out->kind = MOMENT_CLOCK;
		return clock_parse(text, &out->ns);
	}
	out->kind = MOMENT_OFFSET;
	return duration_parse(text, &out->ns);
}

uint64_t moment_of_day(uint64_t since_midnight_ns, uint64_t start_unix_ns)
{
	const time_t start = (time_t)(start_unix_ns / SECOND);
	const uint64_t seconds = since_midnight_ns / SECOND;
	struct tm day;

	if (!localtime_r(&start, &day))
		return 0;
	/* mktime() knows of days that are not 24 hours long. Today, else tomorrow. */
	for (int later = 0; later < 2; later++) {
		struct tm at = day;
		uint64_t unix_ns;

		at.tm_mday += later;
		at.tm_hour = (int)(seconds / 3600);
		at.tm_min = (int)(seconds / 60 % 60);
		at.tm_sec = (int)(seconds % 60);
		at.tm_isdst = -1;
		unix_ns = (uint64_t)mktime(&at) * SECOND + since_midnight_ns % SECOND;
		if (unix_ns >= start_unix_ns)
			return unix_ns - start_unix_ns;
	}
	return 0;
}
