#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dwell/types.h"
#include "record/launch.h"
#include "record/options.h"
#include "record/proc.h"
#include "record/program.h"
#include "record/reasons.h"

Test(record, times_and_sizes)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t time, size;
	} cases[] = {
		{ "1.5s", true, 1500000000, 0 },
		{ "200ms", true, 200000000, 0 },
		{ "2m", true, 120000000000, 0 },
		{ "3", true, 3000000000, 3 },
		{ "64M", true, 0, 64 << 20 },
		{ "1.5GiB", true, 0, 1610612736 },
		{ "10kB", true, 0, 10000 },
		{ "", false, 0, 0 },
		{ "s", false, 0, 0 },
		{ "-1s", false, 0, 0 },
		{ "1 s", false, 0, 0 },
		{ "1e400s", false, 0, 0 },
		{ "nan", false, 0, 0 },
		{ "5parsecs", false, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t time = 0, size = 0;
		const bool is_time = dwell_read_time(cases[i].text, &time);
		const bool is_size = dwell_read_size(cases[i].text, &size);

		cr_expect(is_time == (cases[i].time != 0), "%s as a time", cases[i].text);
		cr_expect(is_size == (cases[i].size != 0), "%s as a size", cases[i].text);
		cr_expect(!is_time || time == cases[i].time, "%s", cases[i].text);
		cr_expect(!is_size || size == cases[i].size, "%s", cases[i].text);
	}
}

static int parse(struct dwell_record_options *options, const char *line, char *why)
{
	static char copy[256];
	static char *words[32];
	char *rest;
	int count = 0;

	snprintf(copy, sizeof(copy), "dwell-record %s", line);
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	words[count] = NULL;
	optind = 0; /* getopt begins anew */
	return dwell_record_options_parse(options, NULL, count, words, why, 200);
}

Test(record, options)
{
	static const struct {
		const char *line;
		const char *why; /* NULL: good; else a part of what is said */
	} cases[] = {
		{ "true", NULL },
		{ "-q -o f -- true -q", NULL },
		{ "-a", NULL },
		{ "-p 12", NULL },
		{ "", "nothing to record" },
		{ "-a true", "exclude" },
		{ "-p 1 -a", "exclude" },
		{ "-p 0", "not understood" },
		{ "-p x", "--pid: not understood: x" },
		{ "--stacks maybe true", "--stacks: not understood: maybe (see dwell record -h)" },
		{ "--limit-size 0 true", "not understood" },
		{ "--tick 0 true", "not understood" },
		{ "--nonsense true", "no such option" },
		{ "-o", "needs a value" },
		{ "--no-kernel --no-preload true", "leaves nothing" },
		{ "--user x -a", "is for a command" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct dwell_record_options options;
		char why[200] = "";
		const int err = parse(&options, cases[i].line, why);

		cr_expect((err == 0) == (cases[i].why == NULL), "'%s': %s", cases[i].line, why);
		cr_expect(
			!cases[i].why || strstr(why, cases[i].why), "'%s': %s", cases[i].line, why);
	}
}

Test(record, options_of_the_command_are_its_own)
{
	struct dwell_record_options options;
	char why[200];

	cr_assert(parse(&options, "-q --tick 1 sh -o x --all", why) == 0);
	cr_expect_str_eq(options.command[0], "sh");
	cr_expect_str_eq(options.command[1], "-o");
	cr_expect_str_eq(options.path, "dwell.trace");
	cr_expect(options.quiet && options.tick_ns == 1 && !options.all);
}

Test(record, reasons_of_calls)
{
	static const struct {
		uint32_t call;
		uint8_t reason, argument;
	} cases[] = {
		{ SYS_futex, DWELL_REASON_FUTEX, DWELL_ARGUMENT_FUTEX },
		{ SYS_clock_nanosleep, DWELL_REASON_SLEEP, DWELL_ARGUMENT_NONE },
		{ SYS_read, DWELL_REASON_NONE, DWELL_ARGUMENT_DESCRIPTOR },
		{ SYS_recvmsg, DWELL_REASON_NET, DWELL_ARGUMENT_DESCRIPTOR },
		{ SYS_wait4, DWELL_REASON_PROCESS, DWELL_ARGUMENT_PID },
		{ SYS_ppoll, DWELL_REASON_POLL, DWELL_ARGUMENT_NONE },
		{ SYS_getpid, DWELL_REASON_SYSCALL, DWELL_ARGUMENT_NONE },
		{ 0xffff, DWELL_REASON_PAGE_FAULT, DWELL_ARGUMENT_NONE },
		{ 0xfffe, DWELL_REASON_SYSCALL, DWELL_ARGUMENT_NONE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct dwell_call call = dwell_call_of(cases[i].call);

		cr_expect(call.reason == cases[i].reason && call.argument == cases[i].argument,
			"call %u: %u %u", cases[i].call, call.reason, call.argument);
	}
}

Test(record, programs)
{
	struct dwell_program program;

	dwell_program_look("sh", &program);
	cr_expect_eq(program.kind, DWELL_PROGRAM_LOADS);
	cr_expect_str_empty(program.sanitizer);
	/* A script is what its interpreter is. */
	dwell_program_look(DWELL_TESTDATA "/cli/run", &program);
	cr_expect_eq(program.kind, DWELL_PROGRAM_LOADS);
	dwell_program_look("/etc/passwd", &program);
	cr_expect_eq(program.kind, DWELL_PROGRAM_UNKNOWN);
	dwell_program_look("/nowhere/at/all", &program);
	cr_expect_eq(program.kind, DWELL_PROGRAM_UNKNOWN);
	cr_expect(dwell_program_why(&program) != NULL);
}

/* As a recorder that is killed, or gives up, before the command's program was begun. */
static void start_and(void (*then)(struct dwell_launch *launch), int out)
{
	static char shell[] = "sh", option[] = "-c",
		    script[] = "printf %s \"$DWELL_TEST_NAME\" ran";
	char *const command[] = { shell, option, script, NULL };
	char name[] = "DWELL_TEST_NAME=recorded";
	char *const environment[] = { name, NULL };
	struct dwell_launch launch = { .pid = 0 };
	const struct dwell_launch_user user = { .name = NULL };

	dup2(out, STDOUT_FILENO);
	close(out);
	if (dwell_launch_signals(&launch) >= 0 &&
		dwell_launch_fork(&launch, command, &user, environment) == 0)
		then(&launch);
	_exit(0);
}

static void be_killed(struct dwell_launch *launch)
{
	(void)launch;
	kill(getpid(), SIGKILL);
}

static void open_gate(struct dwell_launch *launch)
{
	cr_expect(dwell_launch_go(launch) == 0);
}

Test(record, gate)
{
	static const struct {
		void (*then)(struct dwell_launch *launch);
		const char *says;
	} cases[] = { { be_killed, "ran" }, { open_gate, "recordedran" },
		{ dwell_launch_cancel, "" } };

	unsetenv("DWELL_TEST_NAME");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char said[64] = "";
		size_t used = 0;
		int out[2];
		ssize_t got;
		pid_t pid;

		cr_assert(pipe(out) == 0);
		pid = fork();
		if (pid == 0) {
			close(out[0]);
			start_and(cases[i].then, out[1]);
		}
		close(out[1]);
		/* Until all that hold the other end are gone. */
		while ((got = read(out[0], said + used, sizeof(said) - 1 - used)) > 0)
			used += (size_t)got;
		close(out[0]);
		waitpid(pid, NULL, 0);
		cr_expect_str_eq(said, cases[i].says);
	}
}

static void ignore(void *context)
{
	(void)context;
}

/* As a recorder whose command is stopped until somebody lets it go on, and not us. */
static int record_stopped(void)
{
	static char shell[] = "sh", option[] = "-c", script[] = "kill -STOP $$; exit 7";
	char *const command[] = { shell, option, script, NULL };
	const struct dwell_launch_user user = { .name = NULL };
	struct dwell_launch launch = { .pid = 0 };

	if (dwell_launch_signals(&launch) < 0 ||
		dwell_launch_fork(&launch, command, &user, NULL) != 0 ||
		dwell_launch_go(&launch) != 0)
		return 1;
	/* Not of us: as a throttle does. */
	if (fork() == 0) {
		while (dwell_proc_state((uint32_t)launch.pid) != 'T' ||
			dwell_proc_state((uint32_t)getppid()) != 'T')
			usleep(1000);
		kill(launch.pid, SIGCONT);
		_exit(0);
	}
	while (!launch.ended) {
		dwell_launch_look(&launch, ignore, NULL);
		usleep(1000);
	}
	return dwell_launch_exit_status(&launch);
}

/* We stop with the command, for the shell's sake; but it may go on without us. */
Test(record, a_stopped_command_goes_on_alone, .timeout = 20)
{
	const pid_t pid = fork();
	int status = -1;

	if (pid == 0)
		_exit(record_stopped());
	for (int i = 0; i < 1000 && waitpid(pid, &status, WNOHANG) == 0; i++)
		usleep(10000);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	kill(pid, SIGKILL);
}
