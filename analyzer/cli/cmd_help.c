#include "cli/commands.h"

#include <string.h>

#include "cli/external.h"
#include "cli/help.h"
#include "cli/message.h"

static const char *const forms[] = { "text", "manual", "bash", "zsh", "fish", NULL };

const struct option help_options[] = {
	{ .name = "form",
		.argument = "FORM",
		.type = OPTION_WORD,
		.words = forms,
		.target = offsetof(struct help_request, form),
		.help = "print it as" },
	{ .name = NULL },
};

static int describe(const char *name, bool manual)
{
	const struct command *command = command_find(name);

	if (!command)
		return complain(STATUS_ASKED, name, "no such command (see dwell help)");
	if (!command->run && manual)
		return complain(STATUS_ASKED, name, "is a program of its own: see its -h");
	if (!command->run) {
		char help[] = "-h";
		char *arguments[] = { NULL, help, NULL };

		fflush(stdout);
		return external_run(command, name, arguments + 1);
	}
	if (manual)
		help_manual(command);
	else
		help_command(command);
	return STATUS_DONE;
}

int cmd_help(struct request *request)
{
	const char *form = ((struct help_request *)request)->form;
	const bool manual = form && !strcmp(form, "manual");

	if (form && !manual && strcmp(form, "text")) {
		if (request->operand_count)
			return complain(STATUS_ASKED, form, "completions are of all commands");
		help_completion(form);
		return STATUS_DONE;
	}
	if (request->operand_count)
		return describe(request->operands[0], manual);
	if (manual)
		return complain(STATUS_ASKED, "manual", "needs a command");
	help_all();
	return STATUS_DONE;
}
