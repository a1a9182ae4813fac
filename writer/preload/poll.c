#undef _FORTIFY_SOURCE
#include <poll.h>
#include <sys/msg.h>
#include <sys/sem.h>

#include "preload.h"

/* One descriptor is the object of a poll; of many none is. No descriptor: it is a sleep. */
static struct dwell_wait_note note_of(const struct pollfd *fds, nfds_t count)
{
	struct dwell_wait_note note = { .reason = DWELL_REASON_POLL };

	if (count == 0)
		note.reason = DWELL_REASON_SLEEP;
	if (count == 1 && fds && fds[0].fd >= 0) {
		note.object = (uint64_t)fds[0].fd;
		note.flags = DWELL_FLAG_DESCRIPTOR;
	}
	return note;
}

static unsigned how(long result)
{
	if (result == 0)
		return DWELL_FLAG_TIMED_OUT;
	return result < 0 && errno == EINTR ? DWELL_FLAG_INTERRUPTED : 0;
}

#define POLLS(type, name, parameters, arguments, its_note)                                         \
	EXPORT type name parameters                                                                \
	{                                                                                          \
		struct dwell_self *self = dwell_enter();                                           \
		struct dwell_wait_note note;                                                       \
		type result;                                                                       \
		if (!self)                                                                         \
			return REAL(name) arguments;                                               \
		note = its_note;                                                                   \
		CALL_OPEN(call, self, .object = note.object, .reason = note.reason,                \
			.kind = note.kind, .flags = note.flags);                                   \
		result = REAL(name) arguments;                                                     \
		dwell_call_close(&call, self, how((long)result));                                  \
		return result;                                                                     \
	}

int __poll_chk(struct pollfd *fds, nfds_t count, int ms, size_t room);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *time, const sigset_t *set,
	size_t room);

POLLS(int, poll, (struct pollfd * fds, nfds_t count, int ms), (fds, count, ms), note_of(fds, count))
POLLS(int, ppoll,
	(struct pollfd * fds, nfds_t count, const struct timespec *time, const sigset_t *set),
	(fds, count, time, set), note_of(fds, count))
POLLS(int, __poll_chk, (struct pollfd * fds, nfds_t count, int ms, size_t room),
	(fds, count, ms, room), note_of(fds, count))
POLLS(int, __ppoll_chk,
	(struct pollfd * fds, nfds_t count, const struct timespec *time, const sigset_t *set,
		size_t room),
	(fds, count, time, set, room), note_of(fds, count))

POLLS(int, select, (int count, fd_set *in, fd_set *out, fd_set *except, struct timeval *time),
	(count, in, out, except, time), note_of(NULL, (nfds_t)(count > 0 ? 2 : 0)))
POLLS(int, pselect,
	(int count, fd_set *in, fd_set *out, fd_set *except, const struct timespec *time,
		const sigset_t *set),
	(count, in, out, except, time, set), note_of(NULL, (nfds_t)(count > 0 ? 2 : 0)))

static struct dwell_wait_note note_of_epoll(int fd)
{
	return (struct dwell_wait_note){ .object = (uint64_t)(unsigned)fd,
		.reason = DWELL_REASON_POLL,
		.kind = DWELL_OBJECT_EPOLL,
		.flags = DWELL_FLAG_DESCRIPTOR };
}

POLLS(int, epoll_wait, (int fd, struct epoll_event *events, int count, int ms),
	(fd, events, count, ms), note_of_epoll(fd))
POLLS(int, epoll_pwait,
	(int fd, struct epoll_event *events, int count, int ms, const sigset_t *set),
	(fd, events, count, ms, set), note_of_epoll(fd))
POLLS(int, epoll_pwait2,
	(int fd, struct epoll_event *events, int count, const struct timespec *time,
		const sigset_t *set),
	(fd, events, count, time, set), note_of_epoll(fd))

/* Queues and sets of semaphores: one result of 0 or more is a success, also 0. */
static struct dwell_wait_note note_of_channel(int queue, uint8_t reason)
{
	return (struct dwell_wait_note){
		.object = (uint64_t)(unsigned)queue, .reason = reason, .kind = DWELL_OBJECT_CHANNEL
	};
}

static struct dwell_wait_note note_of_send(int queue)
{
	return note_of_channel(queue, DWELL_REASON_CHANNEL_SEND);
}

static struct dwell_wait_note note_of_receive(int queue)
{
	return note_of_channel(queue, DWELL_REASON_CHANNEL_RECEIVE);
}

static struct dwell_wait_note note_of_set(int set)
{
	return (struct dwell_wait_note){ .object = (uint64_t)(unsigned)set,
		.reason = DWELL_REASON_SEMAPHORE,
		.kind = DWELL_OBJECT_SEMAPHORE };
}

#define how(result) ((result) < 0 && errno == EINTR ? DWELL_FLAG_INTERRUPTED : 0)

POLLS(int, msgsnd, (int queue, const void *from, size_t size, int flags),
	(queue, from, size, flags), note_of_send(queue))
POLLS(ssize_t, msgrcv, (int queue, void *to, size_t size, long type, int flags),
	(queue, to, size, type, flags), note_of_receive(queue))
POLLS(int, mq_send, (mqd_t queue, const char *from, size_t size, unsigned priority),
	(queue, from, size, priority), note_of_send(queue))
POLLS(int, mq_timedsend,
	(mqd_t queue, const char *from, size_t size, unsigned priority,
		const struct timespec *until),
	(queue, from, size, priority, until), note_of_send(queue))
POLLS(ssize_t, mq_receive, (mqd_t queue, char *to, size_t size, unsigned *priority),
	(queue, to, size, priority), note_of_receive(queue))
POLLS(ssize_t, mq_timedreceive,
	(mqd_t queue, char *to, size_t size, unsigned *priority, const struct timespec *until),
	(queue, to, size, priority, until), note_of_receive(queue))
POLLS(int, semop, (int set, struct sembuf *operations, size_t count), (set, operations, count),
	note_of_set(set))
POLLS(int, semtimedop,
	(int set, struct sembuf *operations, size_t count, const struct timespec *time),
	(set, operations, count, time), note_of_set(set))
