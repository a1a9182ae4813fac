#include "analysis/tip.h"

#include <stdlib.h>

int turns_init(struct turns *turns)
{
	*turns = (struct turns){
		.owners = malloc(TURNS * sizeof(*turns->owners)),
		.order = malloc(TURNS * sizeof(*turns->order)),
	};
	return turns->owners && turns->order ? DWELL_OK : DWELL_ENOMEM;
}

void turns_release(struct turns *turns)
{
	free(turns->owners);
	free(turns->order);
}

/* More owners than piles: then some take turns still, which costs time and nothing else. */
void turns_sort(struct turns *turns)
{
	enum { PILES = 2048 };
	uint16_t ends[PILES] = { 0 };
	unsigned sum = 0;

	for (size_t i = 0; i < turns->count; i++)
		ends[turns->owners[i] % PILES]++;
	for (size_t i = 0; i < PILES; i++) {
		const unsigned count = ends[i];

		ends[i] = (uint16_t)sum;
		sum += count;
	}
	for (size_t i = 0; i < turns->count; i++)
		turns->order[ends[turns->owners[i] % PILES]++] = (uint16_t)i;
}

int tip_flush(struct tip *tip)
{
	int err = DWELL_OK;

	if (tip->count)
		windows_widen(tip->of, tip->from_ns, tip->shift);
	for (unsigned i = 0; i < tip->count && !err; i++) {
		const unsigned bucket = tip->buckets[i];
		struct tip_cell *of = &tip->cells[bucket];
		const struct dwell_window_cell cell = {
			.window = (uint8_t)tip->window,
			.bucket = (uint8_t)bucket,
			.count = of->count,
			.total_ns = of->total_ns,
		};

		*of = (struct tip_cell){ 0 };
		err = windows_put(tip->of, &cell);
	}
	tip->count = 0;
	tip->of = NULL;
	return err;
}

int tip_reach(struct tip *tip, uint64_t at_ns)
{
	const unsigned shift = windows_shift(tip->from_ns, at_ns, tip->shift);
	const int err = shift == tip->shift ? DWELL_OK : tip_flush(tip);

	tip->shift = shift;
	return err;
}

int tip_move(struct tip *tip, struct dwell_windows *of, uint64_t at_ns)
{
	int err = tip_flush(tip);

	if (!err)
		err = tip_reach(tip, at_ns);
	tip->window = window_of(tip->from_ns, at_ns, tip->shift);
	tip->of = of;
	return err;
}
