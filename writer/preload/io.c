/* The functions below are defined as the library has them, not as its headers wrap them. */
#undef _FORTIFY_SOURCE
#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "preload.h"

/*
 * Calls on a descriptor. What it is the drain finds out, from outside: no system call is added
 * here. DWELL_REASON_SYSCALL stands for "as the descriptor's kind says".
 */
static unsigned interrupted(long result)
{
	return result < 0 && errno == EINTR ? DWELL_FLAG_INTERRUPTED : 0;
}

#define FD_NOTE(fd, ...) FD_NOTE_(fd, __VA_ARGS__)
#define FD_NOTE_(fd, why, what)                                                                    \
	.object = (uint64_t)(unsigned)(fd), .reason = (why), .kind = (what),                       \
	.flags = DWELL_FLAG_DESCRIPTOR

#define READS(type, name, parameters, arguments, ...)                                              \
	EXPORT type name parameters                                                                \
	{                                                                                          \
		struct dwell_self *self = dwell_enter();                                           \
		type result;                                                                       \
		if (!self)                                                                         \
			return REAL(name) arguments;                                               \
		CALL_OPEN(call, self, FD_NOTE(fd, __VA_ARGS__));                                   \
		result = REAL(name) arguments;                                                     \
		dwell_call_close(&call, self, interrupted((long)result));                          \
		return result;                                                                     \
	}

static uint32_t wanted(void)
{
	return atomic_load_explicit(&dwell_lib.session.header->flags, memory_order_relaxed);
}

/* What was written may have woken a reader. */
static __attribute__((noinline)) void tell_written(struct call *call)
{
	struct dwell_self *self = call->self;
	uint32_t stack = 0;

	if ((wanted() & DWELL_SESSION_STACKS) != 0)
		stack = dwell_stack(self, call->return_address, call->frame);
	dwell_ring_put2(&self->writer, call->note.since, DWELL_RECORD_RELEASE,
		dwell_what(stack, call->note.reason, call->note.kind, DWELL_FLAG_DESCRIPTOR), 0,
		call->note.object);
}

static inline void told(struct call *call, long result)
{
	if (result > 0 && (wanted() & DWELL_SESSION_RELEASES) != 0)
		tell_written(call);
}

#define WRITES(type, name, parameters, arguments, ...)                                             \
	EXPORT type name parameters                                                                \
	{                                                                                          \
		struct dwell_self *self = dwell_enter();                                           \
		type result;                                                                       \
		if (!self)                                                                         \
			return REAL(name) arguments;                                               \
		CALL_OPEN(call, self, FD_NOTE(fd, __VA_ARGS__));                                   \
		result = REAL(name) arguments;                                                     \
		told(&call, (long)result);                                                         \
		dwell_call_close(&call, self, interrupted((long)result));                          \
		return result;                                                                     \
	}

#define ANY DWELL_REASON_SYSCALL, DWELL_OBJECT_OTHER
#define ON_SOCKET DWELL_REASON_NET, DWELL_OBJECT_SOCKET
#define ON_FILE DWELL_REASON_FILE, DWELL_OBJECT_FILE

READS(ssize_t, read, (int fd, void *to, size_t size), (fd, to, size), ANY)
READS(ssize_t, readv, (int fd, const struct iovec *to, int count), (fd, to, count), ANY)
READS(ssize_t, pread, (int fd, void *to, size_t size, off_t at), (fd, to, size, at), ON_FILE)
READS(ssize_t, pread64, (int fd, void *to, size_t size, off64_t at), (fd, to, size, at), ON_FILE)
WRITES(ssize_t, write, (int fd, const void *from, size_t size), (fd, from, size), ANY)
WRITES(ssize_t, writev, (int fd, const struct iovec *from, int count), (fd, from, count), ANY)
READS(ssize_t, pwrite, (int fd, const void *from, size_t size, off_t at), (fd, from, size, at),
	ON_FILE)
READS(ssize_t, pwrite64, (int fd, const void *from, size_t size, off64_t at), (fd, from, size, at),
	ON_FILE)
READS(int, fsync, (int fd), (fd), ON_FILE)
READS(int, fdatasync, (int fd), (fd), ON_FILE)

READS(ssize_t, recv, (int fd, void *to, size_t size, int flags), (fd, to, size, flags), ON_SOCKET)
READS(ssize_t, recvfrom,
	(int fd, void *to, size_t size, int flags, __SOCKADDR_ARG from, socklen_t *length),
	(fd, to, size, flags, from.__sockaddr__, length), ON_SOCKET)
READS(ssize_t, recvmsg, (int fd, struct msghdr *to, int flags), (fd, to, flags), ON_SOCKET)
READS(int, recvmmsg, (int fd, struct mmsghdr *to, unsigned count, int flags, struct timespec *time),
	(fd, to, count, flags, time), ON_SOCKET)
WRITES(ssize_t, send, (int fd, const void *from, size_t size, int flags), (fd, from, size, flags),
	ON_SOCKET)
WRITES(ssize_t, sendto,
	(int fd, const void *from, size_t size, int flags, __CONST_SOCKADDR_ARG to,
		socklen_t length),
	(fd, from, size, flags, to.__sockaddr__, length), ON_SOCKET)
WRITES(ssize_t, sendmsg, (int fd, const struct msghdr *from, int flags), (fd, from, flags),
	ON_SOCKET)
WRITES(int, sendmmsg, (int fd, struct mmsghdr *from, unsigned count, int flags),
	(fd, from, count, flags), ON_SOCKET)
WRITES(ssize_t, sendfile, (int fd, int from, off_t *at, size_t count), (fd, from, at, count), ANY)
WRITES(ssize_t, sendfile64, (int fd, int from, off64_t *at, size_t count), (fd, from, at, count),
	ANY)
READS(int, accept, (int fd, __SOCKADDR_ARG from, socklen_t *length),
	(fd, from.__sockaddr__, length), ON_SOCKET)
READS(int, accept4, (int fd, __SOCKADDR_ARG from, socklen_t *length, int flags),
	(fd, from.__sockaddr__, length, flags), ON_SOCKET)
READS(int, connect, (int fd, __CONST_SOCKADDR_ARG to, socklen_t length),
	(fd, to.__sockaddr__, length), ON_SOCKET)

/* What programs call that were built with _FORTIFY_SOURCE. */
ssize_t __read_chk(int fd, void *to, size_t size, size_t room);
ssize_t __pread_chk(int fd, void *to, size_t size, off_t at, size_t room);
ssize_t __pread64_chk(int fd, void *to, size_t size, off64_t at, size_t room);
ssize_t __recv_chk(int fd, void *to, size_t size, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *to, size_t size, size_t room, int flags, struct sockaddr *from,
	socklen_t *length);

READS(ssize_t, __read_chk, (int fd, void *to, size_t size, size_t room), (fd, to, size, room), ANY)
READS(ssize_t, __pread_chk, (int fd, void *to, size_t size, off_t at, size_t room),
	(fd, to, size, at, room), ON_FILE)
READS(ssize_t, __pread64_chk, (int fd, void *to, size_t size, off64_t at, size_t room),
	(fd, to, size, at, room), ON_FILE)
READS(ssize_t, __recv_chk, (int fd, void *to, size_t size, size_t room, int flags),
	(fd, to, size, room, flags), ON_SOCKET)
READS(ssize_t, __recvfrom_chk,
	(int fd, void *to, size_t size, size_t room, int flags, struct sockaddr *from,
		socklen_t *length),
	(fd, to, size, room, flags, from, length), ON_SOCKET)
