/* Which tasks and objects were asked for, by their names. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/names.h"
#include "model/drive.h"

/* One [...] of a glob against a character; *next is behind it, or NULL where it is not closed. */
static bool in_set(const char *set, char c, const char **next)
{
	const bool negated = *set == '!' || *set == '^';
	const char *at = set + negated;
	bool found = false;

	do {
		if (!*at) {
			*next = NULL;
			return false;
		}
		if (at[1] == '-' && at[2] && at[2] != ']') {
			found |= (unsigned char)c >= (unsigned char)at[0] &&
				 (unsigned char)c <= (unsigned char)at[2];
			at += 3;
		} else {
			found |= c == *at++;
		}
	} while (*at != ']');
	*next = at + 1;
	return found != negated;
}

/* Does one element of the glob take the character? *next is behind the element. */
static bool takes(const char *glob, char c, const char **next)
{
	if (*glob == '[') {
		const bool found = in_set(glob + 1, c, next);

		if (*next)
			return found;
	}
	*next = glob + 1;
	return *glob == '?' || *glob == c;
}

bool glob_matches(const char *glob, struct dwell_string text)
{
	const char *star = NULL, *next;
	size_t i = 0, star_at = 0;

	while (i < text.size) {
		if (*glob == '*') {
			star = ++glob;
			star_at = i;
		} else if (*glob && takes(glob, text.at[i], &next)) {
			glob = next;
			i++;
		} else if (star) {
			glob = star;
			i = ++star_at;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return !*glob;
}

static bool matches_number(const char *glob, uint64_t number)
{
	char text[24];
	const int size = snprintf(text, sizeof(text), "%llu", (unsigned long long)number);

	return glob_matches(glob, (struct dwell_string){ text, (size_t)size });
}

bool label_matches(const char *label, const struct dwell_catalog_task *task)
{
	const char *open = strrchr(label, '(');
	char number[24];

	/* Not a glob: names have brackets of their own. */
	if (!open || open - label != (ptrdiff_t)task->name.size + 1 || open[-1] != ' ' ||
		memcmp(label, task->name.at, task->name.size))
		return false;
	snprintf(number, sizeof(number), "(%" PRId64 ")", task->tid);
	if (task->tid >= 0 && !strcmp(open, number))
		return true;
	snprintf(number, sizeof(number), "(%" PRIu64 ")", task->native_id);
	return task->native_id && !strcmp(open, number);
}

static bool is_in_scope(const struct model *model, const struct dwell_catalog_task *task)
{
	return dwell_catalog_recorded(model->catalog, task->id) ||
	       (model->selection.all_processes && !catalog_is_other(model->catalog, task->id));
}

static bool is_task(const struct model *model, const struct dwell_catalog_task *task)
{
	const struct dwell_selection *s = &model->selection;
	const struct dwell_catalog_process *process =
		dwell_catalog_process(model->catalog, task->process);
	const struct dwell_catalog_class *of = dwell_catalog_class(model->catalog, task->class_id);

	if (s->task_glob && !glob_matches(s->task_glob, task->name) &&
		!label_matches(s->task_glob, task) &&
		!(task->tid >= 0 && matches_number(s->task_glob, (uint64_t)task->tid)) &&
		!(task->native_id && matches_number(s->task_glob, task->native_id)))
		return false;
	if (s->class_glob && !(of && glob_matches(s->class_glob, of->text)))
		return false;
	if (!s->process_glob)
		return is_in_scope(model, task);
	if (catalog_is_other(model->catalog, task->id))
		return false;
	return process && (glob_matches(s->process_glob, process->name) ||
				  (process->pid >= 0 &&
					  matches_number(s->process_glob, (uint64_t)process->pid)));
}

static bool is_object(const struct model *model, const struct dwell_catalog_object *object)
{
	const char *glob = model->selection.object_glob;

	char native[DWELL_NATIVE_SIZE];

	if (glob_matches(glob, object->name))
		return true;
	if (!object->native_id)
		return false;
	dwell_name_native(native, object->kind, object->native_id);
	return glob_matches(glob, (struct dwell_string){ native, strlen(native) });
}

static uint64_t *new_bits(uint32_t end, size_t *words)
{
	*words = end / 64 + 1;
	return calloc(*words, sizeof(uint64_t));
}

static int select_tasks(struct model *model, uint64_t **bits,
	bool (*wanted)(const struct model *model, const struct dwell_catalog_task *task))
{
	const uint32_t end = dwell_catalog_tasks(model->catalog);
	int err = DWELL_OK;

	*bits = new_bits(end, &model->task_words);
	if (!*bits)
		return DWELL_ENOMEM;
	for (uint32_t first = 0; first < end && !err; first += TABLE_PAGE) {
		const bool packed = catalog_is_packed(model->catalog, first);

		for (uint32_t id = first ? first : 1; id < first + TABLE_PAGE; id++) {
			const struct dwell_catalog_task *task =
				dwell_catalog_task(model->catalog, id);

			if (task && wanted(model, task))
				(*bits)[id / 64] |= 1ull << (id % 64);
		}
		if (packed)
			err = catalog_pack(model->catalog, first);
	}
	return err;
}

int model_select(struct model *model)
{
	const struct dwell_selection *s = &model->selection;
	const bool part =
		(model->catalog->marked && !s->all_processes) || model->catalog->has_others;
	int err = DWELL_OK;

	if (part)
		err = select_tasks(model, &model->scope_bits, is_in_scope);
	if (!err && (part || s->task_glob || s->class_glob || s->process_glob))
		err = select_tasks(model, &model->task_bits, is_task);
	if (err || !s->object_glob)
		return err;

	const uint32_t end = model->catalog->objects.end;
	model->object_bits = new_bits(end, &model->object_words);
	if (!model->object_bits)
		return DWELL_ENOMEM;
	for (uint32_t id = 1; id < end; id++) {
		const struct dwell_catalog_object *object =
			dwell_catalog_object(model->catalog, id);

		if (object && is_object(model, object))
			model->object_bits[id / 64] |= 1ull << (id % 64);
	}
	return DWELL_OK;
}

bool model_names_nobody(const struct model *model)
{
	const struct dwell_selection *s = &model->selection;

	if (!model->task_bits || !(s->task_glob || s->class_glob || s->process_glob))
		return false;
	for (size_t i = 0; i < model->task_words; i++)
		if (model->task_bits[i])
			return false;
	return true;
}
