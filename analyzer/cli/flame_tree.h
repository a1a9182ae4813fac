#ifndef DWELL_CLI_FLAME_TREE_H
#define DWELL_CLI_FLAME_TREE_H

#include "dwell/analysis.h"
#include "dwell/flame.h"

/* What stacks are weighted by: words in the order of enum dwell_flame_of, ended by NULL. */
extern const char *const of_words[];

/* The number of a word; NULL: the first. */
unsigned flame_of(const char *word);

/* The tree of an answer's stacks: class, the stack from outside in, the reason. 0 or DWELL_ENOMEM;
 * *out is to be freed either way. */
int flame_tree(struct dwell_flame **out, const struct dwell_answer *answer);

#endif
