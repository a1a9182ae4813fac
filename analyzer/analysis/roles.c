/* Which waits matter: the rule of docs/roles.md. */
#include "analysis/roles.h"

/* More than half of the whole. */
static bool mostly(uint64_t part, uint64_t whole)
{
	return part > whole / 2;
}

/*
 * Waiting for something to do: the tasks that wait here spend their lives at it. For one task alone
 * that is not enough of a sign: it may wait for the one thing that all is about.
 */
static bool is_idle(const struct role_facts *facts)
{
	const uint64_t busy_ns =
		facts->lived_ns > facts->total_ns ? facts->lived_ns - facts->total_ns : 0;

	if (facts->tasks >= 2)
		return mostly(facts->total_ns, facts->lived_ns);
	return busy_ns < facts->lived_ns / 10;
}

/* Told by somebody in the trace, for whom it had something done: a request and its reply. */
static bool is_reply(const struct role_facts *facts)
{
	return facts->woken && mostly(facts->replies, facts->count);
}

static unsigned by_company(const struct role_facts *facts)
{
	/* Who is held up may look at the clock: Python's threads ask for their turn every 5 ms. */
	if (facts->held)
		return DWELL_ROLE_CONTENTION;
	if (mostly(facts->timed_out, facts->count))
		return DWELL_ROLE_TIME;
	if (is_idle(facts))
		return DWELL_ROLE_WORK;
	return DWELL_ROLE_PEER;
}

/* No reason was recorded, or one that says little. */
static unsigned by_waker(const struct role_facts *facts)
{
	if (is_idle(facts))
		return DWELL_ROLE_WORK;
	return mostly(facts->woken, facts->count) ? DWELL_ROLE_PEER : DWELL_ROLE_IO;
}

/* Who waits in its loop for whatever comes; but where processes wake one another out of the same
 * wait they queue for what goes from one to the next. */
static unsigned by_loop(const struct role_facts *facts)
{
	if (mostly(facts->turns, facts->count))
		return DWELL_ROLE_PEER;
	return mostly(facts->timed_out, facts->count) ? DWELL_ROLE_TIME : DWELL_ROLE_WORK;
}

unsigned role_of(const struct role_facts *facts)
{
	if (facts->known)
		return DWELL_ROLE_CONTENTION;
	if (facts->runtimes)
		return DWELL_ROLE_WORK;
	if (facts->barrier)
		return DWELL_ROLE_PEER;
	switch (facts->joins ? DWELL_REASON_JOIN : facts->reason) {
	case DWELL_REASON_MUTEX:
	case DWELL_REASON_RWLOCK:
		return DWELL_ROLE_CONTENTION;
	case DWELL_REASON_JOIN:
	case DWELL_REASON_PROCESS:
		/* A main thread, a shell: it is there to wait; whom it waits for has rows of its
		 * own. */
		return is_idle(facts) ? DWELL_ROLE_WORK : DWELL_ROLE_PEER;
	case DWELL_REASON_BARRIER:
	case DWELL_REASON_CHANNEL_SEND:
	case DWELL_REASON_GC:
		return DWELL_ROLE_PEER;
	case DWELL_REASON_FILE:
	case DWELL_REASON_PAGE_FAULT:
		return DWELL_ROLE_IO;
	case DWELL_REASON_SLEEP:
		return DWELL_ROLE_TIME;
	case DWELL_REASON_POLL:
	case DWELL_REASON_SIGNAL:
		return by_loop(facts);
	case DWELL_REASON_COND:
	case DWELL_REASON_SEMAPHORE:
	case DWELL_REASON_FUTEX:
	case DWELL_REASON_CHANNEL_RECEIVE:
	case DWELL_REASON_SELECT:
	case DWELL_REASON_PIPE:
		return by_company(facts);
	case DWELL_REASON_NET:
		if (is_idle(facts) && !is_reply(facts))
			return DWELL_ROLE_WORK;
		return is_reply(facts) ? DWELL_ROLE_PEER : DWELL_ROLE_IO;
	default:
		return by_waker(facts);
	}
}
