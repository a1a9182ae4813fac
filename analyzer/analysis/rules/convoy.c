/* A lock that is handed from one waiter to the next: docs/findings.md. */
#include "analysis/findings.h"
#include "analysis/waits.h"

static uint64_t less(uint64_t ns, uint64_t by_ns)
{
	return ns > by_ns ? ns - by_ns : 0;
}

/* What is not explained by what its holders waited for, or by their not running. */
static uint64_t busy_ns(const struct dwell_lock_row *lock)
{
	uint64_t other_ns = 0, held_ns = 0;

	for (size_t i = 0; i < lock->holder_count; i++) {
		const struct dwell_times *times = &lock->holders[i].times;

		other_ns += lock->holders[i].preempted_ns + lock->holders[i].late_ns +
			    times->blocked_ns;
		held_ns += times->running_ns + times->runnable_ns + times->blocked_ns +
			   times->unknown_ns;
	}
	/* Of a lock without an object nobody knows how the rest of the time was spent. */
	return less(lock->object || !held_ns || held_ns > lock->waits.total_ns
			    ? lock->waits.total_ns
			    : held_ns,
		other_ns);
}

static void title(
	struct findings *findings, struct dwell_finding *finding, const struct dwell_lock_row *lock)
{
	char what[FINDING_TEXT], ns[FINDING_TEXT];

	finding_lock(what, findings, lock);
	finding_ns(ns, lock->waits.total_ns);
	/* Each hand-over ends a wait. */
	if (!lock->convoys && !lock->passes)
		finding_title(finding, "%u tasks that could have gone on waited %s for %s",
			lock->waiters, ns, what);
	else if (lock->passes > lock->contended)
		finding_title(finding,
			"%s was given up and taken again %llu times past who waited: %u task%s "
			"waited %s",
			what, (unsigned long long)lock->passes, lock->waiters,
			lock->waiters == 1 ? "" : "s", ns);
	else
		finding_title(finding,
			"%s was handed from one waiter to the next: %u tasks waited %s", what,
			lock->waiters, ns);
}

static void tell_convoys(struct dwell_finding *finding, const struct dwell_lock_row *lock)
{
	finding_number(finding, "convoys", DWELL_EVIDENCE_COUNT, lock->convoys);
	finding_number(finding, "in convoys", DWELL_EVIDENCE_NS, lock->convoy_ns);
	finding_number(
		finding, "hand-overs of the longest", DWELL_EVIDENCE_COUNT, lock->convoy.handovers);
	finding_number(finding, "longest queue", DWELL_EVIDENCE_COUNT, lock->convoy.longest_queue);
}

static int tell(struct findings *findings, const struct dwell_lock_row *lock, uint64_t lost_ns)
{
	struct dwell_finding *finding = finding_new(findings, &rule_lock_convoy, lost_ns,
		lock->convoys  ? lock->convoy.start_ns
		: lock->passes ? lock->pressed_at_ns
			       : lock->first_ns);

	if (!finding)
		return DWELL_ENOMEM;
	title(findings, finding, lock);
	for (size_t i = 0; i < lock->holder_count; i++)
		finding_task(finding, lock->holders[i].task);
	finding_number(finding, "lock", DWELL_EVIDENCE_OBJECT, lock->object);
	if (lock->convoys)
		tell_convoys(finding, lock);
	if (lock->passes)
		finding_number(
			finding, "taken past who waited", DWELL_EVIDENCE_COUNT, lock->passes);
	finding_number(finding, "median wait", DWELL_EVIDENCE_NS, lock->waits.p50_ns);
	finding_number(finding, "waits", DWELL_EVIDENCE_COUNT, lock->contended);
	finding_number(finding, "waited for at", DWELL_EVIDENCE_SITE, lock->stack);
	if (lock->holder_count)
		finding_number(finding, "released at", DWELL_EVIDENCE_SITE, lock->holders[0].stack);
	return DWELL_OK;
}

/*
 * Python's is a condition, and who waits for it looks every few milliseconds: its waits tell no
 * hand-overs, but what it is.
 */
static bool is_gil_convoy(const struct findings *findings, const struct dwell_lock_row *lock)
{
	return lock->contended >= 4 && lock->waiters >= 2 &&
	       lock->waits.total_ns >= findings->length_ns / 20 && lock_is_gil(findings, lock);
}

/* Go's locks have no object, so that their hand-overs are not seen: somebody waited all the while.
 */
static bool is_nameless_convoy(const struct findings *findings, const struct dwell_lock_row *lock)
{
	return !lock->object && is_held(lock->reason) && lock->contended >= 4 &&
	       lock->waiters >= 3 && lock->waits.total_ns >= findings->length_ns;
}

/*
 * For a twentieth of the window; of the time waited a fifth is left, but for what the machine took
 * from the holders: a lock in a queue gets longer by that, and is one all the same.
 */
static bool is_convoy(const struct findings *findings, const struct dwell_lock_row *lock)
{
	const uint64_t least_ns = findings->length_ns / 20;
	const uint64_t waited_ns = less(lock->waits.total_ns, lock_preempted(lock).ns);

	if (!(lock->convoys && lock->convoy_ns >= least_ns) &&
		!(lock->passes && lock->pressed_ns >= least_ns) && !is_gil_convoy(findings, lock) &&
		!is_nameless_convoy(findings, lock))
		return false;
	return busy_ns(lock) >= waited_ns / 5 && finding_matters(findings, busy_ns(lock));
}

/*
 * A queue that no object tells of: processes that wake one another out of the same wait, or a lock
 * known by its functions. For a fifth of the lives of those who wait; a semaphore or mutex of many
 * is judged by its object.
 */
static bool is_queue(
	const struct findings *findings, const struct dwell_blocked_row *row, uint64_t lost_ns)
{
	/* Python's is found among the locks, and so are Rust's, which have a word of their own. */
	const bool known = row->known_lock && row->reason != DWELL_REASON_FUTEX &&
			   !stack_is_gil(findings->catalog, row->reason, row->stack);

	return (known || row->turns > row->waits.count / 2) && row->role <= DWELL_ROLE_PEER &&
	       row->tasks >= 3 && row->waits.count >= 4 * (uint64_t)row->tasks &&
	       row->waits.total_ns >= row->lived_ns / 5 && lost_ns >= row->waits.total_ns / 5 &&
	       finding_matters(findings, lost_ns);
}

/* What who held it did meanwhile, where that is known, is told by the other rules, and so is a lock
 * for which somebody waited all the while. */
static uint64_t queue_ns(const struct findings *findings, const struct dwell_blocked_row *row)
{
	const struct dwell_locks *locks = findings->answer->locks;

	for (size_t i = 0; i < locks->count; i++)
		if (!locks->rows[i].object && row->stack &&
			catalog_stack_hash(findings->catalog, locks->rows[i].stack) ==
				catalog_stack_hash(findings->catalog, row->stack))
			return is_convoy(findings, &locks->rows[i]) ? 0 : busy_ns(&locks->rows[i]);
	return row->waits.total_ns;
}

static int tell_queue(
	struct findings *findings, const struct dwell_blocked_row *row, uint64_t lost_ns)
{
	struct dwell_finding *finding =
		finding_new(findings, &rule_lock_convoy, lost_ns, row->first_ns);
	char ns[FINDING_TEXT];

	if (!finding)
		return DWELL_ENOMEM;
	finding_title(finding, "%u tasks waited %s for one another, one after the other",
		row->tasks, finding_ns(ns, row->waits.total_ns));
	for (size_t i = 0; i < row->waker_count; i++)
		finding_task(finding, row->wakers[i].task);
	finding_task(finding, row->first_task);
	if (row->turns)
		finding_number(finding, "ended by one of them", DWELL_EVIDENCE_COUNT, row->turns);
	finding_number(finding, "median wait", DWELL_EVIDENCE_NS, row->waits.p50_ns);
	finding_number(finding, "waits", DWELL_EVIDENCE_COUNT, row->waits.count);
	finding_number(finding, "waited for at", DWELL_EVIDENCE_SITE, row->stack);
	if (row->waker_count)
		finding_number(finding, "let go at", DWELL_EVIDENCE_SITE, row->wakers[0].stack);
	return DWELL_OK;
}

static int find_queues(struct findings *findings)
{
	const struct dwell_blocked *blocked = findings->answer->blocked;
	int err = DWELL_OK;

	for (size_t i = 0; i < blocked->matter && !err; i++) {
		const uint64_t lost_ns = queue_ns(findings, &blocked->rows[i]);

		if (is_queue(findings, &blocked->rows[i], lost_ns))
			err = tell_queue(findings, &blocked->rows[i], lost_ns);
	}
	return err;
}

static int find(struct findings *findings)
{
	const struct dwell_locks *locks = findings->answer->locks;
	int err = find_queues(findings);

	for (size_t i = 0; i < locks->count && !err; i++)
		if (is_convoy(findings, &locks->rows[i]))
			err = tell(findings, &locks->rows[i], busy_ns(&locks->rows[i]));
	return err;
}

const struct rule rule_lock_convoy = { "lock-convoy", NULL, find };
