#ifndef DWELL_RECORD_SNAPSHOT_H
#define DWELL_RECORD_SNAPSHOT_H

#include <limits.h>
#include <stddef.h>

/*
 * How `dwell snapshot` reaches a recorder: a socket that is named for the recorder's process, in
 * the abstract name space. One message each way: the path to write, and what came of it (empty:
 * done). Only the recorder's own user and root are heard.
 */

/* The recorder's side: a listening socket, or -1. */
int dwell_snapshot_listen(void);

/* A request that waits there: its connection, or -1; path: as the other side gave it. */
int dwell_snapshot_accept(int listening, char path[PATH_MAX]);

/* Answer it and hang up. */
void dwell_snapshot_answer(int connection, const char *text);

#endif
