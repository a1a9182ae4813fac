#ifndef DWELL_CLI_MESSAGE_H
#define DWELL_CLI_MESSAGE_H

#include "dwell/report.h"

/* "dwell: what: why" on stderr, both escaped. Returns status, so that it can end a command. */
int complain(int status, const char *what, const char *why, ...)
	__attribute__((format(printf, 3, 4)));

/* How stdout is to be written: width, colour and characters that it takes. */
struct dwell_style terminal_style(void);

/* The last line of an answer: what to ask next. */
void next_step(const struct dwell_style *style, const char *what, const char *path);

#endif
