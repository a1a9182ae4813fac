#include <stdlib.h>

#include "import/go/emit.h"
#include "import/go/next.h"
#include "import/go/step.h"

/* The frontier: a heap of threads, the one with the earliest next event on top. */

static uint64_t time_at(const struct go_reader *reader, size_t i)
{
	return reader->frontier[i].time;
}

static void swap(struct go_reader *reader, size_t a, size_t b)
{
	const struct go_front front = reader->frontier[a];

	reader->frontier[a] = reader->frontier[b];
	reader->frontier[b] = front;
}

static void sift_up(struct go_reader *reader, size_t i)
{
	for (size_t up = (i - 1) / 2; i && time_at(reader, i) < time_at(reader, up);
		i = up, up = (i - 1) / 2)
		swap(reader, i, up);
}

static void sift_down(struct go_reader *reader, size_t i)
{
	struct go_front *heap = reader->frontier;
	const size_t count = reader->frontier_count;
	const struct go_front front = heap[i];

	for (size_t child = 2 * i + 1; child < count; child = 2 * i + 1) {
		child += child + 1 < count && heap[child + 1].time < heap[child].time;
		if (heap[child].time >= front.time)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = front;
}

static void remove_at(struct go_reader *reader, size_t i)
{
	swap(reader, i, --reader->frontier_count);
	if (i < reader->frontier_count) {
		sift_down(reader, i);
		sift_up(reader, i);
	}
}

/* A sorted heap is a heap. Insertion sort: frontiers are short, and nearly sorted. */
static void sort_frontier(struct go_reader *reader)
{
	for (size_t i = 1; i < reader->frontier_count; i++)
		for (size_t k = i; k && time_at(reader, k) < time_at(reader, k - 1); k--)
			swap(reader, k, k - 1);
}

static int fill_frontier(struct go_reader *reader)
{
	for (uint32_t i = 0; i < reader->threads.count; i++) {
		struct go_thread *thread = &reader->threads.at[i];

		if (thread->first == GO_NOBODY)
			continue;
		const int err = go_thread_next(reader, thread);
		if (err == DWELL_END)
			continue;
		if (err)
			return err;
		if (!go_reserve((void **)&reader->frontier, reader->frontier_count,
			    &reader->frontier_capacity, sizeof(*reader->frontier)))
			return DWELL_ENOMEM;
		reader->frontier[reader->frontier_count] =
			(struct go_front){ thread->event.time, i };
		sift_up(reader, reader->frontier_count++);
	}
	return 0;
}

/* Mostly the thread that went last is the earliest still. */
static void settle(struct go_reader *reader, size_t i)
{
	const struct go_front *heap = reader->frontier;
	const size_t count = reader->frontier_count;

	if (i == 0 && (count < 2 || heap[0].time < heap[1].time) &&
		(count < 3 || heap[0].time < heap[2].time))
		return;
	sift_down(reader, i);
	if (i)
		sift_up(reader, i);
}

static int try_at(struct go_reader *reader, size_t i)
{
	const uint32_t thread = reader->frontier[i].thread;
	int err = go_order_advance(reader, thread);

	if (err != GO_ADVANCED)
		return err;
	err = go_thread_next(reader, &reader->threads.at[thread]);
	if (err == DWELL_END) {
		remove_at(reader, i);
	} else if (err) {
		return err;
	} else {
		reader->frontier[i].time = reader->threads.at[thread].event.time;
		settle(reader, i);
	}
	return GO_ADVANCED;
}

static int advance_any(struct go_reader *reader)
{
	int done = try_at(reader, 0);

	if (done != GO_NOT_YET)
		return done;
	sort_frontier(reader);
	for (size_t i = 1; i < reader->frontier_count && done == GO_NOT_YET; i++)
		done = try_at(reader, i);
	if (done == GO_NOT_YET)
		return go_broken(reader, &reader->threads.at[reader->frontier[0].thread].event,
			"no thread's next event fits what came before");
	return done;
}

static int compare_samples(const void *a, const void *b)
{
	const struct go_sample *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static bool sample_is_next(const struct go_reader *reader)
{
	return reader->next_sample < reader->samples.count &&
	       (!reader->frontier_count ||
		       reader->samples.at[reader->next_sample].time < time_at(reader, 0));
}

static void prepare_samples(struct go_reader *reader)
{
	for (size_t i = 0; i < reader->samples.count; i++)
		reader->samples.at[i].time = go_ns(reader, reader->samples.at[i].time);
	if (reader->samples.count)
		qsort(reader->samples.at, reader->samples.count, sizeof(*reader->samples.at),
			compare_samples);
}

static int run(struct go_reader *reader)
{
	int err = go_generation_start(reader);

	if (!err)
		err = fill_frontier(reader);
	while (!err) {
		if (sample_is_next(reader)) {
			const struct go_sample *sample = &reader->samples.at[reader->next_sample++];

			err = go_emit_sample(reader, sample, go_stamp(reader, sample->time));
			continue;
		}
		if (!reader->frontier_count)
			break;
		const int done = advance_any(reader);
		err = done == GO_ADVANCED ? 0 : done;
	}
	return err;
}

/* The first generation, without telling anything: who was there before it, and as what. */
static int rehearse(struct go_reader *reader)
{
	reader->rehearsal = true;
	reader->firsts.count = 0;
	const int err = run(reader);

	reader->rehearsal = false;
	go_order_reset(reader);
	return err == DWELL_ENOMEM ? err : 0;
}

int go_order_run(struct go_reader *reader)
{
	const bool first = !reader->first_generation;
	int err = 0;

	prepare_samples(reader);
	if (first) {
		reader->first_generation = reader->generation;
		err = rehearse(reader);
	}
	const uint64_t opening = go_stamp(reader, go_ns(reader, reader->min_time));
	if (first) {
		reader->zero = opening;
		if (!err)
			err = go_emit_firsts(reader);
	}
	return err ? err : run(reader);
}
