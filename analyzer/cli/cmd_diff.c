#include <string.h>

#include "cli/commands.h"
#include "cli/digests.h"
#include "cli/head.h"
#include "cli/message.h"
#include "report/compare.h"

static const char *const formats[] = { "text", "json", "markdown", "junit", "github", NULL };

#define TARGET(member) offsetof(struct diff_request, member)

/* A table's entries that diff and check share but for the help. */
#define OPTION_POLICY(words)                                                                       \
	.name = "policy", .letter = 'p', .argument = "FILE", .type = OPTION_FILE,                  \
	.target = TARGET(policy), .help = (words)
#define OPTION_FORMAT                                                                              \
	.name = "format", .argument = "FORM", .type = OPTION_WORD, .words = formats,               \
	.target = TARGET(format), .help = "how the answer is printed"

const struct option diff_options[] = {
	{ OPTION_POLICY("limits and exceptions, in YAML; without it the defaults hold") },
	{ OPTION_FORMAT },
	{ .name = NULL },
};

const struct option check_options[] = {
	{ OPTION_POLICY("the budgets, in YAML") },
	{ OPTION_FORMAT },
	{ .name = NULL },
};

static bool is_form(const struct diff_request *request, const char *form)
{
	if (request->request.json)
		return !strcmp(form, "json");
	return !strcmp(request->format ? request->format : "text", form);
}

/* What every answer says of its trace, here of the first run of the head. */
static void put_trace(struct dwell_json *json, const struct run_file *file)
{
	const struct dwell_trace_facts *trace = &file->digest->trace;
	const struct head head = {
		.path = file->path,
		.source = trace->source,
		.duration_ns = trace->end_ns - trace->begin_ns,
		.start_unix_ns = trace->start_unix_ns,
		.closed = trace->closed,
		.tasks = trace->tasks,
		.executors = trace->executors,
		.events = trace->events,
		.bytes = file->bytes,
		.lost_events = trace->lost_events,
		.losses = trace->losses,
		.coverage_ppm = trace->coverage_ppm,
		.stack_ppm = trace->waits.stack_ppm,
		.object_ppm = trace->waits.object_ppm,
		.holder_ppm = trace->waits.holder_ppm,
		.waker_ppm = trace->waits.waker_ppm,
		.levels = trace->levels,
	};

	head_json(json, &head);
}

static void begin_json(struct dwell_json *json, const char *schema, const struct run_file *file)
{
	dwell_json_init(json, stdout);
	dwell_json_object(json, NULL);
	dwell_json_string(json, "schema", schema);
	put_trace(json, file);
}

static int status_of(unsigned verdict)
{
	return verdict == DWELL_REGRESSED  ? STATUS_NO
	       : verdict == DWELL_WITHHELD ? STATUS_WITHHELD
					   : STATUS_DONE;
}

static int out_of_memory(const struct request *request)
{
	return complain(STATUS_REFUSED, request->command->name, "%s", dwell_strerror(DWELL_ENOMEM));
}

/* The forms an answer can be printed in. */
struct printer {
	const char *schema;
	void (*json)(struct dwell_json *json, const struct compared *compared);
	void (*markdown)(FILE *file, const struct compared *compared);
	void (*junit)(FILE *file, const struct compared *compared);
	void (*github)(FILE *file, const struct compared *compared);
	int (*text)(const struct dwell_style *style, const struct compared *compared);
};

/* Print it as the request has it; what it comes to is `verdict`. An exit status. */
static int print_answer(const struct printer *printer, const struct diff_request *request,
	const struct compared *compared, const struct run_file *head, unsigned verdict)
{
	const struct dwell_style style = terminal_style();
	struct dwell_json json;

	if (is_form(request, "json")) {
		begin_json(&json, printer->schema, head);
		printer->json(&json, compared);
		dwell_json_end_object(&json);
	} else if (is_form(request, "markdown")) {
		printer->markdown(stdout, compared);
	} else if (is_form(request, "junit")) {
		printer->junit(stdout, compared);
	} else if (is_form(request, "github")) {
		printer->github(stdout, compared);
	} else if (printer->text(&style, compared)) {
		return out_of_memory(&request->request);
	}
	return status_of(verdict);
}

/* A rule that fits nothing is a gate that never closes: a misspelt name, or what nobody recorded.
 */
static void tell_idle_limits(const struct diff_request *request, const struct dwell_policy *policy,
	const struct dwell_comparison *comparison)
{
	for (size_t i = 0; i < policy->limit_count; i++) {
		const struct dwell_policy_limit *limit = &policy->limits[i];

		if (!limit->ignore && !comparison->fits[i])
			complain(STATUS_DONE, request->policy,
				"%lu:%lu: this limit fits nothing in these runs", limit->line,
				limit->column);
	}
}

/* That very long runs take longer is told with why: their paths are walked for that only. */
static int compare(struct dwell_comparison **out, const struct dwell_side *base,
	const struct dwell_side *head, struct run_files *runs, const struct dwell_policy *policy)
{
	int err = dwell_compare(out, base, head, policy), status;
	bool takes_longer = false;

	for (size_t i = 0; !err && i < (*out)->count; i++)
		takes_longer |= (*out)->rows[i].status == DWELL_ROW_REGRESSED &&
				!strcmp((*out)->rows[i].metric->name, "run.duration");
	if (err || !takes_longer || !runs_can_have_paths(runs))
		return err ? complain(STATUS_REFUSED, "diff", "%s", dwell_strerror(DWELL_ENOMEM))
			   : STATUS_DONE;
	dwell_comparison_free(*out);
	*out = NULL;
	status = runs_load_paths(runs);
	if (!status && dwell_compare(out, base, head, policy))
		status = complain(STATUS_REFUSED, "diff", "%s", dwell_strerror(DWELL_ENOMEM));
	return status;
}

static int diff(const struct diff_request *request, struct run_files *runs,
	const struct dwell_policy *policy)
{
	static const struct printer printer = { "dwell.diff/1", compare_json, compare_markdown,
		compare_junit, compare_github, compare_text };
	const size_t count = request->request.side_count;
	const struct dwell_side base = { runs->digests, count };
	const struct dwell_side head = { runs->digests + count, runs->count - count };
	struct dwell_comparison *comparison = NULL;
	struct compared compared = {
		.base = runs->paths,
		.head = runs->paths + count,
		.opens = runs->traces,
		.base_count = base.count,
		.head_count = head.count,
		.limit = request->request.limit,
		.alpha = policy->alpha,
	};
	int status = compare(&comparison, &base, &head, runs, policy);

	if (status)
		return status;
	compared.comparison = comparison;
	tell_idle_limits(request, policy, comparison);
	status = print_answer(
		&printer, request, &compared, &runs->files[count], comparison->verdict);
	dwell_comparison_free(comparison);
	return status;
}

int cmd_diff(struct request *plain)
{
	struct diff_request *request = (struct diff_request *)plain;
	struct run_files runs = { 0 };
	struct dwell_policy policy;
	int status;

	/* Of two there is no doubt which is which. */
	if (plain->side_count == plain->operand_count && plain->operand_count == 2)
		plain->side_count = 1;
	if (!plain->side_count || plain->side_count == plain->operand_count)
		return complain(
			STATUS_ASKED, "diff", "needs runs on both sides of -- (see dwell diff -h)");
	if (plain->side_count > DWELL_COMPARE_RUNS ||
		plain->operand_count - plain->side_count > DWELL_COMPARE_RUNS)
		return complain(STATUS_ASKED, "diff", "compares at most %d runs on a side",
			DWELL_COMPARE_RUNS);
	status = policy_load(&policy, request->policy);
	if (!status)
		status = runs_load(
			&runs, plain->operands, plain->operand_count, policy_wants_paths(&policy));
	if (!status)
		status = diff(request, &runs, &policy);
	runs_release(&runs);
	dwell_policy_release(&policy);
	return status;
}

static int check(const struct diff_request *request, const struct run_files *runs,
	const struct dwell_policy *policy)
{
	static const struct printer printer = { "dwell.check/1", check_json, check_markdown,
		check_junit, check_github, check_text };
	const struct dwell_side side = { runs->digests, runs->count };
	struct compared compared = {
		.head = runs->paths, .head_count = runs->count, .limit = request->request.limit
	};
	struct dwell_check *answer;
	int status;

	if (dwell_check(&answer, &side, policy))
		return out_of_memory(&request->request);
	compared.check = answer;
	status = print_answer(&printer, request, &compared, &runs->files[0], answer->verdict);
	dwell_check_free(answer);
	return status;
}

int cmd_check(struct request *plain)
{
	struct diff_request *request = (struct diff_request *)plain;
	struct run_files runs = { 0 };
	struct dwell_policy policy;
	int status;

	if (!request->policy)
		return complain(STATUS_ASKED, "-p", "needed: the budgets to hold it against");
	status = policy_load(&policy, request->policy);
	if (!status)
		status = runs_load(
			&runs, plain->operands, plain->operand_count, policy_wants_paths(&policy));
	if (!status)
		status = check(request, &runs, &policy);
	runs_release(&runs);
	dwell_policy_release(&policy);
	return status;
}
