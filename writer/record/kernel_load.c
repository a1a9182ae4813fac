#include "kernel_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "dwell/error.h"
#include "reasons.h"

extern const uint8_t dwell_bpf_sched_begin[];
extern const uint8_t dwell_bpf_sched_end[];

/*
 * What a loader (bpf_object__gen_loader) is given, and where it leaves descriptors: the form that
 * libbpf's light skeletons have.
 */
struct loader {
	uint32_t size, flags, log_level, log_size;
	uint64_t log;
	struct {
		int fd;
		uint32_t entries; /* 0: as the object has it */
		uint64_t value;   /* 0: the same */
	} maps[KERNEL_MAPS];
	int programs[KERNEL_PROGRAMS];
};

static const char *const map_names[KERNEL_MAPS] = { [KERNEL_AREAS] = "areas",
	[KERNEL_NOTES] = "notes",
	[KERNEL_WISHES] = "wishes",
	[KERNEL_FORECASTS] = "forecasts",
	[KERNEL_RARE] = "rare",
	[KERNEL_CONSTANTS] = ".rodata" };

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

static int configure(struct bpf_object *object, const struct dwell_kernel *kernel,
	const struct dwell_kernel_options *options)
{
	struct bpf_map *areas = bpf_object__find_map_by_name(object, "areas");
	struct bpf_map *constants = bpf_object__find_map_by_name(object, ".rodata");
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

/* Which of ours a map is; KERNEL_MAPS: none. */
static unsigned map_of(const struct bpf_map *map)
{
	const char *name = bpf_map__name(map);
	const size_t size = strlen(name);
	unsigned which = 0;

	/* The map of constants has the object's name before its own. */
	while (which < KERNEL_MAPS &&
		(size < strlen(map_names[which]) ||
			strcmp(name + size - strlen(map_names[which]), map_names[which]) != 0))
		which++;
	return which;
}

static int keep(int fd, int *to)
{
	*to = fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return *to < 0 ? DWELL_EIO : 0;
}

/* By the library, which reads the kernel's types to find out where its fields are. */
static int load_here(struct dwell_kernel *kernel, struct bpf_object *object)
{
	int err = bpf_object__load(object) == 0 ? 0 : DWELL_EIO;
	struct bpf_program *program;
	struct bpf_map *map;

	if (err)
		return err;
	bpf_object__for_each_map(map, object)
	{
		const unsigned which = map_of(map);

		if (!err && which < KERNEL_MAPS)
			err = keep(bpf_map__fd(map), &kernel->maps[which]);
	}
	bpf_object__for_each_program(program, object)
	{
		if (!err && bpf_program__autoload(program) &&
			kernel->program_count < KERNEL_PROGRAMS)
			err = keep(bpf_program__fd(program),
				&kernel->programs[kernel->program_count++]);
	}
	return err;
}

/* Its order of maps and programs is the object's. */
static void take_loaded(
	struct dwell_kernel *kernel, struct bpf_object *object, const struct loader *loader)
{
	size_t next = 0;
	struct bpf_program *program;
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		kernel->maps[map_of(map)] = loader->maps[next++].fd;
	}
	bpf_object__for_each_program(program, object)
	{
		if (!bpf_program__autoload(program))
			continue;
		kernel->programs[kernel->program_count] = loader->programs[kernel->program_count];
		kernel->program_count++;
	}
}

/* Are there as many as a loader is given room for? */
static int fits(struct bpf_object *object)
{
	unsigned maps = 0, programs = 0;
	struct bpf_program *program;
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		if (map_of(map) == KERNEL_MAPS)
			return 0;
		maps++;
	}
	bpf_object__for_each_program(program, object)
	{
		programs++;
	}
	return maps == KERNEL_MAPS && programs <= KERNEL_PROGRAMS;
}

static int run_loader(const struct gen_loader_opts *made, int data, struct loader *loader)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .fd_array = &data, .prog_flags = BPF_F_SLEEPABLE);
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = loader, .ctx_size_in = sizeof(*loader));
	const __u32 zero = 0;
	int err, fd;

	if (bpf_map_update_elem(data, &zero, made->data, BPF_ANY) != 0)
		return DWELL_EIO;
	fd = bpf_prog_load(BPF_PROG_TYPE_SYSCALL, "dwell_loader", "Dual BSD/GPL",
		(const struct bpf_insn *)made->insns, made->insns_sz / sizeof(struct bpf_insn),
		&options);
	if (fd < 0)
		return DWELL_EIO;
	err = bpf_prog_test_run_opts(fd, &run) == 0 ? 0 : DWELL_EIO;
	if (!err && (int)run.retval < 0) {
		errno = -(int)run.retval;
		err = DWELL_EIO;
	}
	close(fd);
	return err;
}

/*
 * By a program that the library makes, and that loads the others from within the kernel. The kernel
 * knows its own types: the library would read 6 MB of them for it, two fifths of all that a
 * recording costs once.
 */
static int load_there(struct dwell_kernel *kernel, struct bpf_object *object)
{
	struct gen_loader_opts made = { .sz = sizeof(made) };
	struct loader loader = { .size = sizeof(loader) };
	int data, err;

	if (!fits(object))
		return DWELL_EUNSUPPORTED;
	if (bpf_object__gen_loader(object, &made) != 0 || bpf_object__load(object) != 0)
		return DWELL_EIO;
	data = bpf_map_create(
		BPF_MAP_TYPE_ARRAY, "dwell_loader", sizeof(__u32), made.data_sz, 1, NULL);
	if (data < 0)
		return DWELL_EIO;
	err = run_loader(&made, data, &loader);
	if (!err)
		take_loaded(kernel, object, &loader);
	else if (getenv("DWELL_DEBUG_BPF"))
		fprintf(stderr, "loading in the kernel: %s\n", strerror(errno));
	close(data);
	return err;
}

/* The loader's form is an affair of the library's: is it the one that we were built with? */
static bool may_load_there(const struct dwell_kernel_options *options)
{
	return !options->library && libbpf_major_version() == LIBBPF_MAJOR_VERSION &&
	       libbpf_minor_version() == LIBBPF_MINOR_VERSION;
}

static int load_once(struct dwell_kernel *kernel, const struct dwell_kernel_options *options,
	bool ask, const char **step)
{
	const size_t size = (size_t)(dwell_bpf_sched_end - dwell_bpf_sched_begin);
	struct bpf_object *object;
	int err, why;

	*step = "opening the programs";
	object = bpf_object__open_mem(dwell_bpf_sched_begin, size, NULL);
	if (!object)
		return DWELL_EIO;
	*step = "the kernel's types (BTF)";
	err = ask ? choose_programs(object) : choose_switch(object, true);
	if (!err)
		err = configure(object, kernel, options);
	if (!err) {
		*step = "loading the programs";
		err = !ask && may_load_there(options) ? load_there(kernel, object)
						      : load_here(kernel, object);
	}
	why = errno;
	bpf_object__close(object);
	errno = why;
	return err;
}

/*
 * Most kernels take the programs for the newest form of the arguments, and a tracepoint that is not
 * there or has others makes loading fail: the kernel's types are only asked then.
 */
int dwell_kernel_load(
	struct dwell_kernel *kernel, const struct dwell_kernel_options *options, const char **step)
{
	int err = load_once(kernel, options, false, step);

	/* Without the right to, there is no other way. */
	if (err && errno != EPERM)
		err = load_once(kernel, options, true, step);
	return err;
}
