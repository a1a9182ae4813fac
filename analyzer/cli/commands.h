#ifndef DWELL_CLI_COMMANDS_H
#define DWELL_CLI_COMMANDS_H

#include "cli/command.h"

/* What each command takes beyond the shared options, and the command. */

struct help_request {
	struct request request;
	const char *form; /* NULL: as -h prints it */
};
extern const struct option help_options[];
int cmd_help(struct request *request);

int cmd_stat(struct request *request);

extern const char *const tasks_by[], *const tasks_sort[];
int cmd_tasks(struct request *request);

int cmd_latency(struct request *request);

int cmd_dump(struct request *request);

#endif
