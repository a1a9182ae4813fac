#ifndef DWELL_CLI_TIMES_H
#define DWELL_CLI_TIMES_H

#include <stdbool.h>
#include <stdint.h>

/* A moment as a user writes it: "1.5s", "200ms", "14:03:22.5", "@ID". */
enum moment_kind { MOMENT_OFFSET, MOMENT_CLOCK, MOMENT_ID };

struct moment {
	enum moment_kind kind;
	uint64_t ns; /* since the start, or since midnight */
	const char *id;
};

/* False when it is none. A number without a unit is seconds. */
bool moment_parse(const char *text, struct moment *out);

/*
 * Where a time of day lies in a trace that began at start_unix_ns: the first such moment at or
 * after its start, in the user's time zone.
 */
uint64_t moment_of_day(uint64_t since_midnight_ns, uint64_t start_unix_ns);

/* "1.5s", "200ms", "10": nanoseconds. False when it is none. */
bool duration_parse(const char *text, uint64_t *out);

#endif
