/* Processes that wait for the lock of a file for 300 ms, by each call that makes such locks. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HELD_US = 300000 };

static const char *how, *tells;
static int told[2];

static int is(const char *name)
{
	return strcmp(how, name) == 0;
}

static int open_it(void)
{
	const int fd = open("a.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0)
		exit(1);
	return fd;
}

static void set(int fd, int type, int shared)
{
	struct flock range = { .l_type = type, .l_whence = SEEK_SET };
	const int gives = type == F_UNLCK;
	int result;

	if (is("fcntl"))
		result = fcntl(fd, F_SETLKW, &range);
	else if (is("ofd"))
		result = fcntl(fd, F_OFD_SETLKW, &range);
	else if (is("lockf"))
		result = lockf(fd, gives ? F_ULOCK : F_LOCK, 0);
	else
		result = flock(fd, gives ? LOCK_UN : shared ? LOCK_SH : LOCK_EX);
	if (result != 0)
		exit(1);
}

static void tell(void)
{
	if (write(told[1], "x", 1) != 1)
		exit(1);
}

static void hear(void)
{
	char byte;

	if (read(told[0], &byte, 1) != 1)
		exit(1);
}

/* Who waits, for whoever is to look at that: once the file has been written, it is about to. */
static void tell_file(void)
{
	FILE *file = tells ? fopen(tells, "w") : NULL;

	if (file && (fprintf(file, "%d", (int)getpid()) < 0 || fclose(file) != 0))
		exit(1);
}

static void hold(const char *name)
{
	const int fd = open_it();

	prctl(PR_SET_NAME, name);
	set(fd, F_WRLCK, 0);
	tell();
	if (is("inherited") && fork() == 0) {
		prctl(PR_SET_NAME, "child");
		usleep(HELD_US);
		_exit(0);
	}
	/* Its child keeps the open file, and so the lock. */
	if (is("inherited"))
		_exit(0);
	usleep(HELD_US);
	if (!is("closes") && !is("chain"))
		set(fd, F_UNLCK, 0);
	close(fd);
	usleep(50000);
	_exit(0);
}

static void wait_for_it(const char *name)
{
	const int fd = open_it();

	prctl(PR_SET_NAME, name);
	tell_file();
	set(fd, F_WRLCK, is("shared"));
	if (strcmp(name, "second") == 0)
		usleep(HELD_US);
	_exit(0);
}

static void *keep(void *unused)
{
	const int fd = open_it();

	pthread_setname_np(pthread_self(), "keeper");
	set(fd, F_WRLCK, 0);
	tell();
	usleep(HELD_US);
	set(fd, F_UNLCK, 0);
	return unused;
}

/* Two threads of a process. */
static int threads(void)
{
	pthread_t keeper;
	int fd;

	if (pthread_create(&keeper, NULL, keep, NULL) != 0)
		return 1;
	hear();
	fd = open_it();
	set(fd, F_WRLCK, 0);
	pthread_join(keeper, NULL);
	return 0;
}

/* Two processes, each with the lock that the other one waits for; until they are killed. */
static int circle(void)
{
	const char *const names[] = { "first", "other" }, *const files[] = { "a.lock", "b.lock" };

	for (int i = 0; i < 2; i++)
		if (fork() == 0) {
			const int mine = open(files[i], O_RDWR | O_CREAT, 0666),
				  its = open(files[1 - i], O_RDWR | O_CREAT, 0666);

			prctl(PR_SET_NAME, names[i]);
			if (flock(mine, LOCK_EX) != 0)
				_exit(1);
			usleep(HELD_US / 3);
			_exit(flock(its, LOCK_EX) != 0);
		}
	usleep(HELD_US * 3);
	kill(0, SIGKILL);
	return 1;
}

/* Until somebody waits for it, and a while more. */
static int outside(void)
{
	const int fd = open_it();

	prctl(PR_SET_NAME, "outsider");
	set(fd, F_WRLCK, 0);
	if (write(fd, "x", 1) != 1)
		return 1;
	usleep(HELD_US * 3);
	return 0;
}

int main(int argc, char **argv)
{
	how = argc > 1 ? argv[1] : "flock";
	tells = argc > 2 ? argv[2] : NULL;
	if (pipe(told) != 0)
		return 1;
	if (is("outside"))
		return outside();
	if (is("circle"))
		return circle();
	if (is("threads"))
		return threads();
	if (is("waits")) {
		wait_for_it("waiter");
	} else if (fork() == 0) {
		hold("holder");
	}
	hear();
	if (is("chain") && fork() == 0)
		wait_for_it("second");
	if (is("chain"))
		usleep(50000);
	if (fork() == 0)
		wait_for_it("waiter");
	while (wait(NULL) > 0)
		;
	return 0;
}
