/*
 * What recording adds to a context switch: two processes on one CPU hand a byte to and fro through
 * pipes, plainly, beside ftrace's ring (switch and waking, not drained) and under dwell-record
 * (switch, waking, reasons, drained to a file), in turn. Needs root.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Short batches, the best of many: most fit between two interruptions by others. */
enum { ROUNDS = 7, BATCHES = 500, TRIPS = 150, SKIPPED = 77 };

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void echo(int from, int to)
{
	char byte;

	while (read(from, &byte, 1) == 1 && write(to, &byte, 1) == 1)
		;
	_exit(0);
}

/* Nanoseconds per switch: the best fiftieth of the batches, on the last CPU. */
static double ping_pong(void)
{
	double batch[BATCHES];
	int there[2], back[2];
	cpu_set_t set;
	char byte = 0;
	pid_t child;

	CPU_ZERO(&set);
	CPU_SET((size_t)sysconf(_SC_NPROCESSORS_ONLN) - 1, &set);
	sched_setaffinity(0, sizeof(set), &set);
	if (pipe(there) != 0 || pipe(back) != 0)
		return 0;
	child = fork();
	if (child == 0)
		echo(there[0], back[1]);
	for (int i = 0; i < BATCHES; i++) {
		const double start = now_ns();

		for (int k = 0; k < TRIPS; k++)
			if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
				return 0;
		batch[i] = (now_ns() - start) / (double)TRIPS / 2;
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	qsort(batch, BATCHES, sizeof(*batch), ascending);
	return batch[BATCHES / 50];
}

/* Run ourselves as the program, under the words of `command`; its answer comes by a pipe. */
static double measure(const char *const *command)
{
	char line[64] = "";
	int answer[2];
	pid_t child;
	ssize_t got;

	if (pipe(answer) != 0)
		return 0;
	child = fork();
	if (child == 0) {
		dup2(answer[1], STDOUT_FILENO);
		execv(command[0], (char *const *)command);
		_exit(127);
	}
	close(answer[1]);
	got = read(answer[0], line, sizeof(line) - 1);
	close(answer[0]);
	waitpid(child, NULL, 0);
	return got > 0 ? strtod(line, NULL) : 0;
}

static int write_file(const char *folder, const char *name, const char *text)
{
	char path[256];
	int fd, err;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	err = write(fd, text, strlen(text)) < 0;
	close(fd);
	return err ? -1 : 0;
}

static const char *tracefs(char folder[64], int *mounted)
{
	static const char usual[] = "/sys/kernel/tracing";

	*mounted = 0;
	if (access("/sys/kernel/tracing/instances", W_OK) == 0)
		return usual;
	snprintf(folder, 64, "/tmp/dwell-bench-XXXXXX");
	if (!mkdtemp(folder) || mount("tracefs", folder, "tracefs", 0, NULL) != 0)
		return NULL;
	*mounted = 1;
	return folder;
}

static int ftrace(const char *instance, const char *on)
{
	return write_file(instance, "events/sched/sched_switch/enable", on) |
	       write_file(instance, "events/sched/sched_waking/enable", on);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), ascending);
	return values[ROUNDS / 2];
}

static void compare(const char *self, const char *instance)
{
	static const char file[] = "/tmp/dwell-bench-switch.trace";
	const char *plain[] = { self, "--program", NULL };
	const char *recorded[] = { DWELL_BIN "/dwell-record", "-q", "-o", file, "--no-preload",
		"--", self, "--program", NULL };
	double bare[ROUNDS], ring[ROUNDS], ours[ROUNDS], peer, added;

	for (int i = 0; i < ROUNDS; i++) {
		bare[i] = measure(plain);
		ftrace(instance, "1");
		ring[i] = measure(plain);
		ftrace(instance, "0");
		ours[i] = measure(recorded);
		unlink(file);
	}
	unlink("/tmp/dwell-bench-switch.trace.old");
	peer = median(ring) - median(bare);
	added = median(ours) - median(bare);
	printf("context switch, plain             %7.0f ns\n", median(bare));
	printf("  added by ftrace's ring          %7.0f ns\n", peer);
	printf("  added by dwell-record, to file  %7.0f ns   %.2f of ftrace's\n", added,
		added / peer);
}

int main(int argc, char **argv)
{
	char folder[64], instance[128];
	const char *root;
	int mounted;

	if (argc > 1 && strcmp(argv[1], "--program") == 0) {
		printf("%.1f\n", ping_pong());
		return 0;
	}
	root = geteuid() == 0 ? tracefs(folder, &mounted) : NULL;
	if (!root) {
		printf("skipped: needs root and tracefs\n");
		return SKIPPED;
	}
	snprintf(instance, sizeof(instance), "%s/instances/dwell-bench", root);
	if (mkdir(instance, 0700) != 0 && errno != EEXIST) {
		perror(instance);
		return 1;
	}
	compare(argv[0], instance);
	rmdir(instance);
	if (mounted) {
		umount(root);
		rmdir(root);
	}
	return 0;
}
