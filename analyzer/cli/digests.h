#ifndef DWELL_CLI_DIGESTS_H
#define DWELL_CLI_DIGESTS_H

#include "cli/trace.h"
#include "dwell/analysis.h"
#include "dwell/policy.h"

/* Runs to compare: traces, which are analyzed, and digests, which are read. */

struct run_file {
	const char *path;
	struct dwell_digest *digest;
	uint64_t bytes;
	bool is_digest;
	int err, system; /* enum dwell_error; errno beside it */
	struct dwell_diag diag;
};

struct run_files {
	struct run_file *files;
	const struct dwell_digest **digests; /* of the same order */
	const char **paths;
	bool *traces; /* not digests */
	size_t count;
};

/* All of them, several at a time. Says what is wrong; an exit status. all_paths: very long traces
 * with their critical paths, too, which takes as long as all else. */
int runs_load(struct run_files *runs, char *const *paths, size_t count, bool all_paths);
/* Are there very long traces without a path, so that all would have one after runs_load_paths? */
bool runs_can_have_paths(const struct run_files *runs);
int runs_load_paths(struct run_files *runs);
void runs_release(struct run_files *runs);

/* The analyses that a digest is made of. */
extern const unsigned digest_analyses;
/* Of so many latencies it is worked out who ran instead. */
enum { DIGEST_WORST = 256 };

/* The policy of a file, or what holds without one (path NULL). Says what is wrong; an exit status.
 */
int policy_load(struct dwell_policy *policy, const char *path);
/* Does it say anything of critical paths? */
bool policy_wants_paths(const struct dwell_policy *policy);

#endif
