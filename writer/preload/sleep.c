#include <sys/wait.h>
#include <unistd.h>

#include "preload.h"

static unsigned interrupted(long result)
{
	return result < 0 && errno == EINTR ? DWELL_FLAG_INTERRUPTED : 0;
}

/* A function that waits for time, a signal or a process, and tells by -1 and errno how it ended. */
#define WAITS(type, name, parameters, arguments, why, what, which)                                 \
	EXPORT type name parameters                                                                \
	{                                                                                          \
		struct dwell_self *self = dwell_enter();                                           \
		type result;                                                                       \
		if (!self)                                                                         \
			return REAL(name) arguments;                                               \
		CALL_BEGIN(call, self, false, .reason = (why), .kind = (what), .object = (which)); \
		result = REAL(name) arguments;                                                     \
		dwell_call_end(&call, interrupted((long)result));                                  \
		return result;                                                                     \
	}

int thrd_sleep(const struct timespec *time, struct timespec *left);

WAITS(unsigned, sleep, (unsigned seconds), (seconds), DWELL_REASON_SLEEP, 0, 0)
WAITS(int, usleep, (useconds_t us), (us), DWELL_REASON_SLEEP, 0, 0)
WAITS(int, nanosleep, (const struct timespec *time, struct timespec *left), (time, left),
	DWELL_REASON_SLEEP, 0, 0)
WAITS(int, clock_nanosleep,
	(clockid_t clock, int flags, const struct timespec *time, struct timespec *left),
	(clock, flags, time, left), DWELL_REASON_SLEEP, 0, 0)
WAITS(int, thrd_sleep, (const struct timespec *time, struct timespec *left), (time, left),
	DWELL_REASON_SLEEP, 0, 0)

WAITS(int, pause, (void), (), DWELL_REASON_SIGNAL, 0, 0)
WAITS(int, sigsuspend, (const sigset_t *set), (set), DWELL_REASON_SIGNAL, 0, 0)
WAITS(int, sigwait, (const sigset_t *set, int *signal), (set, signal), DWELL_REASON_SIGNAL, 0, 0)
WAITS(int, sigwaitinfo, (const sigset_t *set, siginfo_t *info), (set, info), DWELL_REASON_SIGNAL, 0,
	0)
WAITS(int, sigtimedwait, (const sigset_t *set, siginfo_t *info, const struct timespec *time),
	(set, info, time), DWELL_REASON_SIGNAL, 0, 0)

static uint64_t child_of(long pid)
{
	return pid > 0 ? (uint64_t)pid : 0;
}

WAITS(pid_t, wait, (int *status), (status), DWELL_REASON_PROCESS, DWELL_OBJECT_PROCESS, 0)
WAITS(pid_t, waitpid, (pid_t pid, int *status, int options), (pid, status, options),
	DWELL_REASON_PROCESS, DWELL_OBJECT_PROCESS, child_of(pid))
WAITS(pid_t, wait3, (int *status, int options, struct rusage *usage), (status, options, usage),
	DWELL_REASON_PROCESS, DWELL_OBJECT_PROCESS, 0)
WAITS(pid_t, wait4, (pid_t pid, int *status, int options, struct rusage *usage),
	(pid, status, options, usage), DWELL_REASON_PROCESS, DWELL_OBJECT_PROCESS, child_of(pid))
WAITS(int, waitid, (idtype_t type, id_t id, siginfo_t *info, int options),
	(type, id, info, options), DWELL_REASON_PROCESS, DWELL_OBJECT_PROCESS,
	type == P_PID ? id : 0)
