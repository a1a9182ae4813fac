/* Waits that nobody can end: circles of holders, and what depends on them. */
#include <stdlib.h>

#include "analysis/leaks.h"
#include "analysis/roles.h"

bool leak_waits(const struct leak_task *of)
{
	if (of->flags & DWELL_EVENT_TIMED_OUT)
		return false;
	return only_tasks_end(of->reason) || of->reason == DWELL_REASON_CHANNEL_SEND ||
	       of->reason == DWELL_REASON_CHANNEL_RECEIVE || of->reason == DWELL_REASON_SELECT;
}

/*
 * Is it in such a wait where its process ended? What the kernel alone says of a wait is not enough:
 * it does not tell time limits.
 */
static bool is_stuck(const struct leak_judge *judge, uint32_t task, const struct leak_task *of)
{
	return of && of->told && leak_waits(of) && leak_is_left(judge, task, of);
}

/* A signal's handler may post a semaphore that is no lock; a select may hold a timer. */
static bool may_go_on(const struct leak_task *of)
{
	if (of->reason == DWELL_REASON_SEMAPHORE && of->flags & DWELL_EVENT_HOLDER_READ)
		return false;
	return of->reason == DWELL_REASON_SEMAPHORE || of->reason == DWELL_REASON_SELECT;
}

/*
 * Who holds what a task waits for. The owner was read when the wait began; if the object was given
 * up since, it may be another's by now, and then whoever began to wait last read that.
 */
static uint32_t holder_of(const struct leak_judge *judge, const struct leak_task *of)
{
	const struct leak_object *object =
		of->object ? table_get(&judge->leaks->objects, of->object) : NULL;

	if (!of->holder || !(of->flags & DWELL_EVENT_HOLDER_READ))
		return 0;
	if (of->reason != DWELL_REASON_JOIN && object && object->released_ns > of->since_ns)
		return 0;
	return of->holder;
}

static uint32_t latest_holder(const struct leak_judge *judge, const struct leak_task *of)
{
	const uint32_t mine = holder_of(judge, of);
	uint64_t latest_ns = of->since_ns;
	uint32_t found = mine;

	if (mine || !of->object || of->reason == DWELL_REASON_JOIN)
		return mine;
	for (uint32_t id = 1; id < judge->task_count; id++) {
		const struct leak_task *other = leak_task_of(judge, id);

		if (!other || other->object != of->object || other->since_ns <= latest_ns ||
			!other->reason)
			continue;
		const uint32_t holder = holder_of(judge, other);
		if (holder) {
			latest_ns = other->since_ns;
			found = holder;
		}
	}
	return found;
}

/* The next one in the chain: who must act before this one can go on; 0: it goes no further. */
static uint32_t next_of(const struct leak_judge *judge, uint32_t task, const uint32_t *next)
{
	const struct leak_task *of = leak_task_of(judge, task);

	return is_stuck(judge, task, of) ? next[task] : 0;
}

/* From one of a circle, in the order of the circle, the smallest first. */
static int add_circle(struct leak_judge *judge, uint32_t first, const uint32_t *next)
{
	const struct leak_task *of = leak_task_of(judge, first);
	struct dwell_leak *row = leak_row(judge, DWELL_LEAK_DEADLOCK, first);
	uint32_t task = first;
	int err = row ? DWELL_OK : DWELL_ENOMEM;

	if (err)
		return err;
	row->reason = of->reason;
	judge->processes[leak_process_of(judge, first)].circle = true;
	do {
		err = leak_add_step(judge, row, task);
		leak_task_of(judge, task)->in_circle = true;
		task = next[task];
	} while (!err && task != first);
	return err;
}

/* Each task has one that it waits for at most, so a walk from each finds every circle once. */
static int walk_all(struct leak_judge *judge, const uint32_t *next, uint32_t *walk)
{
	int err = DWELL_OK;

	for (uint32_t id = 1; id < judge->task_count && !err; id++) {
		uint32_t task = id;

		while (task && !walk[task]) {
			walk[task] = id;
			task = next_of(judge, task, next);
		}
		/* Back to where this walk has been: a circle. Ids rise, so id is not always in it.
		 */
		if (task && walk[task] == id && next_of(judge, task, next)) {
			uint32_t first = task;

			for (uint32_t at = next[task]; at != task; at = next[at])
				if (at < first)
					first = at;
			err = add_circle(judge, first, next);
		}
	}
	return err;
}

int leaks_find_circles(struct leak_judge *judge)
{
	uint32_t *next = calloc(judge->task_count + 1, sizeof(*next));
	uint32_t *walk = calloc(judge->task_count + 1, sizeof(*walk));
	int err = next && walk ? DWELL_OK : DWELL_ENOMEM;

	for (uint32_t id = 1; !err && id < judge->task_count; id++) {
		const struct leak_task *of = leak_task_of(judge, id);

		if (is_stuck(judge, id, of))
			next[id] = latest_holder(judge, of);
		if (next[id] >= judge->task_count)
			next[id] = 0;
	}
	if (!err)
		err = walk_all(judge, next, walk);
	free(next);
	free(walk);
	return err;
}

static bool is_lost(const struct leak_judge *judge, uint32_t task)
{
	const struct leak_task *of = leak_task_of(judge, task);

	return of && (of->in_circle || of->why);
}

/* All who ever ended a wait for the object have ended, and there was more than one such wait. */
static bool wakers_ended(const struct leak_judge *judge, const struct leak_task *of)
{
	enum { WAKES = 2 };
	const struct leak_object *object =
		of->object ? table_get(&judge->leaks->objects, of->object) : NULL;
	const bool signalled =
		of->reason == DWELL_REASON_COND || of->reason == DWELL_REASON_SEMAPHORE;

	if (!signalled || !object || object->many || object->timed_out || object->woken < WAKES)
		return false;
	for (uint32_t i = 0; i < object->waker_count; i++)
		if (!leak_has_ended(judge, object->wakers[i]))
			return false;
	return object->waker_count;
}

static unsigned why_forever(const struct leak_judge *judge, const struct leak_task *of)
{
	const uint32_t holder = latest_holder(judge, of);

	/* It ended before its process did, while another waited for what it holds. */
	if (holder && of->reason != DWELL_REASON_JOIN && leak_has_ended(judge, holder))
		return DWELL_FOREVER_HOLDER_ENDED;
	if (holder && is_lost(judge, holder))
		return DWELL_FOREVER_HOLDER_STUCK;
	return wakers_ended(judge, of) ? DWELL_FOREVER_WAKERS_ENDED : DWELL_FOREVER_NONE;
}

/* Until nothing more follows: a holder may turn out to be stuck after who waits for it was seen. */
static void spread(struct leak_judge *judge)
{
	bool more = true;

	while (more) {
		more = false;
		for (uint32_t id = 1; id < judge->task_count; id++) {
			struct leak_task *of = leak_task_of(judge, id);

			if (!is_stuck(judge, id, of) || of->in_circle || of->why)
				continue;
			of->why = (uint8_t)why_forever(judge, of);
			more |= of->why != DWELL_FOREVER_NONE;
		}
	}
}

/*
 * Processes in which every task that is left waits for another one of them. One alone may wait for
 * another process, with which it shares memory.
 */
static int mark_all_stuck(struct leak_judge *judge)
{
	struct crowd {
		uint32_t stuck, acting;
	} *crowds = calloc(judge->process_count + 1, sizeof(*crowds));

	if (!crowds)
		return DWELL_ENOMEM;
	for (uint32_t id = 1; id < judge->task_count; id++) {
		const struct leak_task *of = leak_task_of(judge, id);

		if (!of || !leak_is_left(judge, id, of))
			continue;
		if (is_stuck(judge, id, of) && !may_go_on(of))
			crowds[leak_process_of(judge, id)].stuck++;
		else
			crowds[leak_process_of(judge, id)].acting++;
	}
	for (size_t i = 0; i < judge->leaks->ended_count; i++) {
		const struct leak_ended *ended = &judge->leaks->ended[i];

		crowds[ended->process].acting += leak_ended_left(judge, ended);
	}
	for (uint32_t id = 1; id < judge->task_count; id++) {
		struct leak_task *of = leak_task_of(judge, id);
		const struct crowd *crowd;

		if (!is_stuck(judge, id, of) || of->in_circle || of->why)
			continue;
		crowd = &crowds[leak_process_of(judge, id)];
		if (crowd->stuck > 1 && !crowd->acting)
			of->why = latest_holder(judge, of) ? DWELL_FOREVER_HOLDER_STUCK
							   : DWELL_FOREVER_ALL_STUCK;
	}
	free(crowds);
	return DWELL_OK;
}

/*
 * A gate that was opened once: two waits and more for it have ever ended, all of them by the last
 * signal, which was a broadcast therefore, and nobody whom it let go has waited for it again.
 */
static bool is_gate(const struct leak_object *object)
{
	return object->passed >= 2 && !object->timed_out && object->released_ns &&
	       object->last_start_ns <= object->released_ns &&
	       object->first_end_ns >= object->released_ns;
}

struct leak_signal leak_missed(const struct leak_object *object)
{
	/* The last one that nobody waited for; others have ended no wait since. */
	if (object->unheard_ns && object->unheard_ns >= object->ended_ns &&
		object->unheard_ns >= object->released_ns)
		return (struct leak_signal){ object->unheard_ns, object->unheard_task,
			object->unheard_stack };
	if (is_gate(object))
		return (struct leak_signal){ object->released_ns, object->released_task,
			object->released_stack };
	return (struct leak_signal){ 0 };
}

/* Its signal came before it waited, and found nobody, or only others. */
static bool is_unheard(const struct leak_judge *judge, uint32_t task, const struct leak_task *of)
{
	const struct leak_object *object =
		of->object ? table_get(&judge->leaks->objects, of->object) : NULL;
	const struct leak_signal signal = object ? leak_missed(object) : (struct leak_signal){ 0 };

	if (of->reason != DWELL_REASON_COND || !signal.time_ns || signal.task == task ||
		signal.time_ns > of->since_ns)
		return false;
	/* Who did not come back to a gate may be one of those who are stuck for another reason. */
	return signal.time_ns == object->unheard_ns ||
	       !judge->processes[leak_process_of(judge, task)].circle;
}

static void mark_unheard(struct leak_judge *judge)
{
	for (uint32_t id = 1; id < judge->task_count; id++) {
		struct leak_task *of = leak_task_of(judge, id);

		if (of &&
			(of->why == DWELL_FOREVER_ALL_STUCK ||
				of->why == DWELL_FOREVER_WAKERS_ENDED) &&
			is_unheard(judge, id, of))
			of->why = DWELL_FOREVER_UNHEARD;
	}
}

int leaks_find_forever(struct leak_judge *judge)
{
	int err;

	spread(judge);
	err = mark_all_stuck(judge);
	mark_unheard(judge);
	for (uint32_t id = 1; id < judge->task_count && !err; id++) {
		const struct leak_task *of = leak_task_of(judge, id);
		struct dwell_leak *row;

		if (!of || !of->why)
			continue;
		row = leak_row(judge, DWELL_LEAK_WAITS_FOREVER, id);
		if (!row)
			return DWELL_ENOMEM;
		row->reason = of->reason;
		row->why = of->why;
		err = leak_add_step(judge, row, id);
	}
	return err;
}
