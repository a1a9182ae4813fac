#include "recording.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "dwell/error.h"

int dwell_recording_tell_note(struct dwell_sink *sink, const char *key, const char *value)
{
	const struct dwell_note note = { { key, strlen(key) }, { value, strlen(value) } };

	if (!value[0] || !sink->ops->note)
		return 0;
	return sink->ops->note(sink, &note);
}

static int tell_number(struct dwell_sink *sink, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return dwell_recording_tell_note(sink, key, text);
}

/* The recorded command, its words separated by spaces. */
static void command_line(const struct dwell_recording *recording, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (char **at = recording->options->command; *at; at++) {
		const int length = snprintf(out + used, size - used, "%s%s", used ? " " : "", *at);

		if (length < 0 || (size_t)length >= size - used)
			break;
		used += (size_t)length;
	}
}

/* That the command may run on, as it inherits them. */
static uint64_t usable_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (uint64_t)CPU_COUNT(&set) : 0;
}

/* What can be relied on, and what cannot as programs had libraries of other versions. */
static int tell_libraries(const struct dwell_recording *recording, struct dwell_sink *sink)
{
	const struct dwell_strangers strangers = dwell_recording_strangers(recording);
	int err = 0;

	/* Where a join is missing, none happened. */
	if (recording->drain)
		err |= dwell_recording_tell_note(sink, "joins", "all");
	if (recording->drain && !strangers.older)
		err |= dwell_recording_tell_note(sink, "signals", "unheard too");
	if (dwell_maps_have_go(recording->maps))
		err |= dwell_recording_tell_note(sink, "goroutines", "as threads only");
	if (strangers.mute)
		err |= tell_number(sink, "recorder.other_version", strangers.mute);
	if (strangers.older)
		err |= tell_number(sink, "recorder.older_library", strangers.older);
	if (strangers.newer)
		err |= tell_number(sink, "recorder.newer_library", strangers.newer);
	return err;
}

int dwell_recording_tell_notes(struct dwell_recording *recording, struct dwell_sink *sink)
{
	char command[4096];
	struct utsname name;
	int err = 0;

	command_line(recording, command, sizeof(command));
	err |= dwell_recording_tell_note(sink, "command", command);
	err |= dwell_recording_tell_note(
		sink, "name", recording->options->name ? recording->options->name : "");
	if (uname(&name) == 0) {
		err |= dwell_recording_tell_note(sink, "host", name.nodename);
		err |= dwell_recording_tell_note(sink, "kernel", name.release);
	}
	err |= tell_number(sink, "cpus", usable_cpus());
	err |= dwell_recording_tell_note(sink, "recorder.no_bpf", recording->kernel_why);
	if (!recording->machine)
		err |= dwell_recording_tell_note(
			sink, "recorder.no_tracepoints", recording->tracepoints_why);
	err |= dwell_recording_tell_note(sink, "recorder.no_perf", recording->perf_why);
	err |= dwell_recording_tell_note(sink, "recorder.no_preload", recording->preload.why);
	if (recording->watch)
		err |= tell_number(sink, "recorder.looks", dwell_watch_looks(recording->watch));
	err |= tell_libraries(recording, sink);
	err |= tell_number(sink, "recorder.cpu_ns", dwell_recording_cpu_ns());
	err |= tell_number(sink, "recorder.repairs", dwell_order_repairs(recording->order));
	return err ? DWELL_EIO : 0;
}

uint64_t dwell_recording_waits(const struct dwell_recording *recording)
{
	return recording->kernel || recording->perf ? recording->sched.waits
						    : recording->tick.waits;
}

struct dwell_strangers dwell_recording_strangers(const struct dwell_recording *recording)
{
	struct dwell_drain_counts counts = { 0 };

	if (recording->drain)
		dwell_drain_counts(recording->drain, &counts);
	return (struct dwell_strangers){ counts.other_version, counts.older, counts.newer };
}

uint64_t dwell_recording_lost(const struct dwell_recording *recording)
{
	struct dwell_drain_counts counts = { 0 };

	if (recording->drain)
		dwell_drain_counts(recording->drain, &counts);
	return recording->sched.lost + counts.lost;
}
