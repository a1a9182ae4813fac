#include "config/quantity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/compare.h"

struct suffix {
	const char *text;
	double factor;
};

static const struct suffix durations[] = { { "ns", 1 }, { "us", 1e3 }, { "µs", 1e3 }, { "ms", 1e6 },
	{ "s", 1e9 }, { "min", 60e9 }, { NULL, 0 } };
static const struct suffix rates[] = { { "ns/s", 1 }, { "us/s", 1e3 }, { "µs/s", 1e3 },
	{ "ms/s", 1e6 }, { "s/s", 1e9 }, { NULL, 0 } };
static const struct suffix shares[] = { { "%", 0.01 }, { "", 1 }, { NULL, 0 } };
static const struct suffix counts[] = { { "/s", 1 }, { "", 1 }, { NULL, 0 } };
static const struct suffix plain[] = { { "", 1 }, { NULL, 0 } };

static const struct suffix *suffixes_of(unsigned unit, const char **why)
{
	switch (unit) {
	case DWELL_UNIT_NS:
		*why = "wants a time such as 20ms";
		return durations;
	case DWELL_UNIT_NS_PER_S:
		*why = "wants a time per second such as 5ms/s";
		return rates;
	case DWELL_UNIT_SHARE:
		*why = "wants a share such as 10% or 0.1";
		return shares;
	case DWELL_UNIT_PER_S:
		*why = "wants a rate such as 100/s";
		return counts;
	default:
		*why = "wants a number";
		return plain;
	}
}

int quantity_read(const char *text, unsigned unit, double *out, const char **why)
{
	const struct suffix *suffix = suffixes_of(unit, why);
	const bool digit = *text >= '0' && *text <= '9';
	char *end;
	const double number = digit ? strtod(text, &end) : NAN;

	/* Hexadecimal, infinite or negative numbers are mistakes here. */
	if (!digit || !isfinite(number) || strpbrk(text, "xXpP"))
		return -1;
	while (*end == ' ')
		end++;
	while (suffix->text && strcmp(suffix->text, end) != 0)
		suffix++;
	if (!suffix->text)
		return -1;
	*out = number * suffix->factor;
	return 0;
}
