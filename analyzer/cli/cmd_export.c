#include <string.h>

#include "cli/commands.h"
#include "cli/flame_tree.h"
#include "cli/message.h"
#include "cli/openmetrics.h"
#include "cli/output.h"
#include "cli/question.h"
#include "dwell/exporter.h"

/* How each form is made: of rows and states as they come, or of an answer. */
static const struct {
	const char *word;
	unsigned analyses; /* 0: dwell_export_events, of `kind` */
	unsigned kind;
} forms[] = {
	{ "perfetto", 0, DWELL_EXPORT_PERFETTO },
	{ "chrome", 0, DWELL_EXPORT_CHROME },
	{ "pprof", DWELL_ANALYZE_FLAME, 0 },
	{ "folded", DWELL_ANALYZE_FLAME, 0 },
	{ "openmetrics", DWELL_ANALYZE_METRICS, 0 },
	{ "csv", 0, DWELL_EXPORT_CSV },
	{ "sqlite", 0, DWELL_EXPORT_SQLITE },
};

enum { FORMS = sizeof(forms) / sizeof(forms[0]) };

static const char *const form_words[] = { "perfetto", "chrome", "pprof", "folded", "openmetrics",
	"csv", "sqlite", NULL };

const struct option export_options[] = {
	{ .name = "to",
		.argument = "FORM",
		.type = OPTION_WORD,
		.words = form_words,
		.target = offsetof(struct export_request, to),
		.help = "what to write" },
	{ .name = "of",
		.argument = "WHAT",
		.type = OPTION_WORD,
		.words = of_words,
		.target = offsetof(struct export_request, of),
		.help = "of pprof and folded: what stacks are weighted by (default blocked)" },
	{ .name = NULL },
};

static int write_answer(const struct question *question, const char *word, FILE *file)
{
	struct dwell_flame *flame = NULL;
	int err = DWELL_OK;

	if (!strcmp(word, "openmetrics"))
		openmetrics_print(question->answer, file);
	else if (!strcmp(word, "pprof"))
		err = dwell_export_pprof(question->answer, file);
	else
		err = flame_tree(&flame, question->answer);
	if (flame && !err)
		dwell_flame_folded(flame, file);
	dwell_flame_free(flame);
	return err == DWELL_ENOMEM ? complain(STATUS_REFUSED, word, "out of memory") : STATUS_DONE;
}

static int write_events(const struct question *question, unsigned kind, const struct output *output)
{
	const struct dwell_export_target target = { output->file, output->path };
	struct dwell_diag diag = { .offset = UINT64_MAX };
	const int err = dwell_export_events(
		kind, &target, question->trace.import.source, &question->query, &diag);

	if (!err || ferror(output->file))
		return STATUS_DONE; /* closing says what is wrong with the file */
	if (err == DWELL_EIO && *diag.what)
		return complain(STATUS_REFUSED, output->path, "%s", diag.what);
	return input_complain(question->trace.path, err, &diag);
}

static int export_to(struct question *question, size_t form)
{
	struct output output;
	int status = STATUS_DONE;

	question->query.flame_of = flame_of(((const struct export_request *)question->request)->of);
	question->query.flame_as_go = true;
	if (forms[form].analyses)
		status = question_ask(question);
	if (status)
		return status;
	status = output_open(&output, question->request->output, question->trace.path);
	if (status)
		return status;
	if (forms[form].analyses)
		status = write_answer(question, forms[form].word, output.file);
	else
		status = write_events(question, forms[form].kind, &output);
	return output_close(&output, status);
}

int cmd_export(struct request *request)
{
	const char *to = ((const struct export_request *)request)->to;
	struct question question;
	size_t form = 0;
	int status;

	if (!to)
		return complain(STATUS_ASKED, "--to", "needed: what to write");
	while (form + 1 < FORMS && strcmp(forms[form].word, to))
		form++;
	if (forms[form].kind == DWELL_EXPORT_SQLITE && request->output &&
		!strcmp(request->output, "-"))
		return complain(STATUS_ASKED, "-o -", "SQLite needs a file");
	status = question_open(&question, request, forms[form].analyses);
	if (!status)
		status = export_to(&question, form);
	question_close(&question);
	return status;
}
