#ifndef DWELL_WORDS_H
#define DWELL_WORDS_H

#include "dwell/model.h"

/*
 * Parts of sentences about waits: what explain and the viewer say of them. Names in them come
 * from the trace and may be hostile: who prints them escapes them. Those with an `out` write into
 * its size bytes, ended by NUL and cut where it is too long, and return it.
 */

/* "for the mutex table lock": why a task was blocked, and on what. */
const char *dwell_words_why(char *out, size_t size, const struct dwell_catalog *catalog,
	unsigned reason, uint32_t object);

/* ", in take (pool.c:41)"; "" where it is not known. */
const char *dwell_words_where(
	char *out, size_t size, const struct dwell_catalog *catalog, uint32_t stack);

/* Why a story stays with a task that is blocked: enum dwell_stop of causes.h. */
const char *dwell_words_stop(unsigned stop, bool has_wakes);

#endif
