/* What a trace's ids stand for, as tables. */
#include <inttypes.h>
#include <string.h>

#include "dwell/limits.h"
#include "export/sqlite.h"

static int put_meta(struct export *export, const char *key, struct dwell_string value)
{
	struct sqlite_row row = sqlite_row(export, TABLE_META);

	sqlite_word(&row, key);
	sqlite_text(&row, value);
	return sqlite_put(&row);
}

static int put_meta_number(struct export *export, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return put_meta(export, key, (struct dwell_string){ text, strlen(text) });
}

static int put_metas(struct export *export)
{
	const struct model *model = &export->model;
	int err = put_meta(export, "source", model->info.source);

	if (!err)
		err = put_meta_number(export, "begin_ns", model->from_ns);
	if (!err)
		err = put_meta_number(export, "end_ns", model->end_ns);
	if (!err)
		err = put_meta_number(export, "start_unix_ns", model->info.start_unix_ns);
	if (!err)
		err = put_meta_number(export, "closed", model->ended && model->end.closed);
	if (!err)
		err = put_meta_number(export, "lost_events", model->tally.lost);
	return err;
}

static int put_process(struct export *export, uint32_t id)
{
	const struct dwell_catalog_process *process =
		dwell_catalog_process(export_catalog(export), id);
	struct sqlite_row row = sqlite_row(export, TABLE_PROCESS);

	if (!process)
		return DWELL_OK;
	sqlite_number(&row, id);
	if (process->pid >= 0)
		sqlite_signed(&row, process->pid);
	else
		sqlite_null(&row);
	sqlite_id(&row, process->parent);
	sqlite_text(&row, process->name);
	sqlite_text(&row, process->command);
	return sqlite_put(&row);
}

static int put_task(struct export *export, uint32_t id)
{
	const struct dwell_catalog_task *task = dwell_catalog_task(export_catalog(export), id);
	const struct dwell_catalog_class *class =
		task ? dwell_catalog_class(export_catalog(export), task->class_id) : NULL;
	struct sqlite_row row = sqlite_row(export, TABLE_TASK);

	if (!task || !wants_task(&export->model, id))
		return DWELL_OK;
	sqlite_number(&row, id);
	sqlite_id(&row, task->process);
	sqlite_id(&row, task->parent);
	sqlite_word(&row, dwell_task_kind_name(task->kind));
	if (task->tid >= 0)
		sqlite_signed(&row, task->tid);
	else
		sqlite_null(&row);
	sqlite_id(&row, task->native_id);
	sqlite_text(&row, task->name);
	sqlite_text(&row, class ? class->text : (struct dwell_string){ NULL, 0 });
	sqlite_number(&row, task->born);
	sqlite_number(&row, task->created_ns);
	return sqlite_put(&row);
}

static int put_executor(struct export *export, uint32_t id)
{
	const struct dwell_catalog_executor *executor =
		dwell_catalog_executor(export_catalog(export), id);
	struct sqlite_row row = sqlite_row(export, TABLE_EXECUTOR);

	if (!executor)
		return DWELL_OK;
	sqlite_number(&row, id);
	sqlite_word(&row, dwell_executor_kind_name(executor->kind));
	sqlite_number(&row, executor->number);
	sqlite_text(&row, executor->name);
	return sqlite_put(&row);
}

/* Its name as every answer has it: its own, or where it was made, or kind and number. */
static int put_object(struct export *export, uint32_t id)
{
	const struct dwell_catalog_object *object =
		dwell_catalog_object(export_catalog(export), id);
	struct sqlite_row row = sqlite_row(export, TABLE_OBJECT);
	char name[DWELL_NAME_SIZE];

	if (!object)
		return DWELL_OK;
	dwell_name_object(name, export_catalog(export), id);
	sqlite_number(&row, id);
	sqlite_id(&row, object->process);
	sqlite_word(&row, dwell_object_kind_name(object->kind));
	sqlite_id(&row, object->native_id);
	sqlite_text(&row, (struct dwell_string){ name, strlen(name) });
	return sqlite_put(&row);
}

static int put_counter(struct export *export, uint32_t id)
{
	const struct dwell_catalog_counter *counter =
		dwell_catalog_counter(export_catalog(export), id);
	struct sqlite_row row = sqlite_row(export, TABLE_COUNTER);

	if (!counter)
		return DWELL_OK;
	sqlite_number(&row, id);
	sqlite_text(&row, counter->name);
	sqlite_word(&row, dwell_counter_kind_name(counter->kind));
	sqlite_text(&row, counter->unit);
	sqlite_signed(&row, counter->exponent);
	return sqlite_put(&row);
}

/* Innermost first; lines of inlined functions are frames of their own. */
static int put_stack(struct export *export, uint32_t id)
{
	struct dwell_frame frames[DWELL_MAX_FRAMES];
	size_t count = dwell_catalog_frames(export_catalog(export), id, frames, DWELL_MAX_FRAMES);
	int err = DWELL_OK;

	count = count < DWELL_MAX_FRAMES ? count : DWELL_MAX_FRAMES;
	for (size_t i = 0; i < count && !err; i++) {
		struct sqlite_row row = sqlite_row(export, TABLE_FRAME);

		sqlite_number(&row, id);
		sqlite_number(&row, i);
		sqlite_text(&row, frames[i].function);
		sqlite_text(&row, frames[i].file);
		sqlite_id(&row, frames[i].line);
		sqlite_text(&row, frames[i].module);
		sqlite_id(&row, frames[i].address);
		err = sqlite_put(&row);
	}
	return err;
}

int sqlite_catalog(struct export *export)
{
	const struct dwell_catalog *catalog = export_catalog(export);
	const struct {
		uint32_t end;
		int (*put)(struct export *export, uint32_t id);
	} tables[] = {
		{ dwell_catalog_processes(catalog), put_process },
		{ dwell_catalog_tasks(catalog), put_task },
		{ dwell_catalog_executors(catalog), put_executor },
		{ catalog->objects.end, put_object },
		{ catalog->counters.end, put_counter },
		{ catalog->stacks.end, put_stack },
	};
	int err = put_metas(export);

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (uint32_t id = 1; id < tables[i].end && !err; id++)
			err = tables[i].put(export, id);
	return err;
}
