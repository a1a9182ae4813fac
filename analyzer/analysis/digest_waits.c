/* How long waits were, for a digest. */
#include <stdlib.h>

#include "analysis/digest_fold.h"
#include "model/histogram_add.h"

int digest_waits_init(struct digest_waits *waits, const struct model *model)
{
	*waits = (struct digest_waits){
		.ends = malloc(TURNS * sizeof(*waits->ends)),
		.tip = { .from_ns = model->from_ns },
	};

	const int err = turns_init(&waits->turns);
	return waits->ends ? err : DWELL_ENOMEM;
}

void digest_waits_release(struct digest_waits *waits)
{
	turns_release(&waits->turns);
	free(waits->ends);
}

static int add_end(struct tip *tip, struct dwell_series *series, const struct wait_end *end)
{
	const uint64_t at_ns = end->at_ns < tip->from_ns ? tip->from_ns : end->at_ns;
	const int err = histogram_add_one(&series->whole, end->ns);

	return err ? err : tip_add(tip, &series->windows, at_ns, windows_bucket(end->ns), end->ns);
}

enum { AHEAD = 8 };

/* Ask for where the length of a wait will be counted. */
__attribute__((always_inline)) static inline void fetch(
	const struct digest_waits *waits, const struct items *items, uint16_t place)
{
	histogram_fetch(
		&items->at[waits->turns.owners[place]]->series.whole, waits->ends[place].ns);
}

int digest_waits_flush(struct digest_waits *waits, const struct items *items)
{
	const struct turns *turns = &waits->turns;
	int err = DWELL_OK;

	turns_sort(&waits->turns);
	for (size_t i = 0; i < turns->count && !err; i++) {
		const uint16_t place = turns->order[i];

		if (i + AHEAD < turns->count)
			fetch(waits, items, turns->order[i + AHEAD]);
		err = add_end(
			&waits->tip, &items->at[turns->owners[place]]->series, &waits->ends[place]);
	}
	waits->turns.count = 0;
	return err ? err : tip_flush(&waits->tip);
}

int digest_waits_add(struct digest_waits *waits, const struct items *items, const struct item *item,
	const struct dwell_wait *wait)
{
	struct turns *turns = &waits->turns;

	turns->owners[turns->count] = item->place;
	waits->ends[turns->count++] =
		(struct wait_end){ wait->end_ns, wait->end_ns - wait->start_ns };
	return turns->count == TURNS ? digest_waits_flush(waits, items) : DWELL_OK;
}
