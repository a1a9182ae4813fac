#ifndef DWELL_CLI_PICK_H
#define DWELL_CLI_PICK_H

#include "cli/command.h"
#include "dwell/history.h"

/*
 * The one task that a user means: of this name (a glob), or with this tid or number of its runtime.
 * Says what is wrong where it is none or several; an exit status.
 */
int pick_task(const struct dwell_catalog *catalog, const char *glob, uint32_t *task);

/* The main task of the first process that was to be recorded; 0 where there is no task. */
uint32_t pick_main(const struct dwell_catalog *catalog);

#endif
