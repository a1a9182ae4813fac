#include "fit.h"

#include "lib/clock.h"

/* A reading takes 60 ns; the narrowest of many is one that nothing disturbed. */
enum { READ_TRIES = 40 };
#define UPDATE_NS UINT64_C(500000000)
#define FIRST_UPDATE_NS UINT64_C(2000000)

void dwell_fit_read(uint32_t clock, uint64_t *ticks, uint64_t *ns)
{
	uint64_t narrowest = UINT64_MAX;

	for (int i = 0; i < READ_TRIES; i++) {
		uint64_t before = dwell_clock_read_after(clock);
		uint64_t now = dwell_clock_monotonic_ns();
		uint64_t after = dwell_clock_read_after(clock);
		if (after - before >= narrowest)
			continue;
		narrowest = after - before;
		*ticks = before + narrowest / 2;
		*ns = now;
	}
	/* The same clock: no conversion, exactly. */
	if (clock == DWELL_CLOCK_MONOTONIC)
		*ticks = *ns;
}

static uint64_t rate_of(uint64_t ticks, uint64_t ns)
{
	return ticks ? (uint64_t)(((unsigned __int128)ns << DWELL_FIT_SHIFT) / ticks) : 0;
}

void dwell_fit_init(struct dwell_fit *fit, uint32_t clock, uint64_t ticks, uint64_t ns,
	uint64_t ticks_per_second)
{
	*fit = (struct dwell_fit){ .clock = clock,
		.base_ticks = ticks,
		.base_ns = ns,
		.rate = rate_of(ticks_per_second, UINT64_C(1000000000)),
		.first_ns = ns,
		.pairs = 1 };
	fit->pair[0].ticks = ticks;
	fit->pair[0].ns = ns;
}

uint64_t dwell_fit_next_ns(const struct dwell_fit *fit, uint64_t ns)
{
	const uint64_t quarter = (ns - fit->first_ns) / 4;

	if (quarter > UPDATE_NS)
		return UPDATE_NS;
	return quarter < FIRST_UPDATE_NS ? FIRST_UPDATE_NS : quarter;
}

void dwell_fit_add(struct dwell_fit *fit, uint64_t ticks, uint64_t ns)
{
	unsigned oldest = fit->pairs < DWELL_FIT_PAIRS ? 0 : fit->pairs % DWELL_FIT_PAIRS;
	uint64_t old_ticks = fit->pair[oldest].ticks, old_ns = fit->pair[oldest].ns;
	uint64_t believed = dwell_fit_ns(fit, ticks);
	uint64_t window = dwell_fit_next_ns(fit, ns);
	uint64_t rate, goal;

	if (ticks <= old_ticks || ns <= old_ns)
		return;
	rate = rate_of(ticks - old_ticks, ns - old_ns);
	/* Where the next pair will be, if the rate holds: aim there from where we believe to be. */
	goal = ns + window;
	uint64_t window_ticks =
		rate ? (uint64_t)(((unsigned __int128)window << DWELL_FIT_SHIFT) / rate) : 0;
	/* Before the second pair nothing was converted that matters: step. */
	if (fit->pairs == 1)
		believed = ns;
	fit->base_ticks = ticks;
	fit->base_ns = believed;
	fit->rate = goal > believed && window_ticks ? rate_of(window_ticks, goal - believed) : rate;
	fit->pair[fit->pairs % DWELL_FIT_PAIRS].ticks = ticks;
	fit->pair[fit->pairs % DWELL_FIT_PAIRS].ns = ns;
	fit->pairs++;
}

bool dwell_fit_update(struct dwell_fit *fit)
{
	unsigned last = (fit->pairs - 1) % DWELL_FIT_PAIRS;
	uint64_t now = dwell_clock_monotonic_ns();
	uint64_t ticks, ns;

	if (fit->clock == DWELL_CLOCK_MONOTONIC ||
		now - fit->pair[last].ns < dwell_fit_next_ns(fit, now))
		return false;
	dwell_fit_read(fit->clock, &ticks, &ns);
	dwell_fit_add(fit, ticks, ns);
	return true;
}
