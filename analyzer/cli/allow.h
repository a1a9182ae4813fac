#ifndef DWELL_CLI_ALLOW_H
#define DWELL_CLI_ALLOW_H

#include "dwell/analysis.h"

/*
 * The list of leaks that are allowed for: one rule a line, a kind or `*`, then conditions
 * `key=GLOB`, all of which must hold; docs/commands/leaks.md has the keys. Empty lines and what
 * follows a # mean nothing.
 */
struct allow;

/* Read a file. Says what is wrong and where (`FILE:LINE`); an exit status. */
int allow_open(struct allow **out, const char *path);
/* The same of its text, under that name, which must stay. */
int allow_read(struct allow **out, const char *path, const char *text, size_t size);
void allow_free(struct allow *allow);

/* Is there a rule for it? allow may be NULL: none is. */
bool allow_matches(
	struct allow *allow, const struct dwell_catalog *catalog, const struct dwell_leak *leak);

/* Say on stderr which rules allowed for nothing. */
void allow_tell_unused(const struct allow *allow);

#endif
