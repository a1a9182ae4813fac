#include <stdlib.h>

#include "cli/commands.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/question.h"
#include "dwell/filter.h"

const struct option cut_options[] = {
	{ .name = "strip",
		.type = OPTION_FLAG,
		.target = offsetof(struct cut_request, strip),
		.help = "remove paths, arguments and names of other processes" },
	{ .name = NULL },
};

/* The tasks that the selectors name, by id. */
struct kept {
	bool *tasks; /* NULL: all */
	uint32_t count;
	bool *own; /* by process: it was to be recorded, or no other one was */
	uint32_t processes;
};

static bool keeps(void *context, const struct dwell_task *task)
{
	const struct kept *kept = context;

	return task->id < kept->count && kept->tasks[task->id];
}

static bool is_own(void *context, const struct dwell_process *process)
{
	const struct kept *kept = context;

	return process->id < kept->processes && kept->own[process->id];
}

/* Names of others are not to leave the house: whose these are is known at the trace's end. */
static int find_own(struct kept *kept, const struct dwell_catalog *catalog)
{
	bool marked = false;

	kept->processes = dwell_catalog_processes(catalog);
	kept->own = calloc(kept->processes ? kept->processes : 1, sizeof(*kept->own));
	if (!kept->own)
		return complain(STATUS_REFUSED, "cut", "out of memory");
	for (uint32_t id = 1; id < kept->processes; id++) {
		const struct dwell_catalog_process *process = dwell_catalog_process(catalog, id);

		kept->own[id] = process && process->recorded;
		marked |= kept->own[id];
	}
	for (uint32_t id = 1; id < kept->processes && !marked; id++)
		kept->own[id] = true;
	return STATUS_DONE;
}

/*
 * Ask `tasks` which ones the selectors name, so that a cut holds what an answer
 * with the same selectors is about. Says what is wrong; an exit status.
 */
static int select_tasks(struct question *question, struct kept *kept)
{
	const struct request *request = question->request;
	const bool chosen = request->task || request->class || request->process;
	const bool strip = ((const struct cut_request *)request)->strip;
	const struct dwell_tasks *tasks;
	int status = chosen || strip ? question_ask(question) : STATUS_DONE;

	if (!status && strip)
		status = find_own(kept, question->answer->catalog);
	if (status || !chosen)
		return status;
	kept->count = dwell_catalog_tasks(question->answer->catalog);
	kept->tasks = calloc(kept->count ? kept->count : 1, sizeof(*kept->tasks));
	if (!kept->tasks)
		return complain(STATUS_REFUSED, "cut", "out of memory");
	tasks = question->answer->tasks;
	for (size_t i = 0; i < tasks->count; i++)
		if (tasks->rows[i].task < kept->count)
			kept->tasks[tasks->rows[i].task] = true;
	return STATUS_DONE;
}

static int write_cut(struct question *question, struct kept *kept, struct output *output)
{
	const struct dwell_selection *selection = &question->query.selection;
	const struct dwell_filter_options options = {
		.from_ns = selection->from_ns,
		.to_ns = selection->to_ns,
		.strip = ((const struct cut_request *)question->request)->strip,
		.own_process = kept->own ? is_own : NULL,
		.keep_task = kept->tasks ? keeps : NULL,
		.context = kept,
	};
	const struct dwell_source_options window = { .from_ns = selection->from_ns,
		.to_ns = selection->to_ns };
	struct dwell_encoder *encoder = NULL;
	struct dwell_filter *filter = NULL;
	int status;

	if (dwell_encoder_new(&encoder, &output->output, NULL) ||
		dwell_filter_new(&filter, dwell_encoder_sink(encoder), &options))
		status = complain(STATUS_REFUSED, "cut", "out of memory");
	else
		status = output_encode(output, question->trace.path, question->trace.import.source,
			&window, dwell_filter_sink(filter), encoder);
	dwell_filter_free(filter);
	dwell_encoder_free(encoder);
	return status;
}

int cmd_cut(struct request *request)
{
	struct question question;
	struct kept kept = { .tasks = NULL };
	struct output output;
	int status = question_open(&question, request, DWELL_ANALYZE_TASKS);

	if (!status)
		status = select_tasks(&question, &kept);
	if (!status)
		status = output_open(&output, request->output, question.trace.path);
	if (!status)
		status = output_close(&output, write_cut(&question, &kept, &output));
	free(kept.tasks);
	free(kept.own);
	question_close(&question);
	return status;
}
