#ifndef DWELL_RECORD_CONFIG_H
#define DWELL_RECORD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * dwell.yaml: what to record, of whom, and at what cost. Read strictly: an unknown key, a
 * wrong type or a key given twice is an error with its line and column. What the file does not
 * say is left as it was, so that the command line is read after it and wins.
 */

/* How much is kept of a task. */
enum dwell_detail {
	DWELL_DETAIL_FULL = 0,
	DWELL_DETAIL_SAMPLED, /* one stack of eight */
	DWELL_DETAIL_NO_STACKS,
	DWELL_DETAIL_STATES, /* when it ran and waited, not on what */
	DWELL_DETAIL_COUNT
};

/* The first rule whose globs match a task decides. */
struct dwell_rule {
	char *process; /* glob of the process's name; NULL: any */
	char *thread;  /* glob of the task's name; NULL: any */
	uint8_t detail;
};

enum { DWELL_RULES_MAX = 256 };

struct dwell_config {
	/* Values of the command line's options of the same names; NULL, 0 or has_x false: not said.
	 */
	char *output, *name;
	uint64_t limit_bytes, limit_ns, delay_ns, tick_ns;
	bool has_stacks, stacks;
	bool has_kernel, kernel;
	bool has_preload, preload;
	bool has_follow, follow;

	uint64_t stack_wait_ns; /* waits shorter than this get no stack */
	uint64_t call_wait_ns;  /* blocking calls shorter than this are not told */
	uint32_t reasons;       /* bits 1 << enum dwell_reason: waits to tell; 0: all */

	uint32_t cpu_permille;     /* budget: CPU of one processor; 0: none */
	uint64_t bytes_per_second; /* budget of the file; 0: none */

	struct dwell_rule *rules;
	size_t rule_count;
};

/*
 * Read a file; config must be all zero or filled before. Returns 0 or -1 with one line in why,
 * which begins with "line L, column C: " where there is a place to name. What was read before an
 * error stays in config.
 */
int dwell_config_read(struct dwell_config *config, const char *path, char *why, size_t why_size);

/* The same from memory. */
int dwell_config_parse(
	struct dwell_config *config, const void *text, size_t size, char *why, size_t why_size);

void dwell_config_release(struct dwell_config *config);

#endif
