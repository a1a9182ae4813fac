#include <stdlib.h>
#include <string.h>

#include "java.h"
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
	uint32_t flags;

	dwell_real_begin();
	dwell_lib_lock = dwell_real.pthread_mutex_lock;
	dwell_lib_unlock = dwell_real.pthread_mutex_unlock;
	if (!places || dwell_lib_attach(places, argc, argv) != DWELL_ATTACH_OK)
		return;
	flags = atomic_load_explicit(&dwell_lib.session.header->flags, memory_order_relaxed);
	if ((flags & DWELL_SESSION_ALL_LOCKS) != 0)
		dwell_all_locks = DWELL_ALL_LOCKS;
	dwell_lib_modules_note();
	dwell_priority_begin();
	/* A process that is told of by nobody else, and a snapshot's, must be there from now on. */
	if ((flags & DWELL_SESSION_TASKS) == 0 || dwell_lib.session.flight)
		(void)dwell_enter();
	dwell_python_find();
	dwell_java_begin();
}
