/* What is judged, and the answer: rows, those alike made one, in order. */
#include <stdlib.h>
#include <string.h>

#include "analysis/leaks.h"

uint32_t leak_process_of(const struct leak_judge *judge, uint32_t task)
{
	const struct dwell_catalog_task *of = dwell_catalog_task(judge->catalog, task);

	return of && of->process < judge->process_count ? of->process : 0;
}

struct leak_task *leak_task_of(const struct leak_judge *judge, uint32_t task)
{
	struct leak_task *of = table_get(&judge->leaks->tasks, task);
	const uint32_t process = of && of->seen ? leak_process_of(judge, task) : 0;

	return process && judge->processes[process].judged ? of : NULL;
}

bool leak_is_left(const struct leak_judge *judge, uint32_t task, const struct leak_task *of)
{
	const struct leak_process *process = &judge->processes[leak_process_of(judge, task)];

	/* Nobody ends inside a wait, but by being killed. */
	return of->died_ns == DWELL_FOREVER || (of->told && of->reason) ||
	       of->died_ns + LEAK_TEARDOWN_NS >= process->end_ns;
}

static bool is_main(const struct leak_judge *judge, const struct dwell_catalog_task *task)
{
	const struct dwell_catalog_process *process =
		dwell_catalog_process(judge->catalog, task->process);

	return process && process->pid >= 0 && process->pid == task->tid;
}

static bool by_signal(const struct leak_task *of)
{
	return of->has_status && (of->status & 0x7f) != 0;
}

/* Where a process is judged: its main task's end, else its last one's, else the window's. */
static void end_process(struct leak_judge *judge, uint32_t task, const struct leak_task *of)
{
	const struct dwell_catalog_task *known = dwell_catalog_task(judge->catalog, task);
	struct leak_process *process = &judge->processes[known->process];

	process->judged |= wants_task(judge->leaks->model, task);
	if (is_main(judge, known)) {
		process->end_ns = of->died_ns;
		process->ended = of->died_ns != DWELL_FOREVER;
		process->killed = process->ended && (by_signal(of) || (of->told && of->reason));
	} else if (!process->ended && of->died_ns != DWELL_FOREVER &&
		   (process->end_ns == DWELL_FOREVER || process->end_ns < of->died_ns)) {
		process->end_ns = of->died_ns;
	}
}

/* A main task that ended early is not the end of its process: others went on. */
static void outlive(struct leak_judge *judge, uint32_t task, const struct leak_task *of)
{
	struct leak_process *process = &judge->processes[leak_process_of(judge, task)];

	if (process->ended && of->died_ns != DWELL_FOREVER && !of->reason &&
		of->died_ns > process->end_ns + 5 * LEAK_TEARDOWN_NS)
		process->end_ns = of->died_ns;
	if (process->ended && of->died_ns == DWELL_FOREVER) {
		process->end_ns = DWELL_FOREVER;
		process->ended = false;
	}
}

static void settle(struct leak_judge *judge)
{
	for (uint32_t id = 1; id < judge->task_count; id++) {
		const struct leak_task *of = leak_task_of(judge, id);

		if (of)
			outlive(judge, id, of);
		if (of && of->died_ns == DWELL_FOREVER)
			judge->processes[leak_process_of(judge, id)].end_ns = judge->end_ns;
	}
	for (uint32_t id = 0; id < judge->process_count; id++)
		if (judge->processes[id].end_ns > judge->end_ns)
			judge->processes[id].end_ns = judge->end_ns;
}

/* Threads that were detached, by their numbers: where a number was used again, all that had it. */
static void give_up_detached(struct leak_judge *judge)
{
	for (uint32_t id = 1; id < judge->leaks->objects.end; id++) {
		const struct leak_object *of = table_get(&judge->leaks->objects, id);
		const struct dwell_catalog_object *object =
			of && of->released_ns ? dwell_catalog_object(judge->catalog, id) : NULL;

		if (!object || object->kind != DWELL_OBJECT_THREAD)
			continue;
		for (uint32_t task = 1; task < judge->task_count; task++) {
			const struct dwell_catalog_task *known =
				dwell_catalog_task(judge->catalog, task);
			struct leak_task *thread = table_get(&judge->leaks->tasks, task);

			if (thread && known && known->process == object->process &&
				(uint64_t)known->tid == object->native_id)
				thread->given_up = true;
		}
	}
}

/* Of a thread for which there was no room when it began, its join does not tell which it was. */
static void count_nameless_joins(struct leak_judge *judge)
{
	for (uint32_t id = 1; id < judge->leaks->objects.end; id++) {
		const struct leak_object *of = table_get(&judge->leaks->objects, id);
		const struct dwell_catalog_object *object =
			of && of->joined ? dwell_catalog_object(judge->catalog, id) : NULL;

		if (object && object->process < judge->process_count)
			judge->processes[object->process].joins += of->joined;
	}
}

static bool joins_were_recorded(const struct leak_judge *judge)
{
	for (size_t i = 0; i < dwell_catalog_notes(judge->catalog); i++) {
		const struct dwell_note *note = dwell_catalog_note(judge->catalog, i);

		if (note->key.size == 5 && !memcmp(note->key.at, "joins", 5) &&
			note->value.size == 3 && !memcmp(note->value.at, "all", 3))
			return !judge->leaks->model->tally.by_kind[DWELL_EVENT_LOSS];
	}
	return false;
}

int leaks_judge(struct leak_judge *judge)
{
	judge->catalog = judge->leaks->model->catalog;
	judge->end_ns = judge->leaks->model->end_ns;
	judge->process_count = dwell_catalog_processes(judge->catalog) + 1;
	judge->task_count = dwell_catalog_tasks(judge->catalog);
	judge->processes = calloc(judge->process_count, sizeof(*judge->processes));
	if (!judge->processes)
		return DWELL_ENOMEM;
	for (uint32_t id = 0; id < judge->process_count; id++)
		judge->processes[id].end_ns = DWELL_FOREVER;
	for (uint32_t id = 1; id < judge->task_count; id++) {
		const struct leak_task *of = table_get(&judge->leaks->tasks, id);

		if (of && of->seen && leak_process_of(judge, id))
			end_process(judge, id, of);
	}
	leaks_judge_settled(judge);
	settle(judge);
	give_up_detached(judge);
	count_nameless_joins(judge);
	judge->has_joins = joins_were_recorded(judge);
	return DWELL_OK;
}

struct dwell_leak *leak_row(struct leak_judge *judge, unsigned kind, uint32_t task)
{
	struct dwell_leaks *out = judge->out;
	struct dwell_leak *rows = out->rows;

	if (!(out->count & (out->count - 1)))
		rows = realloc(rows, (out->count ? out->count * 2 : 1) * sizeof(*rows));
	if (!rows)
		return NULL;
	out->rows = rows;
	rows[out->count] = (struct dwell_leak){
		.kind = (uint8_t)kind,
		.since_ns = DWELL_FOREVER,
		.until_ns = judge->processes[leak_process_of(judge, task)].end_ns,
	};
	return &rows[out->count++];
}

/* Arrays of rows grow by doubling: their length says whether they are full. */
static bool room(void **array, size_t count, size_t size)
{
	void *larger = *array;

	if (!(count & (count - 1)))
		larger = realloc(*array, (count ? count * 2 : 1) * size);
	if (!larger)
		return false;
	*array = larger;
	return true;
}

int leak_add_task(struct dwell_leak *row, uint32_t task)
{
	if (!room((void **)&row->tasks, row->count, sizeof(*row->tasks)))
		return DWELL_ENOMEM;
	row->tasks[row->count++] = task;
	return DWELL_OK;
}

static int add_object(struct dwell_leak *row, uint32_t object)
{
	for (size_t i = 0; i < row->object_count; i++)
		if (row->objects[i] == object)
			return DWELL_OK;
	if (!room((void **)&row->objects, row->object_count, sizeof(*row->objects)))
		return DWELL_ENOMEM;
	row->objects[row->object_count++] = object;
	return DWELL_OK;
}

/* Of a wait's two stacks the deeper one: of one that goes on, a program tells its caller only. */
static uint32_t deeper(const struct leak_judge *judge, const struct leak_task *of)
{
	const uint32_t a = of->stack, b = of->switch_stack;

	if (!a || !b)
		return a ? a : b;
	return dwell_catalog_frames(judge->catalog, b, NULL, 0) >
			       dwell_catalog_frames(judge->catalog, a, NULL, 0)
		       ? b
		       : a;
}

static uint32_t made_at(const struct leak_judge *judge, uint32_t task)
{
	const struct dwell_catalog_task *of = dwell_catalog_task(judge->catalog, task);

	return of ? of->creation_stack : 0;
}

int leak_add_step(const struct leak_judge *judge, struct dwell_leak *row, uint32_t task)
{
	const struct leak_task *of = leak_task_of(judge, task);
	const struct leak_signal signal =
		of->why == DWELL_FOREVER_UNHEARD
			? leak_missed(table_get(&judge->leaks->objects, of->object))
			: (struct leak_signal){ 0 };
	const struct dwell_leak_step step = {
		.since_ns = of->since_ns,
		.task = task,
		.object = of->object,
		.holder = of->flags & DWELL_EVENT_HOLDER_READ ? of->holder : 0,
		.stack = deeper(judge, of),
		.reason = of->reason,
		.why = of->why,
		.unheard_ns = signal.time_ns,
		.unheard_task = signal.task,
		.unheard_stack = signal.stack,
	};
	int err =
		room((void **)&row->steps, row->step_count, sizeof(step)) ? DWELL_OK : DWELL_ENOMEM;

	if (err)
		return err;
	row->steps[row->step_count++] = step;
	if (!row->stack)
		row->stack = step.stack;
	if (!row->creation_stack)
		row->creation_stack = made_at(judge, task);
	if (of->since_ns < row->since_ns)
		row->since_ns = of->since_ns;
	if (row->until_ns > of->since_ns)
		row->lost_ns += row->until_ns - of->since_ns;
	err = of->object ? add_object(row, of->object) : DWELL_OK;
	return err ? err : leak_add_task(row, task);
}

static uint64_t key_of_row(const struct leak_judge *judge, const struct dwell_leak *row)
{
	const uint32_t process = leak_process_of(judge, row->tasks[0]);
	uint64_t key = hash_mix(hash_mix(hash_mix(0, row->kind), row->reason), row->why);

	key = hash_mix(key, catalog_stack_hash(judge->catalog, row->creation_stack));
	/* A circle is like no other. */
	if (row->kind == DWELL_LEAK_DEADLOCK)
		key = hash_mix(key, row->tasks[0]);
	return hash_mix(hash_mix(key, catalog_stack_hash(judge->catalog, row->stack)), process);
}

static void free_row(struct dwell_leak *row)
{
	free(row->tasks);
	free(row->objects);
	free(row->steps);
}

static int take_in(struct dwell_leak *into, const struct dwell_leak *from)
{
	int err = DWELL_OK;

	for (uint32_t i = 0; i < from->count && !err; i++)
		err = leak_add_task(into, from->tasks[i]);
	for (size_t i = 0; i < from->object_count && !err; i++)
		err = add_object(into, from->objects[i]);
	for (size_t i = 0; i < from->step_count && !err; i++) {
		if (!room((void **)&into->steps, into->step_count, sizeof(*into->steps)))
			return DWELL_ENOMEM;
		into->steps[into->step_count++] = from->steps[i];
	}
	if (from->since_ns < into->since_ns)
		into->since_ns = from->since_ns;
	into->lost_ns += from->lost_ns;
	return err;
}

struct keyed {
	uint64_t key;
	size_t place;
};

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

/* Rows alike become the first of them. */
static int make_one(struct leak_judge *judge)
{
	struct dwell_leaks *out = judge->out;
	struct keyed *keys = calloc(out->count + 1, sizeof(*keys));
	size_t kept = 0;
	int err = keys ? DWELL_OK : DWELL_ENOMEM;

	for (size_t i = 0; !err && i < out->count; i++)
		keys[i] = (struct keyed){ key_of_row(judge, &out->rows[i]), i };
	if (!err && out->count)
		qsort(keys, out->count, sizeof(*keys), by_key);
	for (size_t i = 1, first = 0; !err && i < out->count; i++) {
		struct dwell_leak *row = &out->rows[keys[i].place];

		if (keys[i].key != keys[first].key) {
			first = i;
			continue;
		}
		err = take_in(&out->rows[keys[first].place], row);
		free_row(row);
		*row = (struct dwell_leak){ 0 };
	}
	for (size_t i = 0; i < out->count; i++)
		if (out->rows[i].count)
			out->rows[kept++] = out->rows[i];
	out->count = kept;
	free(keys);
	return err;
}

static int rows_order(const void *a, const void *b)
{
	const struct dwell_leak *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	if (x->since_ns != y->since_ns)
		return x->since_ns < y->since_ns ? -1 : 1;
	return (x->tasks[0] > y->tasks[0]) - (x->tasks[0] < y->tasks[0]);
}

int leaks_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query)
{
	struct leak_judge judge = { .leaks = fold };
	int err;

	(void)query;
	(void)model;
	judge.out = answer->leaks = calloc(1, sizeof(*answer->leaks));
	if (!judge.out)
		return DWELL_ENOMEM;
	err = leaks_judge(&judge);
	judge.out->has_joins = judge.has_joins;
	if (!err)
		err = leaks_find_circles(&judge);
	if (!err)
		err = leaks_find_forever(&judge);
	if (!err && judge.has_joins)
		err = leaks_find_unjoined(&judge);
	if (!err)
		err = leaks_find_alive(&judge);
	if (!err)
		err = leaks_find_growing(&judge);
	if (!err)
		err = leaks_find_abandoned(&judge);
	if (!err)
		err = leaks_find_left(&judge);
	if (!err)
		err = make_one(&judge);
	for (size_t i = 0; i < judge.out->count; i++) {
		struct dwell_leak *row = &judge.out->rows[i];

		row->id = id_of(
			judge.catalog, dwell_leak_name(row->kind), row->tasks[0], row->since_ns);
	}
	if (judge.out->count)
		qsort(judge.out->rows, judge.out->count, sizeof(*judge.out->rows), rows_order);
	free(judge.processes);
	return err;
}

void leaks_free(struct dwell_leaks *leaks)
{
	for (size_t i = 0; leaks && i < leaks->count; i++)
		free_row(&leaks->rows[i]);
	if (leaks)
		free(leaks->rows);
	free(leaks);
}
