#include <criterion/criterion.h>

#include <sched.h>
#include <sys/resource.h>

#include "drain/urgent.h"

/* Root may take steps; who may not is told so and keeps its niceness. */
Test(urgent, niceness_comes_back)
{
	const int before = getpriority(PRIO_PROCESS, 0);
	const int steps = dwell_urgent_begin(3);

	cr_expect(steps == 0 || steps == 3 || before - steps == -20, "%d steps", steps);
	cr_expect(getpriority(PRIO_PROCESS, 0) == before - steps);
	dwell_urgent_end(steps);
	cr_expect(getpriority(PRIO_PROCESS, 0) == before);
	cr_expect(sched_getscheduler(0) == SCHED_OTHER);
}

Test(urgent, no_lower_than_there_is)
{
	const int before = getpriority(PRIO_PROCESS, 0);
	const int steps = dwell_urgent_begin(1000);

	cr_expect(steps == 0 || before - steps == -20, "%d steps", steps);
	cr_expect(getpriority(PRIO_PROCESS, 0) == before - steps);
	dwell_urgent_end(steps);
	cr_expect(getpriority(PRIO_PROCESS, 0) == before);
}

/* What runs by rules of its own goes on by them. */
Test(urgent, other_classes_stay)
{
	const struct sched_param none = { 0 };

	cr_assert(sched_setscheduler(0, SCHED_BATCH, &none) == 0);
	cr_expect(dwell_urgent_begin(3) == 0);
	cr_expect(sched_getscheduler(0) == SCHED_BATCH);
	dwell_urgent_end(0);
	cr_expect(sched_getscheduler(0) == SCHED_BATCH);
}
