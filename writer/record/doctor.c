#include "doctor.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dwell/types.h"
#include "kernel.h"
#include "perf.h"
#include "preload.h"
#include "proc.h"
#include "record.h"

enum { PROGRAM, SWITCHES, RUN_DELAY, SCHEDULER, REASONS };

static void look_at_program(struct dwell_doctor_level *level)
{
	char path[PATH_MAX];

	level->available = dwell_preload_library(path);
	if (level->available) {
		snprintf(level->why, sizeof(level->why),
			"programs that are linked to glibc by a loader can load %.300s", path);
		return;
	}
	snprintf(level->why, sizeof(level->why),
		"libdwell-preload.so is not beside this program, nor in ../lib");
	snprintf(level->fix, sizeof(level->fix), "install dwell whole");
}

static void paranoid(char *out, size_t size)
{
	char text[16];

	if (dwell_proc_read("/proc/sys/kernel/perf_event_paranoid", text, sizeof(text)) <= 0)
		snprintf(text, sizeof(text), "not there");
	text[strcspn(text, "\n")] = '\0';
	snprintf(out, size, "%s", text);
}

static void look_at_switches(struct dwell_doctor_level *level)
{
	char value[16];
	const int error = dwell_perf_try();

	paranoid(value, sizeof(value));
	level->available = error == 0;
	if (error == 0) {
		snprintf(level->why, sizeof(level->why),
			"perf_event_open is allowed (kernel.perf_event_paranoid is %s)", value);
		return;
	}
	snprintf(level->why, sizeof(level->why),
		"perf_event_open: %s (kernel.perf_event_paranoid is %s)", strerror(error), value);
	if (strtol(value, NULL, 10) > 2)
		snprintf(level->fix, sizeof(level->fix),
			"as root: sysctl kernel.perf_event_paranoid=2; or give this program "
			"cap_perfmon");
	else
		snprintf(level->fix, sizeof(level->fix),
			"a filter of system calls refuses it, as containers have: start the "
			"container "
			"with --cap-add PERFMON, or with a seccomp profile that allows "
			"perf_event_open");
}

static void look_at_run_delay(struct dwell_doctor_level *level, bool switches)
{
	char text[96];
	const bool kept = dwell_proc_read("/proc/self/schedstat", text, sizeof(text)) > 0;

	level->available = kept && switches;
	if (!kept) {
		snprintf(level->why, sizeof(level->why), "there is no /proc/self/schedstat");
		snprintf(level->fix, sizeof(level->fix),
			"a kernel with CONFIG_SCHED_INFO, as distributions have");
		return;
	}
	snprintf(level->why, sizeof(level->why), "%s",
		switches
			? "/proc/PID/schedstat can be read; used where the scheduler cannot be seen"
			: "it says how long, but without switches not when");
}

static void rights_for_bpf(char *out, size_t size)
{
	char self[PATH_MAX] = "dwell-record";
	const ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length > 0)
		self[length] = '\0';
	if (geteuid() == 0)
		snprintf(out, size,
			"root without CAP_BPF and CAP_PERFMON, as in a container: add both");
	else
		snprintf(out, size,
			"sudo dwell record --user $USER -- COMMAND. Or once, as root: setcap "
			"cap_bpf,cap_perfmon,cap_sys_ptrace+ep %.200s: then whoever may run that "
			"file can watch every program of this machine, and read its memory",
			self);
}

static void look_at_reasons(struct dwell_doctor_level *level)
{
	const struct dwell_kernel_options options = { .stacks = true };
	struct dwell_kernel *kernel;
	char why[160];

	level->available = dwell_kernel_open(&kernel, &options, why, sizeof(why)) == 0;
	if (level->available) {
		dwell_kernel_close(kernel);
		snprintf(level->why, sizeof(level->why), "BPF programs can be loaded and attached");
		return;
	}
	snprintf(level->why, sizeof(level->why), "BPF: %s", why);
	if (access("/sys/kernel/btf/vmlinux", R_OK) != 0)
		snprintf(level->fix, sizeof(level->fix),
			"this kernel does not say where its fields are (/sys/kernel/btf/vmlinux): "
			"one built with CONFIG_DEBUG_INFO_BTF is needed, as distributions have");
	else
		rights_for_bpf(level->fix, sizeof(level->fix));
}

/* What BPF can do, or else perf's tracepoints. */
static void look_at_scheduler(
	struct dwell_doctor_level *level, const struct dwell_doctor_level *reasons)
{
	struct dwell_perf *machine;
	char why[160];

	level->available = reasons->available;
	memcpy(level->why, reasons->why, sizeof(level->why));
	if (level->available)
		return;
	level->available = dwell_perf_open_machine(&machine, why, sizeof(why)) == 0;
	if (level->available) {
		dwell_perf_close(machine);
		snprintf(level->why, sizeof(level->why),
			"perf's tracepoints can be opened (%.300s)", reasons->why);
		return;
	}
	snprintf(level->why, sizeof(level->why), "%.200s; tracepoints: %s", reasons->why, why);
	memcpy(level->fix, reasons->fix, sizeof(level->fix));
}

void dwell_doctor_look(struct dwell_doctor_level levels[DWELL_DOCTOR_LEVELS])
{
	memset(levels, 0, DWELL_DOCTOR_LEVELS * sizeof(*levels));
	levels[PROGRAM].name = dwell_level_name(DWELL_LEVEL_PROGRAM);
	levels[PROGRAM].gives = "waits on locks and in calls, with object, holder and stack";
	look_at_program(&levels[PROGRAM]);
	levels[SWITCHES].name = dwell_level_name(DWELL_LEVEL_SWITCHES);
	levels[SWITCHES].gives = "when each thread of the program enters and leaves a CPU";
	look_at_switches(&levels[SWITCHES]);
	levels[RUN_DELAY].name = dwell_level_name(DWELL_LEVEL_RUN_DELAY);
	levels[RUN_DELAY].gives = "how long threads of the program were ready before they went on, "
				  "after waits of some milliseconds";
	look_at_run_delay(&levels[RUN_DELAY], levels[SWITCHES].available);
	levels[SCHEDULER].name = dwell_level_name(DWELL_LEVEL_SCHEDULER);
	levels[SCHEDULER].gives = "switches and wakes of the whole machine: latencies, wakers, who "
				  "ran instead; -a";
	look_at_reasons(&levels[REASONS]);
	look_at_scheduler(&levels[SCHEDULER], &levels[REASONS]);
	levels[REASONS].name = dwell_level_name(DWELL_LEVEL_REASONS);
	levels[REASONS].gives = "why threads of any program block, static and Go programs too, "
				"with stacks";
}

static void print_text(const struct dwell_doctor_level *levels)
{
	for (int i = 0; i < DWELL_DOCTOR_LEVELS; i++) {
		const struct dwell_doctor_level *level = &levels[i];

		printf("%-10s %s  %s\n", level->name, level->available ? "yes" : "no ",
			level->gives);
		printf("%-10s      %s\n", "", level->why);
		if (level->fix[0])
			printf("%-10s      to have it: %s\n", "", level->fix);
	}
}

/* Paths may hold anything. */
static void print_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		const unsigned char byte = (unsigned char)*text;

		if (byte == '"' || byte == '\\')
			printf("\\%c", byte);
		else if (byte < 0x20 || byte > 0x7e)
			printf("\\u%04x", byte);
		else
			putchar(byte);
	}
	putchar('"');
}

static void print_json(const struct dwell_doctor_level *levels)
{
	printf("{\"schema\":\"dwell.doctor/1\",\"levels\":[");
	for (int i = 0; i < DWELL_DOCTOR_LEVELS; i++) {
		printf("%s{\"name\":\"%s\",\"available\":%s,\"gives\":", i ? "," : "",
			levels[i].name, levels[i].available ? "true" : "false");
		print_string(levels[i].gives);
		printf(",\"why\":");
		print_string(levels[i].why);
		printf(",\"fix\":");
		if (levels[i].fix[0])
			print_string(levels[i].fix);
		else
			printf("null");
		printf("}");
	}
	printf("]}\n");
}

static const char help[] =
	"usage: dwell doctor [--json]\n"
	"\n"
	"Say what can be collected here, what cannot, and what would change it.\n"
	"\n"
	"      --json  print one object\n"
	"  -h, --help  print this\n";

int dwell_doctor_main(int argc, char **argv)
{
	struct dwell_doctor_level levels[DWELL_DOCTOR_LEVELS];
	const bool json = argc == 2 && strcmp(argv[1], "--json") == 0;

	if (argc == 2 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
		fputs(help, stdout);
		return 0;
	}
	if (argc > 1 && !json)
		return dwell_complain(DWELL_EXIT_ASKED, argv[1], "not understood");
	dwell_doctor_look(levels);
	if (json)
		print_json(levels);
	else
		print_text(levels);
	return fflush(stdout) == 0 ? DWELL_EXIT_OK : DWELL_EXIT_REFUSED;
}
