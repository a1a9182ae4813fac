#include "cli/census.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "dwell/limits.h"
#include "dwell/states.h"

static struct census *of(struct dwell_sink *sink)
{
	return (struct census *)sink;
}

/* How much of [start, end) is counted. */
static uint64_t clipped(const struct census *census, uint64_t start, uint64_t end)
{
	start = start > census->from_ns ? start : census->from_ns;
	end = end < census->to_ns ? end : census->to_ns;
	return end > start ? end - start : 0;
}

static bool is_inside(const struct census *census, uint64_t time)
{
	return time >= census->from_ns && time < census->to_ns;
}

/* Count each id once, however often it is defined. */
static int note_id(struct census_ids *ids, uint32_t id)
{
	const size_t at = id / 8;

	if (id > DWELL_MAX_TASKS)
		return DWELL_ELIMIT;
	if (at >= ids->size) {
		const size_t size = at * 2 + 64;
		uint8_t *bits = realloc(ids->bits, size);

		if (!bits)
			return DWELL_ENOMEM;
		memset(bits + ids->size, 0, size - ids->size);
		ids->bits = bits;
		ids->size = size;
	}
	ids->count += !(ids->bits[at] >> id % 8 & 1);
	ids->bits[at] |= (uint8_t)(1u << id % 8);
	return 0;
}

static void on_interval(void *context, const struct dwell_interval *interval)
{
	struct census *census = context;
	const uint64_t ns = clipped(census, interval->start_ns, interval->end_ns);

	census->state_ns[interval->state] += ns;
	/* A task counts where some of its life does: a cut of the window knows no other. */
	if ((ns || is_inside(census, interval->end_ns)) && note_id(&census->tasks, interval->task))
		census->err = DWELL_ENOMEM;
}

static void on_wait(void *context, const struct dwell_wait *wait)
{
	struct census *census = context;

	if (!is_inside(census, wait->end_ns))
		return;
	census->waits.all++;
	census->waits.stack += wait->stack != 0;
	census->waits.object += wait->object != 0;
	census->waits.holder += wait->holder != 0;
	census->waits.waker += wait->waker != 0;
}

static int begin(struct dwell_sink *sink, const struct dwell_trace_info *info)
{
	static const struct dwell_states_ops ops = { .interval = on_interval, .wait = on_wait };
	struct census *census = of(sink);

	census->info = *info;
	if (census->info.source.size > sizeof(census->source))
		census->info.source.size = sizeof(census->source);
	if (census->info.source.size)
		memcpy(census->source, info->source.at, census->info.source.size);
	census->info.source.at = census->source;
	census->status = window_resolve(census->window, info->start_unix_ns, (uint64_t[2]){ 0 },
		&census->from_ns, &census->to_ns);
	if (census->status)
		return DWELL_EINVAL;
	if (census->from_ns < info->begin_ns)
		census->from_ns = info->begin_ns;
	return dwell_states_new(&census->states, info->levels, &ops, census);
}

static int on_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	return dwell_states_task(of(sink)->states, task);
}

static int on_executor(struct dwell_sink *sink, const struct dwell_executor *executor)
{
	const int err = note_id(&of(sink)->executors, executor->id);

	return err ? err : dwell_states_executor(of(sink)->states, executor);
}

static void read_note(const struct dwell_note *note, const char *key, uint64_t *out)
{
	char text[24];

	if (note->key.size != strlen(key) || memcmp(note->key.at, key, note->key.size) ||
		!note->value.size || note->value.size >= sizeof(text))
		return;
	memcpy(text, note->value.at, note->value.size);
	text[note->value.size] = '\0';
	*out = strtoull(text, NULL, 10);
}

static int on_note(struct dwell_sink *sink, const struct dwell_note *note)
{
	read_note(note, "recorder.cpu_ns", &of(sink)->recorder_cpu_ns);
	read_note(note, "recorder.bytes", &of(sink)->recorder_bytes);
	return 0;
}

static int on_keyframe(struct dwell_sink *sink, uint64_t time_ns,
	const struct dwell_task_state *states, size_t count)
{
	struct census *census = of(sink);

	/* Who has followed the rows knows it already. */
	if (census->events)
		return 0;
	return dwell_states_load(census->states, time_ns, states, count);
}

static void count_event(struct census *census, const struct dwell_event *event)
{
	if (!is_inside(census, event->time_ns))
		return;
	if (event->kind < DWELL_EVENT_KIND_COUNT)
		census->events_by_kind[event->kind]++;
	if (event->kind == DWELL_EVENT_LOSS && event->reason < DWELL_LOSS_CAUSE_COUNT) {
		struct census_loss *loss = &census->losses[event->reason];

		loss->count++;
		loss->lost += event->value;
		loss->total_ns += clipped(census, event->extra, event->time_ns);
	}
}

static int on_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct census *census = of(sink);

	for (size_t i = 0; i < count; i++)
		count_event(census, &events[i]);
	census->events += count;

	const int err = dwell_states_apply(census->states, events, count);

	return err ? err : census->err;
}

static int on_end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	struct census *census = of(sink);

	if (census->to_ns > end->end_ns)
		census->to_ns = end->end_ns;
	census->closed = end->closed;
	return dwell_states_flush(census->states, end->end_ns);
}

void census_init(struct census *census, const struct window *window)
{
	static const struct dwell_sink_ops ops = {
		.begin = begin,
		.task = on_task,
		.executor = on_executor,
		.note = on_note,
		.keyframe = on_keyframe,
		.events = on_events,
		.end = on_end,
	};

	*census = (struct census){
		.sink.ops = &ops,
		.window = window,
		.recorder_cpu_ns = UINT64_MAX,
		.recorder_bytes = UINT64_MAX,
	};
}

void census_release(struct census *census)
{
	free(census->tasks.bits);
	free(census->executors.bits);
	dwell_states_free(census->states);
}

uint64_t census_lost(const struct census *census)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < DWELL_LOSS_CAUSE_COUNT; i++)
		lost += census->losses[i].lost;
	return lost;
}

void census_head(const struct census *census, const char *path, uint64_t bytes, struct head *out)
{
	const uint64_t *ns = census->state_ns;
	const uint64_t known = ns[DWELL_RUNNING] + ns[DWELL_RUNNABLE] + ns[DWELL_BLOCKED];
	const uint64_t all = known + ns[DWELL_UNKNOWN];
	const struct census_waits *waits = &census->waits;

	*out = (struct head){
		.path = path,
		.source = census->info.source,
		.duration_ns =
			census->to_ns > census->from_ns ? census->to_ns - census->from_ns : 0,
		.start_unix_ns = census->info.start_unix_ns,
		.closed = census->closed,
		.tasks = census->tasks.count,
		.executors = census->executors.count,
		.lost_events = census_lost(census),
		.bytes = bytes,
		.coverage_ppm = all ? dwell_share_ppm(known, all) : 1000000,
		.stack_ppm = dwell_share_ppm(waits->stack, waits->all),
		.object_ppm = dwell_share_ppm(waits->object, waits->all),
		.holder_ppm = dwell_share_ppm(waits->holder, waits->all),
		.waker_ppm = dwell_share_ppm(waits->waker, waits->all),
		.levels = census->info.levels,
	};
	for (size_t i = 0; i < DWELL_EVENT_KIND_COUNT; i++)
		out->events += census->events_by_kind[i];
	/* What is not all is not 1, however little is missing. */
	if (ns[DWELL_UNKNOWN] && out->coverage_ppm == 1000000)
		out->coverage_ppm = 999999;
}
