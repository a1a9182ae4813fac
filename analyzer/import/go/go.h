#ifndef DWELL_GO_H
#define DWELL_GO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/bytes.h"
#include "dwell/error.h"
#include "dwell/sink.h"
#include "import/go/map.h"
#include "import/go/wire.h"
#include "import/source.h"

enum { GO_ROWS = 1024 }; /* told at once */

/*
 * Go execution traces: generations of batches, one stream of events for each thread (M). Who may
 * go next is decided by an emulation of Go's scheduler, as time stamps of different threads may lie
 * a little; the facts are those of the Go source tree's internal/trace. What is held: a
 * generation's tables and batch headers, a batch for each thread, and who is alive.
 *
 * Files: source.c; batch.c (batches and events of one generation), tables.c (strings, stacks,
 * CPU samples), run.c, order.c, procs.c (order), emit.c, spans.c (rows); v1*.c (up to Go 1.21).
 */
struct go_event {
	uint64_t time; /* nanoseconds, before the repair of order */
	uint64_t args[GO_ARGS];
	uint8_t type;
};

struct go_batch {
	uint64_t offset; /* of its events in the file */
	uint64_t time;
	uint32_t size;
	uint32_t next; /* batch of the same thread, or GO_NOBODY */
};

struct go_thread {
	uint64_t id;
	uint32_t first, last; /* batches of this generation */
	uint32_t batch;       /* where its cursor is */
	uint8_t *buffer;      /* the batch's bytes */
	size_t buffer_size;
	uint64_t buffer_offset; /* where they stand in the file */
	struct go_cursor data;
	uint64_t last_time;
	struct go_event event;
	uint32_t g, p; /* bound to it, or GO_NOBODY */
	bool known;    /* the emulation has seen it */
};

struct go_goroutine {
	uint64_t id;
	uint64_t generation, seq;
	uint32_t task;
	uint32_t region;              /* innermost open region, or GO_NOBODY */
	uint64_t world_pause, assist; /* open spans, 0: none */
	uint32_t call_stack;          /* ours: where it is in a system call */
	uint8_t status;
	bool lost_proc; /* in a system call: its P was taken */
};

struct go_proc {
	uint64_t id;
	uint64_t generation, seq;
	uint64_t sweep;      /* open span */
	uint32_t in_syscall; /* goroutine that holds it in a system call, or GO_NOBODY */
	uint8_t status;
};

struct go_text {
	const char *at;
	uint32_t size;
	uint8_t reason; /* what it means as a reason to block, 0: not looked up yet */
};

struct go_stack {
	struct go_cursor frames;
	uint32_t count;
	uint32_t id;   /* ours, 0: not defined yet */
	uint32_t root; /* location of the outermost function */
	struct dwell_string root_name;
	uint8_t sync; /* why a goroutine waits here for what Go calls "sync"; 0: not looked up */
};

struct go_sample {
	uint64_t time, g, p;
	uint64_t stack;
	uint32_t index; /* on the wire: makes the order whole */
};

/* What a goroutine was when the trace first named it. */
struct go_first {
	uint64_t goroutine;
	uint64_t stack, root_stack; /* where it is; a stack that ends in its start function */
	uint64_t proc;              /* number of its P */
	uint32_t p;                 /* index of it, or GO_NOBODY */
	uint8_t status;
};

/* A growing array. */
#define GO_ARRAY(type)                                                                             \
	struct {                                                                                   \
		type *at;                                                                          \
		size_t count, capacity;                                                            \
	}

/* Room for one more item; false when there is no memory. */
#define GO_RESERVE(array)                                                                          \
	go_reserve((void **)&(array)->at, (array)->count, &(array)->capacity, sizeof(*(array)->at))
bool go_reserve(void **at, size_t count, size_t *capacity, size_t size);

/* A thread on the frontier and the time of its next event. */
struct go_front {
	uint64_t time;
	uint32_t thread;
};

struct go_region {
	uint64_t span;
	uint32_t outer;
};

struct go_reader {
	struct import_source source;
	uint64_t size, offset;
	const uint8_t *base;  /* of the bytes that tables.c or v1 looks at, */
	uint64_t base_offset; /* and where they stand in the file */
	uint8_t *whole;       /* v1: all of the file */
	unsigned version;     /* 22, 23, 25, 26 */

	/* This generation. */
	uint64_t generation;
	double ns_per_unit;
	uint64_t whole_ns; /* the same where it is a whole number; else 0 */
	uint64_t min_time; /* units */
	uint64_t snapshot_time, snapshot_mono, snapshot_unix;
	GO_ARRAY(struct go_batch) batches;
	GO_ARRAY(struct go_text) texts;
	GO_ARRAY(struct go_stack) stacks;
	GO_ARRAY(struct go_sample) samples;
	GO_ARRAY(uint8_t *) table_bytes; /* what texts and stacks point into */
	struct go_map text_by_id, stack_by_id;
	struct go_front *frontier; /* heap, by time */
	size_t frontier_count, frontier_capacity;
	size_t next_sample;

	/* The emulation: all of the trace. */
	GO_ARRAY(struct go_thread) threads;
	GO_ARRAY(struct go_goroutine) goroutines;
	GO_ARRAY(struct go_proc) procs;
	struct go_map thread_by_id, goroutine_by_id, proc_by_id, span_by_task, first_task;
	GO_ARRAY(struct go_region) regions;
	uint32_t free_region;
	GO_ARRAY(struct go_first) firsts;
	uint64_t first_generation;
	uint64_t gc_seq, gc_span, world_pause;
	uint8_t gc_state; /* 0 unknown, 1 off, 2 on */
	bool rehearsal;   /* the first generation is read twice: its first run only fills firsts */

	/* What has been told. */
	struct dwell_sink *sink;
	uint64_t zero, last_time;
	uint64_t spans;
	uint32_t tasks;
	bool broken;
	struct go_intern labels, locations, stack_ids;
	GO_ARRAY(uint32_t) free_goroutines;
	struct dwell_event *rows;
	size_t row_count;
	int row_err;
};

/* batch.c: 0; DWELL_END: no more; DWELL_ETRUNCATED: the rest is not whole. */
int go_generation_load(struct go_reader *reader);
/* Put the cursor of every thread before its first event. */
int go_generation_start(struct go_reader *reader);
void go_generation_release(struct go_reader *reader);
uint64_t go_ns(const struct go_reader *reader, uint64_t units);
/* Its index, made if need be; GO_NOBODY: no memory. */
uint32_t go_thread_index(struct go_reader *reader, uint64_t id);

/* tables.c. A table's batch: its bytes are taken over. */
int go_tables_add(struct go_reader *reader, uint8_t *bytes, size_t size, uint64_t offset);
void go_tables_clear(struct go_reader *reader);
const struct go_text *go_text(const struct go_reader *reader, uint64_t id);
uint8_t go_reason(struct go_reader *reader, uint64_t text, uint64_t stack);
/* Our ids of things of the wire, defined at the sink when new; 0: none, or reader->diag. */
uint32_t go_stack_id(struct go_reader *reader, uint64_t stack);
uint32_t go_label_id(struct go_reader *reader, const char *at, size_t size);
bool go_stack_is_whole(struct go_reader *reader, uint64_t stack); /* to where it began */
/* The outermost function of a stack: its location and name. */
uint32_t go_stack_root(struct go_reader *reader, uint64_t stack, struct dwell_string *name);

/* order.c: all events of the generation, in order, through the emulation. */
int go_order_run(struct go_reader *reader);
void go_order_reset(struct go_reader *reader);

#endif
