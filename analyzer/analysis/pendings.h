#ifndef DWELL_ANALYSIS_PENDINGS_H
#define DWELL_ANALYSIS_PENDINGS_H

#include "analysis/gains.h"

/* Lengths of ways to the interval's end, by lane: each is ns + all_ns, modulo 2^64. Most stretches
 * lengthen all ways alike. */
struct ways {
	uint64_t ns[GAIN_LANES];
	uint64_t all_ns;
	uint32_t lanes; /* in which there is a way */
};

/* There is none any more: what ns says does not matter then. */
static inline void lose_ways(struct ways *ways)
{
	ways->all_ns = 0;
	ways->lanes = 0;
}

/* The same, where the ways are lengthened that are there. */
static inline void lengthen_all(struct ways *ways, uint64_t ns, uint32_t free_lanes)
{
	ways->all_ns += ns;
	for (uint32_t left = free_lanes & ways->lanes; left; left &= left - 1)
		ways->ns[__builtin_ctz(left)] -= ns;
}

/* `into` becomes the longer of itself and of a way over ns more, in each lane. */
static inline void lengthen(
	struct ways *into, const struct ways *ways, uint64_t ns, uint32_t free_lanes)
{
	const uint64_t all_ns = ways->all_ns + ns;

	if (!into->lanes) {
		*into = *ways;
		lengthen_all(into, ns, free_lanes);
		return;
	}
	for (uint32_t left = ways->lanes; left; left &= left - 1) {
		const unsigned i = (unsigned)__builtin_ctz(left);
		const uint64_t way = ways->ns[i] + (free_lanes >> i & 1 ? ways->all_ns : all_ns);
		const uint64_t was = into->ns[i] + into->all_ns;
		const bool longer = !(into->lanes >> i & 1) || was < way;

		into->ns[i] = longer ? way - into->all_ns : into->ns[i];
	}
	into->lanes |= ways->lanes;
}

enum pending_kind {
	PENDING_JOIN, /* a wait was let go by its waker */
	PENDING_START /* where the interval ends in the middle of a stretch */
};

/* What is to be done at a moment that the sweep has not come to. */
struct pending {
	uint64_t time_ns;
	struct dwell_stretch wait;
	struct ways ways; /* from the wait's end */
	uint8_t kind;
	bool unresolved; /* an earlier chapter has the moment */
	struct pending *next;
};

struct pendings {
	struct pending **heap; /* the latest first */
	size_t count, cap;
	struct pending *spare; /* of those that were done with, linked by next */
};

/* One to be filled in and added; NULL: no memory. */
struct pending *pendings_make(struct pendings *pendings, uint64_t time_ns, unsigned kind);
/* What pendings_make made. 0 or DWELL_ENOMEM: it is dropped. */
int pendings_add(struct pendings *pendings, struct pending *pending);
/* The latest; there must be one. To be dropped. */
struct pending *pendings_take(struct pendings *pendings);
/* It is done with. */
void pendings_drop(struct pendings *pendings, struct pending *pending);
void pendings_release(struct pendings *pendings);
/* Their times were changed. */
void pendings_sort(struct pendings *pendings);

#endif
