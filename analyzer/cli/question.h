#ifndef DWELL_CLI_QUESTION_H
#define DWELL_CLI_QUESTION_H

#include "cli/head.h"
#include "cli/trace.h"
#include "dwell/analysis.h"

/* One trace, one query, one answer: what the commands that analyze have in common. */
struct question {
	const struct request *request;
	struct trace trace;
	struct dwell_query query;
	struct dwell_answer *answer; /* NULL until asked */
	struct head head;
	struct dwell_style style;
};

/* Open the trace and read the selection into the query. Says what is wrong; an exit status. */
int question_open(struct question *question, const struct request *request, unsigned analyses);

/* Get the answer. Says what is wrong; an exit status. */
int question_ask(struct question *question);

/* What the answer says of the trace, where it is not dwell_analyze's. */
void question_head(struct question *question, const struct dwell_trace_facts *facts);

/* As far as it was opened. */
void question_close(struct question *question);

/*
 * All there is to a command that asks once and prints: open, ask, then `json` or `text` as the
 * request has it, close. An exit status.
 */
int question_answer(const struct request *request, unsigned analyses,
	void (*json)(const struct question *), int (*text)(const struct question *));

/* --by as a number: one of enum dwell_by, `otherwise` without it. */
unsigned question_by(const struct request *request, unsigned otherwise);

/* How many of count rows --limit lets through. */
size_t question_limit(const struct question *question, size_t count);

/* Begin the answer as JSON, up to the key `trace`. */
void question_json(const struct question *question, struct dwell_json *json);

/*
 * Print a table as the request has it: as CSV, or for people below the head and with a line that
 * says how many rows are left out. table may be NULL: no memory. Frees it; an exit status.
 */
int question_table(const struct question *question, struct dwell_table *table, size_t count);

#endif
