#include "perf_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "dwell/error.h"

/*
 * The first try: all that one user may lock for each CPU (perf_event_mlock_kb), less the page of
 * the header; for the whole machine, whoever may see it may lock more.
 */
enum { PAGES_MOST = 128, PAGES_MACHINE = 1024, PAGES_LEAST = 4 };

static int open_event(pid_t pid, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU,
		.sample_id_all = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
		.context_switch = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
		.inherit = 1,
		.disabled = 1,
		.enable_on_exec = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};

	return (int)syscall(SYS_perf_event_open, &attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

int dwell_perf_try(void)
{
	const int fd = open_event(0, -1);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* One tracepoint on one CPU; the first one tells who is made, named and ends there, too. */
static int open_tracepoint(const struct dwell_tracepoint_format *format, int cpu, bool first)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = format->id,
		.sample_period = 1,
		.sample_type =
			PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_RAW,
		.sample_id_all = 1,
		.comm = first,
		.comm_exec = first,
		.task = first,
		.disabled = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};

	return (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

/* Over budget the kernel says EPERM: take less. */
static int map_ring(struct perf_cpu *cpu, size_t most)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t pages = most; pages >= PAGES_LEAST; pages /= 2) {
		void *at = mmap(
			NULL, (pages + 1) * page, PROT_READ | PROT_WRITE, MAP_SHARED, cpu->fd, 0);

		if (at != MAP_FAILED) {
			cpu->page = at;
			cpu->bytes = pages * page;
			return 0;
		}
		if (errno != EPERM && errno != ENOMEM)
			break;
	}
	return DWELL_EIO;
}

static int open_cpus(struct dwell_perf *perf, uint32_t pid)
{
	for (uint32_t i = 0; i < perf->cpu_count; i++) {
		struct perf_cpu *cpu = &perf->cpus[i];

		cpu->fd = open_event((pid_t)pid, (int)i);
		if (cpu->fd < 0 && errno == ENODEV)
			continue; /* that CPU is off */
		if (cpu->fd < 0 || map_ring(cpu, PAGES_MOST) != 0)
			return DWELL_EIO;
	}
	return 0;
}

static struct dwell_perf *new_perf(void)
{
	struct dwell_perf *perf = calloc(1, sizeof(*perf));
	const long cpus = sysconf(_SC_NPROCESSORS_CONF);

	if (!perf)
		return NULL;
	perf->cpu_count = cpus > 0 ? (uint32_t)cpus : 1;
	perf->cpus = calloc(perf->cpu_count, sizeof(*perf->cpus));
	if (!perf->cpus) {
		free(perf);
		return NULL;
	}
	for (uint32_t i = 0; i < perf->cpu_count; i++) {
		perf->cpus[i].fd = -1;
		for (int k = 0; k < DWELL_TRACEPOINTS - 1; k++)
			perf->cpus[i].others[k] = -1;
	}
	return perf;
}

static int refuse(struct dwell_perf *perf, int err, char *why, size_t why_size)
{
	snprintf(why, why_size, "perf_event_open: %s", strerror(errno));
	dwell_perf_close(perf);
	return err;
}

int dwell_perf_open(struct dwell_perf **out, uint32_t pid, char *why, size_t why_size)
{
	struct dwell_perf *perf = new_perf();
	int err;

	if (!perf)
		return DWELL_ENOMEM;
	perf->pid = pid;
	err = open_cpus(perf, pid);
	if (err)
		return refuse(perf, err, why, why_size);
	*out = perf;
	return 0;
}

/* All tracepoints of one CPU write into the first one's ring. */
static int open_machine_cpu(struct dwell_perf *perf, uint32_t number)
{
	const struct dwell_tracepoint_format *formats = perf->tracepoints.formats;
	struct perf_cpu *cpu = &perf->cpus[number];

	cpu->fd = open_tracepoint(&formats[0], (int)number, true);
	if (cpu->fd < 0 && errno == ENODEV)
		return 0; /* that CPU is off */
	if (cpu->fd < 0 || map_ring(cpu, PAGES_MACHINE) != 0)
		return DWELL_EIO;
	for (int i = 1; i < DWELL_TRACEPOINTS; i++) {
		int *fd = &cpu->others[i - 1];

		*fd = open_tracepoint(&formats[i], (int)number, false);
		if (*fd < 0 || ioctl(*fd, PERF_EVENT_IOC_SET_OUTPUT, cpu->fd) != 0 ||
			ioctl(*fd, PERF_EVENT_IOC_ENABLE, 0) != 0)
			return DWELL_EIO;
	}
	return ioctl(cpu->fd, PERF_EVENT_IOC_ENABLE, 0) == 0 ? 0 : DWELL_EIO;
}

int dwell_perf_open_machine(struct dwell_perf **out, char *why, size_t why_size)
{
	struct dwell_perf *perf = new_perf();
	int err;

	if (!perf)
		return DWELL_ENOMEM;
	perf->machine = true;
	err = dwell_tracepoints_read(&perf->tracepoints, why, why_size);
	if (err) {
		dwell_perf_close(perf);
		return err;
	}
	for (uint32_t i = 0; !err && i < perf->cpu_count; i++)
		err = open_machine_cpu(perf, i);
	if (err)
		return refuse(perf, err, why, why_size);
	*out = perf;
	return 0;
}

static void close_cpu(struct perf_cpu *cpu)
{
	if (cpu->page)
		munmap(cpu->page, cpu->bytes + (size_t)sysconf(_SC_PAGESIZE));
	for (int i = 0; i < DWELL_TRACEPOINTS - 1; i++)
		if (cpu->others[i] >= 0)
			close(cpu->others[i]);
	if (cpu->fd >= 0)
		close(cpu->fd);
	free(cpu->queue);
}

void dwell_perf_close(struct dwell_perf *perf)
{
	if (!perf)
		return;
	for (uint32_t i = 0; i < perf->cpu_count; i++)
		close_cpu(&perf->cpus[i]);
	free(perf->cpus);
	free(perf);
}

void dwell_perf_zero(struct dwell_perf *perf, uint64_t zero_ns)
{
	perf->zero_ns = zero_ns;
}
