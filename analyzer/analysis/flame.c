/* Weighted stacks: where time was blocked, ready, spent, and who woke. */
#include <stdlib.h>

#include "analysis/weights.h"

struct flame {
	const struct model *model;
	unsigned of;
	struct weights weights;
	struct table left; /* by task: uint32_t stack where it last left */
};

static int flame_make(void **fold, const struct model *model)
{
	struct flame *flame = calloc(1, sizeof(*flame));

	if (!flame)
		return DWELL_ENOMEM;
	flame->model = model;
	flame->of = model->query->flame_of;
	weights_init(&flame->weights);
	flame->left.item = sizeof(uint32_t);
	*fold = flame;
	return DWELL_OK;
}

static void flame_drop(void *fold)
{
	struct flame *flame = fold;

	if (!flame)
		return;
	weights_release(&flame->weights);
	table_release(&flame->left);
	free(flame);
}

static int add(struct flame *flame, uint32_t task, unsigned reason, uint32_t stack, uint64_t ns)
{
	return wants_task(flame->model, task)
		       ? weights_add(&flame->weights, task, reason, stack, ns)
		       : DWELL_OK;
}

static int flame_event(void *fold, const struct dwell_event *event)
{
	struct flame *flame = fold;
	uint32_t *left;

	if (event->kind == DWELL_EVENT_SAMPLE)
		return flame->of == DWELL_FLAME_CPU && event->reason == DWELL_SAMPLE_CPU
			       ? add(flame, event->task, 0, event->stack, event->value)
			       : DWELL_OK;
	if (flame->of != DWELL_FLAME_RUNNABLE || !event->task || !event->stack)
		return DWELL_OK;
	left = table_make(&flame->left, event->task);
	if (!left)
		return DWELL_ENOMEM;
	*left = event->stack;
	return DWELL_OK;
}

static bool is_goroutine(const struct flame *flame, uint32_t task)
{
	const struct dwell_catalog_task *of = dwell_catalog_task(flame->model->catalog, task);

	return of && of->kind == DWELL_TASK_GOROUTINE;
}

/* It waits still: it has done so up to now. */
static int open_wait(struct flame *flame, const struct dwell_interval *interval)
{
	const struct dwell_wait wait = {
		.task = interval->task, .object = interval->object, .reason = interval->reason
	};
	const bool is_lock =
		wait.reason == DWELL_REASON_MUTEX || wait.reason == DWELL_REASON_RWLOCK;

	if (!wants_wait(flame->model, &wait) ||
		(flame->model->query->flame_as_go && is_goroutine(flame, wait.task)) ||
		(flame->of != DWELL_FLAME_BLOCKED && !(flame->of == DWELL_FLAME_LOCK && is_lock)))
		return DWELL_OK;
	return add(flame, wait.task, wait.reason, interval->stack,
		in_window(flame->model, interval->start_ns, interval->end_ns));
}

static int flame_interval(void *fold, const struct dwell_interval *interval)
{
	struct flame *flame = fold;
	const uint32_t *left = table_get(&flame->left, interval->task);

	if (interval->state == DWELL_BLOCKED && interval->flags & DWELL_INTERVAL_OPEN)
		return open_wait(flame, interval);
	if (flame->of != DWELL_FLAME_RUNNABLE || interval->state != DWELL_RUNNABLE)
		return DWELL_OK;
	return add(flame, interval->task, 0, left ? *left : 0,
		in_window(flame->model, interval->start_ns, interval->end_ns));
}

static int flame_wait(void *fold, const struct dwell_wait *wait)
{
	struct flame *flame = fold;
	const uint64_t ns = wait->end_ns - wait->start_ns;

	if (!wants_wait(flame->model, wait))
		return DWELL_OK;
	switch (flame->of) {
	case DWELL_FLAME_BLOCKED:
		return add(flame, wait->task, wait->reason, wait->stack, ns);
	case DWELL_FLAME_LOCK:
		return wait->reason == DWELL_REASON_MUTEX || wait->reason == DWELL_REASON_RWLOCK
			       ? add(flame, wait->task, wait->reason, wait->stack, ns)
			       : DWELL_OK;
	case DWELL_FLAME_WAKE:
		return wait->waker ? add(flame, wait->waker, wait->reason, wait->waker_stack, ns)
				   : DWELL_OK;
	default:
		return DWELL_OK;
	}
}

static int flame_merge(void *into, void *from)
{
	(void)into;
	(void)from;
	return DWELL_EINVAL; /* serial: there is nothing to merge */
}

/* Rows are of classes, and tasks of one shape have one. */
static int flame_settle(void *fold, uint32_t first, const struct dwell_life *lives, size_t count)
{
	struct flame *flame = fold;
	int err = DWELL_OK;

	(void)lives;
	(void)count;
	for (uint32_t task = first; task < first + TABLE_PAGE && !err; task++) {
		const uint32_t shape = catalog_shape(flame->model->catalog, task);

		if (shape)
			err = weights_settle(&flame->weights, task, shape);
	}
	weights_drop(&flame->weights, first);
	table_drop(&flame->left, first);
	return err;
}

const struct fold_ops flame_fold = {
	.serial = true,
	.kinds = 1u << DWELL_EVENT_SAMPLE | 1u << DWELL_EVENT_SWITCH | 1u << DWELL_EVENT_STATE |
		 1u << DWELL_EVENT_WAIT_BEGIN | 1u << DWELL_EVENT_CREATE,
	.make = flame_make,
	.free = flame_drop,
	.event = flame_event,
	.interval = flame_interval,
	.wait = flame_wait,
	.merge = flame_merge,
	.settle = flame_settle,
	.settles_some = true,
};

static int in_order(const void *a, const void *b)
{
	const struct dwell_flame_row *x = a, *y = b;

	if (x->class_id != y->class_id)
		return x->class_id < y->class_id ? -1 : 1;
	if (x->reason != y->reason)
		return x->reason < y->reason ? -1 : 1;
	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	return (x->task > y->task) - (x->task < y->task);
}

/* Rows of one class, reason and stack are one. */
static void join(struct dwell_flames *out)
{
	size_t n = 0;

	for (size_t i = 0; i < out->count; i++) {
		struct dwell_flame_row *row = &out->rows[i], *last = n ? &out->rows[n - 1] : NULL;

		out->total_ns += row->weight_ns;
		if (last && row->class_id && last->class_id == row->class_id &&
			last->reason == row->reason && last->stack == row->stack) {
			last->count += row->count;
			last->weight_ns += row->weight_ns;
		} else {
			out->rows[n++] = *row;
		}
	}
	out->count = n;
}

int flame_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query)
{
	struct flame *flame = fold;
	struct dwell_flames *out = calloc(1, sizeof(*out));

	(void)query;
	answer->flames = out;
	if (!out)
		return DWELL_ENOMEM;
	out->of = (uint8_t)flame->of;
	out->rows = flame->weights.end ? calloc(flame->weights.end, sizeof(*out->rows)) : NULL;
	if (flame->weights.end && !out->rows)
		return DWELL_ENOMEM;
	for (uint32_t i = 1; i < flame->weights.end; i++) {
		const struct weight *of = &flame->weights.at[i];
		const struct dwell_catalog_task *task =
			of->count ? dwell_catalog_task(model->catalog, of->task) : NULL;

		if (of->count)
			out->rows[out->count++] = (struct dwell_flame_row){
				.task = of->task,
				.class_id = task ? task->class_id : 0,
				.process = task ? task->process : 0,
				.stack = of->stack,
				.reason = of->reason,
				.count = of->count,
				.weight_ns = of->ns,
			};
	}
	if (out->count)
		qsort(out->rows, out->count, sizeof(*out->rows), in_order);
	join(out);
	return DWELL_OK;
}

void flames_free(struct dwell_flames *flames)
{
	if (flames)
		free(flames->rows);
	free(flames);
}
