#include "recording.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "dwell/error.h"
#include "dwell/symbol.h"
#include "flight.h"
#include "proc.h"

/* Records reach their ring some time after they were stamped: a virtual CPU may be stopped in
 * between. */
#define SLACK_NS UINT64_C(1000000)
/* How late the kernel's own account may complete what it kept to itself. */
#define HELD_NS UINT64_C(50000000)
/* What a reader of the file does not have when the recorder is killed. */
#define FLUSH_NS UINT64_C(500000000)
/* A wait that lasted this long is worth half a microsecond for the next one's stack. */
#define LONG_NS UINT64_C(100000)
#define CALL_NS_WITH_KERNEL UINT64_C(20000)

enum { ORDER_ROWS = 1 << 21 };

static void jit_path(void *context, int64_t pid, char *out, size_t size)
{
	const struct dwell_recording *recording = context;

	dwell_maps_jit_path(recording->maps, pid, out, size);
}

/* Who waits for the prompt after a recording: beyond it, names of functions only. And of the
 * distribution's libraries, where the program ran for a moment. */
struct dwell_symbol_options dwell_recording_symbols(struct dwell_recording *recording)
{
	return (struct dwell_symbol_options){ .most_ns = UINT64_C(2000000000),
		.apart_part = 100,
		.jit_path = jit_path,
		.context = recording };
}

const struct dwell_encoder_options dwell_flight_encoding = { .chunk_rows = 8192,
	.generation_chunks = 8 };

/* What dwell.yaml says of whom how much is kept stands before the encoder. */
static int open_policy(struct dwell_recording *recording, struct dwell_sink **next)
{
	const struct dwell_config *config = recording->options->config;
	int err;

	*next = dwell_encoder_sink(recording->encoder);
	if (recording->options->flight) {
		dwell_tick_init(&recording->outlet, *next, 1);
		*next = &recording->outlet.relay.sink;
	}
	if (!config || !(config->rule_count || config->reasons || config->cpu_permille ||
			       config->bytes_per_second))
		return 0;
	err = dwell_policy_new(&recording->policy, *next, config);
	if (err)
		return err;
	*next = dwell_policy_sink(recording->policy);
	recording->budget = (struct dwell_budget){ .cpu_permille = config->cpu_permille,
		.bytes_per_second = config->bytes_per_second };
	return 0;
}

/* The chain that rows go through: symbols, order, ticks, policy, encoder. */
static int open_chain(struct dwell_recording *recording)
{
	const struct dwell_symbol_options symbols = dwell_recording_symbols(recording);
	struct dwell_sink *next;
	int err = dwell_encoder_new(&recording->encoder, &recording->file->output,
		recording->options->flight ? &dwell_flight_encoding : NULL);

	if (!err)
		err = open_policy(recording, &next);
	if (err)
		return err;
	dwell_tick_init(&recording->tick, next, recording->options->tick_ns);
	err = dwell_order_new(&recording->order, &recording->tick.relay.sink, ORDER_ROWS);
	if (err)
		return err;
	err = dwell_symbol_sink_new(&recording->sink, dwell_order_sink(recording->order), &symbols);
	if (err)
		return err;
	err = dwell_registry_new(&recording->registry, recording->sink);
	if (!err)
		err = dwell_who_new(&recording->who, recording->registry);
	if (!err)
		err = dwell_area_open(
			&recording->area, &recording->preload.session, recording->preload.fd);
	if (!err)
		err = dwell_maps_new(&recording->maps, recording->registry, &recording->area);
	if (!err)
		err = dwell_descriptors_new(&recording->descriptors, recording->registry);
	return err;
}

static void open_kernel(struct dwell_recording *recording)
{
	const struct dwell_kernel_options options = {
		.start_ns = dwell_monotonic_ns(),
		.long_ns = LONG_NS,
		.all = recording->options->all,
		.stacks = recording->options->stacks,
		.born = dwell_recording_born,
		.file = dwell_recording_file,
		.context = recording,
	};

	if (!recording->options->kernel || !recording->options->bpf)
		snprintf(recording->kernel_why, sizeof(recording->kernel_why), "not asked for");
	else
		(void)dwell_kernel_open(&recording->kernel, &options, recording->kernel_why,
			sizeof(recording->kernel_why));
	/* Where BPF is refused, tracepoints may be allowed: all but reasons. */
	if (recording->options->kernel && !recording->kernel)
		(void)dwell_perf_open_machine(&recording->perf, recording->tracepoints_why,
			sizeof(recording->tracepoints_why));
	recording->machine = recording->kernel || recording->perf;
}

/* Where the kernel tells why each thread leaves its CPU, a call that is not told is still a wait if
 * it was one: most short calls were not, but ran in the kernel. */
static uint64_t call_wait_ns(const struct dwell_recording *recording)
{
	const struct dwell_config *config = recording->options->config;

	if (config && config->call_wait_ns)
		return config->call_wait_ns;
	return recording->kernel ? CALL_NS_WITH_KERNEL : 0;
}

static void open_preload(struct dwell_recording *recording)
{
	const struct dwell_config *config = recording->options->config;
	const struct dwell_preload_options options = {
		.command = recording->options->command[0],
		.stacks = recording->options->stacks,
		.all_locks = recording->options->all_locks,
		.other_users = geteuid() == 0,
		.machine = recording->machine,
		.stack_wait_ns = config ? config->stack_wait_ns : 0,
		.call_wait_ns = call_wait_ns(recording),
	};

	if (!options.command || !recording->options->preload) {
		snprintf(recording->preload.why, sizeof(recording->preload.why), "not asked for");
		return;
	}
	if (dwell_preload_open(&recording->preload, &options) != 0)
		snprintf(recording->preload.why, sizeof(recording->preload.why), "no memory");
}

/* The last thread of a process ended, maybe killed: its rings hold what it said last. */
static void process_gone(void *context, uint32_t pid, uint64_t time_ns)
{
	struct dwell_recording *recording = context;
	/* Afterwards its number is nobody's. */
	const uint32_t process = dwell_who_process(recording->who, pid);

	if (recording->drain)
		(void)dwell_drain_process_gone(recording->drain, pid, time_ns);
	dwell_maps_gone(recording->maps, process, time_ns);
}

int dwell_recording_open(struct dwell_recording *recording,
	const struct dwell_record_options *options, char *why, size_t why_size)
{
	int err;

	*recording = (struct dwell_recording){ .options = options };
	recording->file = &recording->files[0];
	recording->files[0].fd = -1;
	recording->files[1].fd = -1;
	recording->preload.fd = -1;
	open_kernel(recording);
	open_preload(recording);
	if (options->cgroup)
		recording->cgroup = strdup(options->cgroup);
	if (options->flight)
		err = dwell_file_output_memory(recording->file);
	else
		err = dwell_file_output_open(recording->file, options->path);
	if (err) {
		snprintf(why, why_size, "%s: %s", options->path, strerror(errno));
		return DWELL_EIO;
	}
	err = open_chain(recording);
	if (err)
		snprintf(why, why_size, "%s", dwell_strerror(err));
	recording->sched = (struct dwell_sched){
		.registry = recording->registry,
		.who = recording->who,
		.maps = recording->maps,
		.descriptors = recording->descriptors,
		.kernel = recording->kernel,
		.sink = recording->sink,
		.process_gone = process_gone,
		.context = recording,
		.stacks = options->stacks,
		.long_wait_ns = options->snapshot_wait_ns,
	};
	return err;
}

/* The recording ends here; the program goes on. */
static int give_up(struct dwell_recording *recording, int err)
{
	if (!recording->open)
		return err;
	recording->open = false;
	recording->end_ns = dwell_monotonic_ns() - recording->zero_ns;
	if (recording->file->error != 0)
		recording->cut = strerror(recording->file->error);
	else
		recording->cut = dwell_strerror(err);
	return err;
}

void dwell_recording_zero(struct dwell_recording *recording)
{
	if (recording->machine)
		dwell_who_scan(recording->who);
	if (recording->options->all)
		dwell_who_follow_all(recording->who, false);
	dwell_recording_zero_now(recording);
}

void dwell_recording_zero_now(struct dwell_recording *recording)
{
	recording->zero_ns = dwell_monotonic_ns();
	if (recording->kernel)
		dwell_kernel_zero(recording->kernel, recording->zero_ns);
	if (recording->perf)
		dwell_perf_zero(recording->perf, recording->zero_ns);
}

char *const *dwell_recording_environment(struct dwell_recording *recording)
{
	return recording->preload.why[0] ? NULL : recording->preload.environment;
}

static uint32_t levels_of(const struct dwell_recording *recording)
{
	uint32_t levels = 0;

	if (recording->kernel || recording->watch)
		levels |= DWELL_LEVEL_REASONS;
	if (recording->machine)
		levels |= DWELL_LEVEL_SCHEDULER;
	else if (recording->perf)
		levels |= DWELL_LEVEL_SWITCHES;
	if (recording->sched.delay)
		levels |= DWELL_LEVEL_RUN_DELAY;
	if (recording->drain)
		levels |= DWELL_LEVEL_PROGRAM;
	if (recording->drain && recording->options->all_locks)
		levels |= DWELL_LEVEL_ALL_LOCKS;
	if (recording->options->stacks &&
		(recording->kernel || recording->drain || recording->root != 0))
		levels |= DWELL_LEVEL_STACKS;
	return levels;
}

static int nothing(const struct dwell_recording *recording, char *why, size_t why_size)
{
	snprintf(why, why_size, "nothing can be recorded here: kernel: %s%s%s; in the program: %s",
		recording->kernel_why, recording->perf_why[0] ? ", " : "", recording->perf_why,
		recording->preload.why);
	return DWELL_EUNSUPPORTED;
}

int dwell_recording_begin(struct dwell_recording *recording, char *why, size_t why_size)
{
	struct dwell_trace_info info = { .source = { "dwell", 5 },
		.tick_ns = recording->options->tick_ns };
	const struct dwell_sink_ops *ops = recording->sink->ops;
	int err = dwell_recording_open_drain(recording);

	dwell_recording_rezero(recording);
	recording->levels = levels_of(recording);
	if (!err && (recording->levels & ~(uint32_t)DWELL_LEVEL_STACKS) == 0)
		return nothing(recording, why, why_size);
	info.levels = recording->levels;
	info.start_monotonic_ns = recording->zero_ns;
	info.start_unix_ns =
		dwell_clock_ns(CLOCK_REALTIME) - (dwell_monotonic_ns() - recording->zero_ns);
	recording->open = true;
	if (!err && ops->begin)
		err = ops->begin(recording->sink, &info);
	if (!err)
		dwell_recording_find(recording);
	/* Killed right now, the file is one of ours already. */
	if (!err)
		err = dwell_encoder_flush(recording->encoder);
	if (err)
		snprintf(why, why_size, "%s", dwell_strerror(err));
	return err ? give_up(recording, err) : 0;
}

/* Rows stay where others may still be put before them, and are not looked through each time. */
static int let_go(struct dwell_recording *recording, uint64_t watermark_ns)
{
	const uint64_t held_ns = recording->kernel || recording->sched.delay ? HELD_NS : 0;
	uint64_t *told_ns = &recording->sched.told_ns;

	recording->passed_ns = watermark_ns;
	if (watermark_ns < *told_ns + 2 * held_ns || !recording->sink->ops->watermark)
		return 0;
	*told_ns = watermark_ns - held_ns;
	return recording->sink->ops->watermark(recording->sink, *told_ns);
}

int dwell_recording_settle(struct dwell_recording *recording)
{
	const uint64_t passed_ns = recording->passed_ns;

	if (passed_ns <= recording->sched.told_ns || !recording->sink->ops->watermark)
		return 0;
	recording->sched.told_ns = passed_ns;
	return recording->sink->ops->watermark(recording->sink, passed_ns);
}

static int take(struct dwell_recording *recording, uint64_t until_ns)
{
	struct dwell_sched *sched = &recording->sched;
	uint64_t watermark_ns = until_ns;
	int err = 0;

	dwell_descriptors_pass(recording->descriptors, until_ns);
	dwell_maps_pass(recording->maps, until_ns);
	/* The rings first: a thread that the kernel says is gone was seen by then. */
	if (recording->drain)
		err = dwell_drain_pass(recording->drain, &watermark_ns);
	if (!err && recording->kernel)
		err = dwell_kernel_pass(recording->kernel, until_ns, dwell_sched_tell, sched);
	if (!err && recording->perf)
		err = dwell_perf_pass(recording->perf, until_ns, dwell_sched_tell, sched);
	if (sched->delay)
		dwell_delay_look(sched->delay);
	if (!err)
		err = dwell_recording_look_waits(recording, until_ns, false);
	if (recording->watch && watermark_ns > dwell_watch_known_ns(recording->watch))
		watermark_ns = dwell_watch_known_ns(recording->watch);
	if (!err)
		err = dwell_sched_flush(&recording->sched);
	if (!err)
		err = dwell_registry_error(recording->registry);
	return err ? err : let_go(recording, watermark_ns < until_ns ? watermark_ns : until_ns);
}

/* What all sources have by now; what came since a pass that was long ago is let go, too. */
static int take_all(struct dwell_recording *recording, uint64_t now_ns)
{
	const bool late = dwell_flush_late(&recording->flush, now_ns);
	int err = take(recording, now_ns > SLACK_NS ? now_ns - SLACK_NS : 0);

	if (!err && late && !recording->options->flight)
		err = take(recording, dwell_monotonic_ns() - recording->zero_ns - SLACK_NS);
	return err;
}

/* Why to stop now, or NULL. */
static const char *limit_reached(const struct dwell_recording *recording, uint64_t now_ns)
{
	const struct dwell_record_options *options = recording->options;

	if (options->limit_bytes != 0 && recording->file->bytes >= options->limit_bytes)
		return "the file has the size that --limit-size allows";
	if (options->limit_ns != 0 && now_ns >= options->limit_ns)
		return "the time that --limit-time allows is over";
	return NULL;
}

/* Over the budget less is kept; the trace says since when, and why. */
static void keep_budget(struct dwell_recording *recording, uint64_t now_ns)
{
	static const char *const details[DWELL_DETAIL_COUNT] = { "full detail",
		"one stack of eight", "no stacks", "states only" };
	char why[160], key[48], value[240];

	if (!recording->policy || now_ns - recording->budget.last_ns < FLUSH_NS ||
		!dwell_budget_tick(&recording->budget, now_ns, dwell_recording_cpu_ns(),
			recording->file->bytes, why, sizeof(why)))
		return;
	dwell_policy_limit(recording->policy, recording->budget.detail);
	snprintf(key, sizeof(key), "budget.at_%" PRIu64 "_ns", now_ns);
	snprintf(value, sizeof(value), "%s: %s", details[recording->budget.detail], why);
	(void)dwell_recording_tell_note(recording->sink, key, value);
}

int dwell_recording_pass(struct dwell_recording *recording)
{
	const uint64_t now_ns = dwell_monotonic_ns() - recording->zero_ns;
	const char *limit;
	int err;

	if (!recording->open)
		return 0;
	dwell_recording_look(recording, now_ns);
	err = take_all(recording, now_ns);
	if (!err && recording->options->flight) {
		err = dwell_flight_trim(recording);
	} else if (!err && dwell_flush_due(&recording->flush, now_ns, FLUSH_NS)) {
		keep_budget(recording, now_ns);
		err = dwell_encoder_flush(recording->encoder);
	}
	if (err)
		return give_up(recording, err);
	limit = limit_reached(recording, now_ns);
	if (limit) {
		err = dwell_recording_finish(recording);
		recording->cut = limit;
	}
	return err;
}

int dwell_recording_pause_ms(const struct dwell_recording *recording)
{
	const unsigned fill = recording->kernel ? dwell_kernel_fill(recording->kernel)
			      : recording->perf ? dwell_perf_fill(recording->perf)
						: 0;

	if (!recording->open)
		return -1;
	return fill > 20 ? 1 : fill > 5 ? 5 : 15;
}

uint64_t dwell_recording_cpu_ns(void)
{
	return dwell_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

int dwell_recording_finish(struct dwell_recording *recording)
{
	const struct dwell_trace_end end = { .end_ns = dwell_monotonic_ns() - recording->zero_ns,
		.closed = true };
	uint64_t drained_ns;
	int err = 0;

	if (!recording->open)
		return 0;
	recording->end_ns = end.end_ns;
	if (recording->drain)
		err = dwell_drain_finish(recording->drain, &drained_ns);
	if (!err)
		err = take(recording, end.end_ns);
	if (!err)
		err = dwell_recording_look_waits(recording, end.end_ns, true);
	err = err ? err : dwell_sched_end(&recording->sched, end.end_ns);
	if (recording->options->flight) {
		if (!err && recording->write_at_end)
			err = dwell_flight_write(recording, recording->options->path);
		recording->open = false;
		return err;
	}
	if (!err)
		err = dwell_recording_tell_notes(recording, recording->sink);
	if (!err && recording->sink->ops->end)
		err = recording->sink->ops->end(recording->sink, &end);
	if (!err)
		err = dwell_file_output_close(recording->file);
	if (err)
		return give_up(recording, err);
	recording->open = false;
	return 0;
}

void dwell_recording_close(struct dwell_recording *recording)
{
	dwell_kernel_close(recording->kernel);
	dwell_drain_free(recording->drain);
	dwell_numbers_release(&recording->numbers);
	dwell_perf_close(recording->perf);
	dwell_ends_release(&recording->ends);
	dwell_watch_free(recording->watch);
	dwell_stuck_free(recording->stuck);
	dwell_delay_free(recording->sched.delay);
	dwell_sched_release(&recording->sched);
	dwell_descriptors_free(recording->descriptors);
	dwell_maps_free(recording->maps);
	dwell_area_close(&recording->area);
	dwell_preload_close(&recording->preload);
	dwell_who_free(recording->who);
	dwell_registry_free(recording->registry);
	dwell_symbol_sink_free(recording->sink);
	dwell_order_free(recording->order);
	dwell_policy_free(recording->policy);
	dwell_encoder_free(recording->encoder);
	free(recording->cgroup);
	(void)dwell_file_output_close(recording->file);
}
