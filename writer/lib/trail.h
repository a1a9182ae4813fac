#ifndef DWELL_LIB_TRAIL_H
#define DWELL_LIB_TRAIL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What a walk of the stack read, kept so that the next one need not be done. A walk's result
 * follows from where it began and from the words that it read; each of these tells where the next
 * one lies, so that a walk waits for one load after the other, but to see that they all are as they
 * were needs no order. No table is asked for rules then, nothing is hashed, nothing looked up.
 *
 * One thread's, and its signal handlers': a handler that comes while a trail is kept finds the
 * others and keeps none; a search that a handler has changed something under finds nothing.
 */
enum { DWELL_TRAIL_WORDS = 28, DWELL_TRAIL_SETS = 2, DWELL_TRAIL_WAYS = 2 };

/* For who reads words of the stack of which it is not known what they are now: a variable, which
 * another thread may write, or what a sanitizer keeps between variables. */
#define DWELL_ANY_WORD __attribute__((no_sanitize("address", "thread")))

/* Where a walk begins, and what else it goes by. */
struct dwell_trail_key {
	uintptr_t frame, pc;
	uint64_t unwind; /* the list of tables; 0: frame pointers */
	uint32_t most;   /* frames */
};

/* Words of the stack above a frame, in the order in which they were read. */
struct dwell_trail {
	struct dwell_trail_key key;
	uint32_t stack;                     /* what it led to; 0: nothing is kept here */
	uint32_t telling;                   /* the word that last told this trail from another */
	uint32_t count;                     /* more than DWELL_TRAIL_WORDS: not to be kept */
	uint32_t offset[DWELL_TRAIL_WORDS]; /* from the frame, in bytes */
	uint64_t word[DWELL_TRAIL_WORDS];
};

/* All zero: none. */
struct dwell_trails {
	uint32_t changes;
	uint32_t next; /* way to be given up next */
	bool keeping;
	struct dwell_trail kept[DWELL_TRAIL_SETS][DWELL_TRAIL_WAYS];
};

/* A word was read. */
static inline void dwell_trail_read(struct dwell_trail *trail, uintptr_t address, uint64_t word)
{
	const uintptr_t offset = address - trail->key.frame;

	if (trail->count >= DWELL_TRAIL_WORDS || offset > UINT32_MAX) {
		trail->count = DWELL_TRAIL_WORDS + 1;
		return;
	}
	trail->offset[trail->count] = (uint32_t)offset;
	trail->word[trail->count++] = word;
}

/* The walk went by something else, too: it cannot be kept. */
static inline void dwell_trail_spoil(struct dwell_trail *trail)
{
	trail->count = DWELL_TRAIL_WORDS + 1;
}

/* The stack to which the walk would lead; 0: not known. The caller has seen to it that key->frame
 * lies within the thread's own stack, in which every trail that began there was found. */
uint32_t dwell_trail_find(struct dwell_trails *trails, const struct dwell_trail_key *key);

/* Keep it, with its key and stack (not 0). Nothing for one that is spoiled. */
void dwell_trail_keep(struct dwell_trails *trails, const struct dwell_trail *trail);

/* Forget all. */
void dwell_trail_clear(struct dwell_trails *trails);

#endif
