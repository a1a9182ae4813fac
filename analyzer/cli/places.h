#ifndef DWELL_CLI_PLACES_H
#define DWELL_CLI_PLACES_H

#include "cli/trace.h"
#include "dwell/findings.h"

/* Where in a trace that lies which an answer gave an id: waits, latencies, rows, spans, findings.
 */
struct place {
	uint64_t start_ns,
		end_ns; /* of a row: of the longest in it. Of a finding: where to look, both */
};

/* An id as answers print it; false: none. */
bool place_parse(const char *text, uint64_t *id);

/* text: "@ID". Reads what it must: of a finding, all of the trace. Says what is wrong; an exit
 * status. */
int place_find(struct place *out, struct trace *trace, const char *text);

/*
 * The finding of an id; *found is false where there is none. It has no title and no evidence. Says
 * what is wrong; an exit status.
 */
int place_finding(struct dwell_finding *out, bool *found, struct trace *trace, uint64_t id);

#endif
