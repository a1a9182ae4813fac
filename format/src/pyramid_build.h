#ifndef DWELL_PYRAMID_BUILD_H
#define DWELL_PYRAMID_BUILD_H

#include <stdbool.h>

#include "dwell/states.h"
#include "src/buffer.h"
#include "src/pages.h"
#include "src/wire.h"

/*
 * The summary pyramid while it is built (docs/format.md, "Pyramid"). Of each task, buckets in which
 * its state changed; between them it stayed as the one before says.
 */
enum {
	PYRAMID_STATES = 4,       /* unknown, running, runnable, blocked */
	PYRAMID_WHOLE = 255,      /* a share of everything */
	PYRAMID_FIRST_SHIFT = 16, /* buckets of 66 us, to begin with */
	PYRAMID_STEP_SHIFT = 2,
	PYRAMID_STEP = 1 << PYRAMID_STEP_SHIFT, /* a level's buckets are so many times as wide as
						   those below */
	PYRAMID_LEVELS = 24
};

struct pyramid_bucket {
	uint32_t index; /* time / width */
	uint32_t switches;
	uint8_t share[PYRAMID_STATES]; /* rounded up, in 1 / PYRAMID_WHOLE */
	uint16_t longest;              /* code of the longest wait that touches it */
	uint16_t lead;                 /* of the one that was going on when it began */
	uint8_t after;                 /* state at its end */
};

struct pyramid_row {
	uint32_t task;
	struct pyramid_bucket *buckets;
	size_t count, cap;
};

/* A stretch of a task's life in one state. */
struct pyramid_stretch {
	uint32_t task;
	unsigned state;
	uint64_t start_ns, end_ns;
};

/*
 * A task's bucket that is not finished, and those that are. Nearly every stretch lies within the
 * open bucket: what it changes is in the first 64 bytes.
 */
struct pyramid_task {
	uint64_t end_ns;             /* of the open bucket; 0: there is none yet */
	uint64_t ns[PYRAMID_STATES]; /* in it */
	uint64_t wait_ns;            /* the longest that touches it */
	uint32_t switches;
	uint32_t index;
	uint16_t lead, longest; /* codes; longest: of what was finished and reopened */
	struct pyramid_row row;
};

struct pyramid_level {
	struct pyramid_row *rows;
	size_t count, cap;
	size_t buckets;
};

struct pyramid_build {
	uint64_t width_ns; /* 1 << shift */
	unsigned shift;
	struct dwell_pages tasks;
	size_t buckets; /* that are finished, of all tasks */
	uint32_t most_task;
	bool failed;
};

void dwell_pyramid_build_init(struct pyramid_build *build);
void dwell_pyramid_build_release(struct pyramid_build *build);

/* The first of its task, or one that ends behind the open bucket. */
void dwell_pyramid_add_beyond(struct pyramid_build *build, const struct pyramid_stretch *stretch);

/* As dwell_pages_find, whose size is not known when it is compiled. */
static inline struct pyramid_task *dwell_pyramid_task(
	const struct pyramid_build *build, uint32_t task)
{
	const size_t page = task >> PAGES_BITS;

	if (page >= build->tasks.count || !build->tasks.pages[page])
		return NULL;
	return (struct pyramid_task *)(void *)build->tasks.pages[page] + (task & (PAGES_IDS - 1));
}

__attribute__((noinline, cold)) static void dwell_pyramid_add_far(struct pyramid_build *build,
	uint32_t task, unsigned state, uint64_t start_ns, uint64_t end_ns)
{
	dwell_pyramid_add_beyond(build, &(struct pyramid_stretch){ task, state, start_ns, end_ns });
}

/* A stretch that ends within the open bucket. */
static inline void dwell_pyramid_add_in(struct pyramid_task *task, unsigned state, uint64_t ns)
{
	task->ns[state - (unsigned)DWELL_UNKNOWN] += ns;
	task->switches += state == DWELL_RUNNING;
	if (state == DWELL_BLOCKED && task->wait_ns < ns)
		task->wait_ns = ns;
}

/* Stretches of a task come in order of time, one where the other ended. */
static inline void dwell_pyramid_add(struct pyramid_build *build, uint32_t id, unsigned state,
	uint64_t start_ns, uint64_t end_ns)
{
	struct pyramid_task *task = dwell_pyramid_task(build, id);

	if (!task || end_ns >= task->end_ns || state - (unsigned)DWELL_UNKNOWN >= PYRAMID_STATES)
		dwell_pyramid_add_far(build, id, state, start_ns, end_ns);
	else
		dwell_pyramid_add_in(task, state, end_ns - start_ns);
}

/* A dwell_states_ops.interval; context: the build. */
void dwell_pyramid_interval(void *context, const struct dwell_interval *interval);

/* How many buckets a pyramid may have at a time: about 8 bytes each with all levels in the file,
 * 20 in memory, of which there is no more for a longer trace. minor: the file's version. */
static inline uint64_t dwell_pyramid_most(uint64_t rows, unsigned minor)
{
	enum { FREE_BUCKETS = 2048, MOST_BUCKETS = 1 << 20 };
	const uint64_t rows_per_bucket = minor < WIRE_MINOR_BUCKETS ? 32 : 64;
	const uint64_t most = FREE_BUCKETS + rows / rows_per_bucket;

	return most < MOST_BUCKETS ? most : MOST_BUCKETS;
}

/* Make buckets wider until there are at most so many. */
void dwell_pyramid_limit(struct pyramid_build *build, uint64_t buckets);

/* Take the finished buckets as the finest level; the build is empty then. DWELL_ENOMEM. */
int dwell_pyramid_take(struct pyramid_build *build, struct pyramid_level *out);

/* The level above. DWELL_ENOMEM. */
int dwell_pyramid_above(const struct pyramid_level *below, struct pyramid_level *out);
void dwell_pyramid_level_release(struct pyramid_level *level);

/* A wait's length as a code of 16 bits: 10 bits of exponent and 7 leading bits, rounded up. */
uint16_t dwell_pyramid_code(uint64_t ns);
uint64_t dwell_pyramid_decode(uint16_t code);

#endif
