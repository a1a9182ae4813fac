/* Rows of tables: added, sorted, and merged where they say the same. */
#include <stdlib.h>
#include <string.h>

#include "cfi_private.h"
#include "drain/grow.h"
#include "dwell/error.h"
#include "ring/unwind.h"

enum {
	MOST_ROWS = 1 << 23, /* the largest program known here has half a million */
	ROW_BYTES = CFI_ROW_WORDS * sizeof(uint32_t),
	RADIX_BITS = 11
};

void dwell_cfi_release(struct dwell_cfi *cfi)
{
	free(cfi->rows);
	*cfi = (struct dwell_cfi){ .rows = NULL };
}

int dwell_cfi_add(struct dwell_cfi *out, uint64_t address, uint32_t rule)
{
	if (address > UINT32_MAX || out->count == MOST_ROWS)
		return DWELL_ELIMIT;
	if (!dwell_grow((void **)&out->rows, out->count, &out->room,
		    CFI_ROW_WORDS * sizeof(*out->rows), 4096))
		return DWELL_ENOMEM;
	out->rows[out->count * CFI_ROW_WORDS] = (uint32_t)address;
	out->rows[out->count * CFI_ROW_WORDS + 1] = rule;
	out->count++;
	return 0;
}

/* One pass of a sort by parts of the address; `from` stays as it is. */
static void sort_pass(uint32_t *to, const uint32_t *from, size_t count, unsigned shift)
{
	size_t places[1 << RADIX_BITS] = { 0 }, sum = 0;
	const uint32_t mask = (1 << RADIX_BITS) - 1;

	for (size_t i = 0; i < count; i++)
		places[from[i * CFI_ROW_WORDS] >> shift & mask]++;
	for (size_t i = 0; i <= mask; i++) {
		const size_t here = places[i];

		places[i] = sum;
		sum += here;
	}
	for (size_t i = 0; i < count; i++) {
		const uint32_t *row = from + i * CFI_ROW_WORDS;

		memcpy(to + places[row[0] >> shift & mask]++ * CFI_ROW_WORDS, row, ROW_BYTES);
	}
}

/* Functions' cold parts lie elsewhere, so those of large programs are far from sorted, and the
 * recorder has other things to do. */
int dwell_cfi_sort(struct dwell_cfi *cfi)
{
	uint32_t *other;
	size_t sorted = 1;

	while (sorted < cfi->count &&
		cfi->rows[sorted * CFI_ROW_WORDS] >= cfi->rows[(sorted - 1) * CFI_ROW_WORDS])
		sorted++;
	if (sorted >= cfi->count)
		return 0;
	other = malloc(cfi->count * ROW_BYTES);
	if (!other)
		return DWELL_ENOMEM;
	sort_pass(other, cfi->rows, cfi->count, 0);
	sort_pass(cfi->rows, other, cfi->count, RADIX_BITS);
	sort_pass(other, cfi->rows, cfi->count, 2 * RADIX_BITS);
	free(cfi->rows);
	cfi->rows = other;
	cfi->room = cfi->count;
	return 0;
}

int dwell_cfi_finish(struct dwell_cfi *cfi)
{
	const int err = dwell_cfi_sort(cfi);
	uint64_t ruled = UINT64_MAX; /* the last address with a rule */
	size_t kept = 0;

	for (size_t i = 0; !err && i < cfi->count; i++) {
		const uint32_t *row = cfi->rows + i * CFI_ROW_WORDS;

		/* Where one function ends the next may begin, told before or after. */
		if (row[1] == DWELL_UNWIND_GAP && row[0] == ruled)
			continue;
		if (row[1] != DWELL_UNWIND_GAP)
			ruled = row[0];
		if (kept > 0 && cfi->rows[(kept - 1) * CFI_ROW_WORDS] == row[0]) {
			if (row[1] == DWELL_UNWIND_GAP)
				continue;
			kept--;
		}
		if (kept > 0 && cfi->rows[(kept - 1) * CFI_ROW_WORDS + 1] == row[1])
			continue;
		memmove(cfi->rows + kept++ * CFI_ROW_WORDS, row, ROW_BYTES);
	}
	cfi->count = err ? 0 : kept;
	return err;
}
