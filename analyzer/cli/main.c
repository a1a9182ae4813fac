#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/external.h"
#include "cli/help.h"
#include "cli/message.h"

/* What the table does not say is 0; a list shows 20 rows unless told. */
static struct request *new_request(const struct command *command)
{
	struct request *request = calloc(1, command->size ? command->size : sizeof(*request));

	if (request) {
		request->command = command;
		request->limit = 20;
	}
	return request;
}

static int check_operands(const struct request *request)
{
	const struct command *command = request->command;

	if (request->operand_count < command->min_operands)
		return complain(STATUS_ASKED, command->name, "needs %s (see dwell %s -h)",
			command->operands, command->name);
	if (request->operand_count > command->max_operands)
		return complain(STATUS_ASKED, request->operands[command->max_operands],
			"one too many (see dwell %s -h)", command->name);
	if (request->json && request->csv)
		return complain(STATUS_ASKED, "--csv", "cannot be had together with --json");
	return STATUS_DONE;
}

/* An answer that could not be written is no answer. */
static int finish_output(int status)
{
	if ((fflush(stdout) || ferror(stdout)) && status != STATUS_REFUSED)
		return complain(STATUS_REFUSED, "stdout", "%s", strerror(errno));
	return status;
}

/* A -- ends the options, but where it parts two sides: there they may stand on either. */
static enum options_result parse(const struct option *options, struct request *request, int argc,
	char **argv, struct options_fault *fault)
{
	size_t right = 0;
	int left = 0;
	enum options_result result;

	request->operands = argv;
	if (!(request->command->flags & TAKES_SIDES)) {
		result =
			options_parse(options, request, argc, argv, &request->operand_count, fault);
		request->side_count = request->operand_count;
		return result;
	}
	while (left < argc && strcmp(argv[left], "--") != 0)
		left++;
	result = options_parse(options, request, left, argv, &request->side_count, fault);
	if (!result && left < argc)
		result = options_parse(
			options, request, argc - left - 1, argv + left + 1, &right, fault);
	memmove(&argv[request->side_count], &argv[left < argc ? left + 1 : left],
		right * sizeof(*argv));
	request->operand_count = request->side_count + right;
	return result;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct option options[COMMAND_MAX_OPTIONS];
	struct options_fault fault;
	struct request *request = new_request(command);
	int status = STATUS_DONE;

	if (!request)
		return complain(STATUS_REFUSED, command->name, "out of memory");
	command_options(command, options);
	switch (parse(options, request, argc, argv, &fault)) {
	case OPTIONS_HELP:
		help_command(command);
		break;
	case OPTIONS_BAD:
		status = complain(
			STATUS_ASKED, fault.what, "%s (see dwell %s -h)", fault.why, command->name);
		break;
	case OPTIONS_OK:
		status = check_operands(request);
		if (!status)
			status = command->run(request);
	}
	free(request);
	return finish_output(status);
}

int main(int argc, char **argv)
{
	/* Characters as the user has them; numbers and dates as the contract has them. */
	setlocale(LC_CTYPE, "");
	/* Answers may be long: fewer, larger writes where nobody watches. */
	if (!isatty(STDOUT_FILENO))
		setvbuf(stdout, NULL, _IOFBF, 1 << 18);
	if (argc < 2) {
		help_all();
		return finish_output(STATUS_ASKED);
	}

	const char *name = argv[1];

	if (!strcmp(name, "--version")) {
		puts("dwell " DWELL_VERSION);
		return finish_output(STATUS_DONE);
	}
	if (!strcmp(name, "-h") || !strcmp(name, "--help"))
		name = "help";

	const struct command *command = command_find(name);

	if (command && command->run)
		return run(command, argc - 2, argv + 2);
	return external_run(command, name, argv + 2);
}
