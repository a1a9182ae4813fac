#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/parts.h"
#include "cli/question.h"
#include "dwell/flame.h"
#include "dwell/limits.h"

/* In the order of enum dwell_flame_of. */
static const char *const of_words[] = { "blocked", "runnable", "lock", "wake", "cpu", NULL };

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

static unsigned flame_of(const struct request *request)
{
	const char *of = ((const struct flame_request *)request)->of;
	unsigned word = 0;

	while (of && of_words[word] && strcmp(of_words[word], of))
		word++;
	return word;
}

/* Names that had to be made for one stack. */
struct made {
	char text[DWELL_MAX_FRAMES][64];
	size_t count;
};

static struct dwell_string frame_name(const struct dwell_frame *frame, struct made *made)
{
	char text[DWELL_NAME_SIZE];
	char *out;

	if (frame->function.size || made->count == DWELL_MAX_FRAMES)
		return frame->function;
	out = made->text[made->count++];
	dwell_name_frame(text, frame, false);
	snprintf(out, sizeof(made->text[0]), "%.63s", text);
	return (struct dwell_string){ out, strlen(out) };
}

/* Class, the stack from outside in, the reason. */
static int add_row(struct dwell_flame *flame, const struct dwell_catalog *catalog,
	const struct dwell_flame_row *row, bool cpu)
{
	struct dwell_string names[DWELL_MAX_FRAMES + 3];
	struct dwell_frame frames[DWELL_MAX_FRAMES];
	struct made made = { .count = 0 };
	char class[DWELL_NAME_SIZE], reason[64];
	size_t inner = dwell_catalog_frames(catalog, row->stack, frames, DWELL_MAX_FRAMES);
	size_t count = 0;

	if (*dwell_name_class(class, catalog, row->task))
		names[count++] = (struct dwell_string){ class, strlen(class) };
	inner = inner < DWELL_MAX_FRAMES ? inner : DWELL_MAX_FRAMES;
	while (inner--)
		names[count++] = frame_name(&frames[inner], &made);
	if (!cpu && dwell_reason_name(row->reason)) {
		snprintf(reason, sizeof(reason), "[%s]", dwell_reason_name(row->reason));
		names[count++] = (struct dwell_string){ reason, strlen(reason) };
	}
	return dwell_flame_add(flame, names, count, row->weight_ns);
}

static int build(struct dwell_flame **out, const struct question *question)
{
	const struct dwell_flames *flames = question->answer->flames;
	int err = dwell_flame_new(out);

	for (size_t i = 0; i < flames->count && !err; i++)
		err = add_row(*out, question->answer->catalog, &flames->rows[i],
			flames->of == DWELL_FLAME_CPU);
	return err;
}

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

	if (build(&flame, question))
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

	question.query.flame_of = flame_of(request);
	if (!status)
		status = question_ask(&question);
	if (!status)
		status = answer(&question);
	question_close(&question);
	return status;
}
