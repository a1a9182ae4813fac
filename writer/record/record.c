#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "drain/urgent.h"
#include "dwell/error.h"
#include "flight.h"
#include "leaks.h"
#include "recording.h"
#include "roots.h"
#include "snapshot.h"

enum { EXIT_CANNOT_RUN = 126, EXIT_NOT_FOUND = 127 };

/* Of niceness, below that of the recorded program: ten of them slow a program that wants all CPUs.
 */
enum { URGENT_STEPS = 3 };

#define SNAPSHOT_PAUSE_NS UINT64_C(1000000000)

/* One run of `dwell record`. */
struct run {
	struct dwell_config config;
	struct dwell_record_options options;
	struct dwell_recording recording;
	struct dwell_launch launch;
	struct dwell_launch_user user;
	int signals;
	int requests;         /* where `dwell snapshot` knocks; -1: nobody may */
	bool snapshot;        /* wanted now */
	uint64_t snapshot_ns; /* when the last one was taken */
	bool stop;            /* asked to end (attached, or the whole machine) */
	bool opened, started; /* the recording: not before --delay is over */
	uint64_t begun_ns;
	bool complained;
	char cgroup[PATH_MAX]; /* that is recorded */
};

int dwell_complain(int status, const char *what, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "dwell: %s: ", what);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return status;
}

/* Recording ended early: say so once. The program goes on. */
static void tell_cut(struct run *run)
{
	if (!run->recording.cut || run->complained)
		return;
	run->complained = true;
	if (!run->options.quiet)
		dwell_complain(0, run->options.path, "recording stopped: %s; the program goes on",
			run->recording.cut);
}

static void pass(struct run *run)
{
	if (!run->started)
		return;
	(void)dwell_recording_pass(&run->recording);
	tell_cut(run);
}

static void before_stop(void *context)
{
	pass(context);
}

static void take_signal(struct run *run, const struct signalfd_siginfo *info)
{
	const int number = (int)info->ssi_signo;

	if (number == SIGUSR2 && run->options.flight) {
		run->snapshot = true;
		return;
	}
	switch (number) {
	case SIGCHLD:
	case SIGTSTP:
	case SIGPIPE:
	case SIGALRM:
		return;
	case SIGINT:
	case SIGTERM:
	case SIGQUIT:
	case SIGHUP:
		if (run->launch.pid == 0)
			run->stop = true;
		break;
	default:
		break;
	}
	/* What the terminal sends reaches the command by itself. */
	if (info->ssi_code <= 0)
		dwell_launch_pass(&run->launch, number);
}

static void take_signals(struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signals, &info, sizeof(info)) == sizeof(info))
		take_signal(run, &info);
}

/* Write what the flight recorder holds. Returns what went wrong, or an empty text. */
static const char *take_snapshot(struct run *run, const char *path)
{
	int err;

	if (!run->started || !run->recording.open)
		return "nothing is recorded now";
	pass(run);
	err = dwell_flight_write(&run->recording, path);
	run->snapshot_ns = dwell_monotonic_ns();
	if (err == DWELL_EIO)
		return strerror(errno);
	return err ? dwell_strerror(err) : "";
}

static void answer_requests(struct run *run)
{
	char path[PATH_MAX];
	int connection;

	while (run->requests >= 0 && (connection = dwell_snapshot_accept(run->requests, path)) >= 0)
		dwell_snapshot_answer(connection, take_snapshot(run, path));
}

/* SIGUSR2, or a wait that was too long: then not again within a second. */
static void snapshot_by_itself(struct run *run)
{
	const char *why;

	if (run->recording.sched.long_wait &&
		dwell_monotonic_ns() - run->snapshot_ns > SNAPSHOT_PAUSE_NS)
		run->snapshot = true;
	run->recording.sched.long_wait = false;
	if (!run->snapshot)
		return;
	run->snapshot = false;
	why = take_snapshot(run, run->options.path);
	if (why[0] && !run->options.quiet)
		dwell_complain(0, run->options.path, "%s", why);
}

/* The file and what can be collected; the trace's zero is now. */
static int open_recording(struct run *run)
{
	char why[512];

	run->opened = true;
	if (dwell_recording_open(&run->recording, &run->options, why, sizeof(why)) != 0)
		return dwell_complain(DWELL_EXIT_REFUSED, "record", "%s", why);
	if (run->user.name && !run->options.flight &&
		fchown(run->recording.file->fd, run->user.uid, run->user.gid) != 0)
		return dwell_complain(DWELL_EXIT_REFUSED, run->options.path, "%s", strerror(errno));
	dwell_recording_zero(&run->recording);
	return 0;
}

/* Record that process, or the whole machine. */
static int begin(struct run *run, uint32_t pid, bool running)
{
	char why[512];

	if (pid != 0 || run->options.cgroup)
		(void)dwell_recording_follow(&run->recording, pid, running);
	if (dwell_recording_begin(&run->recording, why, sizeof(why)) != 0)
		return dwell_complain(DWELL_EXIT_REFUSED, "record", "%s", why);
	run->started = true;
	return 0;
}

static bool done(struct run *run)
{
	if (run->stop)
		return true;
	if (run->options.pid != 0)
		return kill((pid_t)run->options.pid, 0) != 0 && errno == ESRCH;
	if (run->options.cgroup)
		return run->started && run->recording.group_empty;
	if (run->launch.pid == 0)
		return false;
	if (!run->launch.ended)
		return false;
	return !run->options.follow || !run->started || dwell_who_alive(run->recording.who) == 0;
}

/* Whether a program that runs already can be recorded here: by the scheduler's events only. */
static int can_attach(const struct run *run, const char *option)
{
	const struct dwell_kernel_options options = { .start_ns = dwell_monotonic_ns() };
	char bpf[160] = "not asked for", perf[160] = "not asked for";
	struct dwell_kernel *kernel;
	struct dwell_perf *machine;

	if (run->options.pid != 0 && kill((pid_t)run->options.pid, 0) != 0 && errno == ESRCH)
		return dwell_complain(
			DWELL_EXIT_ASKED, option, "there is no process %" PRIu32, run->options.pid);
	if (run->options.kernel && run->options.bpf &&
		dwell_kernel_open(&kernel, &options, bpf, sizeof(bpf)) == 0) {
		dwell_kernel_close(kernel);
		return 0;
	}
	if (run->options.kernel && dwell_perf_open_machine(&machine, perf, sizeof(perf)) == 0) {
		dwell_perf_close(machine);
		return 0;
	}
	if (run->options.pid != 0) {
		errno = dwell_watch_try(run->options.pid);
		if (errno == 0)
			return 0;
		return dwell_complain(DWELL_EXIT_REFUSED, option,
			"may not look into process %" PRIu32
			": %s (one's own may be looked into, where /proc/sys/kernel/yama/"
			"ptrace_scope is 0); scheduler's events: BPF: %s; perf: %s (see dwell "
			"doctor)",
			run->options.pid, strerror(errno), bpf, perf);
	}
	return dwell_complain(DWELL_EXIT_REFUSED, option,
		"needs the scheduler's events: BPF: %s; perf: %s (see dwell doctor)", bpf, perf);
}

/* After --delay the command runs already. */
static int delayed_start(struct run *run)
{
	int status;

	if (run->started || dwell_monotonic_ns() - run->begun_ns < run->options.delay_ns)
		return 0;
	status = open_recording(run);
	if (status == 0)
		status = begin(run,
			run->launch.pid > 0 ? (uint32_t)run->launch.pid : run->options.pid, true);
	return status;
}

static int loop(struct run *run)
{
	struct pollfd wait[2] = { { .fd = run->signals, .events = POLLIN },
		{ .fd = run->requests, .events = POLLIN } };

	while (!done(run)) {
		int pause = run->started ? dwell_recording_pause_ms(&run->recording) : 10;
		int status;

		/* Nothing wakes us when a stranger or a grandchild ends. */
		if (pause < 0 &&
			(run->options.pid != 0 || run->options.cgroup || run->launch.ended))
			pause = 100;
		(void)poll(wait, 2, pause);
		take_signals(run);
		if (run->launch.pid > 0)
			dwell_launch_look(&run->launch, before_stop, run);
		status = delayed_start(run);
		if (status != 0)
			return status;
		pass(run);
		answer_requests(run);
		snapshot_by_itself(run);
		if (run->recording.cut && run->launch.pid == 0)
			run->stop = true;
	}
	return 0;
}

/* Until it is over. What we record may want all of the CPUs: it is not to keep us from it. */
static int attend(struct run *run)
{
	const int steps = dwell_urgent_begin(URGENT_STEPS);
	const int status = loop(run);

	dwell_urgent_end(steps);
	return status;
}

static void print_size(char *out, size_t size, uint64_t bytes)
{
	if (bytes < 10000)
		snprintf(out, size, "%" PRIu64 " bytes", bytes);
	else if (bytes < 10000000)
		snprintf(out, size, "%.1f kB", (double)bytes / 1e3);
	else
		snprintf(out, size, "%.1f MB", (double)bytes / 1e6);
}

/* They told nothing of themselves, where the kernel's records are all there is of them, or less. */
static void tell_strangers(const struct run *run)
{
	const struct dwell_strangers strangers = dwell_recording_strangers(&run->recording);
	const char *path = run->options.path;

	if (!run->started || run->options.quiet)
		return;
	if (strangers.mute)
		(void)dwell_complain(0, path,
			"%" PRIu64 " processes have a libdwell of another version than the "
			"recorder's: what it knows is missing",
			strangers.mute);
	if (strangers.older)
		(void)dwell_complain(0, path,
			"%" PRIu64 " processes have a libdwell older than the recorder: what it "
			"did not know is missing",
			strangers.older);
	if (strangers.newer)
		(void)dwell_complain(0, path,
			"%" PRIu64 " processes have a libdwell newer than the recorder: what the "
			"recorder does not know is missing",
			strangers.newer);
}

/* What a user of Go's looks for is not in it, and easy to have. */
static void tell_go(const struct run *run)
{
	if (run->started && !run->options.quiet && !run->options.all &&
		dwell_maps_have_go(run->recording.maps))
		(void)dwell_complain(0, run->options.path,
			"a Go program was recorded as threads; its goroutines are in Go's own trace "
			"(runtime/trace, or /debug/pprof/trace of net/http/pprof), which dwell "
			"reads");
}

static void summary(struct run *run)
{
	const struct dwell_recording *recording = &run->recording;
	const double cpu = (double)dwell_recording_cpu_ns() / 1e9;
	const double wall = (double)recording->end_ns / 1e9;
	char size[32];

	uint64_t bytes = recording->file->bytes;

	if (run->options.flight)
		bytes = recording->written_bytes;
	if (run->options.quiet || !run->started || bytes == 0)
		return;
	print_size(size, sizeof(size), bytes);
	fprintf(stderr,
		"dwell: %s: %s, %" PRIu64 " events, %" PRIu64 " waits, %" PRIu64
		" lost; the recorder used %.2f s of CPU in %.2f s\n",
		run->options.path, size, recording->tick.rows, dwell_recording_waits(recording),
		dwell_recording_lost(recording), cpu, wall);
}

/* Start the command, held at its gate until it is recorded. */
static int launch(struct run *run)
{
	const bool now = run->options.delay_ns == 0;
	char *const *environment = now ? dwell_recording_environment(&run->recording) : NULL;
	int error, status = 0;

	if (dwell_launch_fork(&run->launch, run->options.command, &run->user, environment) != 0)
		return dwell_complain(
			DWELL_EXIT_REFUSED, run->options.command[0], "%s", strerror(errno));
	if (now)
		status = begin(run, (uint32_t)run->launch.pid, false);
	if (status != 0) {
		dwell_launch_cancel(&run->launch);
		return status;
	}
	error = dwell_launch_go(&run->launch);
	if (error == 0)
		return 0;
	return dwell_complain(error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN,
		run->options.command[0], "%s", strerror(error));
}

static int run_all(struct run *run)
{
	int status = 0;

	run->begun_ns = dwell_monotonic_ns();
	run->signals = dwell_launch_signals(&run->launch);
	if (run->options.flight)
		run->requests = dwell_snapshot_listen();
	if (run->signals < 0)
		return dwell_complain(DWELL_EXIT_REFUSED, "signals", "%s", strerror(errno));
	if (!run->options.command[0])
		status = can_attach(run, run->options.pid != 0 ? "-p"
					 : run->options.cgroup ? "--cgroup"
							       : "-a");
	else if (run->options.delay_ns != 0)
		status = can_attach(run, "--delay");
	if (status == 0 && run->options.delay_ns == 0)
		status = open_recording(run);
	if (status == 0 && run->options.command[0])
		status = launch(run);
	else if (status == 0 && run->options.delay_ns == 0)
		status = begin(run, run->options.pid, true);
	if (status == 0)
		status = attend(run);
	if (run->started) {
		run->recording.write_at_end =
			run->options.snapshot_on_exit ||
			(run->options.snapshot_on_signal && run->launch.ended &&
				WIFSIGNALED(run->launch.status));
		(void)dwell_recording_finish(&run->recording);
		tell_cut(run);
	}
	if (status != 0)
		return status;
	tell_strangers(run);
	tell_go(run);
	summary(run);
	if (run->launch.pid > 0)
		status = dwell_launch_exit_status(&run->launch);
	if (run->options.leak_check && run->started)
		status = dwell_leak_check(run->options.path, run->options.quiet, status);
	return status;
}

static int find_cgroup(struct run *run)
{
	if (!run->options.cgroup)
		return 0;
	if (dwell_roots_find_cgroup(run->options.cgroup, run->cgroup) != 0)
		return dwell_complain(DWELL_EXIT_ASKED, run->options.cgroup,
			"no such control group: give the path of its folder, whole or below "
			"/sys/fs/cgroup");
	run->options.cgroup = run->cgroup;
	return 0;
}

/* The command line, and before it the file that it names. */
static int read_options(struct run *run, int argc, char **argv)
{
	struct dwell_record_options *options = &run->options;
	char why[200];

	if (dwell_record_options_parse(options, NULL, argc, argv, why, sizeof(why)) != 0)
		return dwell_complain(DWELL_EXIT_ASKED, "record", "%s", why);
	if (!options->config_path)
		return find_cgroup(run);
	if (dwell_config_read(&run->config, options->config_path, why, sizeof(why)) != 0)
		return dwell_complain(DWELL_EXIT_ASKED, options->config_path, "%s", why);
	if (dwell_record_options_parse(options, &run->config, argc, argv, why, sizeof(why)) != 0)
		return dwell_complain(DWELL_EXIT_ASKED, "record", "%s", why);
	return find_cgroup(run);
}

int dwell_record_main(int argc, char **argv)
{
	struct run run = { .signals = -1, .requests = -1 };
	int status = read_options(&run, argc, argv);

	if (status == 0 && run.options.help) {
		fputs(dwell_record_help, stdout);
	} else if (status == 0 && run.options.user &&
		   dwell_launch_find_user(run.options.user, &run.user) != 0) {
		status = dwell_complain(DWELL_EXIT_ASKED, run.options.user, "no such user");
	} else if (status == 0) {
		status = run_all(&run);
		if (run.opened)
			dwell_recording_close(&run.recording);
	}
	dwell_config_release(&run.config);
	return status;
}
