/* Adding up what runs counted, in order of parts. */
#include <stdlib.h>

#include "model/run.h"

static int merge_seen(struct tally *into, struct tally *from)
{
	if (into->seen_words < from->seen_words) {
		uint64_t *seen = into->seen;
		const size_t words = into->seen_words;

		into->seen = from->seen;
		into->seen_words = from->seen_words;
		from->seen = seen;
		from->seen_words = words;
	}
	for (size_t i = 0; i < from->seen_words; i++)
		into->seen[i] |= from->seen[i];
	return DWELL_OK;
}

int tally_merge(struct tally *into, struct tally *from)
{
	if (from->rows) {
		if (!into->rows)
			into->first_ns = from->first_ns;
		into->last_ns = from->last_ns;
	}
	into->rows += from->rows;
	for (size_t i = 0; i < DWELL_EVENT_KIND_COUNT; i++)
		into->by_kind[i] += from->by_kind[i];
	into->lost += from->lost;
	for (size_t i = 0; i < DWELL_LOSS_CAUSE_COUNT; i++)
		into->lost_by_cause[i] += from->lost_by_cause[i];
	for (size_t i = 0; i < DWELL_STATE_COUNT; i++)
		into->state_ns[i] += from->state_ns[i];
	into->waits += from->waits;
	into->with_stack += from->with_stack;
	into->with_object += from->with_object;
	into->with_holder += from->with_holder;
	into->with_waker += from->with_waker;
	return merge_seen(into, from);
}

int run_merge(struct model *model, struct run *from)
{
	int err = tally_merge(&model->tally, &from->tally);

	for (size_t i = 0; i < from->fold_count && !err; i++) {
		if (!model->folds[i]) {
			model->folds[i] = from->folds[i];
			from->folds[i] = NULL;
		} else {
			err = from->ops[i]->merge(model->folds[i], from->folds[i]);
		}
	}
	return err;
}
