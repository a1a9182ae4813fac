/* Who ran on the executor for which a task was ready, for a digest. */
#include <stdlib.h>
#include <string.h>

#include "analysis/digest_fold.h"

/* What ran on an executor lately: older pieces make room. */
enum { PIECES = 64 };

struct late_executor {
	struct late_piece {
		uint64_t start_ns, end_ns;
		uint32_t task;
	} pieces[PIECES];
	uint32_t count; /* ever */
};

/* All of a task's latencies are looked into until there are so many; then one of EACH, by chance.
 */
enum { ALL = 256, EACH = 16 };

void digest_late_init(struct digest_late *late)
{
	*late = (struct digest_late){ .executors = { .item = sizeof(struct late_executor) } };
}

void digest_late_release(struct digest_late *late)
{
	table_release(&late->executors);
}

int digest_late_ran(struct digest_late *late, const struct dwell_interval *ran)
{
	struct late_executor *of;

	if (!ran->executor || ran->end_ns <= ran->start_ns)
		return DWELL_OK;
	of = table_make(&late->executors, ran->executor);
	if (!of)
		return DWELL_ENOMEM;
	of->pieces[of->count++ % PIECES] =
		(struct late_piece){ ran->start_ns, ran->end_ns, ran->task };
	return DWELL_OK;
}

/* Where all have a place, who ran least makes room: it is no longer told apart. */
static void add_runner(struct late_task *task, uint32_t id, uint64_t ns)
{
	struct late_runner *least = &task->runners[0];

	for (size_t i = 0; i < LATE_RUNNERS; i++) {
		struct late_runner *of = &task->runners[i];

		if (of->task == id) {
			of->ns += ns;
			return;
		}
		if (of->ns < least->ns)
			least = of;
	}
	if (!least->ns || ns > least->ns)
		*least = (struct late_runner){ ns, id };
}

static void look_back(struct late_task *task, const struct late_executor *of,
	const struct dwell_interval *wait, uint64_t weight)
{
	for (uint32_t i = 0; i < PIECES && i < of->count; i++) {
		const struct late_piece *piece = &of->pieces[(of->count - 1 - i) % PIECES];
		const uint64_t from =
			piece->start_ns > wait->start_ns ? piece->start_ns : wait->start_ns;
		const uint64_t to = piece->end_ns < wait->end_ns ? piece->end_ns : wait->end_ns;

		if (piece->end_ns <= wait->start_ns)
			break;
		if (from < to && piece->task != wait->task)
			add_runner(task, piece->task, (to - from) * weight);
	}
}

int digest_late_add(
	struct digest_late *late, struct late_task **at, const struct dwell_interval *wait)
{
	const struct late_executor *of = wait->executor < late->executors.end
						 ? table_get(&late->executors, wait->executor)
						 : NULL;
	struct late_task *task = *at ? *at : calloc(1, sizeof(*task));
	uint64_t weight = 1;

	*at = task;
	if (!task)
		return DWELL_ENOMEM;
	if (task->latencies++ >= ALL) {
		if (hash_mix(0, task->latencies) % EACH)
			return DWELL_OK;
		weight = EACH;
	}
	task->count += weight;
	task->total_ns += (wait->end_ns - wait->start_ns) * weight;
	if (of)
		look_back(task, of, wait, weight);
	return DWELL_OK;
}

/* Time that a class ran while another was ready. */
struct pair {
	uint32_t ready, ran; /* classes */
	uint64_t ns;
};

static int by_classes(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->ready != y->ready)
		return x->ready < y->ready ? -1 : 1;
	return (x->ran > y->ran) - (x->ran < y->ran);
}

/* Those of the same classes become one. */
static void condense(struct late_pairs *pairs)
{
	size_t kept = 0;

	if (pairs->count)
		qsort(pairs->at, pairs->count, sizeof(*pairs->at), by_classes);
	for (size_t i = 0; i < pairs->count; i++)
		if (kept && !by_classes(&pairs->at[kept - 1], &pairs->at[i]))
			pairs->at[kept - 1].ns += pairs->at[i].ns;
		else
			pairs->at[kept++] = pairs->at[i];
	pairs->count = kept;
}

static int push_pair(struct late_pairs *pairs, const struct pair *pair)
{
	const bool full = pairs->count == pairs->cap;

	if (full)
		condense(pairs);
	if (full && pairs->count * 2 >= pairs->cap) {
		const size_t cap = pairs->cap ? pairs->cap * 2 : 1024;
		struct pair *at = realloc(pairs->at, cap * sizeof(*at));

		if (!at)
			return DWELL_ENOMEM;
		pairs->at = at;
		pairs->cap = cap;
	}
	pairs->at[pairs->count++] = *pair;
	return DWELL_OK;
}

/* Of the class that was ready, and of all of them. */
static int push_both(struct late_pairs *pairs, const struct pair *pair)
{
	const struct pair all = { 0, pair->ran, pair->ns };
	const int err = push_pair(pairs, pair);

	return err || !pair->ready ? err : push_pair(pairs, &all);
}

int late_pairs_add(struct late_pairs *pairs, const struct dwell_catalog *catalog, uint32_t id,
	const struct late_task *task)
{
	const uint32_t ready = group_of(catalog, DWELL_BY_CLASS, id);
	int err = DWELL_OK;

	for (size_t i = 0; i < LATE_RUNNERS && !err; i++) {
		const struct late_runner *of = &task->runners[i];
		if (of->ns)
			err = push_both(pairs,
				&(struct pair){ ready, group_of(catalog, DWELL_BY_CLASS, of->task),
					of->ns });
	}
	return err;
}

/* What many that end together waited for was mostly the same. 0: it is not packed. */
static uint32_t packed_shape(
	struct late_settled *settled, const struct dwell_catalog *catalog, uint32_t task)
{
	struct late_shape *known = &settled->lately[task % LATE_SHAPES];

	if (known->task != task)
		*known = (struct late_shape){ task, 0 };
	if (!known->shape)
		known->shape = catalog_packed_shape(catalog, task);
	return known->shape;
}

int late_settle(struct late_settled *settled, struct dwell_catalog *catalog, uint32_t shape,
	const struct late_task *task)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < LATE_RUNNERS && !err; i++) {
		const struct late_runner *of = &task->runners[i];
		struct pair pair = { shape, 0, of->ns };
		const struct dwell_catalog_task *known;

		if (!of->ns)
			continue;
		pair.ran = packed_shape(settled, catalog, of->task);
		/* How one is called that was there before may show later. */
		known = pair.ran ? NULL : dwell_catalog_task(catalog, of->task);
		if (known && known->born)
			pair.ran = catalog_shape(catalog, of->task);
		if (pair.ran) {
			err = push_pair(&settled->shapes, &pair);
		} else {
			pair.ran = of->task;
			err = push_pair(&settled->tasks, &pair);
		}
	}
	return err;
}

/* One that is packed stays so. */
static uint32_t class_of(const struct dwell_catalog *catalog, uint32_t task)
{
	const uint32_t shape = catalog_packed_shape(catalog, task);

	return shape ? catalog_class_of_shape(catalog, shape)
		     : group_of(catalog, DWELL_BY_CLASS, task);
}

int late_settled_take(const struct late_settled *settled, const struct dwell_catalog *catalog,
	struct late_pairs *pairs)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < settled->shapes.count && !err; i++) {
		const struct pair *of = &settled->shapes.at[i];

		err = push_both(pairs, &(struct pair){ catalog_class_of_shape(catalog, of->ready),
					       catalog_class_of_shape(catalog, of->ran), of->ns });
	}
	for (size_t i = 0; i < settled->tasks.count && !err; i++) {
		const struct pair *of = &settled->tasks.at[i];

		err = push_both(pairs, &(struct pair){ catalog_class_of_shape(catalog, of->ready),
					       class_of(catalog, of->ran), of->ns });
	}
	return err;
}

static int most_first(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	return (x->ran > y->ran) - (x->ran < y->ran);
}

/* Of one class that was ready: those who ran most. */
static int name_runners(struct dwell_instead *into, const struct dwell_catalog *catalog,
	struct pair *at, size_t count)
{
	int err = DWELL_OK;

	into->ran = calloc(DWELL_INSTEAD, sizeof(*into->ran));
	if (!into->ran)
		return DWELL_ENOMEM;
	qsort(at, count, sizeof(*at), most_first);
	for (size_t i = 0; i < count && into->count < DWELL_INSTEAD && !err; i++) {
		char name[KEY_SIZE];

		key_of_class(name, catalog, at[i].ran);
		if (!*name)
			continue;
		into->ran[into->count].ns = at[i].ns;
		err = subject_text(&into->ran[into->count].who, name);
		into->count += !err;
	}
	return err;
}

int late_pairs_take(struct late_pairs *pairs, const struct dwell_catalog *catalog,
	const struct subjects *subjects)
{
	int err = DWELL_OK;

	condense(pairs);
	for (size_t i = 0, end; i < pairs->count && !err; i = end) {
		const uint32_t ready = pairs->at[i].ready;
		struct dwell_digest_subject *subject;
		char key[KEY_SIZE] = "";

		for (end = i; end < pairs->count && pairs->at[end].ready == ready; end++)
			;
		if (ready)
			key_of_class(key, catalog, ready);
		subject = subjects_find(
			subjects, ready ? DWELL_SUBJECT_CLASS : DWELL_SUBJECT_RUN, key);
		if (subject && !subject->instead.ran)
			err = name_runners(&subject->instead, catalog, &pairs->at[i], end - i);
	}
	return err;
}

void late_pairs_release(struct late_pairs *pairs)
{
	free(pairs->at);
	*pairs = (struct late_pairs){ 0 };
}
