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

static struct class_slot *find_slot(struct class_slot *slots, size_t cap, const char *text)
{
	size_t i = hash_mix(0, (uintptr_t)text) & (cap - 1);

	while (slots[i].text && slots[i].text != text)
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

static int classify(struct dwell_catalog *catalog, struct catalog_task *kept,
	struct class_slot *slots, size_t cap)
{
	struct builder builder = { .size = 0 };
	struct dwell_string text;

	class_text(catalog, &kept->task, &builder);
	if (strings_keep(
		    &catalog->strings, (struct dwell_string){ builder.at, builder.size }, &text))
		return DWELL_ENOMEM;

	struct class_slot *slot = find_slot(slots, cap, text.at);
	if (!slot->text) {
		const uint32_t id = catalog->classes.end ? catalog->classes.end : 1;
		struct dwell_catalog_class *made = table_make(&catalog->classes, id);

		if (!made)
			return DWELL_ENOMEM;
		*made = (struct dwell_catalog_class){ .id = id, .text = text };
		*slot = (struct class_slot){ text.at, id };
	}
	kept->task.class_id = slot->id;

	struct dwell_catalog_class *of = table_get(&catalog->classes, slot->id);
	of->tasks++;
	return DWELL_OK;
}

static int by_text(const void *a, const void *b)
{
	const struct dwell_catalog_class *x = a, *y = b;
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
	for (uint32_t id = 1; id < catalog->tasks.end; id++) {
		struct catalog_task *kept = table_get(&catalog->tasks, id);

		if (kept && kept->task.id)
			kept->task.class_id = now[kept->task.class_id];
	}
	free(sorted);
	free(now);
	return DWELL_OK;
}

static int find_classes(struct dwell_catalog *catalog)
{
	size_t cap = 64;
	int err = DWELL_OK;

	while (cap < (size_t)catalog->tasks.end * 2)
		cap *= 2;

	struct class_slot *slots = calloc(cap, sizeof(*slots));
	if (!slots)
		return DWELL_ENOMEM;
	table_release(&catalog->classes);
	for (uint32_t id = 1; id < catalog->tasks.end && !err; id++) {
		struct catalog_task *kept = table_get(&catalog->tasks, id);

		if (kept && kept->task.id)
			err = classify(catalog, kept, slots, cap);
	}
	free(slots);
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
