/* Rows in batches: counted, through the states, and with what they ended into the folds. */
#include <stdlib.h>
#include <string.h>

#include "model/run.h"

int told_room(struct dwell_told *told, size_t rows)
{
	const size_t most = rows * DWELL_TOLD_OF_A_ROW;

	*told = (struct dwell_told){
		.intervals = malloc(most * sizeof(*told->intervals)),
		.waits = malloc(rows * sizeof(*told->waits)),
		.running = malloc((4 * most + rows) * sizeof(*told->running)),
	};
	if (!told->intervals || !told->waits || !told->running)
		return DWELL_ENOMEM;
	told->runnable = told->running + most;
	told->own_waits = told->runnable + most;
	told->gaps = told->own_waits + most;
	told->odd = told->gaps + most;
	return DWELL_OK;
}

void told_leave(struct dwell_told *told)
{
	free(told->intervals);
	free(told->waits);
	free(told->running);
	*told = (struct dwell_told){ 0 };
}

static void tally_loss(struct tally *tally, const struct dwell_event *event)
{
	tally->lost += event->value;
	tally->losses += !dwell_event_is_early_end(event);
	if (event->reason < DWELL_LOSS_CAUSE_COUNT)
		tally->lost_by_cause[event->reason] += event->value;
}

/* All of them are switches and wakes, as most are of many traces: then there is nothing else. */
static bool tally_sched(struct tally *tally, const struct dwell_event *events, size_t count)
{
	size_t switches = 0, wakes = 0;

	for (size_t i = 0; i < count; i++) {
		switches += events[i].kind == DWELL_EVENT_SWITCH;
		wakes += events[i].kind == DWELL_EVENT_WAKE;
	}
	if (switches + wakes != count)
		return false;
	tally->by_kind[DWELL_EVENT_SWITCH] += switches;
	tally->by_kind[DWELL_EVENT_WAKE] += wakes;
	return true;
}

/*
 * Returns the kinds that there are. One count is behind the other, so that neither waits for the
 * last store of the same.
 */
static uint32_t tally_rows(struct tally *tally, const struct dwell_event *events, size_t count)
{
	uint32_t even[UINT8_MAX + 1] = { 0 }, odd[UINT8_MAX + 1] = { 0 };
	uint32_t kinds = 0;
	size_t i = 0;

	if (!tally->rows)
		tally->first_ns = events[0].time_ns;
	tally->rows += count;
	tally->last_ns = events[count - 1].time_ns;
	if (tally_sched(tally, events, count))
		return 1u << DWELL_EVENT_SWITCH | 1u << DWELL_EVENT_WAKE;
	for (; i + 1 < count; i += 2) {
		even[events[i].kind]++;
		odd[events[i + 1].kind]++;
	}
	if (i < count)
		even[events[i].kind]++;
	for (unsigned kind = 0; kind < DWELL_EVENT_KIND_COUNT; kind++) {
		tally->by_kind[kind] += even[kind] + odd[kind];
		kinds |= (uint32_t)(even[kind] + odd[kind] != 0) << kind;
	}
	for (i = 0; even[DWELL_EVENT_LOSS] + odd[DWELL_EVENT_LOSS] && i < count; i++)
		if (events[i].kind == DWELL_EVENT_LOSS)
			tally_loss(tally, &events[i]);
	return kinds;
}

static int tell_interval(
	const struct fold_ops *ops, void *fold, const struct dwell_interval *interval)
{
	int err = ops->interval ? ops->interval(fold, interval) : DWELL_OK;

	if (!err && ops->wait && interval->told & DWELL_TOLD_WAIT) {
		const struct dwell_wait wait = dwell_wait_of(interval);

		err = ops->wait(fold, &wait);
	}
	return err;
}

/* What a batch ended, one by one in its order. */
static int tell_each(const struct fold_ops *ops, void *fold, const struct dwell_told *told)
{
	size_t waits = 0;
	int err = DWELL_OK;

	for (size_t i = 0; i < told->count && !err; i++) {
		for (; ops->wait && waits < told->wait_count &&
			told->waits[waits].row < told->intervals[i].row && !err;
			waits++)
			err = ops->wait(fold, &told->waits[waits]);
		if (!err)
			err = tell_interval(ops, fold, &told->intervals[i]);
	}
	for (; ops->wait && waits < told->wait_count && !err; waits++)
		err = ops->wait(fold, &told->waits[waits]);
	return err;
}

static int fold_told(struct run *run, const struct dwell_event *rows, size_t count, uint32_t kinds)
{
	const struct fold_batch batch = { rows, count, kinds, &run->told };
	int err = DWELL_OK;

	for (size_t i = 0; i < run->fold_count && !err; i++)
		err = run->ops[i]->batch ? run->ops[i]->batch(run->folds[i], &batch)
					 : tell_each(run->ops[i], run->folds[i], &run->told);
	return err;
}

static int tell_ahead(struct run *run, const struct dwell_event *rows, size_t count, uint32_t kinds)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < run->fold_count && !err; i++)
		if (run->ops[i]->ahead)
			err = run->ops[i]->ahead(run->folds[i], rows, count, kinds);
	return err;
}

/* What none of the folds looks at. */
static uint32_t all_skip(const struct run *run)
{
	uint32_t skips = UINT32_MAX;

	for (size_t i = 0; i < run->fold_count; i++)
		skips &= run->ops[i]->skips ? run->ops[i]->skips(run->folds[i]) : 0;
	return skips;
}

static int apply(struct run *run, const struct dwell_event *rows, size_t count)
{
	struct dwell_told *told = &run->told;
	int err;

	told->skips = all_skip(run);
	told->scope = run->model->scope_bits;
	told->scope_words = run->model->task_words;
	err = dwell_states_batch(run->states, rows, count, told);
	tally_waits(&run->tally, &told->counted);
	run->told_count += told->count + told->wait_count;
	return err;
}

static int fold_batch(struct run *run, const struct dwell_event *rows, size_t count, uint32_t kinds)
{
	int err = tell_ahead(run, rows, count, kinds);

	if (!err)
		err = apply(run, rows, count);
	return err ? err : fold_told(run, rows, count, kinds);
}

static int tell_row(struct run *run, const struct dwell_event *row)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < run->fold_count && !err; i++)
		if (run->ops[i]->event && run->ops[i]->kinds >> row->kind & 1)
			err = run->ops[i]->event(run->folds[i], row);
	return err;
}

static bool is_wanted(const struct run *run, const struct dwell_event *row)
{
	return row->kind < DWELL_EVENT_KIND_COUNT && run->kinds >> row->kind & 1;
}

/* How many rows may be applied before the next one that is to be told by itself. */
static size_t until_wanted(const struct run *run, const struct dwell_event *rows, size_t count)
{
	size_t n = 1; /* it has been told */

	if (count > RUN_BATCH)
		count = RUN_BATCH;
	if (!run->kinds)
		return count;
	while (n < count && !is_wanted(run, &rows[n]))
		n++;
	return n;
}

int run_rows(struct run *run, const struct dwell_event *events, size_t count)
{
	const uint32_t kinds = tally_rows(&run->tally, events, count);
	int err = DWELL_OK;

	for (size_t at = 0, n; at < count && !err; at += n) {
		if (is_wanted(run, &events[at]))
			err = tell_row(run, &events[at]);
		n = until_wanted(run, events + at, count - at);
		if (!err)
			err = fold_batch(run, events + at, n, kinds);
	}
	run->told.count = 0;
	run->told.wait_count = 0;
	run->told.running_count = 0;
	run->told.runnable_count = 0;
	run->told.own_count = 0;
	return err;
}

int run_told(struct run *run)
{
	const int err = fold_told(run, NULL, 0, 0);

	run->told.count = 0;
	return err;
}

void run_interval(void *context, const struct dwell_interval *interval)
{
	struct run *run = context;

	if (!run->folding || run->err)
		return;
	run->told.intervals[run->told.count++] = *interval;
	if (run->told.count == RUN_BATCH)
		run->err = run_told(run);
}
