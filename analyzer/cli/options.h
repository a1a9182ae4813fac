#ifndef DWELL_CLI_OPTIONS_H
#define DWELL_CLI_OPTIONS_H

#include <stddef.h>

/*
 * Options as data: one table gives parsing, help, manual and completions.
 */
enum option_type {
	OPTION_FLAG,    /* bool: true */
	OPTION_CLEAR,   /* bool: false */
	OPTION_TEXT,    /* const char *: as written */
	OPTION_FILE,    /* const char *: a path */
	OPTION_COUNT,   /* uint64_t */
	OPTION_LIMIT,   /* uint64_t, where 0 means UINT64_MAX */
	OPTION_WORD,    /* const char *: one of words */
	OPTION_REASONS, /* uint32_t: bits of enum dwell_reason */
	OPTION_HELP
};

struct option {
	const char *name; /* without dashes; NULL ends a table */
	const char *argument;
	const char *help; /* one line */
	const char *const *words;
	size_t target; /* offset in the arguments */
	char letter;   /* 0: none */
	unsigned char type;
};

/* Ends the list of options and operands that options_parse() hands back. */
enum options_result { OPTIONS_HELP = 1, OPTIONS_OK = 0, OPTIONS_BAD = -1 };

/* What was wrong, for a message `dwell: what: why`. */
struct options_fault {
	char what[128];
	char why[256];
};

/*
 * Store options at their targets in arguments and move operands, in order, to the start of argv;
 * *operands: how many. argv begins with the first word after the command's name. fault is filled on
 * OPTIONS_BAD. Words are accepted as they are in the table only; a value may
 * follow as `--name=value`, `--name value`, `-n value` or `-nvalue`; `--` ends the options.
 */
enum options_result options_parse(const struct option *options, void *arguments, int argc,
	char **argv, size_t *operands, struct options_fault *fault);

#endif
