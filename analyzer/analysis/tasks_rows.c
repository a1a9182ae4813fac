/* Rows of tasks, classes, processes: what they add up to, their order, and the first of them. */
#include <stdlib.h>
#include <string.h>

#include "analysis/tasks.h"

const char *const dwell_tasks_sorts[] = { "active", "lost", "running", "runnable", "blocked",
	"unknown", "created", "life", "switches", "preemptions", "wakes", NULL };

static uint64_t rank_of(const struct dwell_tasks_row *row, unsigned sort)
{
	const struct dwell_times *times = &row->times;
	const uint64_t active = times->running_ns + times->runnable_ns;
	const uint64_t ranks[] = {
		active, /* wanted an executor: those that slept all the time come last */
		times->runnable_ns + times->blocked_ns,
		times->running_ns,
		times->runnable_ns,
		times->blocked_ns,
		times->unknown_ns,
		UINT64_MAX - row->created_ns, /* the oldest first */
		active + times->blocked_ns + times->unknown_ns,
		row->switches,
		row->preemptions,
		row->wakes,
	};

	return ranks[sort];
}

static int more_first(uint64_t x, uint64_t y)
{
	return (x < y) - (x > y);
}

/* Of those that are equal: who wanted an executor most; of those that did not, who waited. */
static int in_order(const void *a, const void *b)
{
	const struct task_item *x = a, *y = b;
	const struct dwell_times *p = &x->row.times, *q = &y->row.times;
	const int ranked = more_first(x->rank, y->rank);
	const int active =
		more_first(p->running_ns + p->runnable_ns, q->running_ns + q->runnable_ns);
	const int lost = more_first(p->runnable_ns + p->blocked_ns, q->runnable_ns + q->blocked_ns);

	if (ranked || active || lost)
		return ranked ? ranked : active ? active : lost;
	return (x->row.key.id > y->row.key.id) - (x->row.key.id < y->row.key.id);
}

void task_rows_init(struct task_rows *rows, const struct dwell_query *query)
{
	*rows = (struct task_rows){ .by = query->tasks_by ? query->tasks_by : DWELL_BY_TASK,
		.most = query->tasks_most };
	rows->groups.item = sizeof(struct task_item);
	rows->shapes.item = sizeof(struct task_item);
	for (unsigned i = 0; query->tasks_sort && dwell_tasks_sorts[i]; i++)
		if (!strcmp(dwell_tasks_sorts[i], query->tasks_sort))
			rows->sort = i;
}

void task_rows_release(struct task_rows *rows)
{
	table_release(&rows->groups);
	table_release(&rows->shapes);
	free(rows->items);
	rows->items = NULL;
}

static void say_end(
	struct dwell_tasks_row *row, const struct task_life *life, const struct task_more *more)
{
	const bool ended = life->ended_ns != DWELL_FOREVER;

	row->ended_ns = life->ended_ns;
	row->end = ended ? DWELL_END_ENDED : DWELL_END_ALIVE;
	if (!ended || !more || !more->has_status)
		return;
	/* As wait(2) has it: a signal in the low bits, else an exit status above them. */
	row->end = more->status & 0x7f ? DWELL_END_KILLED : DWELL_END_EXITED;
	row->status =
		(int32_t)(more->status & 0x7f ? more->status & 0x7f : more->status >> 8 & 0xff);
}

/* What was blocked without a reason is what is left. */
static void add_blocked_by(
	struct dwell_tasks_row *row, const struct task_life *life, const struct task_more *more)
{
	uint64_t reasonless = life->sums.blocked_ns;

	for (size_t i = 1; more && i < DWELL_REASON_COUNT; i++) {
		row->blocked_by[i] += more->blocked_by[i];
		reasonless -= more->blocked_by[i];
	}
	row->blocked_by[0] += reasonless;
}

/* The row of one task, but for its key and why it was blocked. */
static void begin_row(struct task_item *item, const struct dwell_catalog *catalog, uint32_t task,
	const struct task_life *life, const struct task_more *more)
{
	const struct dwell_catalog_task *known = dwell_catalog_task(catalog, task);
	const struct dwell_task_sums *sums = &life->sums;

	item->row = (struct dwell_tasks_row){
		.task = task,
		.count = 1,
		.created_ns = known && known->created_ns < life->created_ns ? known->created_ns
									    : life->created_ns,
		.times = { .unknown_ns = sums->unknown_ns,
			.running_ns = sums->running_ns,
			.runnable_ns = sums->runnable_ns,
			.blocked_ns = sums->blocked_ns },
		.switches = sums->switches,
		.preemptions = sums->preemptions,
		.wakes = sums->wakes,
	};
	say_end(&item->row, life, more);
	item->known.id = 0;
}

/* Other tasks into a row of some, which may be none. */
static void add_row(struct task_item *into, const struct task_item *from)
{
	struct dwell_tasks_row *row = &into->row;
	const struct dwell_tasks_row *other = &from->row;

	if (!row->count) {
		*into = *from;
		return;
	}
	row->task = 0;
	row->count += other->count;
	row->end = row->end == DWELL_END_ALIVE || other->end == DWELL_END_ALIVE ? DWELL_END_ALIVE
										: DWELL_END_ENDED;
	row->status = 0;
	if (other->created_ns < row->created_ns)
		row->created_ns = other->created_ns;
	if (other->ended_ns > row->ended_ns)
		row->ended_ns = other->ended_ns;
	add_times(&row->times, &other->times);
	for (size_t i = 0; i < DWELL_REASON_COUNT; i++)
		row->blocked_by[i] += other->blocked_by[i];
	row->switches += other->switches;
	row->preemptions += other->preemptions;
	row->wakes += other->wakes;
}

static int add_to_group(struct table *groups, uint32_t group, const struct task_item *item)
{
	struct task_item *into = table_make(groups, group);

	if (!into)
		return DWELL_ENOMEM;
	add_row(into, item);
	return DWELL_OK;
}

static void swap(struct task_item *a, struct task_item *b)
{
	const struct task_item item = *a;

	*a = *b;
	*b = item;
}

static void sift_up(struct task_rows *rows, size_t i)
{
	for (size_t above; i; i = above) {
		above = (i - 1) / 2;
		if (in_order(&rows->items[i], &rows->items[above]) <= 0)
			break;
		swap(&rows->items[i], &rows->items[above]);
	}
}

static void sift_down(struct task_rows *rows)
{
	for (size_t i = 0, below; 2 * i + 1 < rows->count; i = below) {
		below = 2 * i + 1;
		if (below + 1 < rows->count &&
			in_order(&rows->items[below + 1], &rows->items[below]) > 0)
			below++;
		if (in_order(&rows->items[below], &rows->items[i]) <= 0)
			break;
		swap(&rows->items[i], &rows->items[below]);
	}
}

/* Would it be among the first? */
static bool is_wanted(struct task_rows *rows, struct task_item *item)
{
	item->rank = rank_of(&item->row, rows->sort);
	return !rows->most || rows->count < rows->most || in_order(item, &rows->items[0]) < 0;
}

static int keep(struct task_rows *rows, const struct task_item *item)
{
	if (rows->most && rows->count == rows->most) {
		rows->items[0] = *item;
		sift_down(rows);
		return DWELL_OK;
	}
	if (rows->count == rows->cap) {
		const size_t cap = rows->cap ? rows->cap * 2 : 64;
		struct task_item *items = realloc(rows->items, cap * sizeof(*items));

		if (!items)
			return DWELL_ENOMEM;
		rows->items = items;
		rows->cap = cap;
	}
	rows->items[rows->count++] = *item;
	if (rows->most)
		sift_up(rows, rows->count - 1);
	return DWELL_OK;
}

int task_rows_add(struct task_rows *rows, const struct dwell_catalog *catalog, uint32_t task,
	const struct task_life *life, const struct task_more *more)
{
	struct task_item item;

	begin_row(&item, catalog, task, life, more);
	item.row.key.id = task;
	if (rows->by == DWELL_BY_TASK && (rows->total++, !is_wanted(rows, &item)))
		return DWELL_OK;
	add_blocked_by(&item.row, life, more);
	if (rows->by == DWELL_BY_TASK)
		return keep(rows, &item);
	return add_to_group(&rows->groups, group_of(catalog, rows->by, task), &item);
}

int task_rows_settle(struct task_rows *rows, struct dwell_catalog *catalog,
	const struct dwell_life *told, const struct task_more *more)
{
	const struct task_life life = {
		.known = true,
		.created_ns = told->created_ns,
		.ended_ns = told->ended_ns,
		.sums = told->sums,
	};
	const struct dwell_catalog_task *known = dwell_catalog_task(catalog, told->task);
	struct task_item item;

	begin_row(&item, catalog, told->task, &life, more);
	item.row.key.id = told->task;
	if (rows->by == DWELL_BY_TASK && (rows->total++, !is_wanted(rows, &item)))
		return DWELL_OK;
	add_blocked_by(&item.row, &life, more);
	if (known)
		item.known = *known;
	if (rows->by == DWELL_BY_TASK)
		return keep(rows, &item);
	if (rows->by == DWELL_BY_PROCESS)
		return add_to_group(&rows->groups, known ? known->process : 0, &item);
	return add_to_group(&rows->shapes, catalog_shape(catalog, told->task), &item);
}

int task_rows_name(struct task_rows *rows, const struct dwell_catalog *catalog)
{
	int err = DWELL_OK;

	for (uint32_t shape = 0; shape < rows->shapes.end && !err; shape++) {
		const struct task_item *item = table_get(&rows->shapes, shape);

		if (item && item->row.count)
			err = add_to_group(
				&rows->groups, catalog_class_of_shape(catalog, shape), item);
	}
	return err;
}

/* Groups are rows as tasks are. */
static int take_groups(struct task_rows *rows)
{
	int err = DWELL_OK;

	for (uint32_t group = 0; group < rows->groups.end && !err; group++) {
		struct task_item *item = table_get(&rows->groups, group);

		if (!item || !item->row.count)
			continue;
		rows->total++;
		item->row.key.id = group;
		if (is_wanted(rows, item))
			err = keep(rows, item);
	}
	return err;
}

/* Rows move up to where their items were: there may be very many. */
static struct dwell_tasks_row *take_items(struct task_rows *rows)
{
	struct task_item *items = rows->items;
	struct dwell_tasks_row *out = (struct dwell_tasks_row *)(void *)items, *less;

	for (size_t i = 0; i < rows->count; i++)
		memmove(&out[i], &items[i].row, sizeof(*out));
	less = realloc(items, (rows->count + 1) * sizeof(*out));
	rows->items = NULL;
	return less ? less : out;
}

int task_rows_take(struct task_rows *rows, struct dwell_catalog *catalog, struct dwell_tasks *out)
{
	int err = take_groups(rows);

	if (!err && rows->count)
		qsort(rows->items, rows->count, sizeof(*rows->items), in_order);
	out->total = rows->total;
	for (size_t i = 0; i < rows->count && !err; i++) {
		struct task_item *item = &rows->items[i];

		if (item->known.id && item->row.task)
			err = catalog_restore(catalog, &item->known);
		item->row.key = key_of(catalog, rows->by, (uint32_t)item->row.key.id);
	}
	if (err)
		return err;
	out->count = rows->count;
	out->rows = rows->count ? take_items(rows) : calloc(1, sizeof(*out->rows));
	return out->rows ? DWELL_OK : DWELL_ENOMEM;
}
