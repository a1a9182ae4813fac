/* Who held an executor while a task was ready. */
#include "analysis/latency.h"

/* Add to a latency what lies in it and was told before `order`. */
static int look_back_in(const struct pile *pile, struct worst *worst, uint32_t order)
{
	for (uint32_t i = pile->count; i > 0; i--) {
		const struct held *held = &pile->at[i - 1];
		const struct piece piece = {
			.start_ns = held->start_ns,
			.end_ns = held->end_ns,
			.task = held->task,
		};
		int err;

		if (held->told_ns <= worst->is.at_ns)
			break;
		if (held->task && held->order >= order)
			continue;
		err = worst_add_piece(worst, &piece);
		if (err)
			return err;
	}
	return DWELL_OK;
}

static int look_back_in_heaps(const struct helds *held, struct worst *worst)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < held->heap_count; i++) {
		const struct heap *heap = &held->heaps[i];

		for (uint32_t j = 0; heap->start_ns >= worst->is.at_ns && j < heap->count && !err;
			j++)
			err = worst_add_share(worst, heap->shares[j].task, heap->shares[j].ns);
	}
	return err;
}

int latency_look_back(const struct latency *latency, struct worst *worst, uint32_t order)
{
	const struct executor_times *of = table_get(&latency->executors, worst->is.executor);
	int err;

	worst->deferred =
		occupants_known(&latency->occupants, worst->is.executor) > worst->is.at_ns;
	if (!of)
		return DWELL_OK;
	worst->dropped |= of->held.dropped_ns > worst->is.at_ns;
	err = look_back_in(&of->held.running, worst, order);
	if (!err)
		err = look_back_in(&of->held.idle, worst, order);
	return err ? err : look_back_in_heaps(&of->held, worst);
}
