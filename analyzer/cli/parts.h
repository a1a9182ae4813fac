#ifndef DWELL_CLI_PARTS_H
#define DWELL_CLI_PARTS_H

#include "dwell/analysis.h"
#include "dwell/report.h"

/* Parts that answers share: tasks, objects, stacks and distributions, by their names. */

/* Room for a name made of several. */
enum { PART_SIZE = 512 };

/* "worker-3 (1234)": never empty but for task 0. */
const char *part_task(char out[PART_SIZE], const struct dwell_catalog *catalog, uint32_t task);

/* The class of a task; "" where it has none. */
const char *part_class(char out[PART_SIZE], const struct dwell_catalog *catalog, uint32_t task);

/* Its name, where it was made, or its kind and number: "mutex 0x7f12". "" for none. */
const char *part_object(char out[PART_SIZE], const struct dwell_catalog *catalog, uint32_t object);

/* "take (pool.c:41)": the innermost place of a stack that is the program's own. "" for none. */
const char *part_site(char out[PART_SIZE], const struct dwell_catalog *catalog, uint32_t stack);

/* Its name or number: "cpu 3". */
const char *part_executor(
	char out[PART_SIZE], const struct dwell_catalog *catalog, uint32_t executor);

/* "cpu 3", "mutex 0x12": a frame as one text. */
const char *part_frame(char out[PART_SIZE], const struct dwell_frame *frame, bool place);

/* A stable id as people and --at write it. */
const char *part_id(char out[PART_SIZE], uint64_t id);

/* What a row stands for. */
const char *part_key(
	char out[PART_SIZE], const struct dwell_catalog *catalog, const struct dwell_key *key);

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
