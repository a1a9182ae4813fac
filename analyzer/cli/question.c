#include "cli/question.h"

#include <string.h>

#include "cli/message.h"
#include "cli/pick.h"
#include "cli/places.h"
#include "cli/progress.h"
#include "cli/window.h"
#include "dwell/reader.h"

/* A sink that only hears when the trace began. */
struct probe {
	struct dwell_sink sink;
	uint64_t start_unix_ns;
};

static int on_begin(struct dwell_sink *sink, const struct dwell_trace_info *info)
{
	((struct probe *)sink)->start_unix_ns = info->start_unix_ns;
	return 0;
}

/* When the trace began, for times of day. Says what is wrong; an exit status. */
static int find_start(struct question *question, uint64_t *start_unix_ns)
{
	static const struct dwell_sink_ops ops = { .begin = on_begin };
	static const struct dwell_source_options everything;
	struct dwell_source *source = question->trace.import.source;
	struct probe probe = { .sink.ops = &ops };
	const int err = source->ops->start(source, &everything, &probe.sink);

	*start_unix_ns = probe.start_unix_ns;
	return err ? input_complain(question->trace.path, err, source->ops->diag(source))
		   : STATUS_DONE;
}

/* Where the @IDs lie. Says what is wrong; an exit status. */
static int find_places(struct question *question, const struct window *window, uint64_t at_ns[2])
{
	int status = STATUS_DONE;

	for (int i = 0; i < 2 && !status; i++) {
		const char *text = window->texts[i];
		struct place place = { 0 };

		if (!text || *text != '@')
			continue;
		status = place_find(&place, &question->trace, text);
		at_ns[i] = i ? place.end_ns : place.start_ns;
	}
	return status;
}

static int read_window(struct question *question, const struct window *window)
{
	struct dwell_selection *selection = &question->query.selection;
	uint64_t start_unix_ns = 0, places[2] = { 0, 0 }, to_ns;
	int status = STATUS_DONE;

	if (window->has_clock)
		status = find_start(question, &start_unix_ns);
	if (!status && window->has_id)
		status = find_places(question, window, places);
	if (!status)
		status = window_resolve(window, start_unix_ns, places, &selection->from_ns, &to_ns);
	if (!status)
		selection->to_ns = to_ns == UINT64_MAX ? 0 : to_ns;
	return status;
}

int question_open(struct question *question, const struct request *request, unsigned analyses)
{
	struct window window;

	*question = (struct question){
		.request = request,
		.query = {
			.analyses = analyses,
			.worst = request->limit,
			.selection = {
				.all_processes = request->all_processes,
				.task_glob = request->task,
				.class_glob = request->class,
				.process_glob = request->process,
				.object_glob = request->object,
				.reasons = request->reasons,
			},
		},
		.style = terminal_style(),
	};

	int status = window_parse(&window, request);

	if (!status)
		status = trace_open(&question->trace, trace_path(request, 0));
	return status ? status : read_window(question, &window);
}

void question_head(struct question *question, const struct dwell_trace_facts *facts)
{
	question->head = (struct head){
		.path = question->trace.path,
		.source = facts->source,
		.duration_ns = facts->end_ns - facts->begin_ns,
		.start_unix_ns = facts->start_unix_ns,
		.closed = facts->closed,
		.tasks = facts->tasks,
		.other_tasks = facts->other_tasks,
		.left_out = !question->request->all_processes && !question->request->process,
		.executors = facts->executors,
		.events = facts->events,
		.lost_events = facts->lost_events,
		.losses = facts->losses,
		.bytes = question->trace.import.bytes,
		.coverage_ppm = facts->coverage_ppm,
		.stack_ppm = facts->waits.stack_ppm,
		.object_ppm = facts->waits.object_ppm,
		.holder_ppm = facts->waits.holder_ppm,
		.waker_ppm = facts->waits.waker_ppm,
		.levels = facts->levels,
	};
}

/* Where the trace ends, as far as its file says so without being read. */
static uint64_t known_end(const struct question *question)
{
	const struct dwell_reader *reader = question->trace.import.reader;
	const uint64_t end_ns = reader ? dwell_reader_summary(reader)->end.end_ns : 0;
	const uint64_t to_ns = question->query.selection.to_ns;

	return to_ns && to_ns < end_ns ? to_ns : end_ns;
}

/* Not "nothing to show": that would be an answer about tasks that there are. */
static int complain_of_nobody(const struct request *request)
{
	if (!!request->task + !!request->class + !!request->process > 1)
		return complain(STATUS_ASKED, request->command->name,
			"no task is of all that --task, --class and --process say");
	if (request->task)
		return complain(STATUS_ASKED, request->task, "%s", pick_no_such_task);
	if (request->class)
		return complain(STATUS_ASKED, request->class,
			"no class of this name; `dwell tasks --by class --limit 0` lists them");
	return complain(STATUS_ASKED, request->process,
		"no process of this name or number; `dwell tasks --by process --limit 0` lists them");
}

int question_ask(struct question *question)
{
	struct dwell_diag diag = { .offset = UINT64_MAX };
	struct progress progress;

	progress_begin(&progress, question->query.selection.from_ns, known_end(question));
	question->query.progress = progress_tell;
	question->query.progress_context = &progress;

	const int err = dwell_analyze(
		&question->answer, question->trace.import.source, &question->query, &diag);

	progress_end(&progress);
	if (err == DWELL_EINVAL)
		return complain(STATUS_ASKED, question->trace.path, "%s",
			*diag.what ? diag.what : "has nothing between --from and --to");
	if (err)
		return input_complain(question->trace.path, err, &diag);
	if (question->answer->trace.names_nobody)
		return complain_of_nobody(question->request);
	question_head(question, &question->answer->trace);
	return STATUS_DONE;
}

void question_close(struct question *question)
{
	dwell_answer_free(question->answer);
	trace_close(&question->trace);
}

int question_answer(const struct request *request, unsigned analyses,
	void (*json)(const struct question *), int (*text)(const struct question *))
{
	struct question question;
	int status = question_open(&question, request, analyses);

	if (!status)
		status = question_ask(&question);
	if (!status && request->json)
		json(&question);
	else if (!status)
		status = text(&question);
	question_close(&question);
	return status;
}

unsigned question_by(const struct request *request, unsigned otherwise)
{
	for (unsigned by = 1; request->by && by < DWELL_BY_COUNT; by++)
		if (!strcmp(dwell_by_name(by), request->by))
			return by;
	return otherwise;
}

size_t question_limit(const struct question *question, size_t count)
{
	return question->request->limit < count ? (size_t)question->request->limit : count;
}

void question_json(const struct question *question, struct dwell_json *json)
{
	char schema[64];

	dwell_json_init(json, stdout);
	dwell_json_object(json, NULL);
	snprintf(schema, sizeof(schema), "dwell.%s/1", question->request->command->name);
	dwell_json_string(json, "schema", schema);
	head_json(json, &question->head);
}

static void print_left_out(const struct question *question, size_t rows, size_t count)
{
	char number[DWELL_NUMBER_SIZE];

	if (rows >= count)
		return;
	dwell_style_tone(&question->style, DWELL_TONE_FAINT);
	printf("%s more: --limit 0\n", dwell_format_count(number, count - rows));
	dwell_style_tone(&question->style, DWELL_TONE_PLAIN);
}

int question_table(const struct question *question, struct dwell_table *table, size_t count)
{
	int err = table ? 0 : DWELL_ENOMEM;

	if (!err && question->request->csv) {
		err = dwell_table_csv(table, stdout);
	} else if (!err) {
		if (dwell_table_rows(table))
			err = dwell_table_print(table, &question->style);
		else
			puts("nothing to show");
		print_left_out(question, dwell_table_rows(table), count);
	}
	dwell_table_free(table);
	return err ? complain(STATUS_REFUSED, question->request->command->name, "%s",
			     dwell_strerror(err))
		   : STATUS_DONE;
}
