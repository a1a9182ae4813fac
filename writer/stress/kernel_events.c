/*
 * The kernel's events of a child that does known things: forks, sleeps, waits on a futex, reads a
 * pipe, exits with a known status. Needs root and a kernel with BTF.
 */
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "record/bpf/shared.h"
#include "record/kernel.h"

enum { SKIPPED = 77, STATUS = 42 };

static struct seen {
	uint32_t child;
	unsigned births, forks, exits, deaths, sleeps, futexes, reads, pipes, wakes_by_us, switches,
		stacks;
	uint64_t last_ns;
	unsigned disorder;
	uint64_t futex_word;
	uint64_t pipe_fd, pipe; /* and beside it what it is */
	uint32_t exit_code;
} seen;

static int word = 0;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* Nobody here is in a namespace of its own. */
static void born(void *context, const struct dwell_kernel_birth *birth)
{
	struct stat space;

	(void)context;
	seen.births += birth->tid == seen.child && birth->process == birth->tid &&
		       birth->parent == (uint32_t)getpid() && birth->inside == birth->tid &&
		       stat("/proc/self/ns/pid", &space) == 0 && birth->space == space.st_ino;
}

static void look_at_why(const struct dwell_kernel_event *event)
{
	const uint64_t call = event->why >> 48;
	const uint64_t argument = event->why & UINT64_C(0xffffffffffff);

	seen.sleeps += call == SYS_clock_nanosleep || call == SYS_nanosleep;
	seen.futexes += call == SYS_futex && argument == (uintptr_t)&word;
	seen.reads += call == SYS_read && (argument & (DWELL_KERNEL_FDS - 1)) == seen.pipe_fd;
	seen.pipes += call == SYS_read && argument == seen.pipe;
	seen.stacks += event->stack_size > 0;
}

static int tell(void *context, const struct dwell_kernel_event *event)
{
	(void)context;
	if (event->kind != DWELL_KERNEL_EVENT_OVERWRITTEN &&
		event->kind != DWELL_KERNEL_EVENT_MISSED) {
		seen.disorder += event->time_ns < seen.last_ns;
		seen.last_ns = event->time_ns;
	}
	seen.switches += event->kind == DWELL_KERNEL_EVENT_SWITCH;
	if (event->tid != seen.child)
		return 0;
	if (event->kind == DWELL_KERNEL_EVENT_FORK)
		seen.forks += event->peer == (uint32_t)getpid();
	else if (event->kind == DWELL_KERNEL_EVENT_WAKE)
		seen.wakes_by_us += event->peer == (uint32_t)getpid() && !event->interrupt;
	else if (event->kind == DWELL_KERNEL_EVENT_EXIT)
		seen.exit_code = event->code, seen.exits++;
	else if (event->kind == DWELL_KERNEL_EVENT_SWITCH && event->leave == DWELL_LEAVE_DEAD)
		seen.deaths++;
	else if (event->kind == DWELL_KERNEL_EVENT_SWITCH && event->has_why)
		look_at_why(event);
	return 0;
}

static void child(int gate)
{
	const struct timespec short_while = { 0, 20000000 };
	char byte;

	if (read(gate, &byte, 1) != 1)
		_exit(1);
	nanosleep(&short_while, NULL);
	syscall(SYS_futex, &word, FUTEX_WAIT, 0, &short_while, NULL, 0);
	if (read(gate, &byte, 1) != 1)
		_exit(1);
	_exit(STATUS);
}

static int expect(int good, const char *what, uint64_t got)
{
	if (!good)
		printf("%s: %llu\n", what, (unsigned long long)got);
	return good ? 0 : 1;
}

static int judge(void)
{
	int bad = 0;

	bad += expect(seen.births == 1, "births under its numbers", seen.births);
	bad += expect(seen.forks == 1, "forks by us", seen.forks);
	bad += expect(seen.exits == 1 && seen.exit_code == STATUS << 8, "exit", seen.exit_code);
	bad += expect(seen.deaths == 1, "last switches", seen.deaths);
	bad += expect(seen.sleeps >= 1, "sleeps", seen.sleeps);
	bad += expect(seen.futexes >= 1, "waits on the futex", seen.futexes);
	bad += expect(seen.reads >= 1, "reads of the pipe", seen.reads);
	bad += expect(seen.pipes >= 1, "reads of it, told by inode", seen.pipes);
	bad += expect(seen.stacks >= 3, "stacks", seen.stacks);
	bad += expect(seen.wakes_by_us >= 2, "wakes by us", seen.wakes_by_us);
	/*
	 * A pass may look between another CPU's stamp and its slot: the recorder puts such rows in
	 * order (dwell/order.h). More than a few would be another fault.
	 */
	bad += expect(seen.disorder <= 3 + seen.switches / 100, "out of order", seen.disorder);
	return bad;
}

static void look_at_pipe(int fd)
{
	struct stat about = { 0 };

	fstat(fd, &about);
	seen.pipe_fd = (uint64_t)fd;
	seen.pipe = (uint64_t)(S_IFIFO >> 12) << DWELL_KERNEL_TYPE_SHIFT |
		    (about.st_ino % DWELL_KERNEL_INODES) << DWELL_KERNEL_INODE_SHIFT | seen.pipe_fd;
}

static int run(struct dwell_kernel *kernel)
{
	const struct timespec while_it_waits = { 0, 100000000 };
	int gate[2], status;
	pid_t pid;

	if (pipe(gate) != 0)
		return 1;
	look_at_pipe(gate[0]);
	if (dwell_kernel_follow(kernel, (uint32_t)getpid()) != 0)
		return 1;
	pid = fork();
	if (pid == 0)
		child(gate[0]);
	seen.child = (uint32_t)pid;
	for (int i = 0; i < 3; i++) {
		nanosleep(&while_it_waits, NULL);
		if (i < 2 && write(gate[1], "x", 1) != 1)
			return 1;
		if (dwell_kernel_pass(kernel, now_ns(), tell, NULL) != 0)
			return 1;
	}
	waitpid(pid, &status, 0);
	return dwell_kernel_pass(kernel, UINT64_MAX, tell, NULL) != 0 ? 1 : judge();
}

int main(void)
{
	const struct dwell_kernel_options options = {
		.start_ns = now_ns(), .long_ns = 100000, .stacks = true, .born = born
	};
	struct dwell_kernel *kernel;
	char why[200];
	int bad;

	if (dwell_kernel_open(&kernel, &options, why, sizeof(why)) != 0) {
		printf("skipped: no BPF here: %s\n", why);
		return SKIPPED;
	}
	bad = run(kernel);
	dwell_kernel_close(kernel);
	printf("%u switches, %d faults\n", seen.switches, bad);
	return bad ? 1 : 0;
}
