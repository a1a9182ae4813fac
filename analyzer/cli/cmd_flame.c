#include <string.h>

#include "cli/commands.h"
#include "cli/flame_tree.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/question.h"
#include "dwell/flame.h"

const struct option flame_options[] = {
	{ .name = "of",
		.argument = "WHAT",
		.type = OPTION_WORD,
		.words = of_words,
		.target = offsetof(struct flame_request, of),
		.help = "what a frame's width stands for (default blocked)" },
	{ .name = "svg",
		.type = OPTION_FLAG,
		.target = offsetof(struct flame_request, svg),
		.help = "draw a picture, also where FILE does not end in .svg" },
	{ .name = NULL },
};

static const struct {
	const char *title;
	uint16_t hue;
} looks[] = {
	[DWELL_FLAME_BLOCKED] = { "Time blocked, by where tasks waited", 205 },
	[DWELL_FLAME_RUNNABLE] = { "Time runnable, by where tasks had left", 45 },
	[DWELL_FLAME_LOCK] = { "Time waited for something held", 265 },
	[DWELL_FLAME_WAKE] = { "Time blocked, by who ended it", 120 },
	[DWELL_FLAME_CPU] = { "Time running, by samples", 20 },
};

static bool wants_svg(const struct request *request)
{
	const char *path = request->output;
	const size_t length = path ? strlen(path) : 0;

	return ((const struct flame_request *)request)->svg ||
	       (length > 4 && !strcmp(path + length - 4, ".svg"));
}

static void write_flame(const struct question *question, struct dwell_flame *flame, FILE *file)
{
	const unsigned of = question->answer->flames->of;
	const struct dwell_flame_look look = {
		.title = looks[of].title,
		.subtitle = question->trace.path,
		.hue = looks[of].hue,
		.duration = 1,
	};

	if (wants_svg(question->request))
		dwell_flame_svg(flame, file, &look);
	else
		dwell_flame_folded(flame, file);
}

static int answer(const struct question *question)
{
	const char *path = question->request->output;
	struct dwell_flame *flame = NULL;
	struct output output = { .file = stdout };
	int status = STATUS_DONE;

	if (flame_tree(&flame, question->answer))
		status = complain(STATUS_REFUSED, "flame", "out of memory");
	else if (path && strcmp(path, "-"))
		status = output_open(&output, path, question->trace.path);
	if (!status) {
		write_flame(question, flame, output.file);
		if (!dwell_flame_total(flame))
			complain(STATUS_DONE, question->trace.path, "has no %s stacks",
				of_words[question->answer->flames->of]);
		status = output_close(&output, STATUS_DONE);
	}
	dwell_flame_free(flame);
	return status;
}

int cmd_flame(struct request *request)
{
	struct question question;
	int status = question_open(&question, request, DWELL_ANALYZE_FLAME);

	question.query.flame_of = flame_of(((const struct flame_request *)request)->of);
	if (!status)
		status = question_ask(&question);
	if (!status)
		status = answer(&question);
	question_close(&question);
	return status;
}
