#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "preload.h"

/*
 * What -fexceptions asks of libgcc. Linked against it, libgcc_s would be one library more in every
 * recorded process; its static half cannot go on with an unwinding that the shared one began. So
 * the two functions are looked up when a thread is cancelled or an exception passes: then the
 * shared library is there, since it is what unwinds.
 */
struct _Unwind_Exception;
struct _Unwind_Context;

typedef int (*personality_fn)(int version, int actions, uint64_t class,
	struct _Unwind_Exception *exception, struct _Unwind_Context *context);
typedef void (*resume_fn)(struct _Unwind_Exception *exception);

int __gcc_personality_v0(int version, int actions, uint64_t class,
	struct _Unwind_Exception *exception, struct _Unwind_Context *context);
void _Unwind_Resume(struct _Unwind_Exception *exception) __attribute__((noreturn));

static void *find(const char *name)
{
	int saved = errno;
	void *library = dlopen("libgcc_s.so.1", RTLD_LAZY | RTLD_NOLOAD);
	void *at = NULL;

	if (!library)
		library = dlopen("libgcc_s.so.1", RTLD_LAZY);
	if (library)
		at = dlsym(library, name);
	errno = saved;
	return at;
}

__attribute__((visibility("hidden"))) int __gcc_personality_v0(int version, int actions,
	uint64_t class, struct _Unwind_Exception *exception, struct _Unwind_Context *context)
{
	enum { CONTINUE_UNWIND = 8 };
	personality_fn real;
	void *at = find("__gcc_personality_v0");

	if (!at)
		return CONTINUE_UNWIND;
	memcpy(&real, &at, sizeof(real));
	return real(version, actions, class, exception, context);
}

__attribute__((visibility("hidden"))) void _Unwind_Resume(struct _Unwind_Exception *exception)
{
	resume_fn real;
	void *at = find("_Unwind_Resume");

	if (at) {
		memcpy(&real, &at, sizeof(real));
		real(exception);
	}
	/* Not reached: it was there for the personality above. */
	abort();
}
