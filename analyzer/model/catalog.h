#ifndef DWELL_MODEL_CATALOG_H
#define DWELL_MODEL_CATALOG_H

#include <pthread.h>

#include "dwell/model.h"
#include "model/arena.h"

/*
 * A later definition replaces an earlier one. Parts are driven at the same time, so what is later
 * is told by the part it came from, not by the clock: the first stage is 0, part i is i + 1.
 */
struct catalog_task {
	struct dwell_catalog_task task;
	uint32_t stage, first_stage;
};

struct catalog_process {
	struct dwell_catalog_process process;
	uint32_t stage;
};

struct catalog_executor {
	struct dwell_catalog_executor executor;
	uint32_t stage, first_stage;
};

struct catalog_object {
	struct dwell_catalog_object object;
	uint32_t stage;
};

struct catalog_counter {
	struct dwell_catalog_counter counter;
	uint32_t stage;
};

struct catalog_mapping {
	struct dwell_string path;
	uint64_t base; /* an address less this is an offset in the file */
	uint32_t stage;
	bool defined;
};

struct catalog_line {
	struct dwell_string function, file;
	uint32_t line;
};

struct catalog_location {
	const struct catalog_line *lines;
	uint64_t address;
	uint32_t line_count, mapping;
	uint32_t stage;
	bool defined;
};

struct catalog_stack {
	const uint32_t *locations;
	uint32_t count, stage;
	bool truncated, defined;
};

struct catalog_label {
	struct dwell_string text;
	uint32_t stage;
};

struct catalog_note {
	struct dwell_note note;
	uint32_t stage, order;
};

/* What tasks of one class have in common, and how many of them are packed or forgotten. */
struct catalog_shape {
	struct dwell_catalog_task task; /* the first of them */
	uint32_t packed;
	uint64_t first_ns; /* when the first of those was created */
};

struct dwell_catalog {
	pthread_mutex_t lock;
	struct strings strings;
	struct arena arena;
	struct table processes, tasks, executors, objects, mappings, locations, stacks, labels,
		counters, classes;
	struct table packed; /* unsigned char *, by page of tasks; NULL: it is not */
	uint32_t told;       /* the last task that was defined: catalog_pack_told */
	struct table shapes;
	uint32_t *shape_slots; /* hashed */
	size_t shape_cap;
	struct catalog_note *notes;
	size_t note_count, note_cap;
	bool marked;     /* some process is: only those were to be recorded */
	bool has_others; /* some task is there only for what it did to others */
	struct dwell_string source;
};

/*
 * A task that a cut left out: it is there for where it ran and for what it did to others, and
 * nothing is told of it (dwell/filter.h).
 */
static inline bool catalog_is_other(const struct dwell_catalog *catalog, uint32_t task)
{
	const struct catalog_task *kept =
		catalog->has_others ? table_get(&catalog->tasks, task) : NULL;

	return kept && kept->task.created_ns == DWELL_FOREVER;
}

int catalog_new(struct dwell_catalog **out);
void catalog_free(struct dwell_catalog *catalog);

/* Definitions as a sink is told them; by any thread. 0, DWELL_ENOMEM, DWELL_ELIMIT. */
int catalog_put_process(
	struct dwell_catalog *catalog, uint32_t stage, const struct dwell_process *process);
int catalog_put_task(struct dwell_catalog *catalog, uint32_t stage, const struct dwell_task *task);
int catalog_put_executor(
	struct dwell_catalog *catalog, uint32_t stage, const struct dwell_executor *executor);
int catalog_put_object(
	struct dwell_catalog *catalog, uint32_t stage, const struct dwell_object *object);
int catalog_put_mapping(
	struct dwell_catalog *catalog, uint32_t stage, const struct dwell_mapping *mapping);
int catalog_put_location(
	struct dwell_catalog *catalog, uint32_t stage, const struct dwell_location *location);
int catalog_put_stack(
	struct dwell_catalog *catalog, uint32_t stage, const struct dwell_stack *stack);
int catalog_put_label(
	struct dwell_catalog *catalog, uint32_t stage, const struct dwell_label *label);
int catalog_put_counter(
	struct dwell_catalog *catalog, uint32_t stage, const struct dwell_counter *counter);
int catalog_put_note(struct dwell_catalog *catalog, uint32_t stage, const struct dwell_note *note);

/* A copy of text that lives as long as the catalog. One thread. */
int catalog_keep(struct dwell_catalog *catalog, struct dwell_string text, struct dwell_string *out);

/* After the last definition: put notes in order, work out classes. 0 or DWELL_ENOMEM. */
int catalog_finish(struct dwell_catalog *catalog);

/* What makes the class of a task: alike where it is the same. */
uint64_t catalog_shape_hash(const struct dwell_catalog_task *task);
bool catalog_same_shape(const struct dwell_catalog_task *a, const struct dwell_catalog_task *b);

/* 0 where the task is not known or there is no memory. */
uint32_t catalog_shape(struct dwell_catalog *catalog, uint32_t task);
/* The same of one that is packed, which stays so; 0: it is not. */
uint32_t catalog_packed_shape(const struct dwell_catalog *catalog, uint32_t task);
/* What all of a shape have alike. */
void catalog_take_shape(struct dwell_catalog_task *task, const struct dwell_catalog_task *shape);

/*
 * Tasks that have ended are kept in little room from now on, a task and the 64 of its page; one
 * thread, which holds no pointers to them. Who looks for one finds it, and its page is as before:
 * catalog_unpack, NULL where there is none. catalog_forget: none of them is looked for any more,
 * they only count in their classes; but of which a copy was kept, that one may be put back. 0 or
 * DWELL_ENOMEM.
 */
int catalog_pack(struct dwell_catalog *catalog, uint32_t task);
struct catalog_task *catalog_unpack(struct dwell_catalog *catalog, uint32_t task);
void catalog_drop_packed(struct dwell_catalog *catalog);
int catalog_forget(struct dwell_catalog *catalog, uint32_t task);
/*
 * A task was defined, at the start: where there are many, those before are packed from then on.
 * catalog_unpack_all: several threads will look for them. catalog_created: a dwell_states_defined
 * for all that were defined at the start, packed or not.
 */
enum { CATALOG_MANY = 1 << 14 };
bool catalog_is_packed(const struct dwell_catalog *catalog, uint32_t task);
int catalog_pack_told(struct dwell_catalog *catalog, uint32_t task);
int catalog_unpack_all(struct dwell_catalog *catalog);
uint64_t catalog_created(void *catalog, uint32_t first, uint64_t created_ns[64]);
int catalog_restore(struct dwell_catalog *catalog, const struct dwell_catalog_task *task);

/* After it is finished: the class of tasks of that shape, and one of them; NULL: there is none. */
uint32_t catalog_class_of_shape(const struct dwell_catalog *catalog, uint32_t shape);
const struct dwell_catalog_task *catalog_like(const struct dwell_catalog *catalog, uint32_t shape);
/* The time of the first creation of all tasks of a process; DWELL_FOREVER: it has none. */
uint64_t catalog_first_created(const struct dwell_catalog *catalog, uint32_t process);

/* What a stack is made of, by names: equal for stacks that differ in addresses only. */
uint64_t catalog_stack_hash(const struct dwell_catalog *catalog, uint32_t stack);
/* What an object is, the same in another run: kind, and name or creation site. */
uint64_t catalog_object_hash(const struct dwell_catalog *catalog, uint32_t object);
/* The innermost named frame of a location; where it has no names, its module and address. */
struct dwell_frame catalog_place(const struct dwell_catalog *catalog, uint32_t location);

#endif
