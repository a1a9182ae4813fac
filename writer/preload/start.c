#include <stdlib.h>
#include <string.h>

#include "preload.h"
#include "python.h"

_Static_assert(offsetof(struct dwell_self, quiet) == 0, "entry.S counts it");

static const char *session_of(char *const *environment)
{
	size_t length = sizeof(DWELL_SESSION_ENV) - 1;

	for (; environment && *environment; environment++)
		if (strncmp(*environment, DWELL_SESSION_ENV, length) == 0 &&
			(*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

/* glibc hands a constructor what main gets. */
__attribute__((constructor(101))) static void start(
	int argc, char *const *argv, char *const *environment)
{
	const char *places = session_of(environment);

	dwell_real_resolve();
	dwell_lib_lock = dwell_real.pthread_mutex_lock;
	dwell_lib_unlock = dwell_real.pthread_mutex_unlock;
	if (!places || dwell_lib_attach(places, argc, argv) != DWELL_ATTACH_OK)
		return;
	if (atomic_load_explicit(&dwell_lib.session.header->flags, memory_order_relaxed) &
		DWELL_SESSION_ALL_LOCKS)
		dwell_all_locks = DWELL_ALL_LOCKS;
	dwell_lib_modules_note();
	dwell_priority_tell(dwell_enter());
	dwell_python_find();
}
