/* Functions of the files that come after ours, beside what dlsym says. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dlfcn.h>

#include "preload/next.h"
#include "preload/real.h"

static const int ours;

#define NAME(result, name, parameters) #name,
static const char *const names[] = { DWELL_REAL_ALL(NAME) };
#undef NAME

/* The oldest version of a condition's functions is there under the same name, and hidden. */
Test(next, finds_what_dlsym_finds)
{
	struct dwell_next next;
	unsigned found = 0;

	cr_assert(dwell_next_open(&next, &ours));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		void *const at = dwell_next_find(&next, names[i]);

		found += at != NULL;
		if (at)
			cr_expect(eq(ptr, at, dlsym(RTLD_NEXT, names[i])), "%s", names[i]);
	}
	/* Those of a newer C library may be missing, and those are chosen at run time. */
	cr_expect(ge(uint, found, sizeof(names) / sizeof(*names) * 9 / 10));
}

Test(next, leaves_to_dlsym_what_is_chosen_at_run_time)
{
	struct dwell_next next;

	cr_assert(dwell_next_open(&next, &ours));
#ifndef __SANITIZE_ADDRESS__ /* whose own comes first, and is no such function */
	cr_expect(eq(ptr, dwell_next_find(&next, "memcpy"), NULL));
#endif
	cr_expect(eq(ptr, dwell_next_find(&next, "dwell_there_is_no_such_function"), NULL));
}

Test(next, finds_nothing_where_ours_is_nowhere)
{
	struct dwell_next next;
	const int elsewhere = 0;

	cr_expect(not(dwell_next_open(&next, &elsewhere)));
	cr_expect(eq(ptr, dwell_next_find(&next, "read"), NULL));
}
