/* Turns of event loops. */
#include "analysis/loops.h"

void loops_init(struct loops *loops)
{
	loops->tasks.item = sizeof(struct loop);
	loops->objects.item = sizeof(struct loop_object);
}

void loops_release(struct loops *loops)
{
	table_release(&loops->tasks);
	table_release(&loops->objects);
}

static bool is_for_events(const struct dwell_catalog *catalog, const struct dwell_wait *wait)
{
	const struct dwell_catalog_object *object =
		wait->reason == DWELL_REASON_POLL && wait->object
			? dwell_catalog_object(catalog, wait->object)
			: NULL;

	return object && object->kind == DWELL_OBJECT_EPOLL;
}

/* A worker of a pool that polls now and then waits for its work elsewhere, too. */
static bool is_for_work(unsigned reason)
{
	return reason == DWELL_REASON_COND || reason == DWELL_REASON_FUTEX ||
	       reason == DWELL_REASON_SEMAPHORE || reason == DWELL_REASON_POLL;
}

static void note_other(struct loop *loop, const struct dwell_wait *wait)
{
	if (is_for_work(wait->reason)) {
		loop->since_ns = 0;
		return;
	}
	loop->blocked_ns += wait->blocked_ns;
	if (wait->blocked_ns <= loop->slow_ns)
		return;
	loop->slow_ns = wait->blocked_ns;
	loop->slow_reason = wait->reason;
	loop->slow_stack = wait->stack;
}

static void end_turn(struct loop *loop, const struct dwell_wait *wait, uint64_t running_ns)
{
	const uint64_t ns = wait->start_ns - loop->since_ns;
	const uint64_t ran_ns = running_ns - loop->running_ns;
	const bool is_blocked = loop->blocked_ns > ran_ns;
	/* Of locks other rules tell. */
	const bool is_lock =
		loop->slow_reason == DWELL_REASON_MUTEX || loop->slow_reason == DWELL_REASON_RWLOCK;

	loop->turns++;
	loop->turns_ns += ns;
	/* Where others had its CPU it was not the loop that was slow. */
	if (ran_ns + loop->blocked_ns < LONG_TURN_NS || (is_blocked && is_lock))
		return;
	loop->long_turns++;
	loop->long_ns += ns;
	if (ns <= loop->longest_ns)
		return;
	loop->longest_ns = ns;
	loop->longest_at_ns = loop->since_ns;
	loop->longest_reason = is_blocked ? loop->slow_reason : 0;
	loop->longest_blocked = is_blocked;
	loop->longest_stack = loop->slow_stack;
}

static void note_client(struct loop *loop, uint32_t waker)
{
	if (!loop->turns)
		loop->client = waker;
	loop->many |= !waker || loop->client != waker;
}

int loops_wait(struct loops *loops, const struct dwell_catalog *catalog,
	const struct dwell_wait *wait, uint64_t running_ns)
{
	struct loop *loop = table_get(&loops->tasks, wait->task);
	struct loop_object *object;

	if (!is_for_events(catalog, wait)) {
		if (loop && loop->since_ns)
			note_other(loop, wait);
		return DWELL_OK;
	}
	loop = table_make(&loops->tasks, wait->task);
	object = table_make(&loops->objects, wait->object);
	if (!loop || !object)
		return DWELL_ENOMEM;
	object->shared |= object->task && object->task != wait->task;
	object->task = wait->task;
	if (loop->since_ns && loop->object == wait->object && wait->start_ns >= loop->since_ns)
		end_turn(loop, wait, running_ns);
	note_client(loop, wait->waker);
	loop->since_ns = wait->end_ns;
	loop->running_ns = running_ns;
	loop->object = wait->object;
	/* Of short waits none was taken. */
	if (wait->stack)
		loop->stack = wait->stack;
	loop->slow_ns = 0;
	loop->blocked_ns = 0;
	return DWELL_OK;
}

bool loop_is_one(const struct loops *loops, const struct loop *loop)
{
	const struct loop_object *object = table_get(&loops->objects, loop->object);

	return loop->turns >= 50 && object && !object->shared;
}
