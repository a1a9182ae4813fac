#include "reasons.h"

#include <stddef.h>
#include <sys/syscall.h>

#include "dwell/types.h"

enum { CALLS = 512, NO_CALL = 0xffff };

#define FD(why)                                                                                    \
	{                                                                                          \
		why, DWELL_ARGUMENT_DESCRIPTOR                                                     \
	}
#define PLAIN(why)                                                                                 \
	{                                                                                          \
		why, DWELL_ARGUMENT_NONE                                                           \
	}

/* Calls that some machines do not have are named where they are. */
static const struct dwell_call calls[CALLS] = {
	[SYS_read] = FD(DWELL_REASON_NONE),
	[SYS_write] = FD(DWELL_REASON_NONE),
	[SYS_readv] = FD(DWELL_REASON_NONE),
	[SYS_writev] = FD(DWELL_REASON_NONE),
	[SYS_pread64] = FD(DWELL_REASON_NONE),
	[SYS_pwrite64] = FD(DWELL_REASON_NONE),
	[SYS_preadv] = FD(DWELL_REASON_NONE),
	[SYS_pwritev] = FD(DWELL_REASON_NONE),
	[SYS_preadv2] = FD(DWELL_REASON_NONE),
	[SYS_pwritev2] = FD(DWELL_REASON_NONE),
	[SYS_sendfile] = FD(DWELL_REASON_NONE),
	[SYS_splice] = FD(DWELL_REASON_NONE),
	[SYS_tee] = FD(DWELL_REASON_NONE),
	[SYS_vmsplice] = FD(DWELL_REASON_NONE),
	[SYS_copy_file_range] = FD(DWELL_REASON_FILE),
	[SYS_ioctl] = FD(DWELL_REASON_NONE),
	[SYS_close] = FD(DWELL_REASON_NONE),
	/* What blocks in these waits for another process's lock of the file. */
	[SYS_fcntl] = FD(DWELL_REASON_RWLOCK),
	[SYS_flock] = FD(DWELL_REASON_RWLOCK),
	[SYS_fsync] = FD(DWELL_REASON_FILE),
	[SYS_fdatasync] = FD(DWELL_REASON_FILE),
	[SYS_sync_file_range] = FD(DWELL_REASON_FILE),
	[SYS_syncfs] = FD(DWELL_REASON_FILE),
	[SYS_ftruncate] = FD(DWELL_REASON_FILE),
	[SYS_fallocate] = FD(DWELL_REASON_FILE),
	[SYS_getdents64] = FD(DWELL_REASON_FILE),
	[SYS_fstat] = FD(DWELL_REASON_FILE),
	[SYS_sync] = PLAIN(DWELL_REASON_FILE),
	[SYS_msync] = PLAIN(DWELL_REASON_FILE),
	[SYS_openat] = PLAIN(DWELL_REASON_FILE),
	[SYS_newfstatat] = PLAIN(DWELL_REASON_FILE),
	[SYS_statx] = PLAIN(DWELL_REASON_FILE),
	[SYS_unlinkat] = PLAIN(DWELL_REASON_FILE),
	[SYS_renameat2] = PLAIN(DWELL_REASON_FILE),
	[SYS_mkdirat] = PLAIN(DWELL_REASON_FILE),
	[SYS_linkat] = PLAIN(DWELL_REASON_FILE),
	[SYS_readlinkat] = PLAIN(DWELL_REASON_FILE),
	[SYS_faccessat] = PLAIN(DWELL_REASON_FILE),
	[SYS_truncate] = PLAIN(DWELL_REASON_FILE),
	[SYS_execve] = PLAIN(DWELL_REASON_FILE),
	[SYS_io_getevents] = PLAIN(DWELL_REASON_FILE),
	[SYS_io_uring_enter] = FD(DWELL_REASON_POLL),
	[SYS_recvfrom] = FD(DWELL_REASON_NET),
	[SYS_recvmsg] = FD(DWELL_REASON_NET),
	[SYS_recvmmsg] = FD(DWELL_REASON_NET),
	[SYS_sendto] = FD(DWELL_REASON_NET),
	[SYS_sendmsg] = FD(DWELL_REASON_NET),
	[SYS_sendmmsg] = FD(DWELL_REASON_NET),
	[SYS_accept] = FD(DWELL_REASON_NET),
	[SYS_accept4] = FD(DWELL_REASON_NET),
	[SYS_connect] = FD(DWELL_REASON_NET),
	[SYS_ppoll] = PLAIN(DWELL_REASON_POLL),
	[SYS_pselect6] = PLAIN(DWELL_REASON_POLL),
	[SYS_epoll_pwait] = FD(DWELL_REASON_POLL),
	[SYS_epoll_pwait2] = FD(DWELL_REASON_POLL),
	[SYS_futex] = { DWELL_REASON_FUTEX, DWELL_ARGUMENT_FUTEX },
	[SYS_nanosleep] = PLAIN(DWELL_REASON_SLEEP),
	[SYS_clock_nanosleep] = PLAIN(DWELL_REASON_SLEEP),
	[SYS_wait4] = { DWELL_REASON_PROCESS, DWELL_ARGUMENT_PID },
	[SYS_waitid] = PLAIN(DWELL_REASON_PROCESS),
	[SYS_clone] = PLAIN(DWELL_REASON_PROCESS), /* a vfork's parent */
	[SYS_clone3] = PLAIN(DWELL_REASON_PROCESS),
	[SYS_rt_sigsuspend] = PLAIN(DWELL_REASON_SIGNAL),
	[SYS_rt_sigtimedwait] = PLAIN(DWELL_REASON_SIGNAL),
	[SYS_semtimedop] = PLAIN(DWELL_REASON_SEMAPHORE),
	[SYS_semop] = PLAIN(DWELL_REASON_SEMAPHORE),
	[SYS_msgrcv] = PLAIN(DWELL_REASON_CHANNEL_RECEIVE),
	[SYS_msgsnd] = PLAIN(DWELL_REASON_CHANNEL_SEND),
	[SYS_mq_timedreceive] = PLAIN(DWELL_REASON_CHANNEL_RECEIVE),
	[SYS_mq_timedsend] = PLAIN(DWELL_REASON_CHANNEL_SEND),
#ifdef SYS_futex_waitv
	[SYS_futex_waitv] = PLAIN(DWELL_REASON_FUTEX),
#endif
#ifdef SYS_poll
	[SYS_poll] = PLAIN(DWELL_REASON_POLL),
	[SYS_select] = PLAIN(DWELL_REASON_POLL),
	[SYS_epoll_wait] = FD(DWELL_REASON_POLL),
	[SYS_pause] = PLAIN(DWELL_REASON_SIGNAL),
	[SYS_fork] = PLAIN(DWELL_REASON_PROCESS),
	[SYS_vfork] = PLAIN(DWELL_REASON_PROCESS),
	[SYS_open] = PLAIN(DWELL_REASON_FILE),
	[SYS_stat] = PLAIN(DWELL_REASON_FILE),
	[SYS_lstat] = PLAIN(DWELL_REASON_FILE),
	[SYS_access] = PLAIN(DWELL_REASON_FILE),
	[SYS_unlink] = PLAIN(DWELL_REASON_FILE),
	[SYS_rename] = PLAIN(DWELL_REASON_FILE),
	[SYS_mkdir] = PLAIN(DWELL_REASON_FILE),
	[SYS_rmdir] = PLAIN(DWELL_REASON_FILE),
	[SYS_link] = PLAIN(DWELL_REASON_FILE),
	[SYS_readlink] = PLAIN(DWELL_REASON_FILE),
	[SYS_creat] = PLAIN(DWELL_REASON_FILE),
	[SYS_getdents] = PLAIN(DWELL_REASON_FILE),
#endif
};

struct dwell_call dwell_call_of(uint32_t number)
{
	const struct dwell_call other = { DWELL_REASON_SYSCALL, DWELL_ARGUMENT_NONE };
	const struct dwell_call fault = { DWELL_REASON_PAGE_FAULT, DWELL_ARGUMENT_NONE };

	if (number == NO_CALL)
		return fault;
	if (number >= CALLS || (calls[number].reason == DWELL_REASON_NONE &&
				       calls[number].argument == DWELL_ARGUMENT_NONE))
		return other;
	return calls[number];
}
