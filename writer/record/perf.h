#ifndef DWELL_RECORD_PERF_H
#define DWELL_RECORD_PERF_H

#include <stddef.h>
#include <stdint.h>

#include "kernel.h"

/*
 * What the kernel tells by perf_event_open. Of one's own programs, without rights
 * (perf_event_paranoid of 2 or less): when each thread enters and leaves a CPU, and forks, names
 * and ends; neither wakes nor reasons. Of the whole machine, by tracepoints, for CAP_PERFMON and a
 * tracefs that can be read: who follows whom on each CPU, and wakes; no reasons.
 */
struct dwell_perf;

/*
 * For a process that is about to exec: it, and all that it makes, is recorded from its exec on.
 * Returns DWELL_ENOMEM or DWELL_EIO (errno); why: one line for people.
 */
int dwell_perf_open(struct dwell_perf **out, uint32_t pid, char *why, size_t why_size);

/* The scheduler of the whole machine. Returns DWELL_ENOMEM, DWELL_EUNSUPPORTED or DWELL_EIO
 * (errno).
 */
int dwell_perf_open_machine(struct dwell_perf **out, char *why, size_t why_size);

/* NULL is allowed. */
void dwell_perf_close(struct dwell_perf *perf);

/* The trace's zero (CLOCK_MONOTONIC): what was earlier elsewhere on the machine is not told. Before
 * the first pass. */
void dwell_perf_zero(struct dwell_perf *perf, uint64_t zero_ns);

/* As dwell_kernel_pass. Of one's own programs, a switch has only a peer (who enters) or only a tid
 * (who leaves). */
int dwell_perf_pass(
	struct dwell_perf *perf, uint64_t until_ns, dwell_kernel_tell tell, void *context);

/* The fullest ring at the last pass, in percent. */
unsigned dwell_perf_fill(const struct dwell_perf *perf);

/* Whether the kernel allows it: opens one for ourselves and closes it. 0, or the errno. */
int dwell_perf_try(void);

#endif
