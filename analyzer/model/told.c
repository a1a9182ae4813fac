/* Room for what the states tell of a batch, and tasks that are met in it. */
#include <stdlib.h>
#include <string.h>

#include "model/run.h"

int told_room(struct dwell_told *told, size_t rows)
{
	const size_t most = rows * DWELL_TOLD_OF_A_ROW;

	*told = (struct dwell_told){
		.intervals = malloc(most * sizeof(*told->intervals)),
		.waits = malloc(rows * sizeof(*told->waits)),
		.running = malloc((4 * most + rows) * sizeof(*told->running)),
	};
	if (!told->intervals || !told->waits || !told->running)
		return DWELL_ENOMEM;
	told->runnable = told->running + most;
	told->own_waits = told->runnable + most;
	told->gaps = told->own_waits + most;
	told->odd = told->gaps + most;
	return DWELL_OK;
}

void told_leave(struct dwell_told *told)
{
	free(told->intervals);
	free(told->waits);
	free(told->running);
	*told = (struct dwell_told){ 0 };
}

static int room_for_bits(struct run *run)
{
	const size_t words = dwell_states_end(run->states) / 64 + 1;
	uint64_t *bits;

	if (words <= run->first_words)
		return DWELL_OK;
	bits = realloc(run->first_bits, words * sizeof(*bits));
	if (!bits)
		return DWELL_ENOMEM;
	memset(bits + run->first_words, 0, (words - run->first_words) * sizeof(*bits));
	run->first_bits = bits;
	run->first_words = words;
	return DWELL_OK;
}

static int add(struct firsts *firsts, const struct dwell_task_state *state)
{
	if (firsts->count == firsts->cap) {
		const size_t cap = firsts->cap ? firsts->cap * 2 : 16;
		struct dwell_task_state *at = realloc(firsts->at, cap * sizeof(*at));

		if (!at)
			return DWELL_ENOMEM;
		firsts->at = at;
		firsts->cap = cap;
	}
	firsts->at[firsts->count++] = *state;
	return DWELL_OK;
}

static int look(struct run *run, struct firsts *firsts, uint32_t task)
{
	const struct dwell_task_state *state;

	if (!task || task / 64 >= run->first_words || run->first_bits[task / 64] >> (task % 64) & 1)
		return DWELL_OK;
	state = dwell_states_get(run->states, task);
	if (!state || state->state == DWELL_UNKNOWN)
		return DWELL_OK;
	run->first_bits[task / 64] |= UINT64_C(1) << (task % 64);
	return add(firsts, state);
}

/* The first row of a task is never a plain one. */
int firsts_find(struct run *run, struct pipe_batch *batch, const struct dwell_event *rows)
{
	const struct dwell_told *told = &batch->told;
	int err = told->odd_count ? room_for_bits(run) : DWELL_OK;

	for (size_t i = 0; i < told->odd_count && !err; i++) {
		const struct dwell_event *row = &rows[told->odd[i]];

		err = look(run, &batch->firsts, row->task);
		if (!err)
			err = look(run, &batch->firsts, row->peer);
	}
	return err;
}
