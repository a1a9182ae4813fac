/* dwell explain: the story of one wait. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/message.h"
#include "cli/parts.h"
#include "cli/pick.h"
#include "cli/places.h"
#include "cli/question.h"
#include "cli/tale.h"
#include "cli/times.h"

struct answer {
	struct question question;
	struct dwell_study *study;
	const struct dwell_catalog *catalog;
	struct dwell_story *story;
};

static void json_text(struct dwell_json *json, const char *key, const char *text)
{
	dwell_json_string(json, key, *text ? text : NULL);
}

static void json_task(
	struct dwell_json *json, const char *key, const struct answer *answer, uint32_t task)
{
	char name[DWELL_NAME_SIZE];

	if (!task) {
		dwell_json_null(json, key);
		return;
	}
	dwell_json_object(json, key);
	dwell_json_number(json, "id", task);
	dwell_json_string(json, "name", dwell_name_task(name, answer->catalog, task));
	json_text(json, "class", dwell_name_class(name, answer->catalog, task));
	dwell_json_end_object(json);
}

static void json_site(
	struct dwell_json *json, const char *key, const struct answer *answer, uint32_t stack)
{
	char text[DWELL_NAME_SIZE];

	json_text(json, key, dwell_name_site(text, answer->catalog, stack));
}

static void json_reason(struct dwell_json *json, unsigned reason)
{
	dwell_json_string(json, "reason", reason ? dwell_reason_name(reason) : NULL);
}

static void json_wait(
	struct dwell_json *json, const struct answer *answer, const struct dwell_story_wait *wait)
{
	static const char *const since[] = { NULL, "acquire", "wait" };
	char text[DWELL_NAME_SIZE];

	dwell_json_object(json, NULL);
	dwell_json_string(json, "id", part_id(text, wait->id));
	dwell_json_number(json, "start_ns", wait->start_ns);
	dwell_json_number(json, "end_ns", wait->end_ns);
	dwell_json_number(json, "whole_start_ns", wait->all_start_ns);
	dwell_json_number(json, "whole_end_ns", wait->all_end_ns);
	dwell_json_bool(json, "begun_again", wait->again);
	if (wait->parent)
		dwell_json_number(json, "parent", wait->parent - 1);
	else
		dwell_json_null(json, "parent");
	json_task(json, "task", answer, wait->task);
	json_reason(json, wait->reason);
	part_object_json(json, "object", answer->catalog, wait->object);
	json_site(json, "site", answer, wait->stack);
	part_stack_json(json, "stack", answer->catalog, wait->stack);
	json_task(json, "ended_by", answer, wait->waker);
	json_site(json, "ended_at", answer, wait->waker_stack);
	part_stack_json(json, "ended_stack", answer->catalog, wait->waker_stack);
	json_task(json, "holder_at_start", answer, wait->holder);
	if (wait->since)
		dwell_json_number(json, "held_since_ns", wait->since_ns);
	else
		dwell_json_null(json, "held_since_ns");
	dwell_json_string(json, "held_since_how", since[wait->since]);
	dwell_json_string(json, "stop", dwell_stop_name(wait->stop));
	dwell_json_end_object(json);
}

static void json_ran(
	struct dwell_json *json, const struct answer *answer, const struct dwell_story_step *step)
{
	dwell_json_array(json, "ran_instead");
	for (uint32_t i = 0; i < step->ran_count; i++) {
		const struct dwell_occupant *ran = &answer->story->ran[step->ran_first + i];

		dwell_json_object(json, NULL);
		json_task(json, "task", answer, ran->task);
		dwell_json_string(json, "kind", dwell_occupant_name(ran->kind));
		dwell_json_number(json, "ns", ran->ns);
		dwell_json_end_object(json);
	}
	dwell_json_end_array(json);
}

static void json_step(
	struct dwell_json *json, const struct answer *answer, const struct dwell_story_step *step)
{
	char text[DWELL_NAME_SIZE];

	dwell_json_object(json, NULL);
	dwell_json_number(json, "start_ns", step->is.start_ns);
	dwell_json_number(json, "end_ns", step->is.end_ns);
	if (step->wait)
		dwell_json_number(json, "wait", step->wait - 1);
	else
		dwell_json_null(json, "wait");
	json_task(json, "task", answer, step->is.task);
	dwell_json_string(json, "state", dwell_state_name(step->is.state));
	json_reason(json, step->is.reason);
	json_text(json, "executor", dwell_name_executor(text, answer->catalog, step->is.executor));
	dwell_json_string(json, "stop", dwell_stop_name(step->is.stop));
	if (step->is.state == DWELL_RUNNABLE)
		json_ran(json, answer, step);
	dwell_json_end_object(json);
}

static void print_json(const struct answer *answer)
{
	static const char *const kinds[] = { NULL, "wait", "latency", "doing" };
	const struct dwell_story *story = answer->story;
	struct dwell_json json;
	char text[DWELL_NAME_SIZE];

	question_json(&answer->question, &json);
	dwell_json_object(&json, "story");
	dwell_json_string(&json, "id", part_id(text, story->id));
	dwell_json_string(&json, "kind", kinds[story->subject.kind]);
	json_task(&json, "task", answer, story->subject.task);
	dwell_json_number(&json, "start_ns", story->from_ns);
	dwell_json_number(&json, "end_ns", story->to_ns);
	dwell_json_bool(&json, "open", story->subject.open);
	dwell_json_number(&json, "stands_for", story->subject.others + 1);
	dwell_json_number(&json, "left_out", story->left_out);
	dwell_json_end_object(&json);
	dwell_json_array(&json, "waits");
	for (size_t i = 0; i < story->wait_count; i++)
		json_wait(&json, answer, &story->waits[i]);
	dwell_json_end_array(&json);
	dwell_json_array(&json, "steps");
	for (size_t i = 0; i < story->step_count; i++)
		json_step(&json, answer, &story->steps[i]);
	dwell_json_end_array(&json);
	dwell_json_end_object(&json);
}

static int print_text(const struct answer *answer)
{
	const struct question *question = &answer->question;
	struct tale tale = {
		.story = answer->story,
		.catalog = answer->catalog,
		.style = question->style,
		.has_wakes = dwell_study_facts(answer->study)->has_wakes,
		.limit = question->request->limit,
	};
	const struct dwell_catalog_task *task =
		dwell_catalog_task(answer->catalog, answer->story->subject.task);
	char what[256];
	int err;

	head_print(&question->style, &question->head);
	err = tale_print(&tale);
	if (err)
		return complain(STATUS_REFUSED, "explain", "%s", dwell_strerror(err));
	snprintf(what, sizeof(what), "all of that task's time: dwell path --task %" PRId64,
		!task             ? (int64_t)0
		: task->native_id ? (int64_t)task->native_id
				  : task->tid);
	next_step(&question->style, what, question->trace.path);
	return STATUS_DONE;
}

/* TASK@T */
static int find_moment(struct answer *answer, const char *text, struct dwell_subject *subject)
{
	const char *at = strrchr(text, '@');
	struct dwell_diag diag = { .offset = UINT64_MAX };
	struct moment moment;
	char task[256];
	uint32_t id;
	int status, err;

	snprintf(task, sizeof(task), "%.*s", (int)(at - text), text);
	if (!moment_parse(at + 1, &moment) || moment.kind == MOMENT_ID)
		return complain(STATUS_ASKED, at + 1, "not a time: 1.5s, 200ms");
	if (moment.kind == MOMENT_CLOCK)
		moment.ns =
			moment_of_day(moment.ns, dwell_study_facts(answer->study)->start_unix_ns);
	status = pick_task(answer->catalog, task, &id);
	if (status)
		return status;
	err = dwell_subject_at(subject, answer->study, id, moment.ns, &diag);
	if (err == DWELL_END)
		return complain(STATUS_ASKED, text, "the task did not live then");
	return err ? input_complain(answer->question.trace.path, err, &diag) : STATUS_DONE;
}

/* Of a finding: what who is to blame did where it says to look. */
static int find_finding(
	struct answer *answer, const char *text, uint64_t id, struct dwell_subject *subject)
{
	struct dwell_diag diag = { .offset = UINT64_MAX };
	struct dwell_finding finding;
	bool found;
	int err, status = place_finding(&finding, &found, &answer->question.trace, id);

	if (status)
		return status;
	if (!found || !finding.task_count)
		return complain(STATUS_ASKED, text,
			"no wait, latency or finding has this id; blocked, locks, latency, path and findings print them");
	err = dwell_subject_at(subject, answer->study, finding.tasks[0], finding.at_ns, &diag);
	if (err == DWELL_END)
		return complain(STATUS_ASKED, text, "who is to blame for it did not live then");
	return err ? input_complain(answer->question.trace.path, err, &diag) : STATUS_DONE;
}

static int find_subject(struct answer *answer, const char *text, struct dwell_subject *subject)
{
	struct dwell_diag diag = { .offset = UINT64_MAX };
	uint64_t id;
	int err;

	if (strchr(text, '@'))
		return find_moment(answer, text, subject);
	if (!place_parse(text, &id))
		return complain(STATUS_ASKED, text,
			"neither an id, as blocked, locks, latency, path and findings print them, nor TASK@T");
	err = dwell_subject_of_id(subject, answer->study, id, &diag);
	if (err == DWELL_END)
		return find_finding(answer, text, id, subject);
	return err ? input_complain(answer->question.trace.path, err, &diag) : STATUS_DONE;
}

static int ask(struct answer *answer, const char *what)
{
	struct question *question = &answer->question;
	struct dwell_diag diag = { .offset = UINT64_MAX };
	struct dwell_subject subject;
	int err = dwell_study_open(&answer->study, question->trace.import.source, &diag), status;

	if (err)
		return input_complain(question->trace.path, err, &diag);
	answer->catalog = dwell_study_catalog(answer->study);
	status = find_subject(answer, what, &subject);
	if (status)
		return status;
	err = dwell_explain(&answer->story, answer->study, &subject, &diag);
	if (err)
		return input_complain(question->trace.path, err, &diag);
	question_head(question, &answer->story->trace);
	return STATUS_DONE;
}

int cmd_explain(struct request *request)
{
	const char *what = request->operands[0];
	struct answer answer = { 0 };
	int status;

	request->operands++;
	request->operand_count--;
	status = question_open(&answer.question, request, 0);
	if (!status)
		status = ask(&answer, what);
	if (!status && request->json)
		print_json(&answer);
	else if (!status)
		status = print_text(&answer);
	dwell_story_free(answer.story);
	dwell_study_close(answer.study);
	question_close(&answer.question);
	return status;
}
