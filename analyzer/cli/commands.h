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

extern const char *const tasks_by[];
int cmd_tasks(struct request *request);

int cmd_latency(struct request *request);

struct blocked_request {
	struct request request;
	bool all;
};
extern const char *const blocked_by[], *const blocked_sort[];
extern const struct option blocked_options[];
int cmd_blocked(struct request *request);

int cmd_locks(struct request *request);

struct leaks_request {
	struct request request;
	const char *allow, *at;
	bool left;
};
extern const struct option leaks_options[];
int cmd_leaks(struct request *request);

int cmd_findings(struct request *request);

int cmd_spans(struct request *request);

int cmd_gc(struct request *request);
int cmd_pools(struct request *request);

struct metrics_request {
	struct request request;
	bool openmetrics;
};
extern const struct option metrics_options[];
int cmd_metrics(struct request *request);

struct flame_request {
	struct request request;
	const char *of;
	bool svg;
};
extern const struct option flame_options[];
int cmd_flame(struct request *request);

struct export_request {
	struct request request;
	const char *to, *of;
};
extern const struct option export_options[];
int cmd_export(struct request *request);
struct diff_request {
	struct request request;
	const char *policy, *format;
};
extern const struct option diff_options[], check_options[];
int cmd_diff(struct request *request);
int cmd_check(struct request *request);
int cmd_digest(struct request *request);

int cmd_explain(struct request *request);

struct path_request {
	struct request request;
	const char *span;
	bool no_gains;
};
extern const struct option path_options[];
extern const char *const path_by[];
int cmd_path(struct request *request);

int cmd_dump(struct request *request);
int cmd_assemble(struct request *request);

struct convert_request {
	struct request request;
	bool repack;
};
extern const struct option convert_options[];
int cmd_convert(struct request *request);

struct cut_request {
	struct request request;
	bool strip;
};
extern const struct option cut_options[];
int cmd_cut(struct request *request);

int cmd_verify(struct request *request);
int cmd_repair(struct request *request);

#endif
