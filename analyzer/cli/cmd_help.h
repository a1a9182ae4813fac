#ifndef DWELL_CLI_CMD_HELP_H
#define DWELL_CLI_CMD_HELP_H

#include "cli/command.h"

struct help_request {
	struct request request;
	const char *form; /* NULL: as -h prints it */
};

extern const struct option help_options[];

int cmd_help(struct request *request);

#endif
