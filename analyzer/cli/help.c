#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "dwell/types.h"

enum { HELP_COLUMN = 26 };

static void print_usage(const struct command *command)
{
	printf("dwell %s [options]%s%s\n", command->name, command->operands ? " " : "",
		command->operands ? command->operands : "");
}

/* "-o, --output FILE", without the letter where there is none. */
static void format_option(char *out, size_t size, const struct option *option, const char *between)
{
	char letter[16] = "";

	if (option->letter)
		snprintf(letter, sizeof(letter), "-%c%s", option->letter, between);
	snprintf(out, size, "%s--%s%s%s", letter, option->name, option->argument ? " " : "",
		option->argument ? option->argument : "");
}

static void print_words(const struct option *option)
{
	const char *between = ": ";

	for (const char *const *word = option->words; word && *word; word++) {
		printf("%s%s", between, *word);
		between = ", ";
	}
}

static void print_option(const struct option *option)
{
	char name[96];

	format_option(name, sizeof(name), option, ", ");
	if (strlen(name) > HELP_COLUMN - 2)
		printf("    %s\n    %*s", name, HELP_COLUMN, "");
	else
		printf("    %-*s", HELP_COLUMN, name);
	fputs(option->help, stdout);
	print_words(option);
	putchar('\n');
}

static bool takes_reasons(const struct option *options)
{
	for (; options->name; options++)
		if (options->type == OPTION_REASONS)
			return true;
	return false;
}

static void print_reasons(void)
{
	const char *between = " ";
	size_t used = 11;

	printf("\nReasons:");
	for (unsigned reason = 1; reason < DWELL_REASON_COUNT; reason++) {
		const char *name = dwell_reason_name(reason);

		used += strlen(name) + 1;
		if (used > 96) {
			between = "\n    ";
			used = 4 + strlen(name);
		}
		printf("%s%s", between, name);
		between = " ";
	}
	putchar('\n');
}

void help_command(const struct command *command)
{
	struct option options[COMMAND_MAX_OPTIONS];

	printf("usage: ");
	print_usage(command);
	printf("\n%c%s.\n\n", command->summary[0] - 'a' + 'A', command->summary + 1);
	command_options(command, options);
	for (const struct option *option = options; option->name; option++)
		print_option(option);
	if (takes_reasons(options))
		print_reasons();
}

void help_all(void)
{
	puts("usage: dwell COMMAND [options] [TRACE...]\n"
	     "\n"
	     "Where did each task's time go, and who was to blame?\n"
	     "Without a TRACE, a command reads the file dwell.trace of this folder.");
	for (const struct command *command = commands; command->name; command++) {
		if (command->heading)
			printf("\n%s\n", command->heading);
		printf("    %-12s%s\n", command->name, command->summary);
	}
	puts("\nSee dwell help COMMAND, or dwell COMMAND -h.");
}

void help_manual(const struct command *command)
{
	struct option options[COMMAND_MAX_OPTIONS];
	char name[96];

	printf("## SYNOPSIS\n\n    ");
	print_usage(command);
	printf("\n## OPTIONS\n\n");
	command_options(command, options);
	for (const struct option *option = options; option->name; option++) {
		format_option(name, sizeof(name), option, "`, `");
		printf("- `%s`: %s", name, option->help);
		print_words(option);
		putchar('\n');
	}
}
