/*
 * Runs into one: a tree of losers (D. Knuth, The Art of Computer Programming, vol. 3, 5.4.1). Each
 * node keeps who lost there, so that the next winner is found on the way from one leaf to the root,
 * by values that lie ready.
 */
#include "src/order_private.h"

enum { AHEAD_ROWS = 24 };

/* Later than all; and what stands for all times that are very far from the base. */
#define NONE (~(order_key)0 << ORDER_RUN_BITS)
#define FAR (NONE >> ORDER_RUN_BITS >> 1)

static inline order_key key_of(
	const struct order_merge *merge, const struct dwell_event *row, size_t number)
{
	const uint64_t since = row->time_ns - merge->base_ns;

	return (since < FAR ? since : FAR) << ORDER_RUN_BITS | number;
}

/* The key behind a segment's last row. */
static order_key key_beyond(const struct order_merge *merge, size_t number)
{
	const struct order_segment *segment = merge->leaf[number].segment;

	return segment && segment->next ? key_of(merge, segment->next->at, number) : NONE | number;
}

static order_key key_behind(const struct order_merge *merge, size_t number)
{
	const struct order_leaf *leaf = &merge->leaf[number];

	return leaf->end - leaf->at > 1 ? key_of(merge, leaf->at + 1, number)
					: key_beyond(merge, number);
}

/* Of one time, or far: by all that there is to compare. */
__attribute__((noinline)) static bool is_before(
	const struct order_merge *merge, order_key a, order_key b)
{
	const struct order_leaf *x = &merge->leaf[a % ORDER_RUNS],
				*y = &merge->leaf[b % ORDER_RUNS];

	if (!x->segment || !y->segment)
		return a < b;
	if (order_is_before(x->at, y->at) || order_is_before(y->at, x->at))
		return order_is_before(x->at, y->at);
	return x->segment->number < y->segment->number;
}

/* From the leaf of a run up to the root: who loses stays, who wins goes on. Without branches, but
 * for ties: which run is next cannot be foreseen. */
static inline order_key climb(struct order_merge *merge, size_t number, order_key key)
{
	for (size_t node = (merge->leaves + number) / 2; node; node /= 2) {
		const order_key loser = merge->loser[node];
		order_key low = key, high = loser;

		if (__builtin_expect((loser ^ key) < ORDER_RUNS, 0)) {
			if (is_before(merge, loser, key)) {
				low = loser;
				high = key;
			}
		} else {
			low = loser < key ? loser : key;
			high = loser < key ? key : loser;
		}
		merge->loser[node] = high;
		key = low;
	}
	return key;
}

/* Two runs meet in a node when both have come there: the first stays, as if it had lost. */
static void build(struct order_merge *merge)
{
	bool taken[ORDER_RUNS] = { false };

	for (size_t run = 0; run < merge->leaves; run++) {
		const struct order_leaf *leaf = &merge->leaf[run];
		order_key key = leaf->segment ? key_of(merge, leaf->at, run) : NONE | run;
		size_t node = (merge->leaves + run) / 2;

		for (; node && taken[node]; node /= 2) {
			const order_key other = merge->loser[node];
			const bool first = (other ^ key) < ORDER_RUNS ? is_before(merge, other, key)
								      : other < key;

			merge->loser[node] = first ? key : other;
			key = first ? other : key;
		}
		if (node)
			merge->loser[node] = key;
		else
			merge->winner = key;
		taken[node] = true;
	}
}

static void begin_leaf(struct order_leaf *leaf, struct order_segment *segment)
{
	leaf->segment = segment;
	leaf->at = segment ? segment->at : NULL;
	leaf->end = segment ? segment->end : NULL;
}

void order_merge_begin(struct order_merge *merge, struct order_hold *hold)
{
	merge->hold = hold;
	merge->base_ns = hold->earliest_ns;
	merge->taken = 0;
	merge->leaves = hold->run_count ? hold->run_count : 1;
	for (size_t run = 0; run < merge->leaves; run++) {
		begin_leaf(&merge->leaf[run], run < hold->run_count ? hold->runs[run].first : NULL);
		merge->leaf[run].next = key_behind(merge, run);
	}
	build(merge);
}

/* What all keys of rows before time_ns are below. */
static order_key limit_of(const struct order_merge *merge, uint64_t time_ns)
{
	const uint64_t since = time_ns > merge->base_ns ? time_ns - merge->base_ns : 0;

	if (time_ns == UINT64_MAX)
		return NONE;
	return (since < FAR ? since : FAR) << ORDER_RUN_BITS;
}

/* The last but one of a segment's rows was taken, or the last. */
__attribute__((noinline)) static void pass_end(struct order_merge *merge, size_t number)
{
	struct order_leaf *leaf = &merge->leaf[number];

	if (leaf->at == leaf->end)
		begin_leaf(leaf, order_hold_drop(merge->hold, leaf->segment));
	leaf->next = key_behind(merge, number);
}

size_t order_merge_some(struct order_merge *merge, struct dwell_event *out, size_t room,
	uint64_t time_ns, size_t least)
{
	const order_key limit = limit_of(merge, time_ns);
	order_key winner = merge->winner;
	size_t count = 0;

	while (count < room && (winner < limit || (count < least && winner < NONE))) {
		const size_t number = (size_t)(winner % ORDER_RUNS);
		struct order_leaf *leaf = &merge->leaf[number];
		const order_key next = leaf->next;

		/* Hardware foresees a run only up to the end of its page. */
		__builtin_prefetch(leaf->at + AHEAD_ROWS);
		out[count++] = *leaf->at++;
		if (__builtin_expect(leaf->end - leaf->at > 1, 1))
			leaf->next = key_of(merge, leaf->at + 1, number);
		else
			pass_end(merge, number);
		winner = climb(merge, number, next);
	}
	merge->winner = winner;
	merge->taken += count;
	return count;
}

void order_merge_end(struct order_merge *merge)
{
	struct order_hold *hold = merge->hold;
	struct order_run *current = hold->run;
	size_t left = 0;

	if (current != &hold->loose)
		hold->run = NULL;
	hold->earliest_ns = UINT64_MAX;
	for (size_t run = 0; run < hold->run_count; run++) {
		struct order_segment *segment = merge->leaf[run].segment;

		if (!segment)
			continue;
		segment->at = merge->leaf[run].at;
		if (segment->at->time_ns < hold->earliest_ns)
			hold->earliest_ns = segment->at->time_ns;
		if (current == &hold->runs[run])
			hold->run = &hold->runs[left];
		hold->runs[left++] = (struct order_run){ segment, hold->runs[run].last };
	}
	hold->run_count = left;
	hold->count -= merge->taken;
}
