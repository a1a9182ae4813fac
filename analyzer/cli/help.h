#ifndef DWELL_CLI_HELP_H
#define DWELL_CLI_HELP_H

#include "cli/command.h"

/* Every command with its summary. */
void help_all(void);

/* What -h prints. */
void help_command(const struct command *command);

/* The same as a manual page has it: the parts that come from the tables. */
void help_manual(const struct command *command);

/* Completions for a shell: "bash", "zsh" or "fish". */
void help_completion(const char *shell);

#endif
