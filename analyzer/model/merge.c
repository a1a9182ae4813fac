/* Adding up what runs counted, in order of parts. */
#include <stdlib.h>

#include "model/run.h"

static struct task_life *life_of(struct tally *tally, uint32_t task)
{
	struct task_life *life;

	tally->lives.item = sizeof(*life);
	life = table_make(&tally->lives, task);
	if (life && !life->known) {
		life->known = true;
		life->created_ns = DWELL_FOREVER;
		life->ended_ns = DWELL_FOREVER;
	}
	return life;
}

/* In any order: a life is told once, in pieces. */
static void add_life(struct task_life *life, const struct dwell_life *from)
{
	if (from->created_ns < life->created_ns)
		life->created_ns = from->created_ns;
	if (from->ended_ns < life->ended_ns)
		life->ended_ns = from->ended_ns;
	life->sums.unknown_ns += from->sums.unknown_ns;
	life->sums.running_ns += from->sums.running_ns;
	life->sums.runnable_ns += from->sums.runnable_ns;
	life->sums.blocked_ns += from->sums.blocked_ns;
	life->sums.intervals += from->sums.intervals;
	life->sums.switches += from->sums.switches;
	life->sums.preemptions += from->sums.preemptions;
	life->sums.wakes += from->sums.wakes;
}

static void count_task(struct tally *tally, uint32_t task)
{
	tally->tasks++;
	tally->others += !dwell_catalog_recorded(tally->sums_of->catalog, task);
}

/* A part of a life of which no more is wanted than what it adds. */
static int sum_life(struct tally *tally, const struct dwell_life *from)
{
	const uint64_t bit = UINT64_C(1) << (from->task & (TABLE_PAGE - 1));
	uint64_t *bits;

	if (!from->sums.intervals || catalog_is_other(tally->sums_of->catalog, from->task))
		return DWELL_OK;
	tally->counted.item = sizeof(*bits);
	bits = table_make(&tally->counted, from->task >> TABLE_BITS);
	if (!bits)
		return DWELL_ENOMEM;
	if (!(*bits & bit))
		count_task(tally, from->task);
	*bits |= bit;
	if (in_scope(tally->sums_of, from->task))
		tally_sums(tally, &from->sums);
	return DWELL_OK;
}

/* What both have counted counts once. */
static int merge_sums(struct tally *into, const struct tally *from)
{
	into->counted.item = sizeof(uint64_t);
	for (uint32_t page = 0; page < from->counted.end; page++) {
		const uint64_t *bits = table_get(&from->counted, page);
		uint64_t *known = bits && *bits ? table_make(&into->counted, page) : NULL;

		if (bits && *bits && !known)
			return DWELL_ENOMEM;
		for (uint64_t left = known ? *bits & ~*known : 0; left; left &= left - 1)
			count_task(into, (page << TABLE_BITS) + (uint32_t)__builtin_ctzll(left));
		if (known)
			*known |= *bits;
	}
	for (unsigned i = 0; i < DWELL_STATE_COUNT; i++)
		into->state_ns[i] += from->state_ns[i];
	return DWELL_OK;
}

static int take_life(void *context, const struct dwell_life *from)
{
	struct tally *tally = context;

	if (tally->sums_of)
		return sum_life(tally, from);

	struct task_life *life = life_of(tally, from->task);

	if (life)
		add_life(life, from);
	return life ? DWELL_OK : DWELL_ENOMEM;
}

int tally_take(struct tally *tally, const struct dwell_states *states)
{
	return dwell_states_lives(states, take_life, tally);
}

int tally_life(struct tally *tally, const struct dwell_life *life)
{
	return take_life(tally, life);
}

static int merge_lives(struct tally *into, struct tally *from)
{
	if (!into->lives.end) {
		table_release(&into->lives);
		into->lives = from->lives;
		from->lives = (struct table){ 0 };
	}
	for (uint32_t task = 0; task < from->lives.end; task++) {
		const struct task_life *life = table_get(&from->lives, task);
		const struct dwell_life as = {
			.task = task,
			.created_ns = life ? life->created_ns : 0,
			.ended_ns = life ? life->ended_ns : 0,
			.sums = life ? life->sums : (struct dwell_task_sums){ 0 },
		};

		if (life && life->known && take_life(into, &as))
			return DWELL_ENOMEM;
	}
	return DWELL_OK;
}

void tally_release(struct tally *tally)
{
	table_release(&tally->lives);
	table_release(&tally->counted);
}

void tally_waits(struct tally *tally, const struct dwell_told_waits *counted)
{
	tally->waits.count += counted->count;
	tally->waits.with_stack += counted->with_stack;
	tally->waits.with_object += counted->with_object;
	tally->waits.with_holder += counted->with_holder;
	tally->waits.with_waker += counted->with_waker;
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
	into->losses += from->losses;
	for (size_t i = 0; i < DWELL_LOSS_CAUSE_COUNT; i++)
		into->lost_by_cause[i] += from->lost_by_cause[i];
	tally_waits(into, &from->waits);
	return from->sums_of ? merge_sums(into, from) : merge_lives(into, from);
}

int run_merge(struct model *model, struct run *from)
{
	int err = from->again ? DWELL_OK : tally_merge(&model->tally, &from->tally);

	if (!err && !from->again)
		err = tally_take(&model->tally, from->states);
	for (size_t i = 0; i < from->fold_count && !err; i++) {
		void **into = &model->folds[from->places[i]];

		if (!*into) {
			*into = from->folds[i];
			from->folds[i] = NULL;
		} else {
			err = from->ops[i]->merge(*into, from->folds[i]);
		}
	}
	return err;
}
