/*
 * A program with waits of known length on each kind of object, each by a thread that is named for
 * it; run under the preload library by stress_preload. It uses nothing of dwell's. Exit status
 * 42 when every call returned what it must.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "planted_queues.h"

enum { LENGTH_US = 20000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t cond_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_barrier_t barrier;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sem_t sem;
static mtx_t c11_mutex;
static int pipes[2], sockets[2], lock_file;
static _Atomic uint32_t word;
static pthread_t sleeper, once_waiter;
static int flag;

static void nap(void)
{
	usleep(LENGTH_US);
}

static _Atomic pid_t waiter;

/* Each thread that is to wait says who it is, just before. */
void ready(void)
{
	atomic_store(&waiter, gettid());
}

/* The thread sleeps in the kernel now: what follows here happens during its wait. */
void let_it_wait(void)
{
	char path[64], text[256], *state = NULL;
	pid_t tid;

	while ((tid = atomic_load(&waiter)) == 0)
		usleep(100);
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
	do {
		FILE *file = fopen(path, "r");
		memset(text, 0, sizeof(text));
		CHECK(file && fread(text, 1, sizeof(text) - 1, file) > 0);
		fclose(file);
		state = strrchr(text, ')');
	} while (state && state[2] != 'S' && usleep(100) == 0);
	atomic_store(&waiter, 0);
	nap();
}

static struct timespec soon(clockid_t clock)
{
	struct timespec until;

	clock_gettime(clock, &until);
	until.tv_nsec += LENGTH_US * 1000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	return until;
}

static void *on_mutex(void *unused)
{
	ready();
	CHECK(pthread_mutex_lock(&mutex) == 0);
	CHECK(pthread_mutex_unlock(&mutex) == 0);
	return unused;
}

static void *on_timedlock(void *unused)
{
	struct timespec until = soon(CLOCK_REALTIME);

	CHECK(pthread_mutex_timedlock(&mutex, &until) == ETIMEDOUT);
	return unused;
}

static void *on_rwlock(void *unused)
{
	ready();
	CHECK(pthread_rwlock_rdlock(&rwlock) == 0);
	CHECK(pthread_rwlock_unlock(&rwlock) == 0);
	return unused;
}

static void *on_cond(void *unused)
{
	ready();
	CHECK(pthread_mutex_lock(&cond_mutex) == 0);
	while (!flag)
		CHECK(pthread_cond_wait(&cond, &cond_mutex) == 0);
	CHECK(pthread_mutex_unlock(&cond_mutex) == 0);
	return unused;
}

static void unlock(void *of)
{
	CHECK(pthread_mutex_unlock(of) == 0);
}

static void *on_cancel(void *unused)
{
	pthread_mutex_t mine = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t never = PTHREAD_COND_INITIALIZER;

	ready();
	CHECK(pthread_mutex_lock(&mine) == 0);
	pthread_cleanup_push(unlock, &mine);
	pthread_cond_wait(&never, &mine);
	CHECK(!"a cancelled wait returned");
	pthread_cleanup_pop(1);
	return unused;
}

static void *on_sem(void *unused)
{
	ready();
	errno = EXDEV;
	CHECK(sem_wait(&sem) == 0);
	CHECK(errno == EXDEV);
	return unused;
}

static void *on_barrier(void *unused)
{
	int result;

	ready();
	result = pthread_barrier_wait(&barrier);
	CHECK(result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD);
	return unused;
}

static void *on_spin(void *unused)
{
	ready();
	CHECK(pthread_spin_lock(&spin) == 0);
	CHECK(pthread_spin_unlock(&spin) == 0);
	return unused;
}

static void *on_join(void *unused)
{
	CHECK(pthread_join(sleeper, NULL) == 0);
	return unused;
}

static void *on_pipe(void *unused)
{
	char byte;

	ready();
	CHECK(read(pipes[0], &byte, 1) == 1 && byte == 'x');
	return unused;
}

static void *on_socket(void *unused)
{
	char byte;

	ready();
	CHECK(recv(sockets[0], &byte, 1, 0) == 1 && byte == 'y');
	return unused;
}

static void *on_poll(void *unused)
{
	struct pollfd fd = { pipes[0], POLLIN, 0 };

	CHECK(poll(&fd, 1, LENGTH_US / 1000) == 0);
	return unused;
}

static void *on_sleep(void *unused)
{
	struct timespec time = { 0, LENGTH_US * 1000L };

	CHECK(nanosleep(&time, NULL) == 0);
	return unused;
}

static void *on_futex(void *unused)
{
	ready();
	while (atomic_load(&word) == 0)
		syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	return unused;
}

static void *on_flock(void *unused)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	ready();
	CHECK(flock(fd, LOCK_EX) == 0);
	close(fd);
	return unused;
}

static void *on_child(void *unused)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		nap();
		_exit(7);
	}
	CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7);
	return unused;
}

static void *on_vfork(void *unused)
{
	int status;
	pid_t child = vfork();

	if (child == 0) {
		execl("/bin/sleep", "sleep", "0.02", (char *)NULL);
		_exit(1);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	return unused;
}

static void *on_once(void *unused);

static void first_time(void)
{
	CHECK(pthread_create(&once_waiter, NULL, on_once, NULL) == 0);
	CHECK(pthread_setname_np(once_waiter, "w-once") == 0);
	let_it_wait();
}

static void *on_once(void *unused)
{
	ready();
	CHECK(pthread_once(&once, first_time) == 0);
	return unused;
}

static void *on_mtx(void *unused)
{
	ready();
	CHECK(mtx_lock(&c11_mutex) == thrd_success);
	CHECK(mtx_unlock(&c11_mutex) == thrd_success);
	return unused;
}

static void *sleeps(void *unused)
{
	nap();
	return unused;
}

pthread_t begin(const char *name, void *(*start)(void *))
{
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, start, NULL) == 0);
	CHECK(pthread_setname_np(thread, name) == 0);
	return thread;
}

void join(pthread_t thread)
{
	CHECK(pthread_join(thread, NULL) == 0);
}

static void locks(void)
{
	pthread_t a, b;

	CHECK(pthread_mutex_lock(&mutex) == 0);
	a = begin("w-mutex", on_mutex);
	let_it_wait();
	b = begin("w-timedlock", on_timedlock);
	join(b);
	CHECK(pthread_mutex_unlock(&mutex) == 0);
	join(a);

	CHECK(pthread_rwlock_wrlock(&rwlock) == 0);
	a = begin("w-rwlock", on_rwlock);
	let_it_wait();
	CHECK(pthread_rwlock_unlock(&rwlock) == 0);
	join(a);

	CHECK(pthread_spin_init(&spin, 0) == 0 && pthread_spin_lock(&spin) == 0);
	a = begin("w-spin", on_spin);
	while (atomic_exchange(&waiter, 0) == 0)
		usleep(100);
	usleep(1000);
	nap();
	CHECK(pthread_spin_unlock(&spin) == 0);
	join(a);

	CHECK(mtx_init(&c11_mutex, mtx_plain) == thrd_success);
	CHECK(mtx_lock(&c11_mutex) == thrd_success);
	a = begin("w-mtx", on_mtx);
	let_it_wait();
	CHECK(mtx_unlock(&c11_mutex) == thrd_success);
	join(a);
}

static void posted(const char *name)
{
	const pthread_t a = begin(name, on_sem);

	let_it_wait();
	CHECK(sem_post(&sem) == 0);
	join(a);
}

static void semaphores(void)
{
	CHECK(sem_init(&sem, 0, 0) == 0);
	posted("w-sem");
	CHECK(sem_init(&sem, 0, 1) == 0);
	CHECK(sem_wait(&sem) == 0);
	posted("w-semlock");
	/* The thread has it, and is no more: whoever posts it now, it is no lock. */
	CHECK(sem_post(&sem) == 0);
	CHECK(sem_wait(&sem) == 0);
	posted("w-semgift");
}

static void signals(void)
{
	pthread_t a = begin("w-cond", on_cond);
	pthread_cond_t unheard = PTHREAD_COND_INITIALIZER;

	CHECK(pthread_cond_signal(&unheard) == 0);
	let_it_wait();
	CHECK(pthread_mutex_lock(&cond_mutex) == 0);
	flag = 1;
	CHECK(pthread_cond_signal(&cond) == 0);
	CHECK(pthread_mutex_unlock(&cond_mutex) == 0);
	join(a);

	a = begin("w-cancel", on_cancel);
	let_it_wait();
	CHECK(pthread_cancel(a) == 0);
	join(a);

	semaphores();

	CHECK(pthread_barrier_init(&barrier, NULL, 2) == 0);
	a = begin("w-barrier", on_barrier);
	let_it_wait();
	(void)on_barrier(NULL);
	atomic_store(&waiter, 0);
	join(a);

	sleeper = begin("sleeper", sleeps);
	join(begin("w-join", on_join));

	CHECK(pthread_once(&once, first_time) == 0);
	join(once_waiter);

	a = begin("w-futex", on_futex);
	let_it_wait();
	atomic_store(&word, 1);
	syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	join(a);
}

static void calls(void)
{
	pthread_t a;

	CHECK(pipe(pipes) == 0);
	join(begin("w-poll", on_poll));
	a = begin("w-pipe", on_pipe);
	let_it_wait();
	CHECK(write(pipes[1], "x", 1) == 1);
	join(a);

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
	a = begin("w-socket", on_socket);
	let_it_wait();
	CHECK(send(sockets[1], "y", 1, 0) == 1);
	join(a);

	join(begin("w-sleep", on_sleep));
	join(begin("w-child", on_child));
	join(begin("w-vfork", on_vfork));

	lock_file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	CHECK(flock(lock_file, LOCK_EX) == 0);
	a = begin("w-flock", on_flock);
	let_it_wait();
	CHECK(flock(lock_file, LOCK_UN) == 0);
	join(a);
}

/* Programs that cannot bear a library before them are started without it, by every way to start
 * one; a command's output and status come through. */
static int run(int how, char *path)
{
	char name[] = "planted_asan", *argv[] = { name, NULL };
	int status = -1;
	pid_t child;

	if (how == 0) {
		CHECK(posix_spawn(&child, path, NULL, NULL, argv, environ) == 0);
	} else if ((child = how == 1 ? vfork() : fork()) == 0) {
		if (how == 1)
			execv(path, argv);
		else if (how == 2)
			execl(path, name, (char *)NULL);
		else if (how == 3)
			execle(path, name, (char *)NULL, environ);
		else
			execlp(path, name, (char *)NULL);
		_exit(99);
	}
	CHECK(waitpid(child, &status, 0) == child);
	return status;
}

static void programs(const char *self)
{
	char path[4096];
	const char *slash = strrchr(self, '/');

	snprintf(path, sizeof(path), "%.*s/planted_asan", (int)(slash ? slash - self : 0), self);
	if (!slash || access(path, X_OK) != 0)
		return;
	for (int how = 0; how < 5; how++)
		CHECK(run(how, path) == 0);
}

/* Results that an interposer could spoil. */
static void results(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t checked;

	CHECK(pthread_mutexattr_init(&attr) == 0);
	CHECK(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK) == 0);
	CHECK(pthread_mutex_init(&checked, &attr) == 0);
	CHECK(pthread_mutex_lock(&checked) == 0);
	CHECK(pthread_mutex_lock(&checked) == EDEADLK);
	CHECK(pthread_mutex_unlock(&checked) == 0);
	CHECK(pthread_mutex_unlock(&checked) == EPERM);
	errno = 0;
	CHECK(read(-1, NULL, 0) == -1 && errno == EBADF);
	CHECK(syscall(SYS_getpid) == getpid());
	errno = 0;
	CHECK(syscall(-1) == -1 && errno == ENOSYS);
}

int main(int argc, char **argv)
{
	(void)argc;
	results();
	programs(argv[0]);
	locks();
	signals();
	calls();
	queues();
	return 42;
}
