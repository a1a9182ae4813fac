#include "kernel.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "drain/grow.h"
#include "dwell/error.h"
#include "kernel_private.h"
#include "ring/ring.h"

enum { PAGE = 4096, WISHES_BYTES = DWELL_KERNEL_NOTES * sizeof(struct dwell_kernel_wish) };

_Static_assert(
	offsetof(struct dwell_ring_line, state_caller) - offsetof(struct dwell_ring_line, state) ==
		offsetof(struct dwell_kernel_told, caller),
	"what the kernel's programs read is what programs write");

static int quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	return 0;
}

static int attach(struct dwell_kernel *kernel)
{
	for (size_t i = 0; i < kernel->program_count; i++) {
		kernel->links[i] = bpf_link_create(kernel->programs[i], 0, BPF_TRACE_RAW_TP, NULL);
		if (kernel->links[i] < 0)
			return DWELL_EIO;
	}
	return 0;
}

static void tell_birth(const struct kernel_rares *rares, const struct dwell_kernel_rare *record)
{
	const struct dwell_kernel_birth birth = { .tid = record->tid,
		.process = record->tgid,
		.parent = record->parent_tgid,
		.inside = record->inside,
		.space = record->space };

	if (record->kind == DWELL_RARE_FORK && record->inside != 0 && rares->born)
		rares->born(rares->context, &birth);
}

static void tell_file(const struct kernel_rares *rares, const struct dwell_kernel_file *record)
{
	char path[DWELL_KERNEL_PARTS * DWELL_KERNEL_PART + 8];
	const struct dwell_kernel_file_seen file = {
		.device = makedev(record->device >> 20, record->device & 0xfffff),
		.inode = record->inode,
		.path = path,
	};
	size_t size = (size_t)snprintf(path, sizeof(path), "%s", record->whole ? "" : "...");

	for (uint32_t i = record->count; i-- > 0;)
		size += (size_t)snprintf(path + size, sizeof(path) - size, "/%.*s",
			DWELL_KERNEL_PART - 1, record->part[i]);
	if (rares->file && record->count > 0)
		rares->file(rares->context, &file);
}

static int take_rare(void *context, void *data, size_t size)
{
	struct kernel_rares *rares = context;
	const struct dwell_kernel_rare *record = data;
	size_t at;

	if (size < sizeof(struct dwell_kernel_rare))
		return 0;
	if (record->kind == DWELL_RARE_FILE) {
		tell_file(rares, data);
		return 0;
	}
	tell_birth(rares, data);
	if (rares->first > 4096) {
		memmove(rares->records, rares->records + rares->first,
			rares->count * sizeof(*rares->records));
		rares->first = 0;
	}
	if (!dwell_grow((void **)&rares->records, rares->first + rares->count, &rares->room,
		    sizeof(*rares->records), 256)) {
		rares->error = DWELL_ENOMEM;
		return 0;
	}
	at = rares->first + rares->count++;
	memcpy(&rares->records[at], data, sizeof(rares->records[at]));
	if (rares->records[at].time < rares->zero_ns) {
		rares->count--;
		return 0;
	}
	rares->records[at].time -= rares->zero_ns;
	/* Their times are read after their place was taken: nearly sorted. */
	for (; at > rares->first && rares->records[at - 1].time > rares->records[at].time; at--) {
		const struct dwell_kernel_rare late = rares->records[at];

		rares->records[at] = rares->records[at - 1];
		rares->records[at - 1] = late;
	}
	return 0;
}

static int map_areas(struct dwell_kernel *kernel)
{
	const size_t size = (size_t)kernel->cpu_count * DWELL_KERNEL_AREA_BYTES;
	void *at = mmap(NULL, size, PROT_READ, MAP_SHARED, kernel->maps[KERNEL_AREAS], 0);

	if (at == MAP_FAILED)
		return DWELL_EIO;
	kernel->areas = at;
	at = mmap(NULL, WISHES_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
		kernel->maps[KERNEL_WISHES], 0);
	kernel->wishes = at == MAP_FAILED ? NULL : at;
	for (uint32_t cpu = 0; cpu < kernel->cpu_count; cpu++) {
		kernel->cpus[cpu].area = kernel->areas + (size_t)cpu * DWELL_KERNEL_AREA_BYTES;
		kernel->cpus[cpu].stacks =
			malloc(KERNEL_STACKS_KEPT + sizeof(struct dwell_kernel_stack));
		if (!kernel->cpus[cpu].stacks)
			return DWELL_ENOMEM;
	}
	kernel->rare = ring_buffer__new(kernel->maps[KERNEL_RARE], take_rare, &kernel->rares, NULL);
	kernel->scratch = malloc((size_t)DWELL_KERNEL_SLOTS * 16);
	return kernel->rare && kernel->scratch ? 0 : DWELL_ENOMEM;
}

static int load(
	struct dwell_kernel *kernel, const struct dwell_kernel_options *options, const char **step)
{
	const int cpus = libbpf_num_possible_cpus();
	int err;

	kernel->start_ns = options->start_ns;
	kernel->rares.born = options->born;
	kernel->rares.file = options->file;
	kernel->rares.context = options->context;
	*step = "the number of CPUs";
	if (cpus <= 0)
		return DWELL_EIO;
	kernel->cpu_count = (uint32_t)cpus;
	kernel->cpus = calloc(kernel->cpu_count, sizeof(*kernel->cpus));
	if (!kernel->cpus)
		return DWELL_ENOMEM;
	err = dwell_kernel_load(kernel, options, step);
	if (err)
		return err;
	*step = "mapping the rings";
	err = map_areas(kernel);
	if (err)
		return err;
	*step = "attaching the programs";
	return attach(kernel);
}

int dwell_kernel_open(struct dwell_kernel **out, const struct dwell_kernel_options *options,
	char *why, size_t why_size)
{
	struct dwell_kernel *kernel = calloc(1, sizeof(*kernel));
	const char *step = "";
	int err;

	if (!kernel)
		return DWELL_ENOMEM;
	if (!getenv("DWELL_DEBUG_BPF"))
		libbpf_set_print(quiet);
	errno = 0;
	err = load(kernel, options, &step);
	if (err) {
		snprintf(why, why_size, "%s: %s", step,
			err == DWELL_EUNSUPPORTED ? "not supported by this kernel"
						  : strerror(errno ? errno : EIO));
		dwell_kernel_close(kernel);
		return err;
	}
	*out = kernel;
	return 0;
}

static void close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fds[i] > 0)
			close(fds[i]);
	}
}

void dwell_kernel_close(struct dwell_kernel *kernel)
{
	if (!kernel)
		return;
	/* What is attached goes first: its last record is in the rings. */
	close_all(kernel->links, KERNEL_PROGRAMS);
	ring_buffer__free(kernel->rare);
	for (uint32_t cpu = 0; kernel->cpus && cpu < kernel->cpu_count; cpu++) {
		free(kernel->cpus[cpu].queue.records);
		free(kernel->cpus[cpu].stacks);
	}
	if (kernel->areas)
		munmap(kernel->areas, (size_t)kernel->cpu_count * DWELL_KERNEL_AREA_BYTES);
	if (kernel->wishes)
		munmap(kernel->wishes, WISHES_BYTES);
	close_all(kernel->programs, KERNEL_PROGRAMS);
	close_all(kernel->maps, KERNEL_MAPS);
	free(kernel->rares.records);
	free(kernel->scratch);
	free(kernel->cpus);
	free(kernel);
}

void dwell_kernel_zero(struct dwell_kernel *kernel, uint64_t zero_ns)
{
	kernel->rares.zero_ns = zero_ns - kernel->start_ns;
	for (uint32_t cpu = 0; cpu < kernel->cpu_count; cpu++)
		kernel->cpus[cpu].zero_ns = zero_ns - kernel->start_ns;
}

int dwell_kernel_follow(struct dwell_kernel *kernel, uint32_t tid)
{
	const struct dwell_kernel_note note = { .tid = tid, .followed = 1 };
	const uint32_t index = tid % DWELL_KERNEL_NOTES;

	return bpf_map_update_elem(kernel->maps[KERNEL_NOTES], &index, &note, BPF_ANY) == 0
		       ? 0
		       : DWELL_EIO;
}

static void wish(struct dwell_kernel *kernel, uint32_t tid, uint64_t least, uint64_t times)
{
	volatile struct dwell_kernel_wish *its =
		kernel->wishes ? &kernel->wishes[tid % DWELL_KERNEL_NOTES] : NULL;
	uint64_t bytes;

	if (!its)
		return;
	/* Zeros: none yet, so none of exactly that much either. */
	bytes = its->bytes ? (its->bytes ^ DWELL_KERNEL_STACK_FIRST) * times : 0;
	if (bytes < least)
		bytes = least;
	if (bytes == DWELL_KERNEL_STACK_FIRST)
		bytes++;
	if (bytes > DWELL_KERNEL_STACK_MOST)
		bytes = DWELL_KERNEL_STACK_MOST;
	its->bytes = bytes ^ DWELL_KERNEL_STACK_FIRST;
}

void dwell_kernel_wish(struct dwell_kernel *kernel, uint32_t tid, uint64_t bytes)
{
	wish(kernel, tid, bytes > PAGE ? bytes : PAGE, 1);
}

void dwell_kernel_wish_more(struct dwell_kernel *kernel, uint32_t tid)
{
	wish(kernel, tid, 2 * DWELL_KERNEL_STACK_FIRST, 2);
}

void dwell_kernel_told(struct dwell_kernel *kernel, uint32_t tid, uint64_t address)
{
	volatile struct dwell_kernel_wish *its =
		kernel->wishes ? &kernel->wishes[tid % DWELL_KERNEL_NOTES] : NULL;

	if (!its)
		return;
	its->told = 0;
	its->tid = tid;
	its->told = address;
}

void dwell_kernel_births(struct dwell_kernel *kernel)
{
	ring_buffer__consume(kernel->rare);
}

unsigned dwell_kernel_fill(const struct dwell_kernel *kernel)
{
	return kernel->fill;
}
