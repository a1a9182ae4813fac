#ifndef DWELL_PRELOAD_REAL_H
#define DWELL_PRELOAD_REAL_H

#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

/*
 * The functions that ours stand before: result, name, parameters. C11's are here as what they are
 * in memory; <threads.h> is not included, because it breaks under ThreadSanitizer.
 */
#define DWELL_REAL_LOCKS(X)                                                                        \
	X(int, pthread_mutex_lock, (pthread_mutex_t *))                                            \
	X(int, pthread_mutex_trylock, (pthread_mutex_t *))                                         \
	X(int, pthread_mutex_timedlock, (pthread_mutex_t *, const struct timespec *))              \
	X(int, pthread_mutex_clocklock, (pthread_mutex_t *, clockid_t, const struct timespec *))   \
	X(int, pthread_mutex_unlock, (pthread_mutex_t *))                                          \
	X(int, pthread_rwlock_rdlock, (pthread_rwlock_t *))                                        \
	X(int, pthread_rwlock_tryrdlock, (pthread_rwlock_t *))                                     \
	X(int, pthread_rwlock_timedrdlock, (pthread_rwlock_t *, const struct timespec *))          \
	X(int, pthread_rwlock_clockrdlock,                                                         \
		(pthread_rwlock_t *, clockid_t, const struct timespec *))                          \
	X(int, pthread_rwlock_wrlock, (pthread_rwlock_t *))                                        \
	X(int, pthread_rwlock_trywrlock, (pthread_rwlock_t *))                                     \
	X(int, pthread_rwlock_timedwrlock, (pthread_rwlock_t *, const struct timespec *))          \
	X(int, pthread_rwlock_clockwrlock,                                                         \
		(pthread_rwlock_t *, clockid_t, const struct timespec *))                          \
	X(int, pthread_rwlock_unlock, (pthread_rwlock_t *))                                        \
	X(int, pthread_cond_wait, (pthread_cond_t *, pthread_mutex_t *))                           \
	X(int, pthread_cond_timedwait,                                                             \
		(pthread_cond_t *, pthread_mutex_t *, const struct timespec *))                    \
	X(int, pthread_cond_clockwait,                                                             \
		(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *))         \
	X(int, pthread_cond_signal, (pthread_cond_t *))                                            \
	X(int, pthread_cond_destroy, (pthread_cond_t *))                                           \
	X(int, pthread_cond_broadcast, (pthread_cond_t *))                                         \
	X(int, sem_init, (sem_t *, int, unsigned))                                                 \
	X(int, sem_destroy, (sem_t *))                                                             \
	X(int, sem_wait, (sem_t *))                                                                \
	X(int, sem_trywait, (sem_t *))                                                             \
	X(int, sem_timedwait, (sem_t *, const struct timespec *))                                  \
	X(int, sem_clockwait, (sem_t *, clockid_t, const struct timespec *))                       \
	X(int, sem_post, (sem_t *))                                                                \
	X(int, pthread_barrier_wait, (pthread_barrier_t *))                                        \
	X(int, pthread_spin_lock, (pthread_spinlock_t *))                                          \
	X(int, pthread_spin_trylock, (pthread_spinlock_t *))                                       \
	X(int, pthread_once, (pthread_once_t *, void (*)(void)))                                   \
	X(int, mtx_lock, (void *))                                                                 \
	X(int, mtx_timedlock, (void *, const struct timespec *))                                   \
	X(int, mtx_trylock, (void *))                                                              \
	X(int, mtx_unlock, (void *))                                                               \
	X(int, cnd_wait, (void *, void *))                                                         \
	X(int, cnd_timedwait, (void *, void *, const struct timespec *))                           \
	X(int, cnd_signal, (void *))                                                               \
	X(int, cnd_broadcast, (void *))                                                            \
	X(void, call_once, (void *, void (*)(void)))

#define DWELL_REAL_THREADS(X)                                                                      \
	X(int, pthread_create, (pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))   \
	X(int, pthread_join, (pthread_t, void **))                                                 \
	X(int, pthread_timedjoin_np, (pthread_t, void **, const struct timespec *))                \
	X(int, pthread_clockjoin_np, (pthread_t, void **, clockid_t, const struct timespec *))     \
	X(int, pthread_tryjoin_np, (pthread_t, void **))                                           \
	X(int, pthread_detach, (pthread_t))                                                        \
	X(int, pthread_setname_np, (pthread_t, const char *))                                      \
	X(int, thrd_create, (pthread_t *, int (*)(void *), void *))                                \
	X(int, thrd_join, (pthread_t, int *))                                                      \
	X(int, thrd_detach, (pthread_t))                                                           \
	X(int, thrd_sleep, (const struct timespec *, struct timespec *))                           \
	X(int, prctl, (int, unsigned long, unsigned long, unsigned long, unsigned long))           \
	X(int, nice, (int))                                                                        \
	X(int, setpriority, (__priority_which_t, id_t, int))                                       \
	X(int, sched_setscheduler, (pid_t, int, const struct sched_param *))                       \
	X(int, sched_setparam, (pid_t, const struct sched_param *))                                \
	X(int, pthread_setschedparam, (pthread_t, int, const struct sched_param *))                \
	X(int, pthread_setschedprio, (pthread_t, int))                                             \
	X(unsigned, sleep, (unsigned))                                                             \
	X(int, usleep, (useconds_t))                                                               \
	X(int, nanosleep, (const struct timespec *, struct timespec *))                            \
	X(int, clock_nanosleep, (clockid_t, int, const struct timespec *, struct timespec *))      \
	X(int, pause, (void))                                                                      \
	X(int, sigsuspend, (const sigset_t *))                                                     \
	X(int, sigwait, (const sigset_t *, int *))                                                 \
	X(int, sigwaitinfo, (const sigset_t *, siginfo_t *))                                       \
	X(int, sigtimedwait, (const sigset_t *, siginfo_t *, const struct timespec *))             \
	X(pid_t, wait, (int *))                                                                    \
	X(pid_t, waitpid, (pid_t, int *, int))                                                     \
	X(pid_t, wait3, (int *, int, struct rusage *))                                             \
	X(pid_t, wait4, (pid_t, int *, int, struct rusage *))                                      \
	X(int, waitid, (idtype_t, id_t, siginfo_t *, int))                                         \
	X(int, execve, (const char *, char *const *, char *const *))                               \
	X(int, execvpe, (const char *, char *const *, char *const *))                              \
	X(int, posix_spawn,                                                                        \
		(pid_t *, const char *, const posix_spawn_file_actions_t *,                        \
			const posix_spawnattr_t *, char *const *, char *const *))                  \
	X(int, posix_spawnp,                                                                       \
		(pid_t *, const char *, const posix_spawn_file_actions_t *,                        \
			const posix_spawnattr_t *, char *const *, char *const *))                  \
	X(int, munmap, (void *, size_t))                                                           \
	X(long, syscall, (long, long, long, long, long, long, long))

#define DWELL_REAL_IO(X)                                                                           \
	X(ssize_t, read, (int, void *, size_t))                                                    \
	X(ssize_t, write, (int, const void *, size_t))                                             \
	X(ssize_t, readv, (int, const struct iovec *, int))                                        \
	X(ssize_t, writev, (int, const struct iovec *, int))                                       \
	X(ssize_t, pread, (int, void *, size_t, off_t))                                            \
	X(ssize_t, pwrite, (int, const void *, size_t, off_t))                                     \
	X(ssize_t, pread64, (int, void *, size_t, off64_t))                                        \
	X(ssize_t, pwrite64, (int, const void *, size_t, off64_t))                                 \
	X(ssize_t, recv, (int, void *, size_t, int))                                               \
	X(ssize_t, recvfrom, (int, void *, size_t, int, struct sockaddr *, socklen_t *))           \
	X(ssize_t, recvmsg, (int, struct msghdr *, int))                                           \
	X(int, recvmmsg, (int, struct mmsghdr *, unsigned, int, struct timespec *))                \
	X(ssize_t, send, (int, const void *, size_t, int))                                         \
	X(ssize_t, sendto, (int, const void *, size_t, int, const struct sockaddr *, socklen_t))   \
	X(ssize_t, sendmsg, (int, const struct msghdr *, int))                                     \
	X(int, sendmmsg, (int, struct mmsghdr *, unsigned, int))                                   \
	X(ssize_t, sendfile, (int, int, off_t *, size_t))                                          \
	X(ssize_t, sendfile64, (int, int, off64_t *, size_t))                                      \
	X(int, accept, (int, struct sockaddr *, socklen_t *))                                      \
	X(int, accept4, (int, struct sockaddr *, socklen_t *, int))                                \
	X(int, connect, (int, const struct sockaddr *, socklen_t))                                 \
	X(int, fsync, (int))                                                                       \
	X(int, fdatasync, (int))                                                                   \
	X(int, flock, (int, int))                                                                  \
	X(int, lockf, (int, int, off_t))                                                           \
	X(int, lockf64, (int, int, off64_t))                                                       \
	X(int, fcntl, (int, int, unsigned long))                                                   \
	X(int, fcntl64, (int, int, unsigned long))                                                 \
	X(int, poll, (struct pollfd *, nfds_t, int))                                               \
	X(int, ppoll, (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *))        \
	X(int, select, (int, fd_set *, fd_set *, fd_set *, struct timeval *))                      \
	X(int, pselect,                                                                            \
		(int, fd_set *, fd_set *, fd_set *, const struct timespec *, const sigset_t *))    \
	X(int, epoll_wait, (int, struct epoll_event *, int, int))                                  \
	X(int, epoll_pwait, (int, struct epoll_event *, int, int, const sigset_t *))               \
	X(int, epoll_pwait2,                                                                       \
		(int, struct epoll_event *, int, const struct timespec *, const sigset_t *))       \
	X(int, semop, (int, struct sembuf *, size_t))                                              \
	X(int, semtimedop, (int, struct sembuf *, size_t, const struct timespec *))                \
	X(int, msgsnd, (int, const void *, size_t, int))                                           \
	X(ssize_t, msgrcv, (int, void *, size_t, long, int))                                       \
	X(int, mq_send, (mqd_t, const char *, size_t, unsigned))                                   \
	X(int, mq_timedsend, (mqd_t, const char *, size_t, unsigned, const struct timespec *))     \
	X(ssize_t, mq_receive, (mqd_t, char *, size_t, unsigned *))                                \
	X(ssize_t, mq_timedreceive, (mqd_t, char *, size_t, unsigned *, const struct timespec *))  \
	X(ssize_t, __read_chk, (int, void *, size_t, size_t))                                      \
	X(ssize_t, __pread_chk, (int, void *, size_t, off_t, size_t))                              \
	X(ssize_t, __pread64_chk, (int, void *, size_t, off64_t, size_t))                          \
	X(ssize_t, __recv_chk, (int, void *, size_t, size_t, int))                                 \
	X(ssize_t, __recvfrom_chk,                                                                 \
		(int, void *, size_t, size_t, int, struct sockaddr *, socklen_t *))                \
	X(int, __poll_chk, (struct pollfd *, nfds_t, int, size_t))                                 \
	X(int, __ppoll_chk,                                                                        \
		(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *, size_t))

#define DWELL_REAL_ALL(X) DWELL_REAL_LOCKS(X) DWELL_REAL_THREADS(X) DWELL_REAL_IO(X)

struct dwell_real {
#define DWELL_REAL_MEMBER(result, name, parameters) result(*name) parameters;
	DWELL_REAL_ALL(DWELL_REAL_MEMBER)
#undef DWELL_REAL_MEMBER
};

extern struct dwell_real dwell_real __attribute__((visibility("hidden")));

/* Learn where they are: in our constructor. */
void dwell_real_begin(void);

/*
 * Find one that is being called, so it exists. By tables in memory; before our constructor ran,
 * when other libraries' constructors, and allocators that lock while they start, may call, by the
 * loader.
 */
void dwell_real_find(void *at, const char *name);

#define REAL(name)                                                                                 \
	(__builtin_expect(dwell_real.name == NULL, 0)                                              \
			? (dwell_real_find(&dwell_real.name, #name), dwell_real.name)              \
			: dwell_real.name)

/* It is found already: then dwell_real.name may be called as it is. */
#define FOUND(name) __builtin_expect(dwell_real.name != NULL, 1)

#endif
