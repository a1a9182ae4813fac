#include <stdio.h>
#include <string.h>

#include "cli/help.h"

static bool takes_file(const struct option *option)
{
	return option->type == OPTION_FILE;
}

static void print_bash_words(const struct option *options)
{
	for (const struct option *option = options; option->name; option++) {
		if (!option->words)
			continue;
		printf("\t\t--%s) COMPREPLY=($(compgen -W '", option->name);
		for (const char *const *word = option->words; *word; word++)
			printf("%s%s", word == option->words ? "" : " ", *word);
		printf("' -- \"$word\")); return ;;\n");
	}
}

static void print_bash_values(const struct option *options)
{
	const char *between = "\t\t";

	for (const struct option *option = options; option->name; option++) {
		if (!option->argument || option->words || takes_file(option))
			continue;
		printf("%s--%s", between, option->name);
		between = " | ";
	}
	if (*between == ' ')
		printf(") return ;;\n");
}

static void print_bash_command(const struct command *command)
{
	struct option options[COMMAND_MAX_OPTIONS];

	if (!command->run)
		return;
	command_options(command, options);
	printf("\t%s)\n\t\tcase $before in\n", command->name);
	print_bash_words(options);
	print_bash_values(options);
	printf("\t\tesac\n\t\tnames='");
	for (const struct option *option = options; option->name; option++)
		printf("%s--%s", option == options ? "" : " ", option->name);
	printf("'\n\t\t;;\n");
}

static void print_bash(void)
{
	printf("# Completions of dwell for bash; made by dwell help --form bash.\n"
	       "_dwell()\n{\n"
	       "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} names=\n"
	       "\tlocal commands='");
	for (const struct command *command = commands; command->name; command++)
		printf("%s%s", command == commands ? "" : " ", command->name);
	printf("'\n\tif [ \"$COMP_CWORD\" = 1 ]; then\n"
	       "\t\tCOMPREPLY=($(compgen -W \"$commands --version\" -- \"$word\"))\n"
	       "\t\treturn\n\tfi\n"
	       "\tcase ${COMP_WORDS[1]} in\n");
	for (const struct command *command = commands; command->name; command++)
		print_bash_command(command);
	printf("\tesac\n"
	       "\tif [ \"${COMP_WORDS[1]}\" = help ] && [ \"${word#-}\" = \"$word\" ]; then\n"
	       "\t\tCOMPREPLY=($(compgen -W \"$commands\" -- \"$word\"))\n"
	       "\telif [ \"${word#-}\" != \"$word\" ]; then\n"
	       "\t\tCOMPREPLY=($(compgen -W \"$names\" -- \"$word\"))\n"
	       "\telse\n"
	       "\t\tCOMPREPLY=($(compgen -f -- \"$word\"))\n"
	       "\tfi\n}\n"
	       "complete -o filenames -F _dwell dwell\n");
}

/* Text inside single quotes of a shell; zsh and fish take brackets and colons amiss, see callers.
 */
static void print_quoted(const char *text, const char *special)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (strchr(special, *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void print_zsh_option(const struct option *option)
{
	printf("\t\t\t'--%s%s[", option->name, option->argument ? "=" : "");
	print_quoted(option->help, "[]:");
	putchar(']');
	if (option->words) {
		printf(":%s:(", option->argument);
		for (const char *const *word = option->words; *word; word++)
			printf("%s%s", word == option->words ? "" : " ", *word);
		putchar(')');
	} else if (option->argument) {
		printf(":%s:%s", option->argument, takes_file(option) ? "_files" : "");
	}
	puts("' \\");
}

static void print_zsh_command(const struct command *command)
{
	struct option options[COMMAND_MAX_OPTIONS];

	if (!command->run)
		return;
	command_options(command, options);
	printf("\t%s)\n\t\t_arguments \\\n", command->name);
	for (const struct option *option = options; option->name; option++)
		print_zsh_option(option);
	printf("\t\t\t'*:%s\n\t\t;;\n",
		strcmp(command->name, "help") ? "trace:_files'" : "command:($names)'");
}

static void print_zsh(void)
{
	printf("#compdef dwell\n# Completions of dwell for zsh; made by dwell help --form zsh.\n"
	       "local -a list names\nlist=(\n");
	for (const struct command *command = commands; command->name; command++) {
		printf("\t'%s:", command->name);
		print_quoted(command->summary, ":");
		puts("'");
	}
	printf(")\nnames=(${list%%%%:*})\n"
	       "if (( CURRENT == 2 )); then\n\t_describe command list\n\treturn\nfi\n"
	       "local name=$words[2]\nshift words\n(( CURRENT-- ))\n"
	       "case $name in\n");
	for (const struct command *command = commands; command->name; command++)
		print_zsh_command(command);
	printf("\t*)\n\t\t_files\n\t\t;;\nesac\n");
}

static void print_fish_option(const struct command *command, const struct option *option)
{
	printf("complete -c dwell -n '__fish_seen_subcommand_from %s' -l %s", command->name,
		option->name);
	if (option->letter)
		printf(" -s %c", option->letter);
	if (option->words) {
		printf(" -x -a '");
		for (const char *const *word = option->words; *word; word++)
			printf("%s%s", word == option->words ? "" : " ", *word);
		putchar('\'');
	} else if (option->argument) {
		printf(takes_file(option) ? " -r -F" : " -x");
	}
	printf(" -d '");
	print_quoted(option->help, "\\");
	puts("'");
}

static void print_fish(void)
{
	struct option options[COMMAND_MAX_OPTIONS];

	puts("# Completions of dwell for fish; made by dwell help --form fish.");
	for (const struct command *command = commands; command->name; command++) {
		printf("complete -c dwell -n __fish_use_subcommand -f -a %s -d '", command->name);
		print_quoted(command->summary, "\\");
		puts("'");
	}
	for (const struct command *command = commands; command->name; command++) {
		if (!command->run)
			continue;
		command_options(command, options);
		for (const struct option *option = options; option->name; option++)
			print_fish_option(command, option);
	}
}

void help_completion(const char *shell)
{
	if (!strcmp(shell, "bash"))
		print_bash();
	else if (!strcmp(shell, "zsh"))
		print_zsh();
	else
		print_fish();
}
