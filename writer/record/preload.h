#ifndef DWELL_RECORD_PRELOAD_H
#define DWELL_RECORD_PRELOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "drain/drain.h"

/* The session that the recorded programs write to, and the environment that makes them do so. */
struct dwell_preload {
	struct dwell_session session;
	int fd;
	char place[128];   /* the session's file, or its folder to be removed: see folder */
	char folder[64];   /* empty, or a folder of ours in /dev/shm */
	char library[256]; /* where the preload library is, by a path without spaces and colons */
	char link_folder[64]; /* empty, or a folder of ours that holds a link to it */
	char why[200];        /* why nothing is loaded into the program; empty: it is */
	char preload_text[1024], session_text[256];
	char *environment[3];
};

struct dwell_preload_options {
	const char *command; /* that the library would be loaded into */
	bool stacks;
	bool all_locks;
	/* The kernel tells of the whole machine's tasks: of who they are, and who woke whom, so
	   that not every write to a pipe or socket is told. */
	bool machine;
	bool other_users;                     /* programs may run as somebody else than we do */
	uint64_t stack_wait_ns, call_wait_ns; /* as dwell.yaml has them; 0: the defaults */
};

/* Where the preload library is, by its real path (of PATH_MAX bytes); false: it is not there. */
bool dwell_preload_library(char *out);

/* Returns 0 also where nothing can be loaded: then `why` says so. */
int dwell_preload_open(struct dwell_preload *preload, const struct dwell_preload_options *options);
void dwell_preload_close(struct dwell_preload *preload);

#endif
