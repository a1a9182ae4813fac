#include <stddef.h>
#include <string.h>

#include "cli/command.h"
#include "cli/commands.h"

const struct command commands[] = {
	{ .name = "record",
		.heading = "Recording",
		.program = "dwell-record",
		.summary = "run a program and record what its tasks do" },
	{ .name = "snapshot",
		.program = "dwell-record",
		.summary = "write the flight recorder of a running recording" },
	{ .name = "doctor",
		.program = "dwell-record",
		.summary =
			"say what can be collected here, what cannot, and what would change it" },
	{ .name = "stat",
		.heading = "Looking",
		.summary = "say what is in a trace, and how much of it is known",
		.operands = "[TRACE]",
		.max_operands = 1,
		.flags = TAKES_TIMES | TAKES_SCOPE | TAKES_FORMS,
		.run = cmd_stat },
	{ .name = "tasks",
		.summary = "tell each task's life: running, runnable, blocked, unknown",
		.operands = "[TRACE]",
		.max_operands = 1,
		.flags = TAKES_TIMES | TAKES_TASKS | TAKES_LIMIT | TAKES_FORMS,
		.by = tasks_by,
		.sort = tasks_sort,
		.run = cmd_tasks },
	{ .name = "latency",
		.summary = "measure runnable to running, and who ran instead",
		.operands = "[TRACE]",
		.max_operands = 1,
		.flags = TAKES_TIMES | TAKES_TASKS | TAKES_LIMIT | TAKES_FORMS,
		.run = cmd_latency },
	{ .name = "blocked",
		.summary = "find where time was lost, waits that matter first",
		.operands = "[TRACE]",
		.max_operands = 1,
		.flags = TAKES_SELECTION | TAKES_LIMIT | TAKES_FORMS,
		.by = blocked_by,
		.sort = blocked_sort,
		.options = blocked_options,
		.size = sizeof(struct blocked_request),
		.run = cmd_blocked },
	{ .name = "locks",
		.summary = "show each lock that was waited for, and what its holders were doing",
		.operands = "[TRACE]",
		.max_operands = 1,
		.flags = TAKES_SELECTION | TAKES_LIMIT | TAKES_FORMS,
		.run = cmd_locks },
	{ .name = "leaks",
		.summary = "find tasks that outlive their use, wait for ever, or in a circle",
		.operands = "[TRACE]",
		.max_operands = 1,
		.flags = TAKES_TASKS | TAKES_LIMIT | TAKES_FORMS,
		.options = leaks_options,
		.size = sizeof(struct leaks_request),
		.run = cmd_leaks },
	{ .name = "spans",
		.summary = "sum up user regions, and where their time went",
		.operands = "[TRACE]",
		.max_operands = 1,
		.flags = TAKES_TIMES | TAKES_TASKS | TAKES_LIMIT | TAKES_FORMS,
		.run = cmd_spans },
	{ .name = "pools",
		.summary = "judge object pools: reuse, time held, items put back wrongly or never",
		.operands = "[TRACE]",
		.max_operands = 1,
		.flags = TAKES_TIMES | TAKES_TASKS | TAKES_LIMIT | TAKES_FORMS,
		.run = cmd_pools },
	{ .name = "gc",
		.summary = "tell what garbage collection took: pauses, assists, the share left",
		.operands = "[TRACE]",
		.max_operands = 1,
		.flags = TAKES_TIMES | TAKES_TASKS | TAKES_LIMIT | TAKES_FORMS,
		.run = cmd_gc },
	{ .name = "metrics",
		.summary = "show counters over time",
		.operands = "[TRACE]",
		.max_operands = 1,
		.flags = TAKES_TIMES | TAKES_TASKS | TAKES_LIMIT | TAKES_FORMS,
		.options = metrics_options,
		.size = sizeof(struct metrics_request),
		.run = cmd_metrics },
	{ .name = "flame",
		.summary = "draw stacks by the time they cost: folded lines or an SVG",
		.operands = "[TRACE]",
		.max_operands = 1,
		.flags = TAKES_SELECTION | TAKES_OUTPUT,
		.options = flame_options,
		.size = sizeof(struct flame_request),
		.run = cmd_flame },
	{ .name = "tui", .program = "dwell-tui", .summary = "browse a trace on a timeline" },
	{ .name = "dump",
		.heading = "Handling",
		.summary = "print every event as a line of text",
		.operands = "[TRACE]",
		.max_operands = 1,
		.run = cmd_dump },
	{ .name = "assemble",
		.summary = "make a trace of the text that dump prints",
		.operands = "TEXT",
		.min_operands = 1,
		.max_operands = 1,
		.flags = TAKES_OUTPUT,
		.run = cmd_assemble },
	{ .name = "convert",
		.summary = "turn any trace that can be read into one of ours",
		.operands = "[TRACE]",
		.max_operands = 1,
		.flags = TAKES_OUTPUT,
		.options = convert_options,
		.size = sizeof(struct convert_request),
		.run = cmd_convert },
	{ .name = "cut",
		.summary = "write a part of a trace as a file that stands alone",
		.operands = "[TRACE]",
		.max_operands = 1,
		.flags = TAKES_TIMES | TAKES_TASKS | TAKES_OUTPUT,
		.options = cut_options,
		.size = sizeof(struct cut_request),
		.run = cmd_cut },
	{ .name = "export",
		.summary = "write a trace in the form of another tool",
		.operands = "[TRACE]",
		.max_operands = 1,
		.flags = TAKES_TASKS | TAKES_WAITS | TAKES_OUTPUT,
		.options = export_options,
		.size = sizeof(struct export_request),
		.run = cmd_export },
	{ .name = "verify",
		.summary = "find everything that is wrong with a file",
		.operands = "[TRACE]",
		.max_operands = 1,
		.flags = TAKES_JSON,
		.run = cmd_verify },
	{ .name = "repair",
		.summary = "write what can be read of a damaged or unclosed file as a good one",
		.operands = "[TRACE]",
		.max_operands = 1,
		.flags = TAKES_OUTPUT,
		.run = cmd_repair },
	{ .name = "help",
		.heading = "Help",
		.summary = "describe a command, or list all",
		.operands = "[COMMAND]",
		.max_operands = 1,
		.options = help_options,
		.size = sizeof(struct help_request),
		.run = cmd_help },
	{ .name = NULL },
};

const struct command *command_find(const char *name)
{
	for (const struct command *command = commands; command->name; command++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}

/* An option that commands share, and the flags of those that take it. */
struct shared {
	unsigned flag;
	struct option option;
};

#define TARGET(member) offsetof(struct request, member)

static const struct shared shared[] = {
	{ TAKES_OUTPUT, { .name = "output",
				.letter = 'o',
				.argument = "FILE",
				.type = OPTION_FILE,
				.target = TARGET(output),
				.help = "write to FILE; - is stdout" } },
	{ TAKES_TIMES,
		{ .name = "from",
			.argument = "T",
			.type = OPTION_TEXT,
			.target = TARGET(from),
			.help = "only from T on: 1.5s, 200ms, 14:03:22.5, or @ID of a finding" } },
	{ TAKES_TIMES, { .name = "to",
			       .argument = "T",
			       .type = OPTION_TEXT,
			       .target = TARGET(to),
			       .help = "only before T" } },
	{ TAKES_TASKS, { .name = "task",
			       .argument = "GLOB",
			       .type = OPTION_TEXT,
			       .target = TARGET(task),
			       .help = "only tasks of this name" } },
	{ TAKES_TASKS, { .name = "class",
			       .argument = "GLOB",
			       .type = OPTION_TEXT,
			       .target = TARGET(class),
			       .help = "only tasks of this class" } },
	{ TAKES_TASKS, { .name = "process",
			       .argument = "PID|GLOB",
			       .type = OPTION_TEXT,
			       .target = TARGET(process),
			       .help = "only tasks of this process" } },
	{ TAKES_TASKS | TAKES_SCOPE,
		{ .name = "all-processes",
			.type = OPTION_FLAG,
			.target = TARGET(all_processes),
			.help = "also tasks of processes that were not to be recorded" } },
	{ TAKES_WAITS, { .name = "reason",
			       .argument = "R[,R]",
			       .type = OPTION_REASONS,
			       .target = TARGET(reasons),
			       .help = "only waits for these reasons" } },
	{ TAKES_WAITS, { .name = "object",
			       .argument = "GLOB",
			       .type = OPTION_TEXT,
			       .target = TARGET(object),
			       .help = "only waits on objects of this name" } },
	{ TAKES_LIMIT, { .name = "limit",
			       .argument = "N",
			       .type = OPTION_LIMIT,
			       .target = TARGET(limit),
			       .help = "show N rows, 0 for all (default 20)" } },
	{ TAKES_JSON, { .name = "json",
			      .type = OPTION_FLAG,
			      .target = TARGET(json),
			      .help = "print one JSON object" } },
	{ TAKES_CSV, { .name = "csv",
			     .type = OPTION_FLAG,
			     .target = TARGET(csv),
			     .help = "print the main table as CSV" } },
};

static const struct option by_option = { .name = "by",
	.argument = "KEY",
	.type = OPTION_WORD,
	.target = TARGET(by),
	.help = "group by KEY" };
static const struct option sort_option = { .name = "sort",
	.argument = "KEY",
	.type = OPTION_WORD,
	.target = TARGET(sort),
	.help = "sort by KEY" };
static const struct option help_option = {
	.name = "help", .letter = 'h', .type = OPTION_HELP, .help = "print this"
};

void command_options(const struct command *command, struct option out[COMMAND_MAX_OPTIONS])
{
	size_t count = 0;

	for (const struct option *own = command->options; own && own->name; own++)
		out[count++] = *own;
	if (command->by) {
		out[count] = by_option;
		out[count++].words = command->by;
	}
	if (command->sort) {
		out[count] = sort_option;
		out[count++].words = command->sort;
	}
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		if (command->flags & shared[i].flag)
			out[count++] = shared[i].option;
	out[count++] = help_option;
	out[count] = (struct option){ .name = NULL };
}
