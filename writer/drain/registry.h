#ifndef DWELL_DRAIN_REGISTRY_H
#define DWELL_DRAIN_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/sink.h"

/*
 * Who is who in a recording: gives processes, tasks, executors, objects, stacks, locations,
 * labels and counters their ids, and defines each to the sink before its id is returned, so that
 * rows from rings and rows from the kernel speak of the same things.
 *
 * Ids are 1 or more; 0 is returned where a limit of dwell/limits.h is reached or memory is short:
 * then "not known". One thread at a time.
 */
struct dwell_registry;

/* sink: gets the definitions; must outlive the registry. DWELL_ENOMEM. */
int dwell_registry_new(struct dwell_registry **out, struct dwell_sink *sink);
void dwell_registry_free(struct dwell_registry *registry);

/* The first error of the sink, or 0. Ids are given all the same. */
int dwell_registry_error(const struct dwell_registry *registry);

/*
 * The process that has this pid now (as the recorder's kernel numbers it). Defined at its first
 * mention. dwell_registry_describe_process() fills in what is known later.
 */
uint32_t dwell_registry_process(struct dwell_registry *registry, int64_t pid);
/* What is empty or 0 leaves the former. */
void dwell_registry_describe_process(struct dwell_registry *registry, uint32_t process,
	uint32_t parent, struct dwell_string name, struct dwell_string command);
/* It belongs to what was to be recorded. */
void dwell_registry_record_process(struct dwell_registry *registry, uint32_t process);
/* The pid is free: a later mention means another process, and no more is told of this one. */
void dwell_registry_end_process(struct dwell_registry *registry, int64_t pid);

/* Beside the id: what a definition of a task says. */
struct dwell_registry_task {
	uint32_t process;
	uint32_t parent;
	uint32_t creation_stack;
	uint64_t start_address; /* of the start function; 0: not known */
	uint64_t created_ns;
	bool born;
	struct dwell_string name;
};

/* The thread that has this tid now; 0 when it was never mentioned. */
uint32_t dwell_registry_find_task(const struct dwell_registry *registry, int64_t tid);
/* The same, defined now where it was not; *fresh (may be NULL) tells. */
uint32_t dwell_registry_task(struct dwell_registry *registry, int64_t tid,
	const struct dwell_registry_task *what, bool *fresh);
/* Fill in what an earlier definition did not have (0 and empty leave the former) or rename; of
 * several times of its creation the earliest is kept: at each it was there. */
void dwell_registry_describe_task(
	struct dwell_registry *registry, uint32_t task, const struct dwell_registry_task *what);
/* Whether its states are told from here on: true once for each task. */
bool dwell_registry_begin_task(struct dwell_registry *registry, uint32_t task);
/* A task of its own that has this tid for now, though a mention of the tid means another. */
uint32_t dwell_registry_former_task(
	struct dwell_registry *registry, int64_t tid, const struct dwell_registry_task *what);
/* The tid is free: a later mention means another task. */
void dwell_registry_end_task(struct dwell_registry *registry, int64_t tid);
/* A task without a tid: the program's own. */
uint32_t dwell_registry_program_task(struct dwell_registry *registry, uint8_t kind,
	uint64_t native_id, const struct dwell_registry_task *what);

/* The CPU of that number, or another executor (a worker has an own id for each call). */
uint32_t dwell_registry_cpu(struct dwell_registry *registry, uint32_t number);
uint32_t dwell_registry_worker(
	struct dwell_registry *registry, uint32_t number, struct dwell_string name);

/* process 0: an object that processes share (a pipe or socket by its inode). */
uint32_t dwell_registry_object(
	struct dwell_registry *registry, uint32_t process, uint8_t kind, uint64_t native_id);
/* enum dwell_object_kind of an object. */
uint8_t dwell_registry_object_kind(const struct dwell_registry *registry, uint32_t object);
bool dwell_registry_object_is_named(const struct dwell_registry *registry, uint32_t object);
void dwell_registry_name_object(
	struct dwell_registry *registry, uint32_t object, struct dwell_string name);

/*
 * A file mapped into a process. An address belongs to the latest mapping told for it; addresses
 * that no mapping holds give locations without one.
 */
uint32_t dwell_registry_mapping(
	struct dwell_registry *registry, const struct dwell_mapping *mapping);

/* A code address of a process. */
uint32_t dwell_registry_location(
	struct dwell_registry *registry, uint32_t process, uint64_t address);

/* A frame that is named, not addressed (ring/intern.h): what it stands for. Told before a stack
 * that has it. */
void dwell_registry_name_frame(
	struct dwell_registry *registry, uint64_t frame, const struct dwell_line *line);
bool dwell_registry_has_frame(const struct dwell_registry *registry, uint64_t frame);

/*
 * A stack by its addresses, innermost first. The first is that of an instruction, the others are
 * return addresses (all of them where `returns`), from which 1 is subtracted.
 */
uint32_t dwell_registry_stack(struct dwell_registry *registry, uint32_t process,
	const uint64_t *addresses, size_t count, bool returns, bool truncated);

uint32_t dwell_registry_label(struct dwell_registry *registry, struct dwell_string text);
uint32_t dwell_registry_counter(struct dwell_registry *registry, uint8_t kind, int8_t exponent,
	struct dwell_string name, struct dwell_string unit);

/* Call for every location told so far, in order of id: to symbolize them when recording ends. */
void dwell_registry_each_location(const struct dwell_registry *registry,
	void (*tell)(void *context, uint32_t location, uint32_t process, uint32_t mapping,
		uint64_t address),
	void *context);

#endif
