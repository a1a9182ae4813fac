/* The functions below are defined as the library has them, not as its headers wrap them. */
#undef _FORTIFY_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/single_threaded.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload.h"

/*
 * Locks of files. Tried first: what is free costs no more system calls than it did. Which file it
 * is the drain finds out, from outside.
 */
struct filelock {
	int fd;
	bool shared;
	int ask;          /* F_GETLK or F_OFD_GETLK; 0: it is one of flock's */
	unsigned long at; /* ask != 0: the struct flock that was given to fcntl() */
};

/*
 * The process that keeps it from being had; 0: not known. What an open file has, not a process, the
 * drain finds out, too: that would stop the program, and all that lock files, for milliseconds
 * where it were asked for here (in /proc/locks). Nor of the caller's own process, unless it has no
 * other threads: which of them took it nobody wrote down.
 */
static int32_t holder_of(const struct filelock *lock)
{
	struct flock range;

	if (!lock->ask)
		return 0;
	range = *(const struct flock *)lock->at;
	if (syscall(SYS_fcntl, lock->fd, lock->ask, &range) != 0 || range.l_type == F_UNLCK ||
		range.l_pid <= 0)
		return 0;
	return range.l_pid != getpid() || __libc_single_threaded ? range.l_pid : 0;
}

static unsigned interrupted(int result)
{
	return result != 0 && errno == EINTR ? DWELL_FLAG_INTERRUPTED : 0;
}

static bool is_refused(int result)
{
	return result != 0 && (errno == EWOULDBLOCK || errno == EAGAIN || errno == EACCES);
}

/* The try was refused. The holder is asked for first: that takes a moment, which is no wait. */
#define FILE_WAIT(its_lock, is_shared, real_call, return_address, frame)                           \
	do {                                                                                       \
		const int before_us = errno;                                                       \
		struct dwell_self *self = dwell_enter();                                           \
		const int32_t holder = self ? holder_of(its_lock) : 0;                             \
		int got;                                                                           \
		errno = before_us;                                                                 \
		if (!self)                                                                         \
			return real_call;                                                          \
		CALL_BEGIN_AT(call, self, true, return_address, frame,                             \
			.object = (uint64_t)(unsigned)(its_lock)->fd,                              \
			.reason = DWELL_REASON_RWLOCK, .kind = DWELL_OBJECT_FILE,                  \
			.flags = DWELL_FLAG_DESCRIPTOR | ((is_shared) ? DWELL_FLAG_SHARED : 0),    \
			.holder = holder);                                                         \
		got = real_call;                                                                   \
		dwell_call_end(&call, interrupted(got));                                           \
		return got;                                                                        \
	} while (0)

#define TRY_FIRST(its_lock, is_shared, try_call, real_call)                                        \
	do {                                                                                       \
		const int saved = errno, result = try_call;                                        \
		if (!is_refused(result))                                                           \
			return result;                                                             \
		errno = saved;                                                                     \
		FILE_WAIT(its_lock, is_shared, real_call, __builtin_return_address(0),             \
			__builtin_frame_address(0));                                               \
	} while (0)

EXPORT int flock(int fd, int operation)
{
	const struct filelock lock = { .fd = fd, .shared = operation == LOCK_SH };

	if (operation != LOCK_SH && operation != LOCK_EX)
		return REAL(flock)(fd, operation);
	TRY_FIRST(&lock, lock.shared, REAL(flock)(fd, operation | LOCK_NB),
		REAL(flock)(fd, operation));
}

/* The others than flock() are points of cancellation, also where they need not wait. */
#define LOCKF(name, offset)                                                                        \
	EXPORT int name(int fd, int command, offset size)                                          \
	{                                                                                          \
		struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_len = size };   \
		const struct filelock lock = {                                                     \
			.fd = fd, .ask = F_GETLK, .at = (unsigned long)&range                      \
		};                                                                                 \
		if (command != F_LOCK)                                                             \
			return REAL(name)(fd, command, size);                                      \
		pthread_testcancel();                                                              \
		TRY_FIRST(&lock, false, REAL(name)(fd, F_TLOCK, size),                             \
			REAL(name)(fd, command, size));                                            \
	}

LOCKF(lockf, off_t)
LOCKF(lockf64, off64_t)

/* The same, not waiting; 0: the command does not wait for a lock. */
static int trying(int command)
{
	switch (command) {
	case F_SETLKW:
		return F_SETLK;
	case F_OFD_SETLKW:
		return F_OFD_SETLK;
	default:
		return 0;
	}
}

/* What the kernel took is there: only then may it be read. */
static short type_of(unsigned long argument)
{
	return ((const struct flock *)argument)->l_type;
}

/* The stack of who waits is that of the exported function's caller. */
#define FCNTL(name)                                                                                \
	static __attribute__((noinline)) int name##_waits(int fd, int command,                     \
		unsigned long argument, const void *return_address, const void *frame)             \
	{                                                                                          \
		const struct filelock lock = {                                                     \
			.fd = fd,                                                                  \
			.ask = command == F_OFD_SETLKW ? F_OFD_GETLK : F_GETLK,                    \
			.at = argument,                                                            \
		};                                                                                 \
		int saved = errno, result;                                                         \
		pthread_testcancel();                                                              \
		result = REAL(name)(fd, trying(command), argument);                                \
		if (!is_refused(result))                                                           \
			return result;                                                             \
		errno = saved;                                                                     \
		FILE_WAIT(&lock, type_of(argument) == F_RDLCK, REAL(name)(fd, command, argument),  \
			return_address, frame);                                                    \
	}                                                                                          \
	EXPORT int name(int fd, int command, ...)                                                  \
	{                                                                                          \
		unsigned long argument;                                                            \
		__builtin_va_list list;                                                            \
		int result;                                                                        \
		__builtin_va_start(list, command);                                                 \
		argument = __builtin_va_arg(list, unsigned long);                                  \
		__builtin_va_end(list);                                                            \
		if (__builtin_expect(!trying(command), 1))                                         \
			return REAL(name)(fd, command, argument);                                  \
		result = name##_waits(fd, command, argument, __builtin_return_address(0),          \
			__builtin_frame_address(0));                                               \
		/* The frame is to outlive that call: it must not become a jump. */                \
		__asm__ volatile("");                                                              \
		return result;                                                                     \
	}

FCNTL(fcntl)
FCNTL(fcntl64)
