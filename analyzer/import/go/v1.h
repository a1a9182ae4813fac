#ifndef DWELL_GO_V1_H
#define DWELL_GO_V1_H

#include "import/go/go.h"

/*
 * Traces of Go 1.11 to 1.21: batches of events for each P, tables anywhere. A system call's end may
 * be told long after it was, so that all is put in order twice: the first time only such ends are
 * kept, and the second time they are told where they belong.
 */
enum go_v1_type {
	GO1_BATCH = 1,
	GO1_FREQUENCY,
	GO1_STACK,
	GO1_GOMAXPROCS,
	GO1_PROC_START,
	GO1_PROC_STOP,
	GO1_GC_START,
	GO1_GC_DONE,
	GO1_STW_START,
	GO1_STW_DONE,
	GO1_SWEEP_START,
	GO1_SWEEP_DONE,
	GO1_CREATE,
	GO1_START,
	GO1_END,
	GO1_STOP,
	GO1_SCHED,
	GO1_PREEMPT,
	GO1_SLEEP,
	GO1_BLOCK,
	GO1_UNBLOCK,
	GO1_BLOCK_SEND,
	GO1_BLOCK_RECV,
	GO1_BLOCK_SELECT,
	GO1_BLOCK_SYNC,
	GO1_BLOCK_COND,
	GO1_BLOCK_NET,
	GO1_SYSCALL,
	GO1_SYSCALL_EXIT,
	GO1_SYSCALL_BLOCK,
	GO1_WAITING,
	GO1_IN_SYSCALL,
	GO1_HEAP_ALLOC,
	GO1_HEAP_GOAL,
	GO1_TIMER_GOROUTINE,
	GO1_FUTILE_WAKEUP,
	GO1_STRING,
	GO1_START_LOCAL,
	GO1_UNBLOCK_LOCAL,
	GO1_SYSCALL_EXIT_LOCAL,
	GO1_START_LABEL,
	GO1_BLOCK_GC,
	GO1_ASSIST_START,
	GO1_ASSIST_DONE,
	GO1_TASK_CREATE,
	GO1_TASK_END,
	GO1_REGION,
	GO1_LOG,
	GO1_CPU_SAMPLE,
	GO1_TYPES
};

/* How many arguments a type has behind its time, and whether a stack follows them. */
struct go_v1_shape {
	uint8_t args;
	bool stack;
};
extern const struct go_v1_shape go_v1_shapes[GO1_TYPES];

struct go_v1_event {
	uint64_t ts; /* ticks, then nanoseconds */
	uint64_t g;
	uint64_t args[4];
	uint64_t index; /* place in the order of causes: of two at one time it decides */
	uint32_t stack;
	int32_t p;
	uint8_t type;
};

/* What one P wrote, in pieces. */
struct go_v1_proc {
	int32_t p;
	uint32_t first, last, batch; /* of reader->batches */
	struct go_cursor data;
	uint64_t last_ts, last_g;
	struct go_v1_event event;
	bool loaded; /* event holds its next one */
	bool queued; /* event waits on the frontier */
};

/* The end of a system call that was before the event that tells it. */
struct go_v1_exit {
	uint64_t ts, index, g;
	int32_t p;
};

/* What a goroutine or the collector is, to put events in order. */
struct go_v1_state {
	uint64_t seq;
	uint8_t status;
};

struct go_v1 {
	struct go_reader *reader;
	GO_ARRAY(struct go_v1_proc) procs;
	GO_ARRAY(struct go_v1_event) samples;
	uint64_t ticks_per_second;

	/* The order of causes. */
	struct go_map state_of;
	GO_ARRAY(struct go_v1_state) states;
	size_t next_sample;
	uint64_t merged, last_ts; /* events so far, and the time of the last */

	/* What the first time through is for. */
	GO_ARRAY(struct go_v1_exit) exits; /* by time */
	GO_ARRAY(uint8_t) blocking;        /* a bit for each system call: it lost its P */
	struct go_map open_call;           /* of a goroutine whose last event it is, + 1 */
	uint64_t calls;
	uint64_t first_ts, end_ts;

	/* The second time. */
	size_t next_exit;
	struct go_v1_event ahead; /* of the order of causes, not told yet */
	bool has_ahead;
};

/* One event as it stands in the file: type, arguments (with the time), and the text behind a log.
 */
struct go_v1_raw {
	uint64_t args[8];
	struct go_cursor rest; /* of a stack: its frames */
	uint64_t text;         /* offset of the text of a log, counted from the file's start */
	uint32_t count;
	uint8_t type;
};

/* Words that newer traces carry as strings, under numbers that no string of a file has. */
#define GO1_WORD (UINT64_C(1) << 62)

enum go_v1_word {
	GO1_WORD_FOREVER,
	GO1_WORD_SLEEP,
	GO1_WORD_NONE,
	GO1_WORD_SEND,
	GO1_WORD_RECEIVE,
	GO1_WORD_SELECT,
	GO1_WORD_SYNC,
	GO1_WORD_COND,
	GO1_WORD_NETWORK,
	GO1_WORD_ASSIST,
	GO1_WORD_PAUSES
};

/* v1_words.c */
int go_v1_add_words(struct go_reader *reader);
/* Why the world was stopped. */
uint64_t go_v1_pause_word(const struct go_reader *reader, uint64_t kind);

/* v1_wire.c: the event at *in, which moves behind it. 0, DWELL_END, DWELL_EFORMAT. */
int go_v1_next(struct go_reader *reader, struct go_cursor *in, struct go_v1_raw *out);
/* Tables, batches and CPU samples of the whole file. */
int go_v1_index(struct go_v1 *v1);
/* A P's next event into proc->event: 0, DWELL_END, DWELL_EFORMAT. */
int go_v1_load(struct go_v1 *v1, struct go_v1_proc *proc);

/* v1_order.c: the next event in the order of causes: 0, DWELL_END or an error. */
void go_v1_rewind(struct go_v1 *v1);
int go_v1_merge(struct go_v1 *v1, struct go_v1_event *out);

/* v1_time.c: look at all events once; then the next in order of time, with its time in nanoseconds
 * from 1 on: 0, DWELL_END or an error. */
int go_v1_survey(struct go_v1 *v1);
int go_v1_tell_next(struct go_v1 *v1, struct go_v1_event *out);
void go_v1_release(struct go_v1 *v1);

/* v1.c: the whole trace to the reader's sink. */
int go_v1_drive(struct go_reader *reader);

#endif
