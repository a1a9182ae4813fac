#ifndef DWELL_CLI_EXTERNAL_H
#define DWELL_CLI_EXTERNAL_H

#include "cli/command.h"

/*
 * Become the program of another room, found beside this one: command's, or dwell-<name> where
 * command is NULL. Its argv[0] is "dwell-<name>", by which a program with several commands tells
 * them apart. Returns only when it could not be run: the exit status.
 */
int external_run(const struct command *command, const char *name, char **arguments);

#endif
