#ifndef DWELL_ANALYSIS_FINDINGS_H
#define DWELL_ANALYSIS_FINDINGS_H

#include "analysis/fold.h"
#include "analysis/watch.h"
#include "dwell/findings.h"

/*
 * Rules: each is a file in rules/ that looks at what other analyses and the watch found, and tells
 * findings. A new rule is a new file and a line in findings.c.
 */
struct findings {
	const struct model *model;
	const struct dwell_catalog *catalog;
	const struct dwell_answer *answer; /* latency, blocked, locks, spans, leaks */
	const struct watch *watch;
	uint64_t length_ns; /* of the window */
	uint32_t cpus;      /* 0: not known */
	struct dwell_findings *out;
};

struct rule {
	const char *name;
	/* Why it cannot be judged here; NULL: it can. May be NULL. */
	const char *(*cannot)(const struct findings *findings);
	/* 0 or DWELL_ENOMEM. */
	int (*find)(struct findings *findings);
};

extern const struct rule rule_deadlock, rule_waits_forever, rule_never_joined, rule_alive_at_end,
	rule_growing, rule_lock_convoy, rule_holder_in_io, rule_holder_asleep,
	rule_holder_preempted, rule_blocking_call, rule_lock_order, rule_starvation,
	rule_oversubscription, rule_serial_stretch, rule_busy_polling, rule_thundering_herd,
	rule_imbalance, rule_ping_pong, rule_queue_grows, rule_world_paused, rule_lost_wakeup,
	rule_priority_inversion, rule_noisy_neighbours, rule_loop_blocked;

/* A finding more: all zero but its rule, time and title, which may be NULL: no memory. */
struct dwell_finding *finding_new(
	struct findings *findings, const struct rule *rule, uint64_t lost_ns, uint64_t at_ns);
__attribute__((format(printf, 2, 3))) void finding_title(
	struct dwell_finding *finding, const char *format, ...);
void finding_task(struct dwell_finding *finding, uint32_t task);
bool finding_names(const struct dwell_finding *finding, uint32_t task);
void finding_number(struct dwell_finding *finding, const char *name, unsigned kind, uint64_t value);
void finding_text(struct dwell_finding *finding, const char *name, const char *text);

/* Those that are alike become one; those that follow from others are ranked after them. */
void findings_fold(struct findings *findings);
void findings_relate(struct findings *findings);

/* Is it worth a line: 10 ms, and 1 % of the window. */
bool finding_matters(const struct findings *findings, uint64_t lost_ns);

/* Text for titles: "12.3 ms"; the task's name, "somebody" for none. */
enum { FINDING_TEXT = 64 };
const char *finding_ns(char out[FINDING_TEXT], uint64_t ns);
const char *finding_who(char out[FINDING_TEXT], const struct findings *findings, uint32_t task);
const char *finding_what(char out[FINDING_TEXT], const struct findings *findings, uint32_t object);

/* The same of a lock, by its name where it is known to all: the interpreter's. */
const char *finding_lock(
	char out[FINDING_TEXT], const struct findings *findings, const struct dwell_lock_row *lock);
/* Does a task that waits for this reason wait for Python's global lock there, or give it up? */
bool stack_is_gil(const struct dwell_catalog *catalog, unsigned reason, uint32_t stack);
/* Or for another lock that only its functions tell? */
bool stack_is_lock(const struct dwell_catalog *catalog, unsigned reason, uint32_t stack);
/* Java's: such a lock; for something to do in a pool. */
bool stack_is_java_lock(const struct dwell_catalog *catalog, uint32_t stack);
bool stack_is_java_worker(const struct dwell_catalog *catalog, uint32_t stack);
/* Does a task wait for another's end there, though by a lock? */
bool stack_is_join(const struct dwell_catalog *catalog, uint32_t stack);
/* Does a thread of a team wait there for the others of it? */
bool stack_is_team(const struct dwell_catalog *catalog, uint32_t stack);
/* All of its functions are those of a runtime that keeps house. */
bool stack_is_runtimes(const struct dwell_catalog *catalog, uint32_t stack);
/* Does a task wait for its only client there, though by an epoll? */
bool stack_serves_one(const struct dwell_catalog *catalog, uint32_t stack);
bool lock_is_gil(const struct findings *findings, const struct dwell_lock_row *lock);

/* Sums over a lock's holders. */
struct lock_blame {
	uint64_t ns;      /* of all holders, in the state and for the reasons asked for */
	uint64_t late_ns; /* of it, ready after that: until they ran again */
	const struct dwell_holder *most; /* NULL: none */
};
struct lock_blame lock_blocked(const struct dwell_lock_row *lock, uint32_t reasons);
struct lock_blame lock_preempted(const struct dwell_lock_row *lock);

/* What was waited for locks that this task held too, where a finding tells of them already. */
uint64_t lock_told_ns(const struct findings *findings, uint32_t task);

/* What the rules about a lock's holder have in common. */
struct holder_rule {
	const struct rule *rule;
	uint32_t reasons;       /* bits 1 << enum dwell_reason; 0: preempted */
	unsigned least_percent; /* of the time waited */
	const char *doing;      /* "waited for a device" */
};
int holder_find(struct findings *findings, const struct holder_rule *of);

/* What waits behind a leak, which its rule tells with it. */
uint64_t leak_behind(
	const struct dwell_leaks *leaks, const struct dwell_leak *leak, uint32_t *count);

/* What the rules that leaks judges have in common. */
int leak_find(struct findings *findings, const struct rule *rule, unsigned kind);

#endif
