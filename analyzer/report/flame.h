#ifndef DWELL_REPORT_FLAME_H
#define DWELL_REPORT_FLAME_H

#include <stdbool.h>

#include "dwell/flame.h"
#include "dwell/limits.h"

/* A stack may have a few frames around it: class, reason, object. */
enum { DWELL_FLAME_DEPTH = DWELL_MAX_FRAMES + 8 };

/* One frame under its parent. Node 0 is the root, which is no frame. */
struct node {
	uint64_t weight; /* of it and all below */
	uint64_t self;   /* of it alone */
	uint32_t name;
	uint32_t parent;
	uint32_t first; /* child; 0: none. Sorted by name once the tree is. */
	uint32_t next;  /* sibling; 0: none */
	uint32_t depth;
};

struct name {
	size_t offset; /* in the text */
	size_t size;
	uint64_t hash;
};

struct table {
	uint32_t *slots; /* 0: free, else number + 1 */
	size_t capacity; /* a power of two */
	size_t used;
};

struct dwell_flame {
	struct node *nodes;
	size_t node_count, node_capacity;
	struct name *names;
	size_t name_count, name_capacity;
	char *text;
	size_t text_size, text_capacity;
	struct table by_name, by_place; /* name -> number; (parent, name) -> node */
};

struct dwell_string flame_name(const struct dwell_flame *flame, uint32_t node);

/* Put every node's children in order of their names. */
void flame_sort(struct dwell_flame *flame);

/* The node after this one, parents first, children in order; 0 after the last. Without
 * `below`, what is under the node is passed over. */
uint32_t flame_next(const struct dwell_flame *flame, uint32_t node, bool below);

#endif
