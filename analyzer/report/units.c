#include <inttypes.h>

#include "dwell/report.h"

struct unit {
	uint64_t size; /* in the smallest unit */
	const char *name;
};

/* Units of time grow by other steps than thousands from a minute on. */
static const struct unit times[] = {
	{ 1, "ns" },
	{ 1000, "µs" },
	{ 1000000, "ms" },
	{ 1000000000, "s" },
	{ 60ULL * 1000000000, "min" },
	{ 3600ULL * 1000000000, "h" },
};

static const struct unit sizes[] = {
	{ 1, "B" },
	{ 1000, "kB" },
	{ 1000000, "MB" },
	{ 1000000000, "GB" },
	{ 1000000000000, "TB" },
};

/* Three digits of value in a unit: whole part and as many decimals as are left. */
static const char *three_digits(
	char out[DWELL_NUMBER_SIZE], uint64_t value, uint64_t unit, const char *name)
{
	static const uint64_t scales[] = { 1, 10, 100 };
	const uint64_t whole = value / unit;
	const int decimals = unit == 1 || whole >= 100 ? 0 : whole >= 10 ? 1 : 2;
	const uint64_t scale = scales[decimals];
	const uint64_t rest = value % unit;
	/* unit is far below 2^56, so neither product overflows */
	const uint64_t parts = whole * scale + (rest * scale + unit / 2) / unit;

	if (decimals)
		snprintf(out, DWELL_NUMBER_SIZE, "%" PRIu64 ".%0*" PRIu64 " %s", parts / scale,
			decimals, parts % scale, name);
	else
		snprintf(out, DWELL_NUMBER_SIZE, "%" PRIu64 " %s", parts, name);
	return out;
}

/* The largest unit of which value, once rounded to three digits, has at least one. */
static const struct unit *choose(uint64_t value, const struct unit *units, size_t count)
{
	size_t i = 0;

	while (i + 1 < count) {
		const uint64_t next = units[i + 1].size;

		/* Half of the last digit shown: 999.6 of one unit is 1.00 of the next. */
		if (value < next - (next / units[i].size > 100 ? units[i].size / 2 : 0))
			break;
		i++;
	}
	return &units[i];
}

const char *dwell_format_duration(char out[DWELL_NUMBER_SIZE], uint64_t ns, bool ascii)
{
	const struct unit *unit = choose(ns, times, sizeof(times) / sizeof(times[0]));

	return three_digits(out, ns, unit->size, ascii && unit == &times[1] ? "us" : unit->name);
}

const char *dwell_format_bytes(char out[DWELL_NUMBER_SIZE], uint64_t bytes)
{
	const struct unit *unit = choose(bytes, sizes, sizeof(sizes) / sizeof(sizes[0]));

	return three_digits(out, bytes, unit->size, unit->name);
}

const char *dwell_format_count(char out[DWELL_NUMBER_SIZE], uint64_t count)
{
	char digits[24];
	const int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);
	size_t used = 0;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			out[used++] = ',';
		out[used++] = digits[i];
	}
	out[used] = '\0';
	return out;
}

const char *dwell_format_share(char out[DWELL_NUMBER_SIZE], uint64_t ppm)
{
	const uint64_t tenths = (ppm + 500) / 1000;

	/* What is there is never shown as nothing, nor what is missing as all. */
	if (ppm && !tenths)
		snprintf(out, DWELL_NUMBER_SIZE, "<0.1 %%");
	else if (ppm < 1000000 && tenths >= 1000)
		snprintf(out, DWELL_NUMBER_SIZE, "99.9 %%");
	else
		snprintf(out, DWELL_NUMBER_SIZE, "%" PRIu64 ".%" PRIu64 " %%", tenths / 10,
			tenths % 10);
	return out;
}

uint64_t dwell_share_ppm(uint64_t part, uint64_t whole)
{
	if (!whole)
		return 0;
	/* Keep the product within 64 bits: both lose the same low bits. */
	while (part > UINT64_MAX / 1000000 || whole > UINT64_MAX / 2) {
		part >>= 1;
		whole >>= 1;
	}
	return whole ? (part * 1000000 + whole / 2) / whole : 1000000;
}
