/* Rows in batches: counted, through the states, and with what they ended into the folds. */
#include <stdlib.h>
#include <string.h>

#include "model/run.h"
#include "model/turns.h"

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

int run_fold(struct run *run, const struct fold_batch *batch)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < run->fold_count && !err; i++)
		err = run->ops[i]->batch ? run->ops[i]->batch(run->folds[i], batch)
					 : tell_each(run->ops[i], run->folds[i], batch->told);
	return err;
}

bool run_looks(const struct run *run, const struct dwell_event *rows, size_t count, uint32_t kinds)
{
	for (size_t i = 0; i < run->fold_count; i++) {
		const struct fold_ops *ops = run->ops[i];

		if (ops->ahead && (!ops->looks || ops->looks(run->folds[i], rows, count, kinds)))
			return true;
	}
	return false;
}

static int tell_ahead(struct run *run, const struct dwell_event *rows, size_t count, uint32_t kinds)
{
	int err = DWELL_OK;

	if (!run_looks(run, rows, count, kinds))
		return err;
	if (run->apart)
		err = pipe_still(run->pipe);
	for (size_t i = 0; i < run->fold_count && !err; i++)
		if (run->ops[i]->ahead)
			err = run->ops[i]->ahead(run->folds[i], rows, count, kinds);
	return err;
}

uint32_t run_skips(const struct run *run)
{
	uint32_t skips = UINT32_MAX;

	for (size_t i = 0; i < run->fold_count; i++)
		skips &= run->ops[i]->skips ? run->ops[i]->skips(run->folds[i]) : 0;
	return skips;
}

static bool any_wants_firsts(const struct run *run)
{
	for (size_t i = 0; i < run->fold_count; i++)
		if (run->ops[i]->firsts && run->ops[i]->firsts(run->folds[i]))
			return true;
	return false;
}

int run_tell(struct run *run, struct pipe_batch *batch, const struct dwell_event *rows,
	size_t count, bool all)
{
	struct dwell_told *told = &batch->told;
	int err;

	told->skips = all ? 0 : run_skips(run);
	told->scope = run->model->scope_bits;
	told->scope_words = run->model->task_words;
	err = dwell_states_batch(run->states, rows, count, told);
	tally_waits(&run->tally, &told->counted);
	run->told_count += told->count + told->wait_count;
	batch->firsts.count = 0;
	if (!err && (all || any_wants_firsts(run)))
		err = firsts_find(run, batch, rows);
	return err;
}

static struct fold_batch folded(
	const struct pipe_batch *batch, const struct dwell_event *rows, size_t count)
{
	return (struct fold_batch){
		.rows = rows,
		.count = count,
		.kinds = batch->kinds,
		.told = &batch->told,
		.firsts = batch->firsts.at,
		.first_count = batch->firsts.count,
	};
}

int run_fold_own(struct run *run, const struct dwell_event *rows, size_t count)
{
	const struct fold_batch batch = folded(&run->own, rows, count);

	return run_fold(run, &batch);
}

int run_batch(struct run *run, const struct dwell_event *rows, size_t count)
{
	int err = tell_ahead(run, rows, count, run->own.kinds);

	if (!err)
		err = run_tell(run, &run->own, rows, count, false);
	return err ? err : run_fold_own(run, rows, count);
}

int run_fold_apart(struct run *run, struct pipe_batch *batch)
{
	const struct fold_batch told = folded(batch, batch->rows + batch->early, batch->folded);

	return run_fold(run, &told);
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

static void forget_told(struct dwell_told *told)
{
	told->count = 0;
	told->wait_count = 0;
	told->running_count = 0;
	told->runnable_count = 0;
	told->own_count = 0;
}

/* Rows of the batch, to be folded by another thread. */
static int rows_apart(struct run *run, const struct dwell_event *events, size_t count)
{
	struct pipe_batch *batch = run->apart;
	int err;

	batch->kinds = tally_rows(&run->tally, events, count);
	err = tell_ahead(run, events, count, batch->kinds);
	if (!err)
		err = run_tell(run, batch, events, count, false);
	batch->early = (size_t)(events - batch->rows);
	batch->folded = count;
	return err;
}

int run_rows(struct run *run, const struct dwell_event *events, size_t count)
{
	int err = DWELL_OK;

	if (run->apart)
		return rows_apart(run, events, count);
	run->own.kinds = tally_rows(&run->tally, events, count);
	for (size_t at = 0, n; at < count && !err; at += n) {
		if (is_wanted(run, &events[at]))
			err = tell_row(run, &events[at]);
		n = until_wanted(run, events + at, count - at);
		if (!err)
			err = run->turn ? turns_rows(run, events + at, n)
					: run_batch(run, events + at, n);
	}
	forget_told(&run->own.told);
	return err;
}

int run_told(struct run *run)
{
	const struct fold_batch batch = { .told = &run->own.told };
	const int err = run_fold(run, &batch);

	run->own.told.count = 0;
	return err;
}

void run_interval(void *context, const struct dwell_interval *interval)
{
	struct run *run = context;
	struct dwell_told *told = &run->own.told;

	if (!run->folding || run->err)
		return;
	told->intervals[told->count++] = *interval;
	if (told->count == RUN_BATCH)
		run->err = run_told(run);
}
