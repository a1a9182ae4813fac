/* Java's locks and workers, known by the methods that wait. */
#include <string.h>

#include "analysis/findings.h"

/* A thread that parks is that many methods and functions below the program's call, at most. */
enum { DEPTH = 32 };

static bool begins(struct dwell_string text, const char *prefix)
{
	const size_t size = strlen(prefix);

	return text.size >= size && memcmp(text.at, prefix, size) == 0;
}

static bool begins_with_one(struct dwell_string text, const char *const *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (begins(text, prefixes[i]))
			return true;
	return false;
}

#define BEGINS_WITH_ONE(text, prefixes)                                                            \
	begins_with_one(text, prefixes, sizeof(prefixes) / sizeof((prefixes)[0]))

static size_t frames_of(
	const struct dwell_catalog *catalog, uint32_t stack, struct dwell_frame frames[DEPTH])
{
	const size_t count = stack ? dwell_catalog_frames(catalog, stack, frames, DEPTH) : 0;

	return count < DEPTH ? count : DEPTH;
}

/*
 * A lock of java.util.concurrent.locks: its own methods call the synchronizer's, which parks. After
 * a wait for a condition, too, to have its lock again; not in that wait itself.
 */
bool stack_is_java_lock(const struct dwell_catalog *catalog, uint32_t stack)
{
	static const char *const parks[] = { "jdk.internal.misc.Unsafe.", "sun.misc.Unsafe.",
		"java.util.concurrent.locks.LockSupport.", "java.lang.VirtualThread.",
		"java.lang.System$" };
	static const char *const conditions[] = {
		"java.util.concurrent.locks.AbstractQueuedSynchronizer$ConditionObject.",
		"java.util.concurrent.locks.AbstractQueuedLongSynchronizer$ConditionObject."
	};
	static const char *const synchronizers[] = {
		"java.util.concurrent.locks.AbstractQueuedSynchronizer.",
		"java.util.concurrent.locks.AbstractQueuedLongSynchronizer."
	};
	static const char *const locks[] = { "java.util.concurrent.locks.ReentrantLock",
		"java.util.concurrent.locks.ReentrantReadWriteLock",
		"java.util.concurrent.locks.StampedLock" };
	struct dwell_frame frames[DEPTH];
	const size_t count = frames_of(catalog, stack, frames);
	bool acquires = false;

	for (size_t i = 0; i < count; i++) {
		const struct dwell_string function = frames[i].function;

		if (frames[i].module.size || BEGINS_WITH_ONE(function, parks))
			continue;
		if (BEGINS_WITH_ONE(function, conditions))
			return acquires;
		if (BEGINS_WITH_ONE(function, synchronizers))
			acquires = true;
		else
			return BEGINS_WITH_ONE(function, locks);
	}
	return false;
}

/* A thread of a pool that has nothing to do, or one that only the machine itself needs. */
bool stack_is_java_worker(const struct dwell_catalog *catalog, uint32_t stack)
{
	static const char *const idle[] = { "java.util.concurrent.ThreadPoolExecutor.getTask",
		"java.util.concurrent.ForkJoinPool.awaitWork", "java.util.TimerThread.mainLoop",
		"java.lang.ref.Reference.waitForReferencePendingList",
		"java.lang.ref.ReferenceQueue.remove" };
	struct dwell_frame frames[DEPTH];
	const size_t count = frames_of(catalog, stack, frames);

	if (stack_is_java_lock(catalog, stack))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!frames[i].module.size && BEGINS_WITH_ONE(frames[i].function, idle))
			return true;
	return false;
}
