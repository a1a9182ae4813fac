#ifndef DWELL_CLI_PROGRESS_H
#define DWELL_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How far work has come, on stderr: a bar, a rate and how long it will still take. Only on a
 * terminal, and only once the work has taken half a second.
 */
struct progress {
	uint64_t from_ns;
	uint64_t total_ns; /* of the trace; 0: not known, then there is no bar and no estimate */
	uint64_t began_ns, told_ns; /* on the machine's clock */
	bool terminal, shown;
};

/* Of a stretch of a trace; to_ns 0: its end is not known. */
void progress_begin(struct progress *progress, uint64_t from_ns, uint64_t to_ns);

/* A dwell_query's progress function; the context is a struct progress. */
void progress_tell(void *context, uint64_t at_ns);

/* Clear the line. */
void progress_end(struct progress *progress);

#endif
