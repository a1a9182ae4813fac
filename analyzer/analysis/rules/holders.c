/* What the holder of a lock did while others waited for it: docs/findings.md. */
#include <stdio.h>
#include <string.h>

#include "analysis/findings.h"
#include "analysis/waits.h"

/* Until the holder ran again after such a wait is of it, too. */
static uint64_t late_after(const struct dwell_holder *holder, uint64_t ns)
{
	uint64_t others_ns = holder->times.blocked_ns;

	for (unsigned i = 0; i < holder->reason_count; i++)
		if (is_held(holder->reasons[i].reason))
			others_ns -= holder->reasons[i].ns;

	return others_ns ? (uint64_t)((__uint128_t)holder->late_ns * ns / others_ns) : 0;
}

struct lock_blame lock_blocked(const struct dwell_lock_row *lock, uint32_t reasons)
{
	struct lock_blame blame = { 0 };
	uint64_t most_ns = 0;

	for (size_t i = 0; i < lock->holder_count; i++) {
		const struct dwell_holder *holder = &lock->holders[i];
		uint64_t ns = 0, late_ns;

		for (unsigned j = 0; j < holder->reason_count; j++)
			if (reasons >> holder->reasons[j].reason & 1)
				ns += holder->reasons[j].ns;
		late_ns = late_after(holder, ns);
		ns += late_ns;
		blame.ns += ns;
		blame.late_ns += late_ns;
		if (ns > most_ns && holder->task) {
			most_ns = ns;
			blame.most = holder;
		}
	}
	return blame;
}

struct lock_blame lock_preempted(const struct dwell_lock_row *lock)
{
	struct lock_blame blame = { 0 };
	uint64_t most_ns = 0;

	for (size_t i = 0; i < lock->holder_count; i++) {
		const struct dwell_holder *holder = &lock->holders[i];

		blame.ns += holder->preempted_ns;
		if (holder->preempted_ns > most_ns && holder->task) {
			most_ns = holder->preempted_ns;
			blame.most = holder;
		}
	}
	return blame;
}

bool lock_is_gil(const struct findings *findings, const struct dwell_lock_row *lock)
{
	const struct dwell_catalog_object *object =
		dwell_catalog_object(findings->catalog, lock->object);
	/* As our own recorder calls it; others leave it to the stacks. */
	bool is_gil = (object && object->name.size == 3 && !memcmp(object->name.at, "GIL", 3)) ||
		      stack_is_gil(findings->catalog, lock->reason, lock->stack);

	for (size_t i = 0; i < lock->holder_count && !is_gil; i++)
		is_gil = stack_is_gil(findings->catalog, lock->reason, lock->holders[i].stack);
	return is_gil;
}

const char *finding_lock(
	char out[FINDING_TEXT], const struct findings *findings, const struct dwell_lock_row *lock)
{
	if (!lock_is_gil(findings, lock))
		return finding_what(out, findings, lock->object);
	snprintf(out, FINDING_TEXT, "the interpreter's lock (GIL)");
	return out;
}

static bool is_of_locks(const struct dwell_finding *finding)
{
	const struct rule *const rules[] = { &rule_lock_convoy, &rule_holder_in_io,
		&rule_holder_asleep, &rule_blocking_call, &rule_holder_preempted,
		&rule_priority_inversion };

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (finding->rule == rules[i]->name)
			return true;
	return false;
}

/* The lock that a finding tells of, if it names the task; 0: none. */
static uint32_t told_lock(const struct dwell_finding *finding, uint32_t task)
{
	if (!is_of_locks(finding) || !finding_names(finding, task))
		return 0;
	for (size_t i = 0; i < finding->evidence_count; i++)
		if (finding->evidence[i].kind == DWELL_EVIDENCE_OBJECT)
			return (uint32_t)finding->evidence[i].value;
	return 0;
}

static uint64_t waited_for(const struct findings *findings, uint32_t object)
{
	const struct dwell_locks *locks = findings->answer->locks;
	uint64_t ns = 0;

	for (size_t i = 0; i < locks->count; i++)
		if (locks->rows[i].object == object)
			ns += locks->rows[i].waits.total_ns;
	return ns;
}

uint64_t lock_told_ns(const struct findings *findings, uint32_t task)
{
	const struct dwell_finding *rows = findings->out->rows;
	uint64_t ns = 0;

	for (size_t i = 0; i < findings->out->count; i++) {
		const uint32_t object = told_lock(&rows[i], task);
		bool again = false;

		for (size_t j = 0; object && j < i && !again; j++)
			again = told_lock(&rows[j], task) == object;
		if (object && !again)
			ns += waited_for(findings, object);
	}
	return ns;
}

static int tell(struct findings *findings, const struct holder_rule *of,
	const struct dwell_lock_row *lock, const struct lock_blame *blame)
{
	const struct dwell_worst_stretch *worst =
		of->reasons ? &blame->most->blocked : &blame->most->preempted;
	struct dwell_finding *finding = finding_new(findings, of->rule, blame->ns, worst->at_ns);
	char who[FINDING_TEXT], what[FINDING_TEXT], ns[FINDING_TEXT];

	if (!finding)
		return DWELL_ENOMEM;
	finding_title(finding, "%s held %s and %s, while %u task%s waited for it: %s",
		finding_who(who, findings, blame->most->task), finding_lock(what, findings, lock),
		of->doing, lock->waiters, lock->waiters == 1 ? "" : "s", finding_ns(ns, blame->ns));
	finding_task(finding, blame->most->task);
	for (size_t i = 0; i < lock->holder_count; i++)
		finding_task(finding, lock->holders[i].task);
	finding_number(finding, "lock", DWELL_EVIDENCE_OBJECT, lock->object);
	finding_number(finding, "holder", DWELL_EVIDENCE_TASK, blame->most->task);
	if (of->reasons && worst->reason)
		finding_text(finding, "blocked on", dwell_reason_name(worst->reason));
	if (blame->late_ns)
		finding_number(
			finding, "of it ready, until it ran", DWELL_EVIDENCE_NS, blame->late_ns);
	finding_number(finding, "holder at", DWELL_EVIDENCE_SITE, worst->stack);
	finding_number(finding, "longest stretch", DWELL_EVIDENCE_NS, worst->ns);
	finding_number(finding, "waited for it in all", DWELL_EVIDENCE_NS,
		lock->waits.total_ns + lock->open_ns);
	finding_number(finding, "waits", DWELL_EVIDENCE_COUNT, lock->contended);
	finding_number(finding, "waiters", DWELL_EVIDENCE_COUNT, lock->waiters);
	finding_number(finding, "waited for at", DWELL_EVIDENCE_SITE, lock->stack);
	finding_number(finding, "released at", DWELL_EVIDENCE_SITE, blame->most->stack);
	return DWELL_OK;
}

/* That the holder was less urgent as well says more of it. */
static bool is_inverted(const struct findings *findings, uint32_t object)
{
	for (size_t i = 0; i < findings->out->count; i++) {
		const struct dwell_finding *finding = &findings->out->rows[i];

		if (finding->rule == rule_priority_inversion.name &&
			finding->evidence[0].value == object)
			return true;
	}
	return false;
}

int holder_find(struct findings *findings, const struct holder_rule *of)
{
	const struct dwell_locks *locks = findings->answer->locks;
	int err = DWELL_OK;

	for (size_t i = 0; i < locks->count && !err; i++) {
		const struct dwell_lock_row *lock = &locks->rows[i];
		/* Of what is passed on by a condition, who waits for a condition is in the queue.
		 */
		const uint32_t reasons = of->reasons & ~(1u << lock->reason);
		const struct lock_blame blame =
			of->reasons ? lock_blocked(lock, reasons) : lock_preempted(lock);

		if (!of->reasons && is_inverted(findings, lock->object))
			continue;
		if (blame.most && finding_matters(findings, blame.ns) &&
			blame.ns >=
				(lock->waits.total_ns + lock->open_ns) / 100 * of->least_percent)
			err = tell(findings, of, lock, &blame);
	}
	return err;
}

#define REASON(word) (1u << DWELL_REASON_##word)

static int find_io(struct findings *findings)
{
	const struct holder_rule of = { &rule_holder_in_io,
		REASON(FILE) | REASON(NET) | REASON(PIPE) | REASON(PAGE_FAULT) | REASON(POLL) |
			REASON(SYSCALL),
		10, "waited for input or output" };

	return holder_find(findings, &of);
}

static int find_asleep(struct findings *findings)
{
	const struct holder_rule of = { &rule_holder_asleep, REASON(SLEEP), 10, "slept" };

	return holder_find(findings, &of);
}

/* Another lock is not among them: then the time is that lock's. */
static int find_blocking(struct findings *findings)
{
	const struct holder_rule of = { &rule_blocking_call,
		REASON(PROCESS) | REASON(JOIN) | REASON(COND) | REASON(SEMAPHORE) |
			REASON(BARRIER) | REASON(CHANNEL_SEND) | REASON(CHANNEL_RECEIVE) |
			REASON(SELECT) | REASON(SIGNAL),
		10, "waited for another task" };

	return holder_find(findings, &of);
}

static int find_preempted(struct findings *findings)
{
	const struct holder_rule of = { &rule_holder_preempted, 0, 30, "had to leave its CPU" };

	return holder_find(findings, &of);
}

static const char *cannot_preempt(const struct findings *findings)
{
	return findings->answer->trace.has_switches ? NULL : "switches were not recorded";
}

const struct rule rule_holder_in_io = { "holder-in-io", NULL, find_io };
const struct rule rule_holder_asleep = { "holder-asleep", NULL, find_asleep };
const struct rule rule_blocking_call = { "blocking-call-under-lock", NULL, find_blocking };
const struct rule rule_holder_preempted = { "holder-preempted", cannot_preempt, find_preempted };
