/*
 * Runs into one: a tree of losers (D. Knuth, The Art of Computer Programming, vol. 3, 5.4.1). Each
 * node keeps who lost there, so that the next winner is found on the way from one leaf to the root,
 * by values that lie ready.
 */
#include "src/order_private.h"

static struct order_head head_of(const struct order_merge *merge, size_t run)
{
	const struct dwell_event *row = merge->runs[run].at;

	if (row == merge->runs[run].end)
		return (struct order_head){ UINT64_MAX, UINT64_MAX << 32 | run };
	return (struct order_head){ row->time_ns, (uint64_t)order_ring(row) << 32 | run };
}

/* Without branches: which run is next cannot be foreseen. */
static inline bool before(const struct order_head *a, const struct order_head *b)
{
	return (a->time_ns < b->time_ns) | ((a->time_ns == b->time_ns) & (a->tie < b->tie));
}

/* From the leaf of a run up to the root: who loses stays, who wins goes on. */
static inline struct order_head climb(struct order_merge *merge, size_t run, struct order_head head)
{
	for (size_t node = (merge->leaves + run) / 2; node; node /= 2) {
		struct order_head *loser = &merge->loser[node];
		const uint64_t swap = 0 - (uint64_t)before(loser, &head);
		const uint64_t time_ns = (loser->time_ns ^ head.time_ns) & swap;
		const uint64_t tie = (loser->tie ^ head.tie) & swap;

		loser->time_ns ^= time_ns;
		loser->tie ^= tie;
		head.time_ns ^= time_ns;
		head.tie ^= tie;
	}
	return head;
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
		struct order_head head = head_of(merge, run);
		size_t node = (merge->leaves + run) / 2;

		for (; node && taken[node]; node /= 2) {
			const struct order_head other = merge->loser[node];

			merge->loser[node] = before(&other, &head) ? head : other;
			head = before(&other, &head) ? other : head;
		}
		if (node)
			merge->loser[node] = head;
		else
			merge->winner = head;
		taken[node] = true;
	}
}

struct dwell_event *order_merge_next(struct order_merge *merge)
{
	const size_t run = (size_t)(merge->winner.tie & UINT32_MAX);
	struct dwell_event *row = merge->runs[run].at;

	if (row == merge->runs[run].end)
		return NULL;
	merge->runs[run].at++;
	merge->winner = climb(merge, run, head_of(merge, run));
	return row;
}
