/* The least mean of a step function over stretches of given lengths. */
#include "analysis/utilization.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"

static const struct utilization_step *step_of(const struct utilization *u, uint64_t number)
{
	return &u->steps[number - u->dropped];
}

/* Area before a time within the step. */
static uint64_t area_at(const struct utilization_step *step, uint64_t at_ns)
{
	return step->area + (at_ns - step->at_ns) * step->ppm;
}

static void offer(struct utilization *u, size_t window, uint64_t area, uint64_t at_ns)
{
	if (u->windows[window].begun && area >= u->windows[window].least)
		return;
	u->windows[window].begun = true;
	u->windows[window].least = area;
	u->windows[window].at_ns = at_ns;
}

/* Stretches that end within the last step, which ends at now_ns: those that begin at a step, and
 * the one that ends at now_ns. */
static void slide(struct utilization *u, size_t window, uint64_t now_ns)
{
	const uint64_t length = u->windows[window].length_ns;
	const uint64_t last = u->dropped + u->count - 1;
	uint64_t tail = u->windows[window].tail;
	uint64_t start_ns;

	if (now_ns < length || now_ns - length < u->begin_ns)
		return;
	start_ns = now_ns - length;
	if (!u->windows[window].begun)
		offer(u, window,
			area_at(step_of(u, last), u->begin_ns + length) - step_of(u, 0)->area,
			u->begin_ns);
	while (tail < last && step_of(u, tail + 1)->at_ns <= start_ns) {
		const struct utilization_step *begin = step_of(u, ++tail);

		offer(u, window, area_at(step_of(u, last), begin->at_ns + length) - begin->area,
			begin->at_ns);
	}
	u->windows[window].tail = tail;
	offer(u, window, area_at(step_of(u, last), now_ns) - area_at(step_of(u, tail), start_ns),
		start_ns);
}

/* Forget the steps that no window can begin in any more. */
static void forget(struct utilization *u)
{
	uint64_t needed = u->dropped + u->count - 1;
	size_t useless;

	for (size_t i = 0; i < UTILIZATION_WINDOWS; i++)
		if (u->windows[i].length_ns && u->windows[i].tail < needed)
			needed = u->windows[i].tail;
	useless = (size_t)(needed - u->dropped);
	if (useless < u->count / 2)
		return;
	memmove(u->steps, u->steps + useless, (u->count - useless) * sizeof(*u->steps));
	u->count -= useless;
	u->dropped += useless;
}

static int add_step(struct utilization *u, const struct utilization_step *step)
{
	if (u->count == u->cap) {
		if (u->count)
			forget(u);
		if (u->count > u->cap / 2 || !u->cap) {
			const size_t cap = u->cap ? u->cap * 2 : 256;
			struct utilization_step *steps = realloc(u->steps, cap * sizeof(*steps));

			if (!steps)
				return DWELL_ENOMEM;
			u->steps = steps;
			u->cap = cap;
		}
	}
	u->steps[u->count++] = *step;
	return DWELL_OK;
}

/* The last step is known to last until now_ns. */
static void advance(struct utilization *u, uint64_t now_ns)
{
	u->total += (__uint128_t)(now_ns - u->now_ns) * u->ppm;
	u->now_ns = now_ns;
	for (size_t i = 0; i < UTILIZATION_WINDOWS; i++)
		if (u->windows[i].length_ns)
			slide(u, i, now_ns);
}

int utilization_set(struct utilization *u, uint64_t at_ns, uint32_t ppm)
{
	struct utilization_step step = { .at_ns = at_ns, .ppm = ppm };

	if (!u->begun) {
		u->begun = true;
		u->begin_ns = u->now_ns = at_ns;
		u->ppm = ppm;
		return add_step(u, &step);
	}
	if (ppm == u->ppm)
		return DWELL_OK;
	if (at_ns > u->now_ns)
		advance(u, at_ns);
	u->ppm = ppm;
	if (u->steps[u->count - 1].at_ns == at_ns) {
		u->steps[u->count - 1].ppm = ppm;
		return DWELL_OK;
	}
	step.area = area_at(&u->steps[u->count - 1], at_ns);
	return add_step(u, &step);
}

void utilization_end(struct utilization *u, uint64_t at_ns)
{
	if (u->begun && at_ns > u->now_ns)
		advance(u, at_ns);
}

void utilization_release(struct utilization *u)
{
	free(u->steps);
	u->steps = NULL;
}
