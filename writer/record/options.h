#ifndef DWELL_RECORD_OPTIONS_H
#define DWELL_RECORD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct dwell_config;

/* What `dwell record` was asked for. */
struct dwell_record_options {
	const char *path;
	const char *config_path;           /* NULL: none */
	const struct dwell_config *config; /* what it says, or NULL */
	const char *user;
	const char *name;
	char **command;                 /* ended by NULL; empty with -p and -a */
	uint64_t limit_bytes, limit_ns; /* 0: none */
	uint64_t delay_ns;
	uint64_t tick_ns;
	uint32_t pid;       /* 0: a command, a group, or all */
	const char *cgroup; /* NULL: none */
	bool all;
	bool kernel, preload, stacks;
	bool bpf; /* of the kernel's ways; else perf only */
	bool follow;
	bool leak_check;
	bool all_locks;
	bool flight;
	uint64_t flight_bytes, flight_ns; /* how much a flight recorder keeps: one of them */
	bool snapshot_on_exit, snapshot_on_signal;
	uint64_t snapshot_wait_ns; /* a wait that lasts longer; 0: none */
	bool quiet;
	bool help;
};

/*
 * Fill in from what config says (NULL: nothing), then from the command line. Returns 0, or -1 with
 * one line of what is wrong in why. config must outlive the options.
 */
int dwell_record_options_parse(struct dwell_record_options *options,
	const struct dwell_config *config, int argc, char **argv, char *why, unsigned why_size);

/* "1.5s", "200ms", "2m"; a number alone is seconds. And "64M", "1.5GiB"; a number alone is bytes.
 */
bool dwell_read_time(const char *text, uint64_t *ns);
bool dwell_read_size(const char *text, uint64_t *bytes);

extern const char dwell_record_help[];

#endif
