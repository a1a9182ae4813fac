/* The worst latencies: which, and who ran instead. */
#include <stdlib.h>

#include "analysis/latency.h"

static int compare_numbers(uint32_t x, uint32_t y)
{
	return (x > y) - (x < y);
}

/* Total order: the same list whatever the order in which latencies came. A task may have several
 * of no length at one time. */
static int compare(const struct dwell_worst *x, const struct dwell_worst *y)
{
	int order;

	if (x->latency_ns != y->latency_ns)
		return x->latency_ns > y->latency_ns ? -1 : 1;
	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	order = compare_numbers(x->task, y->task);
	if (!order)
		order = compare_numbers(x->executor, y->executor);
	if (!order)
		order = compare_numbers(x->cause, y->cause);
	if (!order)
		order = compare_numbers(x->waker, y->waker);
	return order ? order : compare_numbers(x->waker_stack, y->waker_stack);
}

void worst_free(struct worst *worst)
{
	if (worst) {
		free(worst->is.ran_instead);
		free(worst->slots);
	}
	free(worst);
}

void worst_list_release(struct worst_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		worst_free(list->at[i]);
	free(list->at);
	*list = (struct worst_list){ 0 };
}

bool worst_wants(const struct worst_list *list, const struct dwell_worst *is)
{
	if (list->count < list->limit)
		return true;
	return list->limit && compare(is, &list->at[0]->is) < 0;
}

static void sink_down(struct worst_list *list)
{
	size_t i = 0;

	for (;;) {
		size_t last = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < list->count; child++)
			if (compare(&list->at[child]->is, &list->at[last]->is) > 0)
				last = child;
		if (last == i)
			return;

		struct worst *worst = list->at[i];
		list->at[i] = list->at[last];
		list->at[last] = worst;
		i = last;
	}
}

static void rise(struct worst_list *list, size_t i)
{
	while (i && compare(&list->at[i]->is, &list->at[(i - 1) / 2]->is) > 0) {
		struct worst *worst = list->at[i];

		list->at[i] = list->at[(i - 1) / 2];
		list->at[(i - 1) / 2] = worst;
		i = (i - 1) / 2;
	}
}

int worst_add(struct worst_list *list, struct worst *worst)
{
	if (list->count == list->limit) {
		worst_free(list->at[0]);
		list->at[0] = worst;
		sink_down(list);
		return DWELL_OK;
	}
	if (list->count == list->cap) {
		const size_t cap = list->cap ? list->cap * 2 : 32;
		struct worst **at = realloc(list->at, cap * sizeof(struct worst *));

		if (!at) {
			worst_free(worst);
			return DWELL_ENOMEM;
		}
		list->at = at;
		list->cap = cap;
	}
	list->at[list->count] = worst;
	rise(list, list->count++);
	return DWELL_OK;
}

/* Among few a search is quicker than a table. */
enum { FEW = 16 };

static uint32_t *find_slot(const struct worst *worst, uint32_t task, uint8_t kind)
{
	size_t i = hash_mix(kind, task) & (worst->slot_count - 1);

	for (; worst->slots[i]; i = (i + 1) & (worst->slot_count - 1)) {
		const struct dwell_occupant *of = &worst->is.ran_instead[worst->slots[i] - 1];

		if (of->task == task && of->kind == kind)
			break;
	}
	return &worst->slots[i];
}

static struct dwell_occupant *find_occupant(struct worst *worst, uint32_t task, uint8_t kind)
{
	struct dwell_worst *is = &worst->is;

	if (is->ran_count > FEW) {
		const uint32_t *slot = find_slot(worst, task, kind);

		return *slot ? &is->ran_instead[*slot - 1] : NULL;
	}
	for (size_t i = is->ran_count; i > 0; i--)
		if (is->ran_instead[i - 1].task == task && is->ran_instead[i - 1].kind == kind)
			return &is->ran_instead[i - 1];
	return NULL;
}

/* Room for one more, in the table too. */
static bool make_room(struct worst *worst)
{
	const size_t cap = worst->ran_cap ? worst->ran_cap * 2 : 2;
	struct dwell_occupant *ran;

	if (worst->is.ran_count < worst->ran_cap)
		return true;
	ran = realloc(worst->is.ran_instead, cap * sizeof(*ran));
	if (!ran)
		return false;
	worst->is.ran_instead = ran;
	worst->ran_cap = cap;
	if (cap <= FEW)
		return true;
	free(worst->slots);
	worst->slot_count = cap * 2;
	worst->slots = calloc(worst->slot_count, sizeof(*worst->slots));
	for (size_t i = 0; worst->slots && i < worst->is.ran_count; i++)
		*find_slot(worst, ran[i].task, ran[i].kind) = (uint32_t)i + 1;
	return worst->slots;
}

static struct dwell_occupant *occupant_of(struct worst *worst, uint32_t task, uint8_t kind)
{
	struct dwell_occupant *of = find_occupant(worst, task, kind);

	if (of)
		return of;
	if (!make_room(worst))
		return NULL;
	if (worst->slots)
		*find_slot(worst, task, kind) = (uint32_t)worst->is.ran_count + 1;
	of = &worst->is.ran_instead[worst->is.ran_count++];
	*of = (struct dwell_occupant){ 0, task, kind };
	return of;
}

int worst_add_share(struct worst *worst, uint32_t task, uint64_t ns)
{
	struct dwell_occupant *occupant =
		occupant_of(worst, task, task ? DWELL_OCCUPANT_TASK : DWELL_OCCUPANT_IDLE);

	if (!occupant)
		return DWELL_ENOMEM;
	occupant->ns += ns;
	return DWELL_OK;
}

int worst_add_piece(struct worst *worst, const struct piece *piece)
{
	const uint64_t end_ns = worst->is.at_ns + worst->is.latency_ns;
	const uint64_t from = piece->start_ns > worst->is.at_ns ? piece->start_ns : worst->is.at_ns;
	const uint64_t to = piece->end_ns < end_ns ? piece->end_ns : end_ns;

	return from < to ? worst_add_share(worst, piece->task, to - from) : DWELL_OK;
}

static int occupants_order(const void *a, const void *b)
{
	const struct dwell_occupant *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	return (x->task > y->task) - (x->task < y->task);
}

int worst_close(struct worst *worst)
{
	uint64_t known_ns = 0;

	for (size_t i = 0; i < worst->is.ran_count; i++)
		known_ns += worst->is.ran_instead[i].ns;
	if (known_ns < worst->is.latency_ns) {
		struct dwell_occupant *unknown =
			occupant_of(worst, DWELL_NONE, DWELL_OCCUPANT_UNKNOWN);

		if (!unknown)
			return DWELL_ENOMEM;
		unknown->ns += worst->is.latency_ns - known_ns;
	}
	if (worst->is.ran_count)
		qsort(worst->is.ran_instead, worst->is.ran_count, sizeof(*worst->is.ran_instead),
			occupants_order);
	return DWELL_OK;
}

static int by_order(const void *a, const void *b)
{
	const struct worst *const *x = a, *const *y = b;

	return compare(&(*x)->is, &(*y)->is);
}

void worst_sort(struct worst_list *list)
{
	if (list->count)
		qsort(list->at, list->count, sizeof(struct worst *), by_order);
}

/* A stretch of parts that is read again for some of the worst, in the order in which they began. */
struct replay {
	struct occupants occupants;
	struct worst **at;
	size_t count;
	size_t done; /* of the first ones, that are closed */
};

/* What is told after the end of a latency was not known then, and does not count. */
static int replay_piece(void *context, const struct piece *piece)
{
	struct replay *replay = context;
	int err = DWELL_OK;

	for (size_t i = replay->done; i < replay->count && !err; i++) {
		struct worst *worst = replay->at[i];

		if (worst->is.at_ns >= piece->end_ns)
			break;
		if (worst->is.executor == piece->executor && !worst->closed)
			err = worst_add_piece(worst, piece);
	}
	return err;
}

static void close_replayed(struct replay *replay, const struct dwell_interval *interval)
{
	for (size_t i = replay->done; i < replay->count; i++) {
		struct worst *worst = replay->at[i];

		if (worst->is.at_ns > interval->start_ns)
			break;
		if (worst->is.task == interval->task && worst->is.at_ns == interval->start_ns &&
			worst->is.latency_ns == interval->end_ns - interval->start_ns)
			worst->closed = true;
	}
	while (replay->done < replay->count && replay->at[replay->done]->closed)
		replay->done++;
}

static int replay_begin(void *fold, const struct fold_start *start)
{
	return occupants_begin(&((struct replay *)fold)->occupants, start);
}

/* Nothing of a batch that ends before the next of them begins lies in any; behind the last one
 * there is nothing to look for. */
static bool is_before(const struct replay *replay, const struct fold_batch *batch)
{
	return replay->done < replay->count && batch->count &&
	       batch->rows[batch->count - 1].time_ns <= replay->at[replay->done]->is.at_ns;
}

static int replay_batch(void *fold, const struct fold_batch *batch)
{
	struct replay *replay = fold;
	int err = occupants_rows(&replay->occupants, batch->rows, batch->count, batch->kinds);

	if (replay->done == replay->count || is_before(replay, batch))
		return err;
	for (size_t i = 0; i < batch->told->count && !err; i++) {
		const struct dwell_interval *of = &batch->told->intervals[i];

		if (of->state == DWELL_RUNNABLE)
			close_replayed(replay, of);
		else
			err = occupants_interval(&replay->occupants, of);
	}
	return err;
}

static const struct fold_ops replay_ops = {
	.begin = replay_begin,
	.batch = replay_batch,
};

/* All of them in one pass from the front: rarely is there any. */
static int replay(struct model *model, struct worst **at, size_t count)
{
	struct replay replay = { .at = at, .count = count };
	int err;

	for (size_t i = 0; i < count; i++) {
		at[i]->is.ran_count = 0;
		at[i]->ran_cap = 0; /* begins anew, and so does its table */
		free(at[i]->is.ran_instead);
		free(at[i]->slots);
		at[i]->is.ran_instead = NULL;
		at[i]->slots = NULL;
	}
	occupants_init(&replay.occupants, model, replay_piece, &replay);
	err = model_replay(model, 0, model->parts - 1, &replay_ops, &replay);
	occupants_release(&replay.occupants);
	return err;
}

static int by_start(const void *a, const void *b)
{
	const struct worst *const *x = a, *const *y = b;

	if ((*x)->is.at_ns != (*y)->is.at_ns)
		return (*x)->is.at_ns < (*y)->is.at_ns ? -1 : 1;
	return compare(&(*x)->is, &(*y)->is);
}

int worst_replay(struct worst_list *list, struct model *model)
{
	struct worst **dropped = calloc(list->count + 1, sizeof(struct worst *));
	size_t count = 0;
	int err = dropped ? DWELL_OK : DWELL_ENOMEM;

	for (size_t i = 0; dropped && i < list->count; i++)
		if (list->at[i]->dropped)
			dropped[count++] = list->at[i];
	if (count)
		qsort(dropped, count, sizeof(struct worst *), by_start);
	if (count)
		err = replay(model, dropped, count);
	free(dropped);
	return err;
}
