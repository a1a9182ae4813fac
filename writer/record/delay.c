#include "delay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "drain/map.h"
#include "dwell/error.h"
#include "proc.h"

/* Reading an account takes some microseconds: at most so many a look. */
enum { LOOKS = 64, WAITERS = 4096 };

struct account {
	uint64_t ready_ns, arrivals;
};

struct waiter {
	uint32_t tid; /* 0: free */
	bool read;
	struct account account;
};

struct dwell_delay {
	struct waiter waiters[WAITERS];
	uint32_t free[WAITERS]; /* indexes; free_count of them */
	uint32_t free_count;
	uint32_t next;           /* to look at */
	struct dwell_map by_tid; /* index + 1 */
};

static bool read_account(uint32_t tid, struct account *out)
{
	char path[64], text[96];

	snprintf(path, sizeof(path), "/proc/%u/schedstat", tid);
	return dwell_proc_read(path, text, sizeof(text)) > 0 &&
	       sscanf(text, "%*u %" SCNu64 " %" SCNu64, &out->ready_ns, &out->arrivals) == 2;
}

int dwell_delay_new(struct dwell_delay **out)
{
	struct dwell_delay *delay;
	char text[96];

	if (dwell_proc_read("/proc/self/schedstat", text, sizeof(text)) <= 0)
		return DWELL_EUNSUPPORTED;
	delay = calloc(1, sizeof(*delay));
	if (!delay)
		return DWELL_ENOMEM;
	for (uint32_t i = 0; i < WAITERS; i++)
		delay->free[delay->free_count++] = i;
	*out = delay;
	return 0;
}

void dwell_delay_free(struct dwell_delay *delay)
{
	if (delay)
		dwell_map_release(&delay->by_tid);
	free(delay);
}

void dwell_delay_left(struct dwell_delay *delay, uint32_t tid)
{
	uint32_t index = dwell_map_get(&delay->by_tid, tid, 0);

	if (index == 0) {
		if (delay->free_count == 0)
			return;
		index = delay->free[delay->free_count - 1] + 1;
		if (dwell_map_set(&delay->by_tid, tid, 0, index) != 0)
			return;
		delay->free_count--;
	}
	delay->waiters[index - 1] = (struct waiter){ .tid = tid };
}

uint64_t dwell_delay_entered(struct dwell_delay *delay, uint32_t tid)
{
	const uint32_t index = dwell_map_get(&delay->by_tid, tid, 0);
	struct account now;
	struct waiter waiter;

	if (index == 0)
		return 0;
	waiter = delay->waiters[index - 1];
	delay->waiters[index - 1].tid = 0;
	delay->free[delay->free_count++] = index - 1;
	dwell_map_remove(&delay->by_tid, tid, 0);
	if (!waiter.read || !read_account(tid, &now) ||
		now.arrivals != waiter.account.arrivals + 1 ||
		now.ready_ns < waiter.account.ready_ns)
		return 0;
	return now.ready_ns - waiter.account.ready_ns;
}

void dwell_delay_look(struct dwell_delay *delay)
{
	unsigned looks = 0;

	for (uint32_t i = 0; i < WAITERS && looks < LOOKS; i++) {
		struct waiter *waiter = &delay->waiters[delay->next];

		delay->next = (delay->next + 1) % WAITERS;
		if (waiter->tid == 0 || waiter->read)
			continue;
		waiter->read = read_account(waiter->tid, &waiter->account);
		looks++;
	}
}
