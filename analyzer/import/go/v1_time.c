#include <stdlib.h>

#include "import/go/v1.h"

/* From the order of causes to the order of time. */

static int by_time(uint64_t a, uint64_t a_index, uint64_t b, uint64_t b_index)
{
	if (a != b)
		return a < b ? -1 : 1;
	return a_index < b_index ? -1 : a_index > b_index;
}

static int compare_samples(const void *a, const void *b)
{
	const struct go_v1_event *x = a, *y = b;

	return by_time(x->ts, x->index, y->ts, y->index);
}

static int compare_exits(const void *a, const void *b)
{
	const struct go_v1_exit *x = a, *y = b;

	return by_time(x->ts, x->index, y->ts, y->index);
}

/* The end of a system call is told when its P is had again; when it was is an argument. */
static bool is_late(const struct go_v1_event *e)
{
	return e->type == GO1_SYSCALL_EXIT && e->args[2] && e->args[2] < e->ts;
}

static int keep_exit(struct go_v1 *v1, const struct go_v1_event *e)
{
	if (!GO_RESERVE(&v1->exits))
		return DWELL_ENOMEM;
	v1->exits.at[v1->exits.count++] =
		(struct go_v1_exit){ .ts = e->args[2], .index = e->index, .g = e->g, .p = e->p };
	return 0;
}

/* A system call: did it take the P from its goroutine? The next event of the goroutine says so. */
static int keep_call(struct go_v1 *v1, const struct go_v1_event *e)
{
	const uint64_t at = v1->calls++;

	if (at >= GO_NOBODY - 1)
		return DWELL_ELIMIT;
	if (at % 8 == 0) {
		if (!GO_RESERVE(&v1->blocking))
			return DWELL_ENOMEM;
		v1->blocking.at[v1->blocking.count++] = 0;
	}
	return go_map_put(&v1->open_call, e->g, (uint32_t)at) ? 0 : DWELL_ENOMEM;
}

static int look_at(struct go_v1 *v1, const struct go_v1_event *e)
{
	const uint32_t call = go_map_get(&v1->open_call, e->g);
	const uint64_t ts = is_late(e) ? e->args[2] : e->ts;
	int err = 0;

	if (call != GO_NOBODY) {
		if (e->type == GO1_SYSCALL_BLOCK)
			v1->blocking.at[call / 8] |= (uint8_t)(1u << call % 8);
		go_map_remove(&v1->open_call, e->g);
	}
	if (e->type == GO1_SYSCALL)
		err = keep_call(v1, e);
	else if (is_late(e))
		err = keep_exit(v1, e);
	v1->first_ts = ts < v1->first_ts ? ts : v1->first_ts;
	v1->end_ts = ts > v1->end_ts ? ts : v1->end_ts;
	return err;
}

static double ns_per_tick(const struct go_v1 *v1)
{
	return 1e9 / (double)v1->ticks_per_second;
}

int go_v1_survey(struct go_v1 *v1)
{
	struct go_v1_event event;
	int err = 0;

	if (v1->samples.count)
		qsort(v1->samples.at, v1->samples.count, sizeof(*v1->samples.at), compare_samples);
	v1->first_ts = UINT64_MAX;
	go_v1_rewind(v1);
	while (!err && !(err = go_v1_merge(v1, &event)))
		err = look_at(v1, &event);
	if (err != DWELL_END)
		return err;
	if (!v1->merged)
		return dwell_diag_set(&v1->reader->source.diag, DWELL_EFORMAT, v1->reader->offset,
			0, "Go trace: it holds no event");
	if ((double)(v1->end_ts - v1->first_ts) * ns_per_tick(v1) > 9e18)
		return dwell_diag_set(&v1->reader->source.diag, DWELL_EFORMAT, v1->reader->offset,
			0, "Go trace: it lasts longer than 285 years");
	if (v1->exits.count)
		qsort(v1->exits.at, v1->exits.count, sizeof(*v1->exits.at), compare_exits);
	v1->calls = 0;
	go_v1_rewind(v1);
	return 0;
}

/* The next that is told when it was. */
static int look_ahead(struct go_v1 *v1)
{
	int err = 0;

	while (!v1->has_ahead && !err) {
		err = go_v1_merge(v1, &v1->ahead);
		v1->has_ahead = !err && !is_late(&v1->ahead);
	}
	return err;
}

static struct go_v1_event take_exit(struct go_v1 *v1)
{
	const struct go_v1_exit *from = &v1->exits.at[v1->next_exit++];

	return (struct go_v1_event){
		.ts = from->ts,
		.g = from->g,
		.args = { from->g, 0, from->ts },
		.index = from->index,
		.p = from->p,
		.type = GO1_SYSCALL_EXIT,
	};
}

static bool exit_is_next(const struct go_v1 *v1)
{
	if (v1->next_exit == v1->exits.count)
		return false;
	if (!v1->has_ahead)
		return true;

	const struct go_v1_exit *exit = &v1->exits.at[v1->next_exit];
	return by_time(exit->ts, exit->index, v1->ahead.ts, v1->ahead.index) < 0;
}

int go_v1_tell_next(struct go_v1 *v1, struct go_v1_event *out)
{
	const int err = look_ahead(v1);

	if (err && err != DWELL_END)
		return err;
	if (exit_is_next(v1)) {
		*out = take_exit(v1);
	} else if (v1->has_ahead) {
		*out = v1->ahead;
		v1->has_ahead = false;
		if (out->type == GO1_SYSCALL) {
			out->args[0] = v1->blocking.at[v1->calls / 8] >> v1->calls % 8 & 1;
			v1->calls++;
		}
	} else {
		return DWELL_END;
	}
	/* The reader's opening Sync lies 1 ns before the first event: it is our zero. */
	out->ts = (uint64_t)((double)(out->ts - v1->first_ts) * ns_per_tick(v1)) + 1;
	return 0;
}

void go_v1_release(struct go_v1 *v1)
{
	go_map_release(&v1->state_of);
	go_map_release(&v1->open_call);
	free(v1->procs.at);
	free(v1->samples.at);
	free(v1->states.at);
	free(v1->exits.at);
	free(v1->blocking.at);
}
