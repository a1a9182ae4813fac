#include <string.h>
#include <sys/prctl.h>

#include "preload.h"

/*
 * Threads are born through a start routine of ours, which registers them before the program's
 * routine runs and says so when it returns, exits or is cancelled. What the creator hands over
 * lies in a fixed pool, since nothing here may allocate; when that is used up, the thread is
 * created without us and registers itself with its first wait.
 */
enum { HANDOVERS = 512, TRIES = 32 };

struct handover {
	_Atomic uint32_t used;
	void *(*start)(void *);
	int (*start_c11)(void *);
	void *argument;
	struct dwell_birth birth;
	bool detached, has_priority; /* given at its creation, not its creator's */
};

static struct handover handovers[HANDOVERS];
static _Atomic uint32_t next_handover;

static struct handover *take_handover(void)
{
	uint32_t first = atomic_fetch_add_explicit(&next_handover, 1, memory_order_relaxed);

	for (uint32_t i = 0; i < TRIES; i++) {
		struct handover *handover = &handovers[(first + i) % HANDOVERS];
		uint32_t unused = 0;
		if (atomic_compare_exchange_strong(&handover->used, &unused, 1))
			return handover;
	}
	return NULL;
}

static void return_handover(struct handover *handover)
{
	atomic_store_explicit(&handover->used, 0, memory_order_release);
}

static size_t stack_size_of(const pthread_attr_t *attr)
{
	static _Atomic size_t usual;
	pthread_attr_t fresh;
	size_t size = 0;

	if (attr) {
		pthread_attr_getstacksize(attr, &size);
		return size;
	}
	size = atomic_load_explicit(&usual, memory_order_relaxed);
	if (size == 0 && pthread_attr_init(&fresh) == 0) {
		pthread_attr_getstacksize(&fresh, &size);
		pthread_attr_destroy(&fresh);
		atomic_store_explicit(&usual, size, memory_order_relaxed);
	}
	return size;
}

static bool starts_detached(const pthread_attr_t *attr)
{
	int state = PTHREAD_CREATE_JOINABLE;

	if (attr)
		pthread_attr_getdetachstate(attr, &state);
	return state == PTHREAD_CREATE_DETACHED;
}

static bool has_own_priority(const pthread_attr_t *attr)
{
	int inherits = PTHREAD_INHERIT_SCHED;

	if (attr)
		pthread_attr_getinheritsched(attr, &inherits);
	return inherits == PTHREAD_EXPLICIT_SCHED;
}

/* Nobody is to join the thread any more. */
static void tell_detached(struct dwell_self *self, pthread_t thread)
{
	dwell_ring_put2(&self->writer, dwell_now(), DWELL_RECORD_RELEASE,
		dwell_what(0, DWELL_REASON_JOIN, DWELL_OBJECT_THREAD, 0), 0,
		(uint64_t)(uintptr_t)thread);
}

static struct handover *prepare(struct dwell_self *self, uint64_t start, void *argument,
	const pthread_attr_t *attr, const void *return_address, const void *frame)
{
	struct handover *handover = self ? take_handover() : NULL;
	uint32_t flags;

	if (!handover)
		return NULL;
	flags = atomic_load_explicit(&dwell_lib.session.header->flags, memory_order_relaxed);
	handover->argument = argument;
	handover->detached = starts_detached(attr);
	handover->has_priority = has_own_priority(attr);
	handover->birth = (struct dwell_birth){ .parent_tid = self->tid,
		.start_function = start,
		.created = dwell_now(),
		.stack_size = stack_size_of(attr) };
	if ((flags & DWELL_SESSION_STACKS) != 0)
		handover->birth.creation_stack = dwell_stack(self, return_address, frame);
	return handover;
}

/* NULL in programs without AddressSanitizer. */
void __asan_unpoison_memory_region(const volatile void *at, size_t size)
	__attribute__((weak, visibility("default")));

/*
 * AddressSanitizer leaves the red zones of frames that a cancellation unwound, and aborts when its
 * own end of the thread uses these places: our start routine moves the frames to where it does.
 * What lies below us is nobody's now.
 */
static void clear_unwound(void)
{
	enum { NEAR = 16 << 10 };
	const uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	if (__asan_unpoison_memory_region)
		__asan_unpoison_memory_region((const void *)(here - NEAR), NEAR); /* NOLINT */
}

static void end(const int *unused)
{
	(void)unused;
	dwell_thread_end();
	clear_unwound();
}

static void begin(const struct handover *handover)
{
	struct dwell_self *self;

	dwell_thread_begin(&handover->birth);
	self = handover->detached || handover->has_priority ? dwell_enter() : NULL;
	if (self && handover->detached)
		tell_detached(self, pthread_self());
	if (handover->has_priority)
		dwell_priority_tell(self);
}

static void *thread_main(void *argument)
{
	struct handover *handover = argument;
	struct handover mine = *handover;
	__attribute__((cleanup(end), unused)) int at_end = 0;

	return_handover(handover);
	mine.birth.root = (uintptr_t)__builtin_frame_address(0);
	begin(&mine);
	return mine.start(mine.argument);
}

static int thread_main_c11(void *argument)
{
	struct handover *handover = argument;
	struct handover mine = *handover;
	__attribute__((cleanup(end), unused)) int at_end = 0;

	return_handover(handover);
	mine.birth.root = (uintptr_t)__builtin_frame_address(0);
	begin(&mine);
	return mine.start_c11(mine.argument);
}

EXPORT int pthread_create(
	pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *argument)
{
	struct handover *handover = prepare(dwell_enter(), (uint64_t)(uintptr_t)start, argument,
		attr, __builtin_return_address(0), __builtin_frame_address(0));
	int result;

	if (!handover)
		return REAL(pthread_create)(thread, attr, start, argument);
	handover->start = start;
	result = REAL(pthread_create)(thread, attr, thread_main, handover);
	if (result != 0)
		return_handover(handover);
	return result;
}

int thrd_create(pthread_t *thread, int (*start)(void *), void *argument);

EXPORT int thrd_create(pthread_t *thread, int (*start)(void *), void *argument)
{
	struct handover *handover = prepare(dwell_enter(), (uint64_t)(uintptr_t)start, argument,
		NULL, __builtin_return_address(0), __builtin_frame_address(0));
	int result;

	if (!handover)
		return REAL(thrd_create)(thread, start, argument);
	handover->start_c11 = start;
	result = REAL(thrd_create)(thread, thread_main_c11, handover);
	if (result != 0)
		return_handover(handover);
	return result;
}

/* Every join is told, however short: who joins is how a thread's creator gives it up. */
#define JOIN(thread, timed, is_timeout, real_call)                                                 \
	do {                                                                                       \
		struct dwell_self *self = dwell_enter();                                           \
		int result;                                                                        \
		if (!self)                                                                         \
			return real_call;                                                          \
		CALL_BEGIN(call, self, true, .object = (uint64_t)(uintptr_t)(thread),              \
			.reason = DWELL_REASON_JOIN, .kind = DWELL_OBJECT_THREAD,                  \
			.flags = (timed));                                                         \
		result = real_call;                                                                \
		dwell_call_end(&call, result == (is_timeout) ? DWELL_FLAG_TIMED_OUT : 0);          \
		return result;                                                                     \
	} while (0)

EXPORT int pthread_join(pthread_t thread, void **value)
{
	JOIN(thread, 0, ETIMEDOUT, REAL(pthread_join)(thread, value));
}

EXPORT int pthread_timedjoin_np(pthread_t thread, void **value, const struct timespec *until)
{
	JOIN(thread, DWELL_FLAG_TIMED, ETIMEDOUT, REAL(pthread_timedjoin_np)(thread, value, until));
}

EXPORT int pthread_clockjoin_np(
	pthread_t thread, void **value, clockid_t clock, const struct timespec *until)
{
	JOIN(thread, DWELL_FLAG_TIMED, ETIMEDOUT,
		REAL(pthread_clockjoin_np)(thread, value, clock, until));
}

int thrd_join(pthread_t thread, int *value);

EXPORT int thrd_join(pthread_t thread, int *value)
{
	JOIN(thread, 0, -1, REAL(thrd_join)(thread, value));
}

EXPORT int pthread_tryjoin_np(pthread_t thread, void **value)
{
	int result = REAL(pthread_tryjoin_np)(thread, value);
	struct dwell_self *self = result == 0 ? dwell_enter() : NULL;

	if (self)
		tell_detached(self, thread);
	return result;
}

/* Before: after it the thread may be gone, and its pthread_t another's. */
EXPORT int pthread_detach(pthread_t thread)
{
	struct dwell_self *self = dwell_enter();

	if (self)
		tell_detached(self, thread);
	return REAL(pthread_detach)(thread);
}

int thrd_detach(pthread_t thread);

EXPORT int thrd_detach(pthread_t thread)
{
	struct dwell_self *self = dwell_enter();

	if (self)
		tell_detached(self, thread);
	return REAL(thrd_detach)(thread);
}

EXPORT int pthread_setname_np(pthread_t thread, const char *name)
{
	int result = REAL(pthread_setname_np)(thread, name);

	if (result == 0 && pthread_equal(thread, pthread_self()))
		dwell_thread_rename(name);
	else if (result == 0)
		dwell_thread_rename_other((uint64_t)(uintptr_t)thread, name);
	return result;
}

EXPORT int prctl(int option, ...)
{
	__builtin_va_list list;
	unsigned long value[4];
	int result;

	__builtin_va_start(list, option);
	for (int i = 0; i < 4; i++)
		value[i] = __builtin_va_arg(list, unsigned long);
	__builtin_va_end(list);
	result = REAL(prctl)(option, value[0], value[1], value[2], value[3]);
	if (option == PR_SET_SECCOMP)
		dwell_exec_sandboxed = true;
	if (option == PR_SET_NAME && result == 0)
		dwell_thread_rename((const char *)value[0]);
	return result;
}
