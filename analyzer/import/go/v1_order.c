#include <stdlib.h>

#include "import/go/v1.h"

/*
 * Events of different Ps are put in order by what they need: a goroutine's state and, where they
 * carry one, its sequence number. Of those that may come next the earliest does.
 */
enum { ANY = 0, DEAD, RUNNABLE, RUNNING, WAITING };
enum { COLLECTOR = 1 }; /* a goroutine number that no goroutine has: see key_of */

#define NO_SEQ UINT64_MAX

struct state {
	uint64_t seq;
	uint8_t status;
};

struct need {
	uint64_t key; /* 0: nothing is needed */
	struct state before, after;
	bool counts; /* the sequence number goes up by one */
};

/* Goroutine numbers and the collector's share a map. */
static uint64_t key_of(uint64_t g)
{
	return g + 2;
}

static struct need need_of(const struct go_v1_event *e)
{
	switch (e->type) {
	case GO1_CREATE:
		return (struct need){ key_of(e->args[0]), { 0, DEAD }, { 1, RUNNABLE }, false };
	case GO1_WAITING:
	case GO1_IN_SYSCALL:
		return (struct need){ key_of(e->g), { 1, RUNNABLE }, { 2, WAITING }, false };
	case GO1_START:
	case GO1_START_LABEL:
		return (struct need){ key_of(e->g), { e->args[1], RUNNABLE },
			{ e->args[1] + 1, RUNNING }, false };
	case GO1_START_LOCAL:
		return (struct need){ key_of(e->g), { NO_SEQ, RUNNABLE }, { 0, RUNNING }, true };
	case GO1_BLOCK:
	case GO1_BLOCK_SEND:
	case GO1_BLOCK_RECV:
	case GO1_BLOCK_SELECT:
	case GO1_BLOCK_SYNC:
	case GO1_BLOCK_COND:
	case GO1_BLOCK_NET:
	case GO1_SLEEP:
	case GO1_SYSCALL_BLOCK:
	case GO1_BLOCK_GC:
		return (struct need){ key_of(e->g), { NO_SEQ, RUNNING }, { NO_SEQ, WAITING },
			false };
	case GO1_SCHED:
	case GO1_PREEMPT:
		return (struct need){ key_of(e->g), { NO_SEQ, RUNNING }, { NO_SEQ, RUNNABLE },
			false };
	case GO1_UNBLOCK:
	case GO1_SYSCALL_EXIT:
		return (struct need){ key_of(e->args[0]), { e->args[1], WAITING },
			{ e->args[1] + 1, RUNNABLE }, false };
	case GO1_UNBLOCK_LOCAL:
	case GO1_SYSCALL_EXIT_LOCAL:
		return (struct need){ key_of(e->args[0]), { NO_SEQ, WAITING }, { 0, RUNNABLE },
			true };
	case GO1_GC_START:
		return (struct need){ COLLECTOR, { e->args[0], DEAD }, { e->args[0] + 1, DEAD },
			false };
	}
	return (struct need){ 0 };
}

struct order {
	struct go_v1 *v1;
	struct go_map index; /* key to state */
	GO_ARRAY(struct state) states;
};

static struct state state_of(const struct order *order, uint64_t key)
{
	const uint32_t i = go_map_get(&order->index, key);

	return i == GO_NOBODY ? (struct state){ 0, DEAD } : order->states.at[i];
}

static bool ready(const struct order *order, const struct need *need)
{
	const struct state now = state_of(order, need->key);

	return !need->key || (now.status == need->before.status &&
				     (need->before.seq == NO_SEQ || need->before.seq == now.seq));
}

static int apply(struct order *order, const struct need *need)
{
	uint32_t i = go_map_get(&order->index, need->key);
	struct state next = need->after;

	if (!need->key)
		return 0;
	if (need->counts)
		next.seq = state_of(order, need->key).seq + 1;
	else if (next.seq == NO_SEQ)
		next.seq = state_of(order, need->key).seq;
	if (i == GO_NOBODY) {
		i = (uint32_t)order->states.count;
		if (!GO_RESERVE(&order->states) || !go_map_put(&order->index, need->key, i))
			return DWELL_ENOMEM;
		order->states.count++;
	}
	order->states.at[i] = next;
	return 0;
}

/* Mark every P whose next event may come now. Once marked it stays so, whatever comes between. */
static int look_around(struct order *order, bool *any_left)
{
	struct go_v1 *v1 = order->v1;

	*any_left = false;
	for (size_t i = 0; i < v1->procs.count; i++) {
		struct go_v1_proc *proc = &v1->procs.at[i];

		if (!proc->loaded) {
			const int err = go_v1_load(v1, proc);

			if (err == DWELL_END)
				continue;
			if (err)
				return err;
			proc->loaded = true;
		}
		*any_left = true;
		if (!proc->queued) {
			const struct need need = need_of(&proc->event);
			proc->queued = ready(order, &need);
		}
	}
	return 0;
}

static struct go_v1_proc *earliest(struct go_v1 *v1)
{
	struct go_v1_proc *best = NULL;

	for (size_t i = 0; i < v1->procs.count; i++) {
		struct go_v1_proc *proc = &v1->procs.at[i];

		if (proc->queued && (!best || proc->event.ts < best->event.ts))
			best = proc;
	}
	return best;
}

static int append(struct go_v1 *v1, const struct go_v1_event *event)
{
	struct go_v1_event copy = *event;

	if (v1->events.count && v1->events.at[v1->events.count - 1].ts > copy.ts)
		return dwell_diag_set(&v1->reader->source.diag, DWELL_EFORMAT, v1->reader->offset,
			0, "Go trace: its time stamps contradict the order of its events");
	if (v1->events.count >= UINT32_MAX || !GO_RESERVE(&v1->events))
		return DWELL_ENOMEM;
	if (copy.type == GO1_START_LOCAL)
		copy.type = GO1_START;
	else if (copy.type == GO1_UNBLOCK_LOCAL)
		copy.type = GO1_UNBLOCK;
	else if (copy.type == GO1_SYSCALL_EXIT_LOCAL)
		copy.args[2] = 0, copy.type = GO1_SYSCALL_EXIT;
	v1->events.at[v1->events.count++] = copy;
	return 0;
}

static int merge_step(struct order *order, bool *done)
{
	struct go_v1 *v1 = order->v1;
	bool any_left;
	int err = look_around(order, &any_left);

	if (err)
		return err;

	struct go_v1_proc *proc = earliest(v1);
	const bool sample = v1->next_sample < v1->samples.count &&
			    (!proc || v1->samples.at[v1->next_sample].ts < proc->event.ts);
	if (sample)
		return append(v1, &v1->samples.at[v1->next_sample++]);
	*done = !any_left;
	if (!proc)
		return any_left ? dwell_diag_set(&v1->reader->source.diag, DWELL_EFORMAT,
					  v1->reader->offset, 0,
					  "Go trace: no order of its events is consistent")
				: 0;
	const struct need need = need_of(&proc->event);
	err = append(v1, &proc->event);
	proc->loaded = proc->queued = false;
	return err ? err : apply(order, &need);
}

static int compare(const void *a, const void *b)
{
	const struct go_v1_event *x = a, *y = b;

	if (x->ts != y->ts)
		return x->ts < y->ts ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* The end of a system call is told when its P is had again; when it was is an argument. */
static void place_exits(struct go_v1 *v1)
{
	for (size_t i = 0; i < v1->events.count; i++) {
		struct go_v1_event *e = &v1->events.at[i];

		e->index = (uint32_t)i;
		if (e->type == GO1_SYSCALL_EXIT && e->args[2] && e->args[2] < e->ts)
			e->ts = e->args[2];
	}
	qsort(v1->events.at, v1->events.count, sizeof(*v1->events.at), compare);
}

static int to_ns(struct go_v1 *v1)
{
	const uint64_t zero = v1->events.at[0].ts;
	const uint64_t last = v1->events.at[v1->events.count - 1].ts;
	const double ns_per_tick = 1e9 / (double)v1->ticks_per_second;

	if ((double)(last - zero) * ns_per_tick > 9e18)
		return dwell_diag_set(&v1->reader->source.diag, DWELL_EFORMAT, v1->reader->offset,
			0, "Go trace: it lasts longer than 285 years");
	/* The reader's opening Sync lies 1 ns before the first event: it is our zero. */
	for (size_t i = 0; i < v1->events.count; i++) {
		struct go_v1_event *e = &v1->events.at[i];

		e->ts = (uint64_t)((double)(e->ts - zero) * ns_per_tick) + 1;
	}
	return 0;
}

int go_v1_sort(struct go_v1 *v1)
{
	struct order order = { .v1 = v1 };
	bool done = false;
	int err = 0;

	if (v1->samples.count)
		qsort(v1->samples.at, v1->samples.count, sizeof(*v1->samples.at), compare);
	for (size_t i = 0; i < v1->procs.count; i++)
		v1->procs.at[i].batch = v1->procs.at[i].first;
	while (!err && !done)
		err = merge_step(&order, &done);
	if (!err && v1->events.count) {
		place_exits(v1);
		err = to_ns(v1);
	}
	go_map_release(&order.index);
	free(order.states.at);
	return err;
}
