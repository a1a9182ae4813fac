#include <sched.h>
#include <sys/resource.h>

#include "preload.h"

/*
 * How urgent threads are, in the kernel's count: 0 to 98 of real time, 100 to 139 by niceness,
 * lower is more urgent. Told by who changes it; a thread begins with its creator's. Not told:
 * changes of whole groups and users, and by other programs.
 */
enum { NICE_ZERO = 120, REAL_TIME_LAST = 99, DEADLINE = 6 };

static int64_t of_policy(int policy, int real_time, int nice)
{
	/* The flag that children do not get it. */
	switch (policy & ~SCHED_RESET_ON_FORK) {
	case SCHED_FIFO:
	case SCHED_RR:
		return REAL_TIME_LAST - real_time;
	case DEADLINE:
		return -1;
	default:
		return NICE_ZERO + nice;
	}
}

static int64_t ask(pid_t tid)
{
	struct sched_param param = { 0 };
	const int policy = sched_getscheduler(tid);

	(void)sched_getparam(tid, &param);
	return of_policy(policy, param.sched_priority, getpriority(PRIO_PROCESS, (id_t)tid));
}

static void put(struct dwell_self *self, int64_t priority, pid_t tid, uint64_t thread)
{
	if (dwell_lib.session.minor >= DWELL_SESSION_PRIORITIES)
		dwell_ring_put2(&self->writer, dwell_now(), DWELL_RECORD_PRIORITY,
			(uint64_t)priority, (uint32_t)tid, thread);
}

/* The process's at its start, until that is told with the first record that it, or a child of its
 * that is not replaced, makes: whoever it creates meanwhile has the same. */
static int64_t first;
static _Atomic bool first_due;

static void tell_first(struct dwell_self *self)
{
	if (atomic_exchange_explicit(&first_due, false, memory_order_relaxed))
		put(self, first, 0, 0);
}

void dwell_priority_begin(void)
{
	const int saved = errno;

	first = ask(0);
	errno = saved;
	atomic_store_explicit(&first_due, true, memory_order_relaxed);
	dwell_lib_on_register = tell_first;
}

void dwell_priority_tell(struct dwell_self *self)
{
	const int saved = errno;

	if (self)
		put(self, ask(0), 0, 0);
	errno = saved;
}

static void tell_other(pid_t tid)
{
	const int saved = errno;
	struct dwell_self *self = dwell_enter();

	if (self)
		put(self, ask(tid), tid, 0);
	errno = saved;
}

/* Its niceness is asked for under its number, which is not known: it is taken to be the caller's,
 * as of threads that differ in it none is wont to be of real time. */
static void tell_thread(pthread_t thread)
{
	struct dwell_self *self = dwell_enter();
	struct sched_param param;
	int policy;

	if (pthread_equal(thread, pthread_self()))
		dwell_priority_tell(self);
	else if (self && pthread_getschedparam(thread, &policy, &param) == 0)
		put(self, of_policy(policy, param.sched_priority, getpriority(PRIO_PROCESS, 0)), 0,
			(uint64_t)(uintptr_t)thread);
}

EXPORT int nice(int change)
{
	const int saved = errno;
	int result;

	/* -1 may be what it is now. */
	errno = 0;
	result = REAL(nice)(change);
	if (errno == 0) {
		errno = saved;
		tell_other(0);
	}
	return result;
}

EXPORT int setpriority(__priority_which_t which, id_t who, int priority)
{
	const int result = REAL(setpriority)(which, who, priority);

	if (result == 0 && which == PRIO_PROCESS)
		tell_other((pid_t)who);
	return result;
}

EXPORT int sched_setscheduler(pid_t tid, int policy, const struct sched_param *param)
{
	const int result = REAL(sched_setscheduler)(tid, policy, param);

	if (result >= 0)
		tell_other(tid);
	return result;
}

EXPORT int sched_setparam(pid_t tid, const struct sched_param *param)
{
	const int result = REAL(sched_setparam)(tid, param);

	if (result == 0)
		tell_other(tid);
	return result;
}

EXPORT int pthread_setschedparam(pthread_t thread, int policy, const struct sched_param *param)
{
	const int result = REAL(pthread_setschedparam)(thread, policy, param);

	if (result == 0)
		tell_thread(thread);
	return result;
}

EXPORT int pthread_setschedprio(pthread_t thread, int priority)
{
	const int result = REAL(pthread_setschedprio)(thread, priority);

	if (result == 0)
		tell_thread(thread);
	return result;
}
