/*
 * Runs into one: a tree of losers (D. Knuth, The Art of Computer Programming, vol. 3, 5.4.1). Each
 * node keeps who lost there, so that the next winner is found on the way from one leaf to the root,
 * by values that lie ready.
 */
#include "src/order_private.h"

enum { AHEAD_ROWS = 24 };

static inline order_key key_of(const struct order_run *run, size_t number)
{
	const order_key none = (order_key)UINT64_MAX << 64 | (uint64_t)UINT32_MAX << 32;

	if (__builtin_expect(run->at == run->end, 0))
		return none | number;
	return (order_key)run->at->time_ns << 64 | (uint64_t)order_ring(run->at) << 32 | number;
}

/* From the leaf of a run up to the root: who loses stays, who wins goes on. Without branches: which
 * run is next cannot be foreseen. */
static inline order_key climb(struct order_merge *merge, size_t run, order_key key)
{
	uint64_t high = (uint64_t)(key >> 64), low = (uint64_t)key;

	for (size_t node = (merge->leaves + run) / 2; node; node /= 2) {
		const order_key loser = merge->loser[node];
		const uint64_t swap = 0 - (uint64_t)(loser < ((order_key)high << 64 | low));
		const uint64_t change_high = ((uint64_t)(loser >> 64) ^ high) & swap;
		const uint64_t change_low = ((uint64_t)loser ^ low) & swap;

		merge->loser[node] = loser ^ ((order_key)change_high << 64 | change_low);
		high ^= change_high;
		low ^= change_low;
	}
	return (order_key)high << 64 | low;
}

/* Two runs meet in a node when both have come there: the first stays, as if it had lost. */
void order_merge_init(struct order_merge *merge, struct order_run *runs, size_t count)
{
	bool taken[ORDER_RUNS] = { false };

	merge->runs = runs;
	merge->leaves = 1;
	while (merge->leaves < count)
		merge->leaves *= 2;
	for (size_t run = count; run < merge->leaves; run++)
		runs[run] = (struct order_run){ 0 };
	for (size_t run = 0; run < merge->leaves; run++) {
		order_key key = key_of(&runs[run], run);
		size_t node = (merge->leaves + run) / 2;

		for (; node && taken[node]; node /= 2) {
			const order_key other = merge->loser[node];

			merge->loser[node] = other < key ? key : other;
			key = other < key ? other : key;
		}
		if (node)
			merge->loser[node] = key;
		else
			merge->winner = key;
		taken[node] = true;
	}
}

size_t order_merge_some(struct order_merge *merge, struct dwell_event *out, size_t room,
	uint64_t time_ns, size_t least)
{
	order_key winner = merge->winner;
	size_t count = 0;

	while (count < room && ((uint64_t)(winner >> 64) < time_ns || count < least)) {
		const size_t number = (size_t)(winner & UINT32_MAX);
		struct order_run *run = &merge->runs[number];

		if (run->at == run->end)
			break;
		/* Hardware foresees a run only up to the end of its page. */
		__builtin_prefetch(run->at + AHEAD_ROWS);
		out[count++] = *run->at++;
		winner = climb(merge, number, key_of(run, number));
	}
	merge->winner = winner;
	return count;
}
