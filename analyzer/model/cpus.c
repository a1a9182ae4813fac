#include "model/cpus.h"

#include <sched.h>
#include <unistd.h>

/*
 * Those of a container or of `taskset`, not those of the machine: more threads than that only take
 * turns. A machine of more CPUs than a set has room for is asked how many there are.
 */
unsigned cpus_allowed(void)
{
	cpu_set_t set;
	long count;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		count = CPU_COUNT(&set);
	else
		count = sysconf(_SC_NPROCESSORS_ONLN);
	return count < 1 ? 1 : (unsigned)count;
}
