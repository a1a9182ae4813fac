/* Threads are begun for the CPUs that we may run on, whatever the machine has. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sched.h>

#include "model/cpus.h"

Test(cpus, as_many_as_are_allowed)
{
	cpu_set_t allowed, one;
	int cpu = 0;

	cr_assert(eq(int, sched_getaffinity(0, sizeof(allowed), &allowed), 0));
	cr_expect(eq(uint, cpus_allowed(), (unsigned)CPU_COUNT(&allowed)));
	while (!CPU_ISSET(cpu, &allowed))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	cr_assert(eq(int, sched_setaffinity(0, sizeof(one), &one), 0));
	cr_expect(eq(uint, cpus_allowed(), 1));
}
