#ifndef DWELL_ANALYSIS_H
#define DWELL_ANALYSIS_H

#include "dwell/activity.h"
#include "dwell/digest.h"
#include "dwell/error.h"
#include "dwell/findings.h"
#include "dwell/gc.h"
#include "dwell/leaks.h"
#include "dwell/pools.h"
#include "dwell/waits.h"

/*
 * The analyses: a source in, plain data out. Several can be asked for in one pass over the
 * source. The same trace gives the same answer, in the same order, whatever the number of threads.
 */
enum dwell_analysis {
	DWELL_ANALYZE_TASKS = 1 << 0,
	DWELL_ANALYZE_LATENCY = 1 << 1,
	DWELL_ANALYZE_BLOCKED = 1 << 2,
	DWELL_ANALYZE_LOCKS = 1 << 3,
	DWELL_ANALYZE_SPANS = 1 << 4,
	DWELL_ANALYZE_METRICS = 1 << 5,
	DWELL_ANALYZE_FLAME = 1 << 6,
	DWELL_ANALYZE_STAT = 1 << 7,
	DWELL_ANALYZE_LEAKS = 1 << 8,
	DWELL_ANALYZE_GC = 1 << 9,
	DWELL_ANALYZE_POOLS = 1 << 10,
	DWELL_ANALYZE_FINDINGS = 1 << 12, /* and those that its rules look at */
	/* Roles, holders, counters and shares of spans: where the others are asked for, too. */
	DWELL_ANALYZE_DIGEST = 1 << 11
};

enum dwell_flame_of {
	DWELL_FLAME_BLOCKED = 0, /* waits at the waiter's stack */
	DWELL_FLAME_RUNNABLE,    /* time ready, at the stack where the task last left */
	DWELL_FLAME_LOCK,        /* waits for something held, at the waiter's stack */
	DWELL_FLAME_WAKE,        /* waits at the waker's stack */
	DWELL_FLAME_CPU          /* samples */
};

struct dwell_query {
	unsigned analyses; /* bits of enum dwell_analysis */
	unsigned threads;  /* 0: one for each CPU that may be used */
	struct dwell_selection selection;
	unsigned tasks_by;      /* enum dwell_by: task, class, process */
	uint64_t tasks_most;    /* rows of tasks that are wanted, the first ones; 0: all */
	const char *tasks_sort; /* one of dwell_tasks_sorts; NULL: the first */
	unsigned blocked_by;    /* enum dwell_by: site, object, reason, task, class */
	unsigned flame_of;      /* enum dwell_flame_of */
	bool flame_as_go;       /* of goroutines only waits that ended, as Go's own profiles */
	bool leaks_left;        /* of leaks also each task of a runtime that waits at the end */
	uint64_t worst;         /* latencies to keep; UINT64_MAX: all */
	bool only_worst;        /* of latencies nothing else is asked for: no distributions */
	bool only_sums;         /* of waits: how many, how long together, the longest */
	/* What several threads may keep together until it is their turn; 0: 40 MiB, of many
	 * tasks 8. */
	uint64_t ahead_bytes;
	/* Called now and then by one thread with the time that was reached; may be NULL. */
	void (*progress)(void *context, uint64_t at_ns);
	void *progress_context;
};

enum dwell_task_end {
	DWELL_END_ALIVE = 0,
	DWELL_END_ENDED,  /* how is not known */
	DWELL_END_EXITED, /* with `status` */
	DWELL_END_KILLED  /* by signal `status` */
};

struct dwell_tasks_row {
	struct dwell_key key;
	uint32_t task;  /* the catalog has its names; 0: the row is of several */
	uint32_t count; /* tasks in the row */
	uint64_t created_ns;
	uint64_t ended_ns; /* DWELL_FOREVER: alive at the end of the window */
	uint8_t end;       /* enum dwell_task_end; of one task */
	int32_t status;
	struct dwell_times times;
	uint64_t blocked_by[DWELL_REASON_COUNT]; /* 0: no reason was recorded */
	uint64_t switches, preemptions, wakes;   /* see has_switches and has_wakes of the facts */
};

/* What rows may be sorted by, largest first; NULL is the end. Of equal ones those come first that
 * ran or wanted to for longer, then those that waited for longer. */
extern const char *const dwell_tasks_sorts[];

struct dwell_tasks {
	struct dwell_tasks_row *rows;
	size_t count;
	uint64_t total; /* rows that there would be, if all were wanted */
};

struct dwell_latency_row {
	uint32_t id; /* of the class or executor */
	struct dwell_distribution times;
};

enum dwell_occupant_kind { DWELL_OCCUPANT_TASK, DWELL_OCCUPANT_IDLE, DWELL_OCCUPANT_UNKNOWN };
const char *dwell_occupant_name(unsigned kind);

/* Who held the executor; longest first, idle and unknown last. */
struct dwell_occupant {
	uint64_t ns;
	uint32_t task; /* 0: of another kind */
	uint8_t kind;  /* enum dwell_occupant_kind */
};

struct dwell_worst {
	uint64_t id;
	uint64_t at_ns; /* became runnable */
	uint64_t latency_ns;
	uint32_t task;
	uint32_t executor; /* entered; 0: not known */
	uint32_t waker;
	uint32_t waker_stack;
	uint8_t cause;                      /* enum dwell_cause */
	struct dwell_occupant *ran_instead; /* adds up to latency_ns */
	size_t ran_count;
};

struct dwell_latency {
	struct dwell_distribution overall;
	struct dwell_distribution causes[DWELL_CAUSE_COUNT]; /* by enum dwell_cause */
	struct dwell_latency_row *classes;                   /* longest total first */
	size_t class_count;
	struct dwell_latency_row *executors; /* by id */
	size_t executor_count;
	struct dwell_worst *worst; /* longest first */
	size_t worst_count;
};

/* What was asked for; NULL what was not. */
struct dwell_answer {
	struct dwell_trace_facts trace;
	const struct dwell_catalog *catalog;
	struct dwell_tasks *tasks;
	struct dwell_latency *latency;
	struct dwell_blocked *blocked;
	struct dwell_locks *locks;
	struct dwell_spans *spans;
	struct dwell_metrics *metrics;
	struct dwell_flames *flames;
	struct dwell_leaks *leaks;
	struct dwell_findings *findings;
	struct dwell_stat *stat;
	struct dwell_gc *gc;
	struct dwell_pools *pools;
	struct dwell_digest *digest; /* may be taken out: it needs nothing of the answer */
};

/*
 * Drive the source, which stays the caller's. Returns 0, DWELL_EINVAL (a word of the query that
 * has no meaning there, from after to), or what the source returned; then *diag, which may be
 * NULL, says where and what, and *out is untouched.
 *
 * A source whose rows end in a fault after some of them were read gives an answer over what was
 * read only if it says so itself, by a loss row and `closed`.
 */
int dwell_analyze(struct dwell_answer **out, struct dwell_source *source,
	const struct dwell_query *query, struct dwell_diag *diag);

/* NULL is allowed. */
void dwell_answer_free(struct dwell_answer *answer);

#endif
