#ifndef DWELL_SEARCH_H
#define DWELL_SEARCH_H

#include "dwell/error.h"
#include "dwell/model.h"
#include "dwell/states.h"

/*
 * A small language for stretches of tasks' lives:
 *
 *     state:blocked reason:mutex,rwlock dur>10ms task:worker* fn:*flush*
 *
 * Terms are separated by blanks and all must hold; a term with a comma holds if one of its words
 * does; a ! before a term turns it round; a word alone is task:*word*. Words may be in double
 * quotes. Keys: state reason dur (> < >= <=) task class process object fn holder waker executor.
 * Globs have * ? and [...], and do not look at case.
 */
enum { DWELL_SEARCH_TERMS = 16, DWELL_SEARCH_TEXT = 256 };

enum dwell_search_key {
	DWELL_KEY_STATE,
	DWELL_KEY_REASON,
	DWELL_KEY_DURATION,
	DWELL_KEY_TASK, /* from here on globs: keys in texts of the catalog */
	DWELL_KEY_CLASS,
	DWELL_KEY_PROCESS,
	DWELL_KEY_OBJECT,
	DWELL_KEY_FUNCTION,
	DWELL_KEY_HOLDER,
	DWELL_KEY_WAKER,
	DWELL_KEY_EXECUTOR,
	DWELL_KEY_COUNT
};

struct dwell_search_term {
	uint8_t key;
	bool negated;
	bool less;         /* DWELL_KEY_DURATION: at most, else at least */
	uint32_t bits;     /* states or reasons */
	uint64_t ns;       /* DWELL_KEY_DURATION */
	uint16_t at, size; /* of the globs in the text, separated by commas */
};

struct dwell_search {
	struct dwell_search_term terms[DWELL_SEARCH_TERMS];
	unsigned count;
	char text[DWELL_SEARCH_TEXT];
};

/* All of a text must be of the language: else DWELL_EINVAL, and *diag says what is wrong and its
 * offset. An empty text finds everything. */
int dwell_search_parse(struct dwell_search *out, const char *text, struct dwell_diag *diag);

/* Does it ask for more than which tasks? */
bool dwell_search_looks_into(const struct dwell_search *search);

/* Does the task fulfil all terms that are about tasks? */
bool dwell_search_task(
	const struct dwell_search *search, const struct dwell_catalog *catalog, uint32_t task);

/* A search made ready for many intervals: what names say is worked out once. */
struct dwell_searcher;
int dwell_searcher_new(struct dwell_searcher **out, const struct dwell_search *search,
	const struct dwell_catalog *catalog);
void dwell_searcher_free(struct dwell_searcher *searcher);
/* One thread at a time. */
bool dwell_searcher_finds(struct dwell_searcher *searcher, const struct dwell_interval *interval);

#endif
