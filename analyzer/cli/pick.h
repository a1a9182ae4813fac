#ifndef DWELL_CLI_PICK_H
#define DWELL_CLI_PICK_H

#include "cli/command.h"
#include "dwell/history.h"

/* What is said of a name or number that no task has. */
extern const char pick_no_such_task[];

/*
 * The one task that a user means: of this name (a glob), or with this tid or number of its runtime.
 * Says what is wrong where it is none or several; an exit status.
 */
int pick_task(const struct dwell_catalog *catalog, const char *glob, uint32_t *task);

#endif
