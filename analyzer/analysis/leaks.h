#ifndef DWELL_ANALYSIS_LEAKS_H
#define DWELL_ANALYSIS_LEAKS_H

#include "analysis/fold.h"
#include "dwell/leaks.h"

/* Who ended waits for an object: few are told apart. */
enum { LEAK_WAKERS = 8 };

struct leak_object {
	uint64_t released_ns; /* last; of a thread: detached */
	uint32_t released_task, released_stack;
	uint64_t timed_out; /* waits for it that ended by their time limit */
	uint64_t woken;     /* waits for it that somebody ended */
	uint64_t joined;    /* joins of it, a thread of which the program told nothing */
	uint32_t wakers[LEAK_WAKERS];
	uint32_t waker_count;
	bool many; /* more than that */
	/* Waits for it that ended before their time limit: how many, the end of the first of them,
	 * and the latest start. */
	uint64_t passed, first_end_ns, last_start_ns;
	/* The last wait that somebody ended, and the last signal that nobody waited for. */
	uint64_t ended_ns, unheard_ns;
	uint32_t unheard_task, unheard_stack;
};

/* The last of a process do not end at one moment. */
#define LEAK_TEARDOWN_NS UINT64_C(20000000)

/* A process's life is looked at in so many parts, whether tasks become more and more. */
enum { LEAK_PARTS = 8 };

/* How a task was left: at its death, or at the end of the window. */
struct leak_task {
	uint64_t died_ns;  /* DWELL_FOREVER: alive */
	uint64_t since_ns; /* of its wait */
	uint32_t object, holder;
	uint32_t stack, switch_stack; /* as its program told it, and as it left its executor */
	uint8_t reason;               /* of its wait; 0: it did not wait */
	uint8_t flags;                /* enum dwell_event_flag of the wait's begin */
	int32_t status;               /* of its exit, as wait(2) has it */
	bool seen, has_status;
	bool told;     /* the wait, by its program or its runtime, not by the kernel */
	bool given_up; /* it was joined or detached */
	uint8_t why;   /* enum dwell_forever: found out by stuck.c */
	bool in_circle;
	bool named; /* in a row of those that are alive */
};

/* A task that was settled. */
struct leak_ended {
	uint64_t created_ns, died_ns;
	uint32_t task, process, shape;
	bool born;
	bool counted; /* among those of its shape that ended */
};

/* Those of a shape that were settled and seen to be born. */
struct leak_shape {
	uint32_t born, ended, first_task;
	uint64_t longest_ns; /* life of those that ended */
};

/* Those of a process. */
struct leak_gone {
	uint64_t first_ns, last_ns; /* creation; death */
	bool any;
};

struct leaks {
	const struct model *model;
	const struct dwell_states *states;
	struct table tasks;   /* struct leak_task */
	struct table objects; /* struct leak_object */
	struct table passed;  /* uint8_t by stack: a wait there ended, and its task went on */
	/* Of tasks that were settled: leaks_settle.c. */
	struct table settled;     /* uint64_t by page: bits of those that were seen */
	struct table shapes;      /* struct leak_shape */
	struct table gone;        /* struct leak_gone, by process */
	struct leak_ended *ended; /* some of them; at last in order */
	size_t ended_count, ended_cap, ended_kept;
};

/* The processes that are judged, and when each ended. */
struct leak_process {
	uint64_t end_ns;
	bool judged;
	bool ended;     /* by itself: its main task returned or called exit */
	bool killed;    /* by a signal */
	bool circle;    /* some of its tasks wait in one */
	uint64_t joins; /* of threads that are not known */
};

struct leak_judge {
	const struct leaks *leaks;
	const struct dwell_catalog *catalog;
	struct leak_process *processes;     /* by id */
	uint32_t process_count, task_count; /* one more than the highest id */
	uint64_t end_ns;
	bool has_joins;
	struct dwell_leaks *out;
};

/* A signal that came before a wait of it. */
struct leak_signal {
	uint64_t time_ns;
	uint32_t task, stack;
};

/* The signal that a task missed that waits for ever. */
struct leak_signal leak_missed(const struct leak_object *object);

/* The task as it was left; NULL: not in a judged process, or nothing is known of it. */
struct leak_task *leak_task_of(const struct leak_judge *judge, uint32_t task);
/* It was there when its process ended. */
bool leak_is_left(const struct leak_judge *judge, uint32_t task, const struct leak_task *of);
/* It waits for another task of its process, without a time limit. */
bool leak_waits(const struct leak_task *of);

int leaks_settle(void *fold, uint32_t first, const struct dwell_life *lives, size_t count);
void leaks_judge_settled(struct leak_judge *judge);
/* The same as leak_is_left. */
bool leak_ended_left(const struct leak_judge *judge, const struct leak_ended *ended);
void leak_kin_end(struct leak_shape *shape, const struct leak_ended *ended);
/* It is known and has died; and not with its process. */
bool leak_has_died(const struct leak_judge *judge, uint32_t task);
bool leak_has_ended(const struct leak_judge *judge, uint32_t task);

/* 0: none is known. */
uint32_t leak_process_of(const struct leak_judge *judge, uint32_t task);

/* A row more, of the process of a task. NULL: no memory. */
struct dwell_leak *leak_row(struct leak_judge *judge, unsigned kind, uint32_t task);
int leak_add_task(struct dwell_leak *row, uint32_t task);
/* A task that waits, and what for. */
int leak_add_step(const struct leak_judge *judge, struct dwell_leak *row, uint32_t task);

/* The kinds. 0 or DWELL_ENOMEM. Circles first: what waits for them is said to. */
int leaks_judge(struct leak_judge *judge);
int leaks_find_circles(struct leak_judge *judge);
int leaks_find_forever(struct leak_judge *judge);
int leaks_find_unjoined(struct leak_judge *judge);
int leaks_find_alive(struct leak_judge *judge);
int leaks_find_growing(struct leak_judge *judge);
int leaks_find_abandoned(struct leak_judge *judge);
/* All who are left otherwise: as rows where the query wants them, else how many. */
int leaks_find_left(struct leak_judge *judge);

#endif
