/* What a filter keeps of definitions. */
#include "src/filter_private.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "dwell/limits.h"

struct filter_task *filter_tasks_find(const struct filter_tasks *tasks, uint32_t id)
{
	const size_t page = id >> FILTER_TASK_BITS;

	if (page >= tasks->count || !tasks->pages[page])
		return NULL;
	return &tasks->pages[page][id % FILTER_TASKS];
}

static struct filter_task *make(struct filter_tasks *tasks, uint32_t id)
{
	const size_t page = id >> FILTER_TASK_BITS;

	if (page >= tasks->count) {
		const size_t count = (page + 1) * 2;
		struct filter_task **pages =
			realloc(tasks->pages, count * sizeof(struct filter_task *));

		if (!pages)
			return NULL;
		memset(pages + tasks->count, 0,
			(count - tasks->count) * sizeof(struct filter_task *));
		tasks->pages = pages;
		tasks->count = count;
	}
	if (!tasks->pages[page])
		tasks->pages[page] = calloc(FILTER_TASKS, sizeof(struct filter_task));
	return tasks->pages[page] ? &tasks->pages[page][id % FILTER_TASKS] : NULL;
}

int filter_tasks_hold(
	struct filter_tasks *tasks, const struct dwell_task *task, struct filter_task **out)
{
	struct filter_task *entry;
	char *name;

	if (!task->id || task->id > DWELL_MAX_TASKS)
		return DWELL_ELIMIT;
	entry = make(tasks, task->id);
	name = malloc(task->name.size + 1);
	if (!entry || !name) {
		free(name);
		return DWELL_ENOMEM;
	}
	if (task->name.size)
		memcpy(name, task->name.at, task->name.size);
	free((char *)entry->task.name.at);
	entry->task = *task;
	entry->task.name.at = name;
	entry->defined = true;
	entry->told = false;
	*out = entry;
	return DWELL_OK;
}

void filter_tasks_release(struct filter_tasks *tasks)
{
	for (size_t page = 0; page < tasks->count; page++) {
		for (size_t i = 0; tasks->pages[page] && i < FILTER_TASKS; i++)
			free((char *)tasks->pages[page][i].task.name.at);
		free(tasks->pages[page]);
	}
	free(tasks->pages);
}

struct dwell_string filter_base(struct dwell_string path)
{
	for (size_t i = path.size; i; i--)
		if (path.at[i - 1] == '/')
			return (struct dwell_string){ path.at + i, path.size - i };
	return path;
}

bool filter_drops_note(const struct dwell_note *note)
{
	static const char *const keys[] = { "command", "host", "cwd", "user", "environment" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (note->key.size == strlen(keys[i]) &&
			!memcmp(note->key.at, keys[i], note->key.size))
			return true;
	return false;
}
