/* Which places are a program's own. */
#include <string.h>

#include "dwell/model.h"

struct dwell_string dwell_base_name(struct dwell_string path)
{
	for (size_t i = path.size; i--;)
		if (path.at[i] == '/')
			return (struct dwell_string){ path.at + i + 1, path.size - i - 1 };
	return path;
}

static bool starts_with(struct dwell_string text, const char *prefix)
{
	const size_t size = strlen(prefix);

	return text.size >= size && !memcmp(text.at, prefix, size);
}

bool dwell_frame_is_common(const struct dwell_frame *frame)
{
	static const char *const modules[] = { "libc.so", "libc-", "libpthread", "ld-linux",
		"libdwell", "[vdso]", "libstdc++", "libgcc", "[kernel" };
	static const char *const functions[] = { "runtime.", "sync.", "internal/", "syscall.",
		"std::", "core::", "alloc::", "parking_lot", "<std::", "<core::", "__gthread",
		"os::", "Parker::", "PyThread_",
		/* PostgreSQL's own ways to wait */
		"WaitEventSetWait", "WaitLatch", "PGSemaphoreLock", "LWLockAcquire" };
	const struct dwell_string module = dwell_base_name(frame->module);

	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (starts_with(module, modules[i]))
			return true;
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (starts_with(frame->function, functions[i]))
			return true;
	return false;
}
