#ifndef DWELL_CLI_TRACE_H
#define DWELL_CLI_TRACE_H

#include "cli/command.h"
#include "dwell/importer.h"

/* The input of a command: any trace that can be read. */
struct trace {
	const char *path; /* as it was named */
	struct dwell_import import;
};

/* The operand at this place, or dwell.trace where there is none. */
const char *trace_path(const struct request *request, size_t operand);

/* A trace, told by its content. Says what is wrong; an exit status. */
int trace_open(struct trace *trace, const char *path);
void trace_close(struct trace *trace);

/* Say why reading a file failed with err, where diag (may be NULL) has it. An exit status. */
int input_complain(const char *path, int err, const struct dwell_diag *diag);

#endif
