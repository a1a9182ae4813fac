#ifndef DWELL_TESTS_NAIVE_PRIVATE_H
#define DWELL_TESTS_NAIVE_PRIVATE_H

#include "tests/collect.h"

struct life {
	const struct collect *h;
	struct told *out;
	uint32_t task;
	bool alive, ended;
	unsigned state;
	uint64_t since, now;
	uint32_t executor;
	struct dwell_event why;  /* of the row that began the state */
	struct dwell_event wake; /* time_ns 1 + its time; of a wake while it ran */
	unsigned cause;
	uint32_t waker, waker_stack;
	bool own_word;
	bool waits;
	size_t wait_row;
	struct dwell_event wait; /* as its begin, amended by its end */
	struct dwell_event wait_wake;
	bool wait_woken;
	size_t first_told; /* of this task in out */
};

uint64_t naive_loss_end(const struct dwell_event *row);
/* Where the state stops being known, looking at the rows before row `index`; UINT64_MAX: nowhere.
 */
uint64_t naive_lost_at(const struct life *l, size_t index);
unsigned naive_known(const struct life *l, size_t index);

#endif
