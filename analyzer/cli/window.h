#ifndef DWELL_CLI_WINDOW_H
#define DWELL_CLI_WINDOW_H

#include "cli/command.h"
#include "dwell/tables.h"

/* --from and --to, as far as they can be told without the trace. */
struct window {
	const char *texts[2];
	bool has_clock, has_id; /* one of them is a time of day, a place of a finding */
};

/* Read both. Says what is wrong; an exit status. */
int window_parse(struct window *window, const struct request *request);

/*
 * Where they lie in a trace; *to_ns is UINT64_MAX without --to. id_ns: where the finding of an @ID
 * lies. Says what is wrong; an exit status.
 */
int window_resolve(const struct window *window, uint64_t start_unix_ns, const uint64_t id_ns[2],
	uint64_t *from_ns, uint64_t *to_ns);

#endif
