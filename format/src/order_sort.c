/* A merge of the runs that are there; where they are many, by the digits of the time. */
#include "src/order_private.h"

#include <stdbool.h>
#include <string.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, FEW_RUNS = 8 };

static inline bool before(const struct order_ref *a, const struct order_ref *b)
{
	return a->time_ns < b->time_ns || (a->time_ns == b->time_ns && a->ring < b->ring);
}

/* Where the run that begins at `at` ends. */
static size_t run_end(const struct order_ref *refs, size_t at, size_t count)
{
	for (at++; at < count; at++)
		if (before(&refs[at], &refs[at - 1]))
			break;
	return at;
}

/* One more than `limit` stands for many. */
static size_t count_runs(const struct order_ref *refs, size_t count, size_t limit)
{
	size_t runs = 0;

	for (size_t at = 0; at < count && runs <= limit; runs++)
		at = run_end(refs, at, count);
	return runs;
}

/* Merge [0, middle) and [middle, count) of `from` into `to`. */
static void merge(const struct order_ref *from, struct order_ref *to, size_t middle, size_t count)
{
	size_t a = 0, b = middle;

	while (a < middle && b < count) {
		const bool second = before(&from[b], &from[a]);

		*to++ = from[second ? b : a];
		b += second;
		a += !second;
	}
	memcpy(to, from + a, (middle - a) * sizeof(*to));
	memcpy(to + (middle - a), from + b, (count - b) * sizeof(*to));
}

/* Merge runs by pairs into `to`; returns how many are left. */
static size_t merge_pass(const struct order_ref *from, struct order_ref *to, size_t count)
{
	size_t runs = 0;

	for (size_t at = 0; at < count; runs++) {
		const size_t middle = run_end(from, at, count);
		const size_t end = middle < count ? run_end(from, middle, count) : count;

		merge(from + at, to + at, middle - at, end - at);
		at = end;
	}
	return runs;
}

static struct order_ref *merge_runs(struct order_ref *refs, struct order_ref *spare, size_t count)
{
	for (;;) {
		const size_t runs = merge_pass(refs, spare, count);
		struct order_ref *swap = refs;

		refs = spare;
		spare = swap;
		if (runs <= 1)
			return refs;
	}
}

/* Stable by one digit of the time since `base`. */
static void digit_pass(const struct order_ref *from, struct order_ref *to, size_t count,
	uint64_t base, unsigned shift)
{
	uint32_t at[DIGITS] = { 0 };
	uint32_t sum = 0;

	for (size_t i = 0; i < count; i++)
		at[((from[i].time_ns - base) >> shift) % DIGITS]++;
	for (size_t i = 0; i < DIGITS; i++) {
		const uint32_t n = at[i];

		at[i] = sum;
		sum += n;
	}
	for (size_t i = 0; i < count; i++)
		to[at[((from[i].time_ns - base) >> shift) % DIGITS]++] = from[i];
}

/* Rows of one time are few and are brought into order of their rings by insertion. */
static void sort_ties(struct order_ref *refs, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const struct order_ref ref = refs[i];
		size_t at = i;

		while (at && before(&ref, &refs[at - 1])) {
			refs[at] = refs[at - 1];
			at--;
		}
		refs[at] = ref;
	}
}

/* How many rows have the time of the one before: too many make insertion slow. */
static bool many_ties(const struct order_ref *refs, size_t count)
{
	size_t ties = 0, longest = 0;

	for (size_t i = 1; i < count; i++) {
		ties = refs[i].time_ns == refs[i - 1].time_ns ? ties + 1 : 0;
		longest = ties > longest ? ties : longest;
	}
	return longest > 64;
}

static void range(const struct order_ref *refs, size_t count, uint64_t *low, uint64_t *span)
{
	uint64_t high = 0;

	*low = UINT64_MAX;
	for (size_t i = 0; i < count; i++) {
		*low = refs[i].time_ns < *low ? refs[i].time_ns : *low;
		high = refs[i].time_ns > high ? refs[i].time_ns : high;
	}
	*span = high - *low;
}

struct order_ref *order_sort(struct order_ref *refs, struct order_ref *spare, size_t count)
{
	const size_t runs = count_runs(refs, count, FEW_RUNS);
	uint64_t low, span;

	if (runs <= 1)
		return refs;
	range(refs, count, &low, &span);
	/* More than four digits, or few rows: merging is faster. */
	if (runs <= FEW_RUNS || count < DIGITS || span >> (4 * DIGIT_BITS))
		return merge_runs(refs, spare, count);
	for (unsigned shift = 0; shift < 4 * DIGIT_BITS && span >> shift; shift += DIGIT_BITS) {
		struct order_ref *swap = refs;

		digit_pass(refs, spare, count, low, shift);
		refs = spare;
		spare = swap;
	}
	if (many_ties(refs, count))
		return merge_runs(refs, spare, count);
	sort_ties(refs, count);
	return refs;
}
