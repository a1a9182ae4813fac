/* Losses by their definition: all rows are looked through. */
#include "tests/naive_private.h"

uint64_t naive_loss_end(const struct dwell_event *row)
{
	return row->extra > row->time_ns ? row->extra : row->time_ns;
}

static uint64_t loss_start(const struct dwell_event *row)
{
	return row->extra > row->time_ns ? row->time_ns : row->extra;
}

static unsigned kind_of(const struct collect *h, uint32_t executor)
{
	for (size_t i = 0; i < h->executor_count; i++)
		if (h->executors[i].id == executor)
			return h->executors[i].kind;
	return 0;
}

static bool concerns(const struct life *l, const struct dwell_event *loss)
{
	if (loss->task)
		return loss->task == l->task && l->own_word;
	if (!loss->executor)
		return true;
	if (l->own_word)
		return false;
	if (l->state == DWELL_RUNNING)
		return l->executor == loss->executor;
	return !l->executor || kind_of(l->h, l->executor) == kind_of(l->h, loss->executor);
}

/* Where the state stops being known, looking at the rows before row `index`; UINT64_MAX: nowhere.
 */
uint64_t naive_lost_at(const struct life *l, size_t index)
{
	uint64_t lost = UINT64_MAX;

	for (size_t i = 0; i < index; i++) {
		const struct dwell_event *row = &l->h->rows[i];

		if (row->kind != DWELL_EVENT_LOSS || dwell_event_is_early_end(row) ||
			naive_loss_end(row) <= l->since || !concerns(l, row))
			continue;
		const uint64_t at = loss_start(row) > l->since ? loss_start(row) : l->since;
		if (at < lost)
			lost = at;
	}
	return lost;
}

unsigned naive_known(const struct life *l, size_t index)
{
	return naive_lost_at(l, index) == UINT64_MAX ? l->state : (unsigned)DWELL_UNKNOWN;
}
