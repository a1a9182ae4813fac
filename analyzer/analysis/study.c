/* A trace whose definitions were read, and histories of its windows. */
#include <stdlib.h>

#include "analysis/history.h"
#include "dwell/causes.h"

int dwell_study_open(struct dwell_study **out, struct dwell_source *source, struct dwell_diag *diag)
{
	struct dwell_study *study = calloc(1, sizeof(*study));
	int err;

	if (!study)
		return DWELL_ENOMEM;
	study->model.source = source;
	err = model_learn(&study->model, diag);
	if (err) {
		dwell_study_close(study);
		return err;
	}
	study->facts = (struct dwell_study_facts){
		.begin_ns = study->model.info.begin_ns,
		.end_ns = study->model.end_ns,
		.start_unix_ns = study->model.info.start_unix_ns,
		.levels = study->model.info.levels,
		.has_wakes = study->model.has_wakes,
		.closed = study->model.ended && study->model.end.closed,
	};
	*out = study;
	return DWELL_OK;
}

void dwell_study_close(struct dwell_study *study)
{
	if (study)
		model_release(&study->model);
	free(study);
}

const struct dwell_catalog *dwell_study_catalog(const struct dwell_study *study)
{
	return study->model.catalog;
}

const struct dwell_study_facts *dwell_study_facts(const struct dwell_study *study)
{
	return &study->facts;
}

/* How much a task is the main one of its process. */
static unsigned mainness(const struct dwell_catalog *catalog, const struct dwell_catalog_task *task)
{
	const struct dwell_catalog_process *process = dwell_catalog_process(catalog, task->process);

	if (process && task->tid >= 0 && task->tid == process->pid)
		return 3;
	return task->kind == DWELL_TASK_GOROUTINE && task->native_id == 1 ? 2 : 1;
}

static uint32_t main_of(const struct model *model)
{
	const struct dwell_catalog *catalog = model->catalog;
	const struct dwell_catalog_task *best = NULL;

	for (uint32_t id = 1; id < dwell_catalog_tasks(catalog); id++) {
		const struct dwell_catalog_task *task = dwell_catalog_task(catalog, id);

		if (!task || !wants_task(model, id))
			continue;
		if (!best || task->process < best->process ||
			(task->process == best->process &&
				mainness(catalog, task) > mainness(catalog, best)))
			best = task;
	}
	return best ? best->id : DWELL_NONE;
}

uint32_t dwell_study_main(const struct dwell_study *study, const struct dwell_selection *selection)
{
	struct model model = study->model;
	uint32_t task = DWELL_NONE;

	model.selection = *selection;
	model.task_bits = model.scope_bits = model.object_bits = NULL;
	if (!model_select(&model))
		task = main_of(&model);
	free(model.task_bits);
	free(model.scope_bits);
	free(model.object_bits);
	return task;
}

int dwell_history_read(struct dwell_history **out, struct dwell_study *study,
	const struct dwell_history_options *options, struct dwell_diag *diag)
{
	struct dwell_history *history = calloc(1, sizeof(*history));
	struct model view;
	int err = history ? model_view(&study->model, options->from_ns, options->to_ns, &view)
			  : DWELL_ENOMEM;

	if (err) {
		free(history);
		return dwell_diag_set(diag, err, UINT64_MAX, 0, "%s",
			err == DWELL_EINVAL ? "nothing lies between these times"
					    : dwell_strerror(err));
	}
	history_init(history, &view, options->parts, options->limit);
	err = model_part(&view, 0, view.parts, &history_ops, history, NULL);
	if (!err)
		history_index(history);
	history->model = NULL; /* the view ends here */
	for (size_t i = 0; !err && i < history->stretches.count; i++)
		if (is_earlier(history_told(history, i)->let_go_ns))
			history_told(history, i)->let_go_ns = 0;
	if (!err) {
		*out = history;
		return DWELL_OK;
	}
	dwell_history_free(history);
	if (err == DWELL_ELIMIT)
		return dwell_diag_set(diag, err, UINT64_MAX, 0,
			"too much happened between these times to be held in memory");
	return model_complain(&study->model, err, diag);
}

void dwell_history_free(struct dwell_history *history)
{
	if (history)
		history_release(history);
	free(history);
}
