#ifndef DWELL_IMPORT_FTRACE_LINE_H
#define DWELL_IMPORT_FTRACE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "import/kernel/event.h"

/*
 * One line of ftrace's text, as trace_pipe, `trace-cmd report` and Perfetto's converter print it:
 *
 *     comm-12  (  345) [001] d..2. 1234.567890: event: details
 *
 * The number in parentheses (the process) and the flags may be missing. Names may hold anything,
 * so lines are read from what can be told surely.
 */
/* False: not such a line (a comment, a header, something else). */
bool ftrace_line_parse(struct kernel_event *out, const char *at, size_t size);

#endif
