/* Tasks alike: classes, and the order of notes. */
#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "dwell/names.h"
#include "model/catalog.h"

/* A text put together, cut where it is longer than anyone reads. */
struct builder {
	char at[512];
	size_t size;
};

static void append(struct builder *builder, struct dwell_string text, bool fold)
{
	bool digits = false;

	for (size_t i = 0; i < text.size && builder->size < sizeof(builder->at); i++) {
		const bool digit = fold && text.at[i] >= '0' && text.at[i] <= '9';

		if (!digit)
			builder->at[builder->size++] = text.at[i];
		else if (!digits)
			builder->at[builder->size++] = '#';
		digits = digit;
	}
}

/*
 * The start function, without a name as a place in its file, else the innermost function of the
 * place that created it.
 */
static struct dwell_string origin(const struct dwell_catalog *catalog,
	const struct dwell_catalog_task *task, char out[DWELL_NAME_SIZE])
{
	const struct catalog_stack *stack = table_get(&catalog->stacks, task->creation_stack);
	const struct dwell_frame start = catalog_place(catalog, task->start_location);
	struct dwell_string text = start.function;

	if (!text.size && start.module.size) {
		dwell_name_frame(out, &start, false);
		return (struct dwell_string){ out, strlen(out) };
	}
	for (uint32_t i = 0; !text.size && stack && i < stack->count; i++)
		text = catalog_place(catalog, stack->locations[i]).function;
	return text;
}

static bool same_text(struct dwell_string a, struct dwell_string b)
{
	return a.size == b.size && !memcmp(a.at, b.at, a.size);
}

static void class_text(const struct dwell_catalog *catalog, const struct dwell_catalog_task *task,
	struct builder *builder)
{
	const struct dwell_catalog_process *process = dwell_catalog_process(catalog, task->process);
	char place[DWELL_NAME_SIZE];
	const struct dwell_string from = origin(catalog, task, place);
	const char *kind = dwell_task_kind_name(task->kind);

	/* Many runtimes name a task after its function: said once, and as it is. */
	const bool named = task->name.size && !same_text(task->name, from);

	builder->size = 0;
	if (process && process->name.size) {
		append(builder, process->name, false);
		append(builder, (struct dwell_string){ "/", 1 }, false);
	}
	if (named)
		append(builder, task->name, true);
	if (named && from.size)
		append(builder, (struct dwell_string){ " ", 1 }, false);
	append(builder, from, false);
	if (!builder->size && kind)
		append(builder, (struct dwell_string){ kind, strlen(kind) }, false);
}

/* Class ids by their texts, which are kept once: so by address. */
struct class_slot {
	const char *text;
	uint32_t id;
};

enum { RECENT = 256 };

struct class_slots {
	struct class_slot *at;
	size_t cap, count;
	/* Tasks that have their class, by shape: most of a million are like one of these.
	 */
	const struct dwell_catalog_task *recent[RECENT];
};

static const struct dwell_catalog_task **recent_like(
	struct class_slots *slots, const struct dwell_catalog_task *task)
{
	return &slots->recent[catalog_shape_hash(task) >> 32 & (RECENT - 1)];
}

static struct class_slot *find_slot(const struct class_slots *slots, const char *text)
{
	size_t i = hash_mix(0, (uintptr_t)text) & (slots->cap - 1);

	while (slots->at[i].text && slots->at[i].text != text)
		i = (i + 1) & (slots->cap - 1);
	return &slots->at[i];
}

static int grow_slots(struct class_slots *slots)
{
	const struct class_slots old = *slots;

	slots->cap = old.cap ? old.cap * 2 : 64;
	slots->at = calloc(slots->cap, sizeof(*slots->at));
	if (!slots->at) {
		*slots = old;
		return DWELL_ENOMEM;
	}
	for (size_t i = 0; i < old.cap; i++)
		if (old.at[i].text)
			*find_slot(slots, old.at[i].text) = old.at[i];
	free(old.at);
	return DWELL_OK;
}

/* The class of a text that is kept; *id is set. */
static int class_of(struct dwell_catalog *catalog, struct class_slots *slots,
	struct dwell_string text, uint32_t *id)
{
	struct class_slot *slot;

	if (slots->count * 2 >= slots->cap && grow_slots(slots))
		return DWELL_ENOMEM;
	slot = find_slot(slots, text.at);
	if (!slot->text) {
		const uint32_t next = catalog->classes.end ? catalog->classes.end : 1;
		struct dwell_catalog_class *made = table_make(&catalog->classes, next);

		if (!made)
			return DWELL_ENOMEM;
		*made = (struct dwell_catalog_class){ .id = next, .text = text };
		*slot = (struct class_slot){ text.at, next };
		slots->count++;
	}
	*id = slot->id;
	return DWELL_OK;
}

static int find_class(
	struct dwell_catalog *catalog, struct dwell_catalog_task *task, struct class_slots *slots)
{
	struct builder builder;
	struct dwell_string text;
	int err;

	class_text(catalog, task, &builder);
	err = strings_keep(
		&catalog->strings, (struct dwell_string){ builder.at, builder.size }, &text);
	return err ? err : class_of(catalog, slots, text, &task->class_id);
}

/* So many tasks like this one. */
static int classify(struct dwell_catalog *catalog, struct dwell_catalog_task *task, uint32_t tasks,
	struct class_slots *slots)
{
	const struct dwell_catalog_task **recent = recent_like(slots, task);
	int err = DWELL_OK;

	if (*recent && catalog_same_shape(*recent, task))
		task->class_id = (*recent)->class_id;
	else
		err = find_class(catalog, task, slots);
	if (err)
		return err;
	*recent = task;

	struct dwell_catalog_class *of = table_get(&catalog->classes, task->class_id);
	of->tasks += tasks;
	return DWELL_OK;
}

/* Classes of names that their tasks had once, and that nobody has now, come last. */
static int by_text(const void *a, const void *b)
{
	const struct dwell_catalog_class *x = a, *y = b;

	if (!x->tasks != !y->tasks)
		return x->tasks ? -1 : 1;

	const size_t size = x->text.size < y->text.size ? x->text.size : y->text.size;
	const int order = size ? memcmp(x->text.at, y->text.at, size) : 0;

	if (order)
		return order;
	return (x->text.size > y->text.size) - (x->text.size < y->text.size);
}

/* Number them by their texts: in a cut, which has fewer tasks, their order is the same. */
static int renumber(struct dwell_catalog *catalog)
{
	const uint32_t end = catalog->classes.end;
	struct dwell_catalog_class *sorted = calloc((size_t)end + 1, sizeof(*sorted));
	uint32_t *now = calloc((size_t)end + 1, sizeof(*now));

	if (!sorted || !now) {
		free(sorted);
		free(now);
		return DWELL_ENOMEM;
	}
	for (uint32_t id = 1; id < end; id++)
		sorted[id] = *(struct dwell_catalog_class *)table_get(&catalog->classes, id);
	if (end > 2)
		qsort(sorted + 1, end - 1, sizeof(*sorted), by_text);
	for (uint32_t id = 1; id < end; id++) {
		now[sorted[id].id] = id;
		sorted[id].id = id;
		*(struct dwell_catalog_class *)table_get(&catalog->classes, id) = sorted[id];
	}
	while (catalog->classes.end > 1 && !sorted[catalog->classes.end - 1].tasks)
		catalog->classes.end--;
	for (uint32_t id = 1; id < catalog->tasks.end; id++) {
		struct catalog_task *kept = table_get(&catalog->tasks, id);

		if (kept && kept->task.id)
			kept->task.class_id = now[kept->task.class_id];
	}
	for (uint32_t id = 1; id < catalog->shapes.end; id++) {
		struct catalog_shape *shape = table_get(&catalog->shapes, id);

		shape->task.class_id = now[shape->task.class_id];
	}
	free(sorted);
	free(now);
	return DWELL_OK;
}

static int find_classes(struct dwell_catalog *catalog)
{
	struct class_slots slots = { 0 };
	int err = DWELL_OK;

	table_release(&catalog->classes);
	for (uint32_t id = 1; id < catalog->shapes.end && !err; id++) {
		struct catalog_shape *shape = table_get(&catalog->shapes, id);

		err = classify(catalog, &shape->task, shape->packed, &slots);
	}
	for (uint32_t id = 1; id < catalog->tasks.end && !err; id++) {
		struct catalog_task *kept = table_get(&catalog->tasks, id);

		if (kept && kept->task.id)
			err = classify(catalog, &kept->task, 1, &slots);
	}
	free(slots.at);
	return err ? err : renumber(catalog);
}

static int by_stage(const void *a, const void *b)
{
	const struct catalog_note *x = a, *y = b;

	if (x->stage != y->stage)
		return x->stage < y->stage ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

int catalog_finish(struct dwell_catalog *catalog)
{
	if (catalog->note_count)
		qsort(catalog->notes, catalog->note_count, sizeof(*catalog->notes), by_stage);
	return find_classes(catalog);
}
