/* Most rows: switches and wakes of tasks and on CPUs that are known, without stacks. */
#include "import/perf/perf.h"

/* Nobody, or a task of the trace. */
static inline bool lives(const struct perf_slot *slot, uint32_t number)
{
	return !number || (slot->task && !slot->dead);
}

/* False: it is another, and nothing was done. */
static bool switches(struct perf *perf, const struct perf_item *item, struct dwell_event *row)
{
	struct perf_slot *slots = perf->tasks.slots;
	struct perf_slot *from = &slots[item->a], *to = &slots[item->b];
	const uint32_t last = perf->cpu_slot[item->cpu];
	const uint32_t leaves = item->a ? item->value : 0;

	if (!perf->mode.by_tracepoint || (uint8_t)item->value == DWELL_EXITED ||
		!lives(from, item->a) || !lives(to, item->b))
		return false;
	if (last != item->a && slots[last].exiting) /* whose own last switch is missing */
		return false;
	row->kind = DWELL_EVENT_SWITCH;
	row->task = from->task;
	row->peer = to->task;
	row->state = (uint8_t)leaves;
	row->reason = (uint8_t)(leaves >> 8);
	row->flags = leaves && item->flags & PERF_ITEM_PREEMPTED ? DWELL_EVENT_PREEMPTED : 0;
	from->fresh = to->fresh = false;
	to->cpu = item->cpu;
	perf->cpu_slot[item->cpu] = item->b;
	return true;
}

static bool wakes(struct perf *perf, const struct perf_item *item, struct dwell_event *row)
{
	const uint32_t waker = item->flags & PERF_ITEM_IN_INTERRUPT ? 0 : item->current;
	struct perf_slot *woken = &perf->tasks.slots[item->a];
	const struct perf_slot *by = &perf->tasks.slots[waker];

	if (!item->a || !lives(woken, item->a) || !lives(by, waker))
		return false;
	row->kind = DWELL_EVENT_WAKE;
	row->task = woken->task;
	row->peer = by->task;
	row->state = DWELL_RUNNABLE;
	row->reason = row->flags = 0;
	woken->fresh = false;
	return true;
}

static bool make(struct perf *perf, const struct perf_item *item, struct dwell_event *row)
{
	const uint64_t time_ns = item->time_ns - perf->zero_ns;
	const uint16_t cpu = item->cpu;

	if (item->kind > PERF_ITEM_WAKING || item->chain || item->time_ns < perf->zero_ns ||
		cpu >= perf->cpus || !perf->cpu_known[cpu])
		return false;
	if (item->kind == PERF_ITEM_SWITCH ? !switches(perf, item, row) : !wakes(perf, item, row))
		return false;
	row->time_ns = time_ns;
	row->value = row->extra = 0;
	row->executor = cpu + 1u;
	row->object = row->stack = DWELL_NONE;
	perf->cpu_last_ns[cpu] = time_ns;
	if (time_ns > perf->last_ns)
		perf->last_ns = time_ns;
	return true;
}

int perf_rows_plain(struct perf *perf, const struct perf_item *items, size_t *from, size_t count)
{
	size_t at = *from;
	int err = DWELL_OK;

	if (perf->zero_ns == UINT64_MAX) /* the zero is sought: nobody was told of a trace yet */
		return DWELL_OK;
	while (at < count && !err && make(perf, &items[at], &perf->rows[perf->row_count])) {
		at++;
		if (++perf->row_count == PERF_ROWS)
			err = perf_rows_flush(perf);
	}
	*from = at;
	return err;
}
