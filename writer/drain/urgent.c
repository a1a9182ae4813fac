#include "urgent.h"

#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The shortest that there is, and as long as they are unless asked for: 0. */
#define SLICE_NS UINT64_C(100000)
enum { LEAST_NICE = -20 };

/* As the kernel has it: headers of the C library do not know it before 2.41. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
};

static int set(int nice, uint64_t slice_ns)
{
	struct attributes attributes = { .size = sizeof(attributes),
		.policy = SCHED_OTHER,
		.nice = nice,
		.runtime_ns = slice_ns };

	return (int)syscall(SYS_sched_setattr, 0, &attributes, 0);
}

int dwell_urgent_begin(int steps)
{
	const int nice = getpriority(PRIO_PROCESS, 0);

	if (sched_getscheduler(0) != SCHED_OTHER)
		return 0;
	if (steps > nice - LEAST_NICE)
		steps = nice - LEAST_NICE;
	if (steps > 0 && set(nice - steps, SLICE_NS) == 0)
		return steps;
	(void)set(nice, SLICE_NS);
	return 0;
}

void dwell_urgent_end(int steps)
{
	if (sched_getscheduler(0) == SCHED_OTHER)
		(void)set(getpriority(PRIO_PROCESS, 0) + steps, 0);
}
