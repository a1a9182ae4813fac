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
#include <bpf/btf.h>

#include "drain/grow.h"
#include "dwell/error.h"
#include "kernel_private.h"
#include "reasons.h"
#include "ring/ring.h"

enum { PAGE = 4096, WISHES_BYTES = DWELL_KERNEL_NOTES * sizeof(struct dwell_kernel_wish) };

_Static_assert(
	offsetof(struct dwell_ring_line, state_caller) - offsetof(struct dwell_ring_line, state) ==
		offsetof(struct dwell_kernel_told, caller),
	"what the kernel's programs read is what programs write");

extern const uint8_t dwell_bpf_sched_begin[];
extern const uint8_t dwell_bpf_sched_end[];

static int quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	return 0;
}

/* How many arguments a tracepoint hands to programs, or 0 where the kernel does not say. */
static unsigned tracepoint_arguments(const struct btf *btf, const char *name)
{
	const int id = btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;

	if (type)
		type = btf__type_by_id(btf, type->type); /* a pointer */
	if (type)
		type = btf__type_by_id(btf, type->type); /* to a function */
	/* The first one is not the program's. */
	return type && btf_is_func_proto(type) && btf_vlen(type) > 0 ? btf_vlen(type) - 1u : 0;
}

/* Not every machine has a local timer's tracepoints. */
static void drop_unknown(struct bpf_object *object, const struct btf *btf)
{
	static const char prefix[] = "tp_btf/";
	struct bpf_program *program;

	bpf_object__for_each_program(program, object)
	{
		char name[64];

		snprintf(name, sizeof(name), "btf_trace_%s",
			bpf_program__section_name(program) + sizeof(prefix) - 1);
		if (btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF) <= 0)
			bpf_program__set_autoload(program, false);
	}
}

/* One of two, by whether the tracepoint says the state that `prev` left in. */
static int choose_switch(struct bpf_object *object, bool says_state)
{
	struct bpf_program *told = bpf_object__find_program_by_name(object, "dwell_switch_told");
	struct bpf_program *read = bpf_object__find_program_by_name(object, "dwell_switch_read");

	if (!told || !read)
		return DWELL_EUNSUPPORTED;
	bpf_program__set_autoload(told, says_state);
	bpf_program__set_autoload(read, !says_state);
	return 0;
}

/* Choose between programs for different forms of a tracepoint's arguments. */
static int choose_programs(struct bpf_object *object)
{
	struct btf *btf = btf__load_vmlinux_btf();
	unsigned arguments;

	if (!btf)
		return DWELL_EUNSUPPORTED;
	arguments = tracepoint_arguments(btf, "btf_trace_sched_switch");
	drop_unknown(object, btf);
	btf__free(btf);
	return arguments < 3 ? DWELL_EUNSUPPORTED : choose_switch(object, arguments >= 4);
}

/* The calls in which the kernel looks which file it is about. */
static void choose_files(struct dwell_kernel_config *config)
{
	for (uint32_t number = 0; number < DWELL_KERNEL_CALLS; number++) {
		const struct dwell_call call = dwell_call_of(number);

		if (dwell_call_may_be_on_a_file(&call))
			config->files[number / 64] |= UINT64_C(1) << (number % 64);
	}
}

static int configure(struct dwell_kernel *kernel, const struct dwell_kernel_options *options)
{
	struct bpf_map *areas = bpf_object__find_map_by_name(kernel->object, "areas");
	struct bpf_map *constants = bpf_object__find_map_by_name(kernel->object, ".rodata");
	struct dwell_kernel_config config = {
		.start_ns = options->start_ns,
		.long_ns = options->long_ns,
		.cpus = kernel->cpu_count,
		.all = options->all,
		.stacks = options->stacks,
	};

	choose_files(&config);
	if (!areas || !constants ||
		bpf_map__set_initial_value(constants, &config, sizeof(config)) != 0)
		return DWELL_EUNSUPPORTED;
	if (bpf_map__set_max_entries(areas, kernel->cpu_count) != 0)
		return DWELL_EIO;
	return 0;
}

static int attach(struct dwell_kernel *kernel)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, kernel->object)
	{
		struct bpf_link *link;

		if (!bpf_program__autoload(program) || kernel->program_count == KERNEL_PROGRAMS)
			continue;
		link = bpf_program__attach(program);
		if (!link)
			return DWELL_EIO;
		kernel->programs[kernel->program_count] = program;
		kernel->links[kernel->program_count++] = link;
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
	struct bpf_map *areas = bpf_object__find_map_by_name(kernel->object, "areas");
	struct bpf_map *notes = bpf_object__find_map_by_name(kernel->object, "notes");
	struct bpf_map *rare = bpf_object__find_map_by_name(kernel->object, "rare");
	struct bpf_map *wishes = bpf_object__find_map_by_name(kernel->object, "wishes");
	const size_t size = (size_t)kernel->cpu_count * DWELL_KERNEL_AREA_BYTES;
	void *at = mmap(NULL, size, PROT_READ, MAP_SHARED, bpf_map__fd(areas), 0);

	if (at == MAP_FAILED)
		return DWELL_EIO;
	kernel->areas = at;
	at = mmap(NULL, WISHES_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(wishes), 0);
	kernel->wishes = at == MAP_FAILED ? NULL : at;
	kernel->notes_fd = bpf_map__fd(notes);
	for (uint32_t cpu = 0; cpu < kernel->cpu_count; cpu++) {
		kernel->cpus[cpu].area = kernel->areas + (size_t)cpu * DWELL_KERNEL_AREA_BYTES;
		kernel->cpus[cpu].stacks =
			malloc(KERNEL_STACKS_KEPT + sizeof(struct dwell_kernel_stack));
		if (!kernel->cpus[cpu].stacks)
			return DWELL_ENOMEM;
	}
	kernel->rare = ring_buffer__new(bpf_map__fd(rare), take_rare, &kernel->rares, NULL);
	kernel->scratch = malloc((size_t)DWELL_KERNEL_SLOTS * 16);
	return kernel->rare && kernel->scratch ? 0 : DWELL_ENOMEM;
}

/*
 * Most kernels take the programs for the newest form of the arguments, and a tracepoint that is not
 * there or has others makes loading fail: so the kernel's types, whose 6 MB libbpf is about to read
 * itself, are only asked then.
 */
static int load_programs(struct dwell_kernel *kernel, const struct dwell_kernel_options *options,
	bool ask, const char **step)
{
	const size_t size = (size_t)(dwell_bpf_sched_end - dwell_bpf_sched_begin);
	int err = 0;

	*step = "opening the programs";
	bpf_object__close(kernel->object);
	kernel->object = bpf_object__open_mem(dwell_bpf_sched_begin, size, NULL);
	if (!kernel->object)
		return DWELL_EIO;
	*step = "the kernel's types (BTF)";
	if (ask)
		err = choose_programs(kernel->object);
	else
		err = choose_switch(kernel->object, true);
	if (!err)
		err = configure(kernel, options);
	if (err)
		return err;
	*step = "loading the programs";
	return bpf_object__load(kernel->object) == 0 ? 0 : DWELL_EIO;
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
	err = load_programs(kernel, options, false, step);
	/* Without the right to, there is no other way. */
	if (err && errno != EPERM)
		err = load_programs(kernel, options, true, step);
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

void dwell_kernel_close(struct dwell_kernel *kernel)
{
	if (!kernel)
		return;
	for (size_t i = 0; i < kernel->program_count; i++)
		bpf_link__destroy(kernel->links[i]);
	ring_buffer__free(kernel->rare);
	for (uint32_t cpu = 0; kernel->cpus && cpu < kernel->cpu_count; cpu++) {
		free(kernel->cpus[cpu].queue.records);
		free(kernel->cpus[cpu].stacks);
	}
	if (kernel->areas)
		munmap(kernel->areas, (size_t)kernel->cpu_count * DWELL_KERNEL_AREA_BYTES);
	if (kernel->wishes)
		munmap(kernel->wishes, WISHES_BYTES);
	bpf_object__close(kernel->object);
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

	return bpf_map_update_elem(kernel->notes_fd, &index, &note, BPF_ANY) == 0 ? 0 : DWELL_EIO;
}

static void wish(struct dwell_kernel *kernel, uint32_t tid, uint64_t least, uint64_t times)
{
	volatile struct dwell_kernel_wish *its =
		kernel->wishes ? &kernel->wishes[tid % DWELL_KERNEL_NOTES] : NULL;
	uint64_t bytes = its ? its->bytes * times : 0;

	if (bytes < least)
		bytes = least;
	if (its)
		its->bytes = bytes < DWELL_KERNEL_STACK_MOST ? bytes : DWELL_KERNEL_STACK_MOST;
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
