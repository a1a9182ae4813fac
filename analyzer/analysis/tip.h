#ifndef DWELL_ANALYSIS_TIP_H
#define DWELL_ANALYSIS_TIP_H

#include "analysis/series.h"

/*
 * Values of many owners come in turns, and each owner has distributions over time: what comes is
 * collected, and taken owner by owner once there are TURNS.
 */
enum { TURNS = 1 << 14 }; /* so few that they stay in a CPU's second cache */

struct turns {
	uint32_t *owners;
	uint16_t *order;
	size_t count;
};

int turns_init(struct turns *turns); /* 0 or DWELL_ENOMEM */
void turns_release(struct turns *turns);
/* Put into `order` the places of what was collected: the same owner's together, as they came. */
void turns_sort(struct turns *turns);

/*
 * The window of an owner's that is added to now: its cells by bucket. Most values that follow one
 * another belong there; where they do not, it becomes cells.
 */
struct tip {
	struct dwell_windows *of; /* NULL: none */
	uint64_t from_ns;         /* where the first window begins */
	unsigned window, shift;
	unsigned count;
	uint8_t buckets[256]; /* those that there are */
	struct tip_cell {
		uint64_t total_ns;
		uint32_t count;
	} cells[256];
};

/* 0 or DWELL_ENOMEM. */
int tip_flush(struct tip *tip);
/* Windows so long that a time is within. 0 or DWELL_ENOMEM. */
int tip_reach(struct tip *tip, uint64_t at_ns);
int tip_move(struct tip *tip, struct dwell_windows *of, uint64_t at_ns);

/* Add to a bucket of the window that holds a time; longer windows where it lies beyond them. 0 or
 * DWELL_ENOMEM. */
static inline int tip_add(
	struct tip *tip, struct dwell_windows *of, uint64_t at_ns, unsigned bucket, uint64_t ns)
{
	struct tip_cell *cell = &tip->cells[bucket];
	int err = DWELL_OK;

	if (tip->of != of || window_of(tip->from_ns, at_ns, tip->shift) != tip->window)
		err = tip_move(tip, of, at_ns);
	if (!cell->count++)
		tip->buckets[tip->count++] = (uint8_t)bucket;
	cell->total_ns += ns;
	return err;
}

#endif
