#include "import/go/v1.h"

/*
 * Events of different Ps are put in order by what they need: a goroutine's state and, where they
 * carry one, its sequence number. Of those that may come next the earliest does.
 */
enum { ANY = 0, DEAD, RUNNABLE, RUNNING, WAITING };
enum { COLLECTOR = 1 }; /* a goroutine number that no goroutine has: see key_of */

#define NO_SEQ UINT64_MAX

struct need {
	uint64_t key; /* 0: nothing is needed */
	struct go_v1_state before, after;
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

static struct go_v1_state state_of(const struct go_v1 *v1, uint64_t key)
{
	const uint32_t i = go_map_get(&v1->state_of, key);

	return i == GO_NOBODY ? (struct go_v1_state){ 0, DEAD } : v1->states.at[i];
}

static bool ready(const struct go_v1 *v1, const struct need *need)
{
	const struct go_v1_state now = state_of(v1, need->key);

	return !need->key || (now.status == need->before.status &&
				     (need->before.seq == NO_SEQ || need->before.seq == now.seq));
}

static int apply(struct go_v1 *v1, const struct need *need)
{
	uint32_t i = go_map_get(&v1->state_of, need->key);
	struct go_v1_state next = need->after;

	if (!need->key)
		return 0;
	if (need->counts)
		next.seq = state_of(v1, need->key).seq + 1;
	else if (next.seq == NO_SEQ)
		next.seq = state_of(v1, need->key).seq;
	if (i == GO_NOBODY) {
		i = (uint32_t)v1->states.count;
		if (!GO_RESERVE(&v1->states) || !go_map_put(&v1->state_of, need->key, i))
			return DWELL_ENOMEM;
		v1->states.count++;
	}
	v1->states.at[i] = next;
	return 0;
}

/* Mark every P whose next event may come now. Once marked it stays so, whatever comes between. */
static int look_around(struct go_v1 *v1, bool *any_left)
{
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
			proc->queued = ready(v1, &need);
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

/* An event as it comes out: its place, and the forms that say less as those that say more. */
static int take(struct go_v1 *v1, const struct go_v1_event *event, struct go_v1_event *out)
{
	if (v1->merged && v1->last_ts > event->ts)
		return dwell_diag_set(&v1->reader->source.diag, DWELL_EFORMAT, v1->reader->offset,
			0, "Go trace: its time stamps contradict the order of its events");
	*out = *event;
	out->index = v1->merged++;
	v1->last_ts = event->ts;
	if (out->type == GO1_START_LOCAL)
		out->type = GO1_START;
	else if (out->type == GO1_UNBLOCK_LOCAL)
		out->type = GO1_UNBLOCK;
	else if (out->type == GO1_SYSCALL_EXIT_LOCAL)
		out->args[2] = 0, out->type = GO1_SYSCALL_EXIT;
	return 0;
}

int go_v1_merge(struct go_v1 *v1, struct go_v1_event *out)
{
	bool any_left;
	int err = look_around(v1, &any_left);

	if (err)
		return err;

	struct go_v1_proc *proc = earliest(v1);
	const bool sample = v1->next_sample < v1->samples.count &&
			    (!proc || v1->samples.at[v1->next_sample].ts < proc->event.ts);
	if (sample)
		return take(v1, &v1->samples.at[v1->next_sample++], out);
	if (!proc)
		return any_left ? dwell_diag_set(&v1->reader->source.diag, DWELL_EFORMAT,
					  v1->reader->offset, 0,
					  "Go trace: no order of its events is consistent")
				: DWELL_END;
	const struct need need = need_of(&proc->event);
	err = take(v1, &proc->event, out);
	proc->loaded = proc->queued = false;
	return err ? err : apply(v1, &need);
}

void go_v1_rewind(struct go_v1 *v1)
{
	for (size_t i = 0; i < v1->procs.count; i++) {
		struct go_v1_proc *proc = &v1->procs.at[i];

		*proc = (struct go_v1_proc){
			.p = proc->p, .first = proc->first, .last = proc->last, .batch = proc->first
		};
	}
	go_map_clear(&v1->state_of);
	v1->states.count = 0;
	v1->next_sample = 0;
	v1->merged = v1->last_ts = 0;
}
