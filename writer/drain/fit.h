#ifndef DWELL_DRAIN_FIT_H
#define DWELL_DRAIN_FIT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/clock.h"

/*
 * Ticks of a counter to nanoseconds of CLOCK_MONOTONIC, by pairs of readings. The conversion is
 * continuous and rises: what a new pair shows to be off is worked off until the next.
 */
enum { DWELL_FIT_PAIRS = 8 };

struct dwell_fit {
	uint32_t clock;
	uint64_t base_ticks, base_ns;
	uint64_t rate; /* nanoseconds in a tick << DWELL_FIT_SHIFT */
	struct {
		uint64_t ticks, ns;
	} pair[DWELL_FIT_PAIRS];
	unsigned pairs; /* taken so far */
	uint64_t first_ns;
};

enum { DWELL_FIT_SHIFT = 40 };

/* From a first pair and the ticks of a second, as well as they are known. */
void dwell_fit_init(struct dwell_fit *fit, uint32_t clock, uint64_t ticks, uint64_t ns,
	uint64_t ticks_per_second);

/*
 * How long after the last pair the next one is wanted. What pairs are off by grows with how far the
 * line through them is drawn out: to no more than a quarter beyond them.
 */
uint64_t dwell_fit_next_ns(const struct dwell_fit *fit, uint64_t ns);

/* Take over a pair that was read now; ticks rise from call to call. */
void dwell_fit_add(struct dwell_fit *fit, uint64_t ticks, uint64_t ns);

/* Read a pair if it is time for one: often at first, then twice a second. true: one was taken. */
bool dwell_fit_update(struct dwell_fit *fit);

static inline uint64_t dwell_fit_scale(uint64_t ticks, uint64_t rate)
{
	return (uint64_t)((unsigned __int128)ticks * rate >> DWELL_FIT_SHIFT);
}

static inline uint64_t dwell_fit_ns(const struct dwell_fit *fit, uint64_t ticks)
{
	if (fit->clock == DWELL_CLOCK_MONOTONIC)
		return ticks;
	if (ticks >= fit->base_ticks)
		return fit->base_ns + dwell_fit_scale(ticks - fit->base_ticks, fit->rate);

	const uint64_t back = dwell_fit_scale(fit->base_ticks - ticks, fit->rate);

	return back < fit->base_ns ? fit->base_ns - back : 0;
}

/*
 * When a wait began that was begun after the thread's last record. The fit of the clocks moves a
 * little from pass to pass, so times of one pass may lie before those of the one before. By more
 * than that: what came before it was in a handler that ran within the wait.
 */
static inline uint64_t dwell_drain_after(uint64_t time_ns, uint64_t last_ns)
{
	enum { MOVES_NS = 2000 };

	return time_ns < last_ns && last_ns - time_ns < MOVES_NS ? last_ns : time_ns;
}

/* A pair read as close together as can be. */
void dwell_fit_read(uint32_t clock, uint64_t *ticks, uint64_t *ns);

#endif
