#include "ends.h"

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proc.h"

#define ENDED (UINT32_C(1) << 31)

static int descriptor_of(uint32_t known)
{
	return (int)(known & ~ENDED) - 1;
}

/* The recorder's own limit: who is recorded was made before, and has its own. */
static uint32_t allow_descriptors(void)
{
	struct rlimit limit, raised;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 0;
	raised = limit;
	raised.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &raised) != 0)
		raised = limit;
	return raised.rlim_cur > INT32_MAX ? INT32_MAX / 2 : (uint32_t)raised.rlim_cur / 2;
}

static void open_ends(struct dwell_ends *ends)
{
	if (ends->epoll != 0)
		return;
	ends->most = allow_descriptors();
	ends->epoll = epoll_create1(EPOLL_CLOEXEC);
}

void dwell_ends_release(struct dwell_ends *ends)
{
	for (size_t i = 0; i < ends->at.size; i++)
		if (ends->at.entries[i].value != 0)
			close(descriptor_of(ends->at.entries[i].value));
	dwell_map_release(&ends->at);
	if (ends->epoll > 0)
		close(ends->epoll);
	ends->epoll = 0;
}

void dwell_ends_look(struct dwell_ends *ends)
{
	enum { EVENTS = 64 };
	struct epoll_event events[EVENTS];
	int count = ends->at.used ? EVENTS : 0;

	while (count == EVENTS) {
		count = epoll_wait(ends->epoll, events, EVENTS, 0);
		for (int i = 0; i < count; i++) {
			const uint32_t pid = events[i].data.u32;
			const uint32_t known = dwell_map_get(&ends->at, pid, 0);

			if (known != 0)
				(void)dwell_map_set(&ends->at, pid, 0, known | ENDED);
		}
	}
}

/* false: it is to be asked for each time. */
static bool watch(struct dwell_ends *ends, uint32_t pid)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT, .data.u32 = pid };
	int fd;

	open_ends(ends);
	if (ends->epoll < 0 || ends->at.used >= ends->most)
		return false;
	fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (fd < 0)
		return false;
	if (epoll_ctl(ends->epoll, EPOLL_CTL_ADD, fd, &event) == 0 &&
		dwell_map_set(&ends->at, pid, 0, (uint32_t)fd + 1) == 0)
		return true;
	close(fd);
	return false;
}

bool dwell_ends_lives(struct dwell_ends *ends, uint32_t pid)
{
	const uint32_t known = dwell_map_get(&ends->at, pid, 0);

	if (known == 0) {
		(void)watch(ends, pid);
		return dwell_proc_process_lives(pid);
	}
	if (!(known & ENDED))
		return true;
	close(descriptor_of(known));
	dwell_map_remove(&ends->at, pid, 0);
	return false;
}
