#include "memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

size_t dwell_memory_read(uint32_t pid, uint64_t address, void *out, size_t size)
{
	const struct iovec to = { out, size };
	const struct iovec from = { (void *)(uintptr_t)address, size }; /* NOLINT */
	const ssize_t got = process_vm_readv((pid_t)pid, &to, 1, &from, 1, 0);

	return got > 0 ? (size_t)got : 0;
}

bool dwell_memory_get(uint32_t pid, uint64_t address, void *out, size_t size)
{
	return dwell_memory_read(pid, address, out, size) == size;
}

/* As many of them at once as may be; those before the first that cannot be read. */
static size_t gather_some(uint32_t pid, const uint64_t *addresses, uint64_t *words, size_t count)
{
	enum { SOME = 128 };
	struct iovec from[SOME];
	const struct iovec to = { words, (count < SOME ? count : SOME) * sizeof(*words) };
	size_t some = 0;
	ssize_t got;

	for (; some < count && some < SOME && addresses[some] != 0; some++)
		from[some] = (struct iovec){ (void *)(uintptr_t)addresses[some], /* NOLINT */
			sizeof(*words) };
	got = some ? process_vm_readv((pid_t)pid, &to, 1, from, some, 0) : 0;
	return got > 0 ? (size_t)got / sizeof(*words) : 0;
}

void dwell_memory_gather(uint32_t pid, const uint64_t *addresses, uint64_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		i += gather_some(pid, &addresses[i], &words[i], count - i);
		if (i < count &&
			(addresses[i] == 0 || dwell_memory_read(pid, addresses[i], &words[i],
						      sizeof(*words)) != sizeof(*words)))
			words[i] = 0;
	}
}

bool dwell_still_find(struct dwell_still *still, uint32_t pid, uint32_t tid)
{
	*still = (struct dwell_still){ .pid = pid, .tid = tid };
	/* The turns first: who has had another one by the end did not stand still meanwhile. */
	still->turns = dwell_proc_turns(tid);
	return dwell_proc_call(tid, &still->call);
}

bool dwell_still_read(struct dwell_still *still, size_t most)
{
	uint8_t *larger = realloc(still->stack, most);

	if (!larger)
		return false;
	still->stack = larger;
	still->size = dwell_memory_read(still->pid, still->call.sp, still->stack, most);
	return still->size > 0;
}

bool dwell_still_stands(const struct dwell_still *still)
{
	struct dwell_proc_call now;

	return dwell_proc_call(still->tid, &now) && memcmp(&now, &still->call, sizeof(now)) == 0 &&
	       dwell_proc_turns(still->tid) == still->turns;
}

void dwell_still_release(struct dwell_still *still)
{
	free(still->stack);
	still->stack = NULL;
	still->size = 0;
}
