#ifndef DWELL_CLI_PARTS_H
#define DWELL_CLI_PARTS_H

#include "dwell/analysis.h"
#include "dwell/names.h"
#include "dwell/report.h"

/* Parts that answers share: stacks, objects and distributions as JSON, keys and ids as text. */

/* A stable id as people and --at write it. */
const char *part_id(char out[DWELL_NAME_SIZE], uint64_t id);

/* What a row stands for. */
const char *part_key(char out[DWELL_NAME_SIZE], const struct dwell_catalog *catalog,
	const struct dwell_key *key);

/* {id, kind, name}, or null. */
void part_object_json(struct dwell_json *json, const char *key, const struct dwell_catalog *catalog,
	uint32_t object);

/* [{function, file, line, module, address}], innermost first. */
void part_stack_json(struct dwell_json *json, const char *key, const struct dwell_catalog *catalog,
	uint32_t stack);

/* running_ns, runnable_ns, blocked_ns, unknown_ns */
void part_times_json(struct dwell_json *json, const struct dwell_times *times);

/* {reason: ns} of what is not 0. */
void part_reasons_json(struct dwell_json *json, const char *key, const uint64_t *by_reason);

/* count, mean_ns, p50_ns ... histogram[], into the object that is open. */
void part_distribution_json(struct dwell_json *json, const struct dwell_distribution *times);

void part_holders_json(struct dwell_json *json, const struct dwell_catalog *catalog,
	const struct dwell_holder *holders, size_t count);

/* 0: null */
void part_id_json(struct dwell_json *json, const char *key, uint64_t id);

#endif
