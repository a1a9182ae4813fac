#include "real.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

struct dwell_real dwell_real;

/* For entry.S. */
extern void *dwell_real_syscall;
void *dwell_real_syscall;

/*
 * The condition functions of old exist twice; a plain look-up may find the one of 2003. A look-up
 * that finds nothing allocates its message, and we may be inside the program's own malloc: ask for
 * nothing that is not there (clockwait came later and exists once).
 */
static void *find(const char *name)
{
	void *at = NULL;

#ifdef __x86_64__
	if (strncmp(name, "pthread_cond_", sizeof("pthread_cond_") - 1) == 0 &&
		strcmp(name, "pthread_cond_clockwait") != 0)
		at = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
#endif
	return at ? at : dlsym(RTLD_NEXT, name);
}

void dwell_real_resolve(void)
{
	int saved = errno;
	void *at;

	/* Two threads may do this at once; both store the same. */
#define RESOLVE(result, name, parameters)                                                          \
	at = find(#name);                                                                          \
	memcpy(&dwell_real.name, &at, sizeof(at));
	DWELL_REAL_ALL(RESOLVE)
#undef RESOLVE
	memcpy(&dwell_real_syscall, &dwell_real.syscall, sizeof(dwell_real_syscall));
	errno = saved;
}
