#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

enum {
	OPTION_NO_KERNEL = 256,
	OPTION_CGROUP,
	OPTION_NO_BPF,
	OPTION_NO_PRELOAD,
	OPTION_STACKS,
	OPTION_LIMIT_SIZE,
	OPTION_LIMIT_TIME,
	OPTION_DELAY,
	OPTION_FOLLOW,
	OPTION_LEAK_CHECK,
	OPTION_USER,
	OPTION_NAME,
	OPTION_TICK,
	OPTION_LOCKS,
	OPTION_FLIGHT,
	OPTION_SNAPSHOT_ON
};

static const struct option options_known[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "config", required_argument, NULL, 'c' },
	{ "pid", required_argument, NULL, 'p' },
	{ "all", no_argument, NULL, 'a' },
	{ "cgroup", required_argument, NULL, OPTION_CGROUP },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ "no-kernel", no_argument, NULL, OPTION_NO_KERNEL },
	{ "no-bpf", no_argument, NULL, OPTION_NO_BPF },
	{ "no-preload", no_argument, NULL, OPTION_NO_PRELOAD },
	{ "stacks", required_argument, NULL, OPTION_STACKS },
	{ "limit-size", required_argument, NULL, OPTION_LIMIT_SIZE },
	{ "limit-time", required_argument, NULL, OPTION_LIMIT_TIME },
	{ "delay", required_argument, NULL, OPTION_DELAY },
	{ "follow", no_argument, NULL, OPTION_FOLLOW },
	{ "leak-check", no_argument, NULL, OPTION_LEAK_CHECK },
	{ "user", required_argument, NULL, OPTION_USER },
	{ "name", required_argument, NULL, OPTION_NAME },
	{ "tick", required_argument, NULL, OPTION_TICK },
	{ "locks", required_argument, NULL, OPTION_LOCKS },
	{ "flight", required_argument, NULL, OPTION_FLIGHT },
	{ "snapshot-on", required_argument, NULL, OPTION_SNAPSHOT_ON },
	{ NULL, 0, NULL, 0 },
};

const char dwell_record_help[] =
	"Usage: dwell record [options] [--] COMMAND [ARG...]\n"
	"       dwell record [options] -p PID | --cgroup PATH | -a\n"
	"\n"
	"Run a program and record what its tasks do. Ends when the command's first process\n"
	"ends, with the command's status (128+N for signal N).\n"
	"\n"
	"  -o, --output FILE    write FILE instead of dwell.trace; what was there becomes FILE.old\n"
	"  -c, --config FILE    read FILE (dwell.yaml) first: what to record, of whom, at what cost\n"
	"  -p, --pid PID        attach to a running process and its children, until it ends or Ctrl-C\n"
	"      --cgroup PATH    what runs in a control group, until that is empty or Ctrl-C\n"
	"  -a, --all            the whole machine, until Ctrl-C\n"
	"      --no-kernel      do not ask the kernel: only what the program's library calls tell\n"
	"      --no-bpf         ask the kernel by perf only\n"
	"      --no-preload     do not load a library into the program\n"
	"      --stacks WHICH   on or off\n"
	"      --locks WHICH    contended, or all: every acquire and release\n"
	"      --flight KEEP    keep only the last of it in memory (64M, 30s) until a snapshot is\n"
	"                       asked for: dwell snapshot PID, or SIGUSR2 to this program\n"
	"      --snapshot-on WHEN  take one by itself: exit (at the end), signal (when one ends the\n"
	"                       command), wait>T (when a wait of the program lasted longer)\n"
	"      --limit-size SIZE  stop recording when the file has this size: 64M, 1G\n"
	"      --limit-time TIME  stop recording after this time: 30s, 5m\n"
	"      --delay TIME     begin to record after this time\n"
	"      --follow         wait for all that the command started, not for its first process only\n"
	"      --leak-check     look for leaks at the end (dwell leaks); 1 where all was well but these\n"
	"      --user NAME      run the command as this user, and give the file to that user\n"
	"      --name LABEL     write a name into the trace\n"
	"      --tick NS        cut times down to multiples of NS nanoseconds; 1: all of them\n"
	"  -q, --quiet          no line of summary at the end\n"
	"  -h, --help           print this\n";

/* A number, maybe with a fraction, and the unit after it. */
static bool read_number(const char *text, double *number, const char **unit)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtod(text, &end);
	*unit = end;
	return errno == 0 && end != text;
}

struct unit {
	const char *name;
	double factor;
};

static bool read_with_unit(const char *text, const struct unit *units, uint64_t *out)
{
	const char *name;
	double number;

	if (!read_number(text, &number, &name))
		return false;
	for (; units->name; units++) {
		const double value = number * units->factor;

		if (strcmp(units->name, name) != 0)
			continue;
		if (!(value < 9e18))
			return false;
		*out = (uint64_t)value;
		return true;
	}
	return false;
}

bool dwell_read_time(const char *text, uint64_t *ns)
{
	static const struct unit units[] = { { "", 1e9 }, { "s", 1e9 }, { "ms", 1e6 },
		{ "us", 1e3 }, { "ns", 1 }, { "m", 60e9 }, { "min", 60e9 }, { "h", 3600e9 },
		{ NULL, 0 } };

	return read_with_unit(text, units, ns);
}

bool dwell_read_size(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = { { "", 1 }, { "B", 1 }, { "K", 1024 }, { "M", 1 << 20 },
		{ "G", 1 << 30 }, { "KiB", 1024 }, { "MiB", 1 << 20 }, { "GiB", 1 << 30 },
		{ "kB", 1e3 }, { "MB", 1e6 }, { "GB", 1e9 }, { "k", 1024 }, { NULL, 0 } };

	return read_with_unit(text, units, bytes);
}

static bool read_plain(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno == 0 && *text >= '0' && *text <= '9' && *end == '\0' && *out >= least &&
	       *out <= most;
}

static bool take_flight(struct dwell_record_options *options, const char *value)
{
	options->flight = true;
	options->flight_ns = options->flight_bytes = 0;
	/* A number alone would be either. */
	if (value[strspn(value, "0123456789.")] == '\0')
		return false;
	if (dwell_read_time(value, &options->flight_ns))
		return options->flight_ns > 0;
	return dwell_read_size(value, &options->flight_bytes) && options->flight_bytes > 0;
}

static bool take_snapshot_on(struct dwell_record_options *options, const char *value)
{
	if (strcmp(value, "exit") == 0)
		options->snapshot_on_exit = true;
	else if (strcmp(value, "signal") == 0)
		options->snapshot_on_signal = true;
	else if (strncmp(value, "wait>", 5) == 0)
		return dwell_read_time(value + 5, &options->snapshot_wait_ns) &&
		       options->snapshot_wait_ns > 0;
	else
		return false;
	return true;
}

/* One option with a value; false when the value makes no sense. */
static bool take_value(struct dwell_record_options *options, int which, const char *value)
{
	uint64_t number;

	switch (which) {
	case 'o':
		options->path = value;
		return *value != '\0';
	case 'c':
		options->config_path = value;
		return *value != '\0';
	case 'p':
		if (!read_plain(value, 1, 1 << 22, &number))
			return false;
		options->pid = (uint32_t)number;
		return true;
	case OPTION_CGROUP:
		options->cgroup = value;
		return *value != '\0';
	case OPTION_STACKS:
		options->stacks = strcmp(value, "on") == 0;
		return options->stacks || strcmp(value, "off") == 0;
	case OPTION_LOCKS:
		options->all_locks = strcmp(value, "all") == 0;
		return options->all_locks || strcmp(value, "contended") == 0;
	case OPTION_FLIGHT:
		return take_flight(options, value);
	case OPTION_SNAPSHOT_ON:
		return take_snapshot_on(options, value);
	case OPTION_LIMIT_SIZE:
		return dwell_read_size(value, &options->limit_bytes) && options->limit_bytes > 0;
	case OPTION_LIMIT_TIME:
		return dwell_read_time(value, &options->limit_ns) && options->limit_ns > 0;
	case OPTION_DELAY:
		return dwell_read_time(value, &options->delay_ns);
	case OPTION_TICK:
		return read_plain(value, 1, 1000000, &options->tick_ns);
	case OPTION_USER:
		options->user = value;
		return *value != '\0';
	default:
		options->name = value;
		return true;
	}
}

static void take_flag(struct dwell_record_options *options, int which)
{
	switch (which) {
	case 'a':
		options->all = true;
		break;
	case 'q':
		options->quiet = true;
		break;
	case 'h':
		options->help = true;
		break;
	case OPTION_NO_KERNEL:
		options->kernel = false;
		break;
	case OPTION_NO_BPF:
		options->bpf = false;
		break;
	case OPTION_NO_PRELOAD:
		options->preload = false;
		break;
	case OPTION_LEAK_CHECK:
		options->leak_check = true;
		break;
	default:
		options->follow = true;
		break;
	}
}

static int check(const struct dwell_record_options *options, char *why, unsigned why_size)
{
	const int ways = (options->command[0] != NULL) + (options->pid != 0) +
			 (options->cgroup != NULL) + options->all;

	if (options->help)
		return 0;
	if (ways == 0)
		snprintf(why, why_size,
			"nothing to record: give a command, -p PID, --cgroup PATH or -a");
	else if (ways > 1)
		snprintf(why, why_size, "a command, -p, --cgroup and -a exclude each other");
	else if (!options->flight && (options->snapshot_on_exit || options->snapshot_on_signal ||
					     options->snapshot_wait_ns != 0))
		snprintf(why, why_size, "--snapshot-on is for --flight");
	else if (options->flight && options->leak_check)
		snprintf(why, why_size, "--leak-check looks at the whole: not with --flight");
	else if (options->flight && (options->limit_bytes != 0 || options->limit_ns != 0))
		snprintf(why, why_size, "--flight has no limits");
	else if (!options->command[0] && options->user)
		snprintf(why, why_size, "--user is for a command");
	else if (!options->kernel && !options->preload)
		snprintf(why, why_size, "--no-kernel --no-preload leaves nothing to record");
	else
		return 0;
	return -1;
}

static void take_config(struct dwell_record_options *options, const struct dwell_config *config)
{
	options->config = config;
	if (!config)
		return;
	if (config->output)
		options->path = config->output;
	options->name = config->name;
	options->limit_bytes = config->limit_bytes;
	options->limit_ns = config->limit_ns;
	options->delay_ns = config->delay_ns;
	if (config->tick_ns)
		options->tick_ns = config->tick_ns;
	options->kernel = !config->has_kernel || config->kernel;
	options->preload = !config->has_preload || config->preload;
	options->stacks = !config->has_stacks || config->stacks;
	options->follow = config->follow;
}

/* As it was not understood: by its long name, whichever was given. */
static const char *name_of(int which)
{
	const struct option *known = options_known;

	while (known->name && known->val != which)
		known++;
	return known->name ? known->name : "?";
}

int dwell_record_options_parse(struct dwell_record_options *options,
	const struct dwell_config *config, int argc, char **argv, char *why, unsigned why_size)
{
	int which, index = 0;

	*options = (struct dwell_record_options){ .path = "dwell.trace",
		.tick_ns = 16,
		.kernel = true,
		.bpf = true,
		.preload = true,
		.stacks = true };
	take_config(options, config);
	opterr = 0;
	optind = 1;
	/* "+": what follows the command's name is the command's. */
	while ((which = getopt_long(argc, argv, "+:o:c:p:aqh", options_known, &index)) != -1) {
		if (which == '?' || which == ':') {
			snprintf(why, why_size, "%s: %s", argv[optind - 1],
				which == ':' ? "needs a value"
					     : "no such option (see dwell record -h)");
			return -1;
		}
		if (!optarg) {
			take_flag(options, which);
		} else if (!take_value(options, which, optarg)) {
			snprintf(why, why_size, "--%s: not understood: %s (see dwell record -h)",
				name_of(which), optarg);
			return -1;
		}
	}
	options->command = argv + optind;
	return check(options, why, why_size);
}
