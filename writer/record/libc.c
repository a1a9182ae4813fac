#include "libc.h"

#include <stdlib.h>
#include <string.h>

#include <linux/futex.h>
#include <pthread.h>

#include "dwell/error.h"
#include "dwell/event.h"
#include "exports.h"
#include "memory.h"

enum { MOST_FUNCTIONS = 128 };

struct dwell_libc {
	struct function {
		uint64_t start, size;
		uint8_t role;
	} functions[MOST_FUNCTIONS];
	size_t count;
	bool is_glibc;
};

static const struct {
	const char *name;
	uint8_t role;
} known[] = {
	{ "pthread_mutex_lock", DWELL_LIBC_MUTEX },
	{ "pthread_mutex_timedlock", DWELL_LIBC_MUTEX },
	{ "pthread_mutex_clocklock", DWELL_LIBC_MUTEX },
	{ "pthread_cond_wait", DWELL_LIBC_COND },
	{ "pthread_cond_timedwait", DWELL_LIBC_COND },
	{ "pthread_cond_clockwait", DWELL_LIBC_COND },
	{ "pthread_rwlock_rdlock", DWELL_LIBC_READ_LOCK },
	{ "pthread_rwlock_timedrdlock", DWELL_LIBC_READ_LOCK },
	{ "pthread_rwlock_clockrdlock", DWELL_LIBC_READ_LOCK },
	{ "pthread_rwlock_wrlock", DWELL_LIBC_WRITE_LOCK },
	{ "pthread_rwlock_timedwrlock", DWELL_LIBC_WRITE_LOCK },
	{ "pthread_rwlock_clockwrlock", DWELL_LIBC_WRITE_LOCK },
	{ "pthread_barrier_wait", DWELL_LIBC_BARRIER },
	{ "sem_wait", DWELL_LIBC_SEMAPHORE },
	{ "sem_timedwait", DWELL_LIBC_SEMAPHORE },
	{ "sem_clockwait", DWELL_LIBC_SEMAPHORE },
	{ "syscall", DWELL_LIBC_SYSCALL },
};

static void take_symbol(void *context, const char *name, uint64_t address, uint64_t size)
{
	struct dwell_libc *libc = context;

	/* Of both: until 2.34 threads were a library of their own. */
	if (strcmp(name, "gnu_get_libc_version") == 0 ||
		strcmp(name, "pthread_mutexattr_setkind_np") == 0)
		libc->is_glibc = true;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(name, known[i].name) == 0 && libc->count < MOST_FUNCTIONS)
			libc->functions[libc->count++] =
				(struct function){ address, size, known[i].role };
}

int dwell_libc_read(struct dwell_libc **out, int fd)
{
	struct dwell_libc *libc = calloc(1, sizeof(*libc));

	*out = NULL;
	if (!libc)
		return DWELL_ENOMEM;
	dwell_exports_each(fd, take_symbol, libc);
	if (libc->is_glibc)
		*out = libc;
	else
		free(libc);
	return 0;
}

void dwell_libc_free(struct dwell_libc *libc)
{
	free(libc);
}

unsigned dwell_libc_role(const struct dwell_libc *libc, uint64_t address)
{
	for (size_t i = 0; i < libc->count; i++)
		if (address - libc->functions[i].start < libc->functions[i].size)
			return libc->functions[i].role;
	return DWELL_LIBC_NONE;
}

/* --- objects: where in them the futex lies --- */

enum { ALIGNMENT = 8, OWNER_MASK = FUTEX_TID_MASK };

static uint32_t word_at(uint32_t pid, uint64_t address)
{
	uint32_t word = 0;

	(void)dwell_memory_get(pid, address, &word, sizeof(word));
	return word;
}

static bool is_plain_wait(uint32_t command)
{
	return command == FUTEX_WAIT;
}

static bool is_pi(uint32_t command)
{
	return command == FUTEX_LOCK_PI || command == FUTEX_LOCK_PI2;
}

static void explain_mutex(
	uint32_t pid, uint64_t word, uint32_t command, struct dwell_libc_wait *out)
{
	const uint64_t owner = word + offsetof(pthread_mutex_t, __data.__owner);

	out->reason = DWELL_REASON_MUTEX;
	out->kind = DWELL_OBJECT_MUTEX;
	out->object = word;
	out->holder = is_pi(command) ? word_at(pid, word) & OWNER_MASK : word_at(pid, owner);
}

static bool is_on_stack(const struct dwell_still *still, uint64_t value)
{
	enum { SCANNED = 1024 };
	const size_t size = still->size < SCANNED ? still->size : SCANNED;
	uint64_t word;

	for (size_t at = 0; at + sizeof(word) <= size; at += sizeof(word)) {
		memcpy(&word, still->stack + at, sizeof(word));
		if (word == value)
			return true;
	}
	return false;
}

/*
 * Its two groups have a futex each, one after the other: how far into it, is not the same in all
 * versions. Who waits has it on the stack, to clean up if it is cancelled.
 */
static void explain_cond(const struct dwell_still *still, struct dwell_libc_wait *out)
{
	enum { OLD_SIGNALS = 40, SIGNALS = 32 };
	const uint64_t groups = still->call.arguments[0] / ALIGNMENT * ALIGNMENT;
	const bool is_old = is_on_stack(still, groups - OLD_SIGNALS);

	out->reason = DWELL_REASON_COND;
	out->kind = DWELL_OBJECT_COND;
	if (is_old != is_on_stack(still, groups - SIGNALS))
		out->object = groups - (is_old ? OLD_SIGNALS : SIGNALS);
}

/* The phase of writing, who writes next, or, where writers go first, its readers. */
static void explain_rwlock(
	uint32_t pid, const struct dwell_proc_call *call, bool reads, struct dwell_libc_wait *out)
{
	enum { PHASE = offsetof(pthread_rwlock_t, __data.__wrphase_futex), PHASE_VALUES = 4 };
	const uint64_t word = call->arguments[0];
	const bool of_readers =
		word % ALIGNMENT == 0 && (uint32_t)call->arguments[2] >= PHASE_VALUES;

	out->reason = DWELL_REASON_RWLOCK;
	out->kind = DWELL_OBJECT_RWLOCK;
	out->object = of_readers ? word : word / ALIGNMENT * ALIGNMENT - PHASE;
	out->holder = word_at(pid, out->object + offsetof(pthread_rwlock_t, __data.__cur_writer));
	out->flags |= reads ? DWELL_EVENT_SHARED : 0;
}

static void explain_barrier(uint64_t word, struct dwell_libc_wait *out)
{
	enum { ROUND = 4 };

	out->reason = DWELL_REASON_BARRIER;
	out->kind = DWELL_OBJECT_BARRIER;
	out->object = word % ALIGNMENT == ROUND ? word - ROUND : 0;
}

/* A thread's own number in its descriptor, which names itself. */
static bool is_join(uint32_t pid, const struct dwell_proc_call *call)
{
	enum { NUMBER = 0x2d0, SELF = 0x10 };
	const uint64_t thread = call->arguments[0] - NUMBER;
	uint64_t self;

	return word_at(pid, call->arguments[0]) == (uint32_t)call->arguments[2] &&
	       dwell_memory_get(pid, thread + SELF, &self, sizeof(self)) && self == thread;
}

static void explain_join(const struct dwell_proc_call *call, struct dwell_libc_wait *out)
{
	out->reason = DWELL_REASON_JOIN;
	out->kind = DWELL_OBJECT_THREAD;
	out->object = out->holder = (uint32_t)call->arguments[2];
	out->shared = false;
}

/* sem_wait goes over to a function without a name: a value of 0, how many wait, whether it is for
 * this process only. */
static bool is_semaphore(uint32_t pid, const struct dwell_proc_call *call)
{
	enum { VALUE, WAITERS, SHARED, WORDS, WAITERS_MAX = 1 << 22, SHARED_FLAG = 128 };
	uint32_t words[WORDS];

	return (uint32_t)call->arguments[2] == 0 && call->arguments[0] % ALIGNMENT == 0 &&
	       dwell_memory_get(pid, call->arguments[0], words, sizeof(words)) &&
	       words[VALUE] == 0 && words[WAITERS] != 0 && words[WAITERS] < WAITERS_MAX &&
	       (words[SHARED] == 0 || words[SHARED] == SHARED_FLAG);
}

static void explain_semaphore(uint64_t word, struct dwell_libc_wait *out)
{
	out->reason = DWELL_REASON_SEMAPHORE;
	out->kind = DWELL_OBJECT_SEMAPHORE;
	out->object = word;
}

void dwell_libc_explain(
	const struct dwell_still *still, bool in_libc, unsigned role, struct dwell_libc_wait *out)
{
	const struct dwell_proc_call *call = &still->call;
	const uint32_t pid = still->pid;
	const uint64_t word = call->arguments[0];
	const uint32_t command = (uint32_t)(call->arguments[1] & (uint64_t)FUTEX_CMD_MASK);

	*out = (struct dwell_libc_wait){ .shared = !(call->arguments[1] & FUTEX_PRIVATE_FLAG),
		.flags = call->arguments[3] ? DWELL_EVENT_TIMED_OUT : 0 };
	if (!in_libc || role == DWELL_LIBC_SYSCALL)
		return;
	/* The mutex of a condition is taken again within the wait for that. */
	if (role == DWELL_LIBC_MUTEX || (role == DWELL_LIBC_COND && is_plain_wait(command)) ||
		(role == DWELL_LIBC_COND && is_pi(command)))
		explain_mutex(pid, word, command, out);
	else if (role == DWELL_LIBC_COND)
		explain_cond(still, out);
	else if (role == DWELL_LIBC_READ_LOCK || role == DWELL_LIBC_WRITE_LOCK)
		explain_rwlock(pid, call, role == DWELL_LIBC_READ_LOCK, out);
	else if (role == DWELL_LIBC_BARRIER)
		explain_barrier(word, out);
	else if (is_join(pid, call))
		explain_join(call, out);
	else if (!is_plain_wait(command) && is_semaphore(pid, call))
		explain_semaphore(word, out);
}
