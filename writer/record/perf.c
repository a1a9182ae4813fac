#include "perf.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bpf/shared.h"
#include "dwell/error.h"

/* The first try: all that one user may lock for each CPU (perf_event_mlock_kb), less the page of
 * the header. */
enum { PAGES_MOST = 128, PAGES_LEAST = 4, RECORD_MAX = 1 << 16 };

struct told {
	struct dwell_kernel_event event;
	char name[16];
};

struct perf_cpu {
	int fd;
	struct perf_event_mmap_page *page; /* the header, the ring behind it */
	size_t bytes;                      /* of the ring */
	struct told *queue;
	size_t first, count, room;
	uint64_t last_ns;
};

struct dwell_perf {
	struct perf_cpu *cpus;
	uint32_t cpu_count;
	uint32_t pid;
	bool entered; /* the program's first thread is known to run */
	uint64_t zero_ns;
	unsigned fill;
	uint8_t record[RECORD_MAX];
};

/* At the end of each record, as sample_type has it. */
struct sample_id {
	uint32_t pid, tid;
	uint64_t time;
	uint32_t cpu, reserved;
};

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

/* Over budget the kernel says EPERM: take less. */
static int map_ring(struct perf_cpu *cpu)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t pages = PAGES_MOST; pages >= PAGES_LEAST; pages /= 2) {
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
		if (cpu->fd < 0 || map_ring(cpu) != 0)
			return DWELL_EIO;
	}
	return 0;
}

int dwell_perf_open(struct dwell_perf **out, uint32_t pid, char *why, size_t why_size)
{
	struct dwell_perf *perf = calloc(1, sizeof(*perf));
	const long cpus = sysconf(_SC_NPROCESSORS_CONF);
	int err;

	if (!perf)
		return DWELL_ENOMEM;
	perf->pid = pid;
	perf->cpu_count = cpus > 0 ? (uint32_t)cpus : 1;
	perf->cpus = calloc(perf->cpu_count, sizeof(*perf->cpus));
	if (!perf->cpus) {
		free(perf);
		return DWELL_ENOMEM;
	}
	for (uint32_t i = 0; i < perf->cpu_count; i++)
		perf->cpus[i].fd = -1;
	err = open_cpus(perf, pid);
	if (err) {
		snprintf(why, why_size, "perf_event_open: %s", strerror(errno));
		dwell_perf_close(perf);
		return err;
	}
	*out = perf;
	return 0;
}

void dwell_perf_close(struct dwell_perf *perf)
{
	if (!perf)
		return;
	for (uint32_t i = 0; i < perf->cpu_count; i++) {
		struct perf_cpu *cpu = &perf->cpus[i];

		if (cpu->page)
			munmap(cpu->page, cpu->bytes + (size_t)sysconf(_SC_PAGESIZE));
		if (cpu->fd >= 0)
			close(cpu->fd);
		free(cpu->queue);
	}
	free(perf->cpus);
	free(perf);
}

void dwell_perf_zero(struct dwell_perf *perf, uint64_t zero_ns)
{
	perf->zero_ns = zero_ns;
}

static int enqueue(struct perf_cpu *cpu, const struct told *told)
{
	if (cpu->first + cpu->count == cpu->room) {
		const size_t room = cpu->room ? cpu->room * 2 : 1024;
		void *larger;

		if (cpu->first > cpu->room / 2) {
			memmove(cpu->queue, cpu->queue + cpu->first,
				cpu->count * sizeof(*cpu->queue));
			cpu->first = 0;
		} else {
			larger = realloc(cpu->queue, room * sizeof(*cpu->queue));
			if (!larger)
				return DWELL_ENOMEM;
			cpu->queue = larger;
			cpu->room = room;
		}
	}
	cpu->queue[cpu->first + cpu->count++] = *told;
	return 0;
}

static void take_switch(
	const struct perf_event_header *header, uint32_t tid, struct dwell_kernel_event *event)
{
	event->kind = DWELL_KERNEL_EVENT_SWITCH;
	if (!(header->misc & PERF_RECORD_MISC_SWITCH_OUT)) {
		event->peer = tid;
		return;
	}
	event->tid = tid;
	event->leave = header->misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT ? DWELL_LEAVE_PREEMPTED
									  : DWELL_LEAVE_SLEEPS;
}

/* Fork and exit: pid, ppid, tid, ptid. */
static void take_life(const struct perf_event_header *header, const uint8_t *body,
	struct dwell_kernel_event *event)
{
	uint32_t words[4];

	memcpy(words, body, sizeof(words));
	event->kind = header->type == PERF_RECORD_FORK ? DWELL_KERNEL_EVENT_FORK
						       : DWELL_KERNEL_EVENT_GONE;
	event->process = words[0];
	event->tid = words[2];
	event->peer = words[3];
}

/* Nothing says that a thread which was enabled by its exec runs: but it does. */
static int enter_first(struct dwell_perf *perf, struct perf_cpu *cpu, const struct told *exec)
{
	const struct told enter = { .event = { .kind = DWELL_KERNEL_EVENT_SWITCH,
					    .time_ns = exec->event.time_ns,
					    .cpu = exec->event.cpu,
					    .peer = exec->event.tid } };

	if (perf->entered || exec->event.tid != perf->pid)
		return 0;
	perf->entered = true;
	return enqueue(cpu, &enter);
}

static int take_record(
	struct dwell_perf *perf, struct perf_cpu *cpu, const struct perf_event_header *header)
{
	const uint8_t *body = (const uint8_t *)(header + 1);
	const size_t size = header->size - sizeof(*header);
	struct sample_id id;
	struct told told = { 0 };
	uint64_t words[2];

	if (size < sizeof(id))
		return 0;
	memcpy(&id, body + size - sizeof(id), sizeof(id));
	told.event.cpu = id.cpu;
	told.event.time_ns = id.time > perf->zero_ns ? id.time - perf->zero_ns : 0;
	switch (header->type) {
	case PERF_RECORD_SWITCH:
		take_switch(header, id.tid, &told.event);
		break;
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		if (size < 16 + sizeof(id))
			return 0;
		take_life(header, body, &told.event);
		break;
	case PERF_RECORD_COMM:
		told.event.kind = header->misc & PERF_RECORD_MISC_COMM_EXEC
					  ? DWELL_KERNEL_EVENT_EXEC
					  : DWELL_KERNEL_EVENT_NAME;
		/* Whose name it is; another thread may have given it. */
		memcpy(&told.event.process, body, 4);
		memcpy(&told.event.tid, body + 4, 4);
		/* Both are filled up with zeros. */
		memcpy(told.name, body + 8, size - 8 < 15 ? size - 8 : 15);
		break;
	case PERF_RECORD_LOST:
		memcpy(words, body, sizeof(words));
		told.event.kind = DWELL_KERNEL_EVENT_OVERWRITTEN;
		told.event.lost = words[1];
		told.event.from_ns = cpu->last_ns;
		break;
	default:
		return 0;
	}
	cpu->last_ns = told.event.time_ns;
	if (enqueue(cpu, &told) != 0)
		return DWELL_ENOMEM;
	return told.event.kind == DWELL_KERNEL_EVENT_EXEC ? enter_first(perf, cpu, &told) : 0;
}

/* Copy from a ring that turns over. */
static void copy(const struct perf_cpu *cpu, uint64_t from, void *out, size_t size)
{
	const uint8_t *ring = (const uint8_t *)cpu->page + sysconf(_SC_PAGESIZE);
	const size_t at = from & (cpu->bytes - 1);
	const size_t run = size < cpu->bytes - at ? size : cpu->bytes - at;

	memcpy(out, ring + at, run);
	memcpy((uint8_t *)out + run, ring, size - run);
}

static int take_cpu(struct dwell_perf *perf, struct perf_cpu *cpu)
{
	const uint64_t head = __atomic_load_n(&cpu->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = cpu->page->data_tail;
	int err = 0;

	if ((head - tail) * 100 / cpu->bytes > perf->fill)
		perf->fill = (unsigned)((head - tail) * 100 / cpu->bytes);
	while (!err && tail < head) {
		struct perf_event_header *header = (void *)perf->record;

		copy(cpu, tail, header, sizeof(*header));
		if (header->size < sizeof(*header))
			break;
		copy(cpu, tail, perf->record, header->size);
		err = take_record(perf, cpu, header);
		tail += header->size;
	}
	/* Now the kernel may write there again. */
	__atomic_store_n(&cpu->page->data_tail, tail, __ATOMIC_RELEASE);
	return err;
}

static struct perf_cpu *earliest(struct dwell_perf *perf, uint64_t until_ns)
{
	struct perf_cpu *best = NULL;

	for (uint32_t i = 0; i < perf->cpu_count; i++) {
		struct perf_cpu *cpu = &perf->cpus[i];

		if (cpu->count > 0 && cpu->queue[cpu->first].event.time_ns < until_ns) {
			until_ns = cpu->queue[cpu->first].event.time_ns;
			best = cpu;
		}
	}
	return best;
}

int dwell_perf_pass(
	struct dwell_perf *perf, uint64_t until_ns, dwell_kernel_tell tell, void *context)
{
	struct perf_cpu *cpu;
	int err = 0;

	perf->fill = 0;
	for (uint32_t i = 0; !err && i < perf->cpu_count; i++)
		if (perf->cpus[i].page)
			err = take_cpu(perf, &perf->cpus[i]);
	while (!err && (cpu = earliest(perf, until_ns))) {
		struct told told = cpu->queue[cpu->first];

		told.event.name = told.name;
		cpu->first++;
		if (--cpu->count == 0)
			cpu->first = 0;
		err = tell(context, &told.event);
	}
	return err;
}

unsigned dwell_perf_fill(const struct dwell_perf *perf)
{
	return perf->fill;
}
