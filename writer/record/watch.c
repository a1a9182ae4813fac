#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "drain/grow.h"
#include "drain/map.h"
#include "dwell/error.h"
#include "memory.h"
#include "proc.h"
#include "sched_private.h"

#define LEAST_PAUSE_NS UINT64_C(15000000)
/* Of a CPU: one part in so many. And how many looks go by before processes are looked for. */
enum { SHARE = 100, LOOKS_OF_SAME = 16 };

struct watched {
	struct dwell_still still;
	uint64_t looked_ns;
	uint64_t look; /* at which it was there last */
	bool waits;
};

struct dwell_watch {
	struct dwell_sched *sched;
	struct dwell_map by_tid; /* tid, 0 -> index + 1 */
	struct watched *threads;
	size_t count, room;
	uint32_t *processes; /* of the last time that they were looked for */
	size_t process_count, process_room;
	uint64_t looks;
	uint64_t begun_ns, begun_cpu_ns; /* the last look */
	uint64_t zero_ns;                /* between the recording's clock and CLOCK_MONOTONIC */
	uint64_t next_ns;
	int error;
};

int dwell_watch_new(struct dwell_watch **out, struct dwell_sched *sched)
{
	struct dwell_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return DWELL_ENOMEM;
	watch->sched = sched;
	*out = watch;
	return 0;
}

void dwell_watch_free(struct dwell_watch *watch)
{
	if (!watch)
		return;
	dwell_map_release(&watch->by_tid);
	free(watch->threads);
	free(watch->processes);
	free(watch);
}

bool dwell_watch_is_due(const struct dwell_watch *watch, uint64_t now_ns)
{
	return now_ns >= watch->next_ns;
}

static void note(struct dwell_watch *watch, int err)
{
	if (watch->error == 0)
		watch->error = err;
}

static struct watched *thread_of(struct dwell_watch *watch, uint32_t tid)
{
	uint32_t index = dwell_map_get(&watch->by_tid, tid, 0);

	if (index != 0)
		return &watch->threads[index - 1];
	if (!dwell_grow((void **)&watch->threads, watch->count, &watch->room,
		    sizeof(*watch->threads), 64))
		return NULL;
	index = (uint32_t)++watch->count;
	if (dwell_map_set(&watch->by_tid, tid, 0, index) != 0)
		return NULL;
	watch->threads[index - 1] = (struct watched){ .still = { .tid = tid } };
	return &watch->threads[index - 1];
}

/* It went on, some time after it was looked at last. */
static void end_wait(struct dwell_watch *watch, struct watched *thread)
{
	const uint32_t tid = thread->still.tid;
	struct dwell_event row = { .time_ns = thread->looked_ns,
		.kind = DWELL_EVENT_WAIT_END,
		.task = dwell_who_task(watch->sched->who, tid, thread->looked_ns) };

	if (!thread->waits)
		return;
	thread->waits = false;
	if (dwell_map_get(&watch->sched->found, tid, 0) != 0) {
		dwell_sched_found_drop(watch->sched, tid);
		note(watch, dwell_sched_put(watch->sched, &row));
	}
	row.kind = DWELL_EVENT_STATE;
	row.state = DWELL_UNKNOWN;
	note(watch, dwell_sched_put(watch->sched, &row));
}

/*
 * Who waits for a monitor of Java's looks at it now and then, and waits on: what it did since the
 * look before is not known, but that. false: it got it, or it is at it right now.
 */
static bool waits_on(
	struct dwell_watch *watch, struct watched *thread, uint32_t pid, uint64_t now_ns)
{
	const uint32_t tid = thread->still.tid;
	struct dwell_event row = { .time_ns = thread->looked_ns,
		.kind = DWELL_EVENT_STATE,
		.state = DWELL_UNKNOWN,
		.task = dwell_who_task(watch->sched->who, tid, now_ns) };

	if (!thread->waits || dwell_map_get(&watch->sched->found, tid, 0) != SCHED_FOUND_MONITOR ||
		!dwell_hotspot_waits(watch->sched->hotspot, tid) ||
		!dwell_still_find(&thread->still, pid, tid))
		return false;
	note(watch, dwell_sched_put(watch->sched, &row));
	row.time_ns = now_ns;
	row.state = DWELL_BLOCKED;
	row.reason = DWELL_REASON_MUTEX;
	note(watch, dwell_sched_put(watch->sched, &row));
	return true;
}

static void look_at(void *context, uint32_t tid, uint32_t pid)
{
	struct dwell_watch *watch = context;
	struct watched *thread = thread_of(watch, tid);
	const uint64_t now_ns = dwell_monotonic_ns() - watch->zero_ns;

	if (!thread) {
		note(watch, DWELL_ENOMEM);
		return;
	}
	thread->look = watch->looks;
	if (!(thread->waits && dwell_still_stands(&thread->still)) &&
		!waits_on(watch, thread, pid, now_ns)) {
		end_wait(watch, thread);
		thread->waits = dwell_still_find(&thread->still, pid, tid);
		(void)dwell_who_task(watch->sched->who, tid, now_ns);
		/* Whether that is still so, the next look tells. */
		if (thread->waits)
			note(watch, dwell_sched_find(watch->sched, tid, now_ns));
	}
	thread->looked_ns = now_ns;
}

void dwell_watch_process(struct dwell_watch *watch, uint32_t pid)
{
	if (!dwell_grow((void **)&watch->processes, watch->process_count, &watch->process_room,
		    sizeof(*watch->processes), 16)) {
		note(watch, DWELL_ENOMEM);
		return;
	}
	watch->processes[watch->process_count++] = pid;
	dwell_proc_each_thread(pid, look_at, watch);
}

bool dwell_watch_begin(struct dwell_watch *watch, uint64_t now_ns)
{
	watch->begun_ns = now_ns;
	watch->zero_ns = dwell_monotonic_ns() - now_ns;
	watch->begun_cpu_ns = dwell_clock_ns(CLOCK_THREAD_CPUTIME_ID);
	if (watch->looks++ % LOOKS_OF_SAME == 0) {
		watch->process_count = 0;
		return true;
	}
	for (size_t i = 0; i < watch->process_count; i++)
		dwell_proc_each_thread(watch->processes[i], look_at, watch);
	return false;
}

/* Who was not there any more has ended; the last of them takes its place. */
static void drop_ended(struct dwell_watch *watch, uint64_t now_ns)
{
	for (size_t i = 0; i < watch->count;) {
		struct watched *thread = &watch->threads[i];
		const struct dwell_kernel_event gone = {
			.time_ns = now_ns, .kind = DWELL_KERNEL_EVENT_GONE, .tid = thread->still.tid
		};

		if (thread->look == watch->looks) {
			i++;
			continue;
		}
		end_wait(watch, thread);
		note(watch, dwell_sched_tell(watch->sched, &gone));
		dwell_map_remove(&watch->by_tid, thread->still.tid, 0);
		*thread = watch->threads[--watch->count];
		if (i < watch->count)
			note(watch, dwell_map_set(
					    &watch->by_tid, thread->still.tid, 0, (uint32_t)i + 1));
	}
}

int dwell_watch_end(struct dwell_watch *watch, uint64_t now_ns)
{
	uint64_t cost_ns;

	drop_ended(watch, now_ns);
	/* The first one reads what is mapped, too. */
	cost_ns = watch->looks > 1 ? dwell_clock_ns(CLOCK_THREAD_CPUTIME_ID) - watch->begun_cpu_ns
				   : 0;
	watch->next_ns =
		now_ns + (cost_ns * SHARE > LEAST_PAUSE_NS ? cost_ns * SHARE : LEAST_PAUSE_NS);
	return watch->error;
}

uint64_t dwell_watch_known_ns(const struct dwell_watch *watch)
{
	return watch->begun_ns;
}

uint64_t dwell_watch_looks(const struct dwell_watch *watch)
{
	return watch->looks;
}

int dwell_watch_try(uint32_t pid)
{
	char path[64];
	char byte;
	int fd, error = 0;

	snprintf(path, sizeof(path), "/proc/%u/syscall", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (read(fd, &byte, 1) < 0)
		error = errno;
	close(fd);
	return error;
}
