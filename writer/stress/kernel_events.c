/*
 * The kernel's events of a child that does known things: forks, sleeps, waits on a futex, reads a
 * pipe, gets packets, exits with a known status. Needs root and a kernel with BTF.
 */
#include <arpa/inet.h>
#include <linux/futex.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "record/bpf/shared.h"
#include "record/kernel.h"

enum { SKIPPED = 77, STATUS = 42, NAPS = 20, PACKETS = 200 };

static struct seen {
	uint32_t child;
	unsigned births, forks, exits, deaths, sleeps, futexes, reads, pipes, wakes_by_us, switches,
		stacks;
	unsigned packets, not_by_us, by_timers, by_strangers;
	uint32_t receiver, sleeper;
	uint64_t last_ns;
	unsigned disorder;
	uint64_t futex_word;
	uint64_t pipe_fd, pipe; /* and beside it what it is */
	uint32_t exit_code;
} seen;

static int word = 0;
static int inbox = -1; /* a socket of the receiver's */

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
	if (event->kind == DWELL_KERNEL_EVENT_WAKE && event->tid == seen.receiver)
		event->peer == (uint32_t)getpid() && !event->interrupt ? seen.packets++
								       : seen.not_by_us++;
	if (event->kind == DWELL_KERNEL_EVENT_WAKE && event->tid == seen.sleeper)
		event->interrupt ? seen.by_timers++ : seen.by_strangers++;
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

static _Noreturn void receive(void)
{
	char byte;

	while (recv(inbox, &byte, 1, 0) == 1 && byte == 'x')
		;
	_exit(0);
}

/* Woken by nobody, while others do much by whom it might seem to be. */
static _Noreturn void nap(void)
{
	const struct timespec while_others_run = { 0, 5000000 };

	for (int i = 0; i < NAPS; i++)
		nanosleep(&while_others_run, NULL);
	_exit(0);
}

/* A network of our own, whose only device is up. */
static int open_inbox(struct sockaddr_in *address)
{
	struct ifreq device = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	socklen_t size = sizeof(*address);

	*address = (struct sockaddr_in){ .sin_family = AF_INET };
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (unshare(CLONE_NEWNET) != 0)
		return -1;
	inbox = socket(AF_INET, SOCK_DGRAM, 0);
	if (inbox < 0 || ioctl(inbox, SIOCSIFFLAGS, &device) != 0 ||
		bind(inbox, (struct sockaddr *)address, size) != 0)
		return -1;
	return getsockname(inbox, (struct sockaddr *)address, &size);
}

static pid_t start(void (*what)(void))
{
	const pid_t pid = fork();

	if (pid == 0)
		what();
	return pid;
}

/* Packets to a program of this machine: who sends one wakes who waits for it. */
static int send_packets(void)
{
	const struct timespec a_moment = { 0, 300000 };
	struct sockaddr_in address;
	int from;

	if (open_inbox(&address) != 0)
		return -1;
	from = socket(AF_INET, SOCK_DGRAM, 0);
	seen.receiver = (uint32_t)start(receive);
	seen.sleeper = (uint32_t)start(nap);
	for (int i = 0; i <= PACKETS; i++) {
		nanosleep(&a_moment, NULL);
		if (sendto(from, i < PACKETS ? "x" : "", 1, 0, (struct sockaddr *)&address,
			    sizeof(address)) != 1)
			return -1;
	}
	waitpid((pid_t)seen.receiver, NULL, 0);
	waitpid((pid_t)seen.sleeper, NULL, 0);
	close(from);
	close(inbox);
	return 0;
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
	/* On a busy machine a receiver that runs late is not woken by each. */
	bad += expect(seen.packets >= PACKETS / 4, "wakes by our packets", seen.packets);
	/* An interrupt at a wrong moment hides a sender. */
	bad += expect(seen.not_by_us <= PACKETS / 10, "packets by nobody", seen.not_by_us);
	bad += expect(seen.by_timers >= NAPS * 9 / 10, "wakes by timers", seen.by_timers);
	bad += expect(seen.by_strangers <= 1, "wakes by who just ran", seen.by_strangers);
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
	if (send_packets() != 0)
		return expect(0, "packets sent", 0);
	return dwell_kernel_pass(kernel, UINT64_MAX, tell, NULL) != 0 ? 1 : judge();
}

static int once(bool library)
{
	const struct dwell_kernel_options options = { .start_ns = now_ns(),
		.long_ns = 100000,
		.stacks = true,
		.library = library,
		.born = born };
	struct dwell_kernel *kernel;
	char why[200];
	int bad;

	memset(&seen, 0, sizeof(seen));
	if (dwell_kernel_open(&kernel, &options, why, sizeof(why)) != 0) {
		printf("skipped: no BPF here: %s\n", why);
		return SKIPPED;
	}
	bad = run(kernel);
	dwell_kernel_close(kernel);
	printf("loaded by %s: %u switches, %d faults\n", library ? "libbpf" : "the kernel",
		seen.switches, bad);
	return bad ? 1 : 0;
}

int main(void)
{
	const int bad = once(false);

	return bad ? bad : once(true);
}
