#ifndef DWELL_CLI_COMMAND_H
#define DWELL_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/options.h"

/* What a user may count on; docs/commands/dwell.md. */
enum exit_status {
	STATUS_DONE = 0,
	STATUS_NO = 1,       /* done, and the answer is no */
	STATUS_ASKED = 2,    /* asked wrongly */
	STATUS_INPUT = 3,    /* the input could not be read */
	STATUS_WITHHELD = 4, /* coverage or data too small for a verdict */
	STATUS_REFUSED = 5   /* the environment refused: rights, disk, memory */
};

/* Which of the options that commands share a command takes. */
enum command_flag {
	TAKES_TIMES = 1 << 0,  /* --from, --to */
	TAKES_TASKS = 1 << 1,  /* --task, --class, --process */
	TAKES_WAITS = 1 << 2,  /* --reason, --object */
	TAKES_LIMIT = 1 << 3,  /* --limit */
	TAKES_JSON = 1 << 4,   /* --json */
	TAKES_CSV = 1 << 5,    /* --csv */
	TAKES_OUTPUT = 1 << 6, /* -o FILE */
	TAKES_SCOPE = 1 << 7,  /* --all-processes, as TAKES_TASKS */
	TAKES_SIDES = 1 << 8,  /* operands on two sides of a -- */
	TAKES_SELECTION = TAKES_TIMES | TAKES_TASKS | TAKES_WAITS,
	TAKES_FORMS = TAKES_JSON | TAKES_CSV
};

struct command;

/* What was asked. The first member of each command's own arguments. */
struct request {
	const struct command *command;
	const char *from, *to; /* as written: a wall-clock time needs the trace */
	const char *task, *class, *process, *object; /* globs; NULL: any */
	bool all_processes;                          /* not only those that were to be recorded */
	uint32_t reasons;                            /* bits 1 << enum dwell_reason; 0: any */
	uint64_t limit;                              /* rows; UINT64_MAX: all */
	const char *by, *sort; /* one of the command's words, NULL: its default */
	const char *output;
	bool json, csv;
	char **operands; /* what is left, in order */
	size_t operand_count;
	size_t side_count; /* of them, those before the --; all where there is none */
};

struct command {
	const char *name;
	const char *heading;  /* of the list of commands, above this one; NULL: none */
	const char *program;  /* of another room: run this program, found beside ours */
	const char *summary;  /* one line, an imperative without a full stop */
	const char *operands; /* "[TRACE]" */
	unsigned min_operands, max_operands;
	unsigned flags;                      /* enum command_flag */
	const char *const *by, *const *sort; /* words, ended by NULL; NULL: no such option */
	const struct option *options;        /* its own, ended by one without a name; may be NULL */
	size_t size;                         /* of its arguments; 0: struct request */
	int (*run)(struct request *request); /* NULL: of another room */
};

/* All of them in the order of help; ended by one without a name. */
extern const struct command commands[];

/* NULL when there is none of this name. */
const struct command *command_find(const char *name);

/* More than a command can have. */
enum { COMMAND_MAX_OPTIONS = 48 };

/* All options that a command takes, shared ones first, ended by one without a name. */
void command_options(const struct command *command, struct option out[COMMAND_MAX_OPTIONS]);

#endif
