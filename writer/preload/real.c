#include "real.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "next.h"

struct dwell_real dwell_real;

/* For entry.S. */
extern void *dwell_real_syscall;
void dwell_real_need_syscall(void);
void *dwell_real_syscall;

/* These exist twice; a plain look-up may find the one of 2003. */
static bool exists_twice(const char *name)
{
	static const char *const names[] = { "pthread_cond_wait", "pthread_cond_timedwait",
		"pthread_cond_signal", "pthread_cond_broadcast", "pthread_cond_destroy" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

void dwell_real_find(void *at, const char *name)
{
	int saved = errno;
	void *found = NULL;

#ifdef __x86_64__
	if (exists_twice(name))
		found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
#else
	(void)exists_twice;
#endif
	if (!found)
		found = dlsym(RTLD_NEXT, name);
	/* Two threads may do this at once; both store the same. */
	memcpy(at, &found, sizeof(found));
	errno = saved;
}

void dwell_real_need_syscall(void)
{
	dwell_real_find(&dwell_real_syscall, "syscall");
}

static void resolve(const struct dwell_next *next, void *at, const char *name)
{
	void *found = dwell_next_find(next, name);

	if (found)
		memcpy(at, &found, sizeof(found));
	else
		dwell_real_find(at, name);
}

void dwell_real_resolve(void)
{
	struct dwell_next next;

	(void)dwell_next_open(&next, &dwell_real);
#define RESOLVE(result, name, parameters) resolve(&next, &dwell_real.name, #name);
	DWELL_REAL_ALL(RESOLVE)
#undef RESOLVE
	memcpy(&dwell_real_syscall, &dwell_real.syscall, sizeof(dwell_real_syscall));
}
