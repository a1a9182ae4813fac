#include "real.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "next.h"

struct dwell_real dwell_real;

/* Who comes after us, as of our constructor; nobody before that. */
static struct dwell_next next;
static _Atomic bool next_known;

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

static void *ask_loader(const char *name)
{
	void *found = NULL;

#ifdef __x86_64__
	if (exists_twice(name))
		found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
#else
	(void)exists_twice;
#endif
	return found ? found : dlsym(RTLD_NEXT, name);
}

void dwell_real_find(void *at, const char *name)
{
	const int saved = errno;
	void *found = NULL;

	if (atomic_load_explicit(&next_known, memory_order_acquire))
		found = dwell_next_find(&next, name);
	if (!found)
		found = ask_loader(name);
	/* Two threads may do this at once; both store the same. */
	memcpy(at, &found, sizeof(found));
	errno = saved;
}

void dwell_real_need_syscall(void)
{
	dwell_real_find(&dwell_real_syscall, "syscall");
}

/* Most programs call a few of them, so each is found when it is; where that would take the loader's
 * lock, and maybe memory, all are found now. */
static void find_all(void)
{
#define FIND(result, name, parameters) dwell_real_find(&dwell_real.name, #name);
	DWELL_REAL_ALL(FIND)
#undef FIND
}

void dwell_real_begin(void)
{
	const bool known = dwell_next_open(&next, &dwell_real);

	/* Release: other threads may call us already, and find them by the loader till now. */
	atomic_store_explicit(&next_known, known, memory_order_release);
	if (!known)
		find_all();
	/* Those that are used where there is no time to find them. */
	(void)REAL(pthread_mutex_lock);
	(void)REAL(pthread_mutex_trylock);
	(void)REAL(pthread_mutex_unlock);
}
