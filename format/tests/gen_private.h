#ifndef DWELL_TESTS_GEN_PRIVATE_H
#define DWELL_TESTS_GEN_PRIVATE_H

#include "tests/gen.h"

enum {
	GEN_STACKS = 12,
	GEN_OBJECTS = 9,
	GEN_LABELS = 3,
	GEN_COUNTERS = 2,
	GEN_PROCESSES = 3,
	GEN_LOCATIONS = 20
};

/* Who tells of a task. */
enum { GEN_KERNEL, GEN_PROGRAM, GEN_SILENT };

struct gen_task {
	uint32_t at; /* its place in its list */
	bool waits;
	uint32_t span; /* open, or 0 */
};

struct gen_list {
	uint32_t *tasks;
	uint32_t count;
};

struct gen {
	const struct gen_options *o;
	struct dwell_sink *sink;
	uint64_t random, now, step;
	bool wakes, kernel;
	int err;
	size_t rows;
	uint32_t born, spans;
	struct gen_task *tasks;
	uint32_t *running; /* by executor */
	struct gen_list ready, blocked, own;
	struct {
		bool active, ahead;
		uint32_t task, executor;
		uint64_t start, end, count;
	} loss;
	struct dwell_event buffer[200];
	size_t count;
};

uint8_t gen_task_how(const struct gen *g, uint32_t task);
void gen_begin(struct gen *g);
void gen_define_task(struct gen *g, uint32_t task, bool born);
/* One row that says nothing of states. */
void gen_extra(struct gen *g, uint32_t task, uint32_t executor,
	void (*emit)(struct gen *, const struct dwell_event *));

#endif
