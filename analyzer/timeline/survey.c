/* Losses, spans and counters of a whole trace. */
#include <stdlib.h>
#include <string.h>

#include "timeline/private.h"
#include "timeline/readings.h"

enum { MOST_LOSSES = 1 << 14, MOST_SPANS = 1 << 18, OPEN_SLOTS = 1 << 16 };

struct survey_job {
	struct dwell_job job;
	struct dwell_survey survey;
	struct dwell_lost *losses;
	struct dwell_span *spans;
	size_t loss_cap, span_cap;
	struct readings readings;
	uint32_t *open; /* by hash of the id: index + 1 of the last span begun with it */
	struct watch watch;
};

static void *room_for(void *at, size_t count, size_t *cap, size_t size, struct watch *watch)
{
	if (count < *cap)
		return at;

	const size_t more = *cap ? *cap * 2 : 64;
	void *out = realloc(at, more * size);

	if (out)
		*cap = more;
	else
		watch->err = DWELL_ENOMEM;
	return out;
}

static void see_loss(struct survey_job *job, const struct dwell_event *row)
{
	const uint64_t start = row->extra < row->time_ns ? row->extra : row->time_ns;
	const uint64_t end = row->extra > row->time_ns ? row->extra : row->time_ns;
	struct dwell_lost *room;

	if (job->survey.loss_count >= MOST_LOSSES) {
		job->survey.cut = true;
		return;
	}
	room = room_for(
		job->losses, job->survey.loss_count, &job->loss_cap, sizeof(*room), &job->watch);
	if (!room)
		return;
	job->losses = room;
	room[job->survey.loss_count++] = (struct dwell_lost){
		.start_ns = start,
		.end_ns = end,
		.records = row->value,
		.task = row->task,
		.executor = row->executor,
	};
}

static uint32_t *slot_of(struct survey_job *job, uint64_t id)
{
	return &job->open[(id * 0x9e3779b97f4a7c15u) >> 48];
}

static void see_begin(struct survey_job *job, const struct dwell_event *row)
{
	struct dwell_span *room;

	if (job->survey.span_count >= MOST_SPANS) {
		job->survey.cut = true;
		return;
	}
	room = room_for(
		job->spans, job->survey.span_count, &job->span_cap, sizeof(*room), &job->watch);
	if (!room)
		return;
	job->spans = room;
	room[job->survey.span_count++] = (struct dwell_span){
		.start_ns = row->time_ns,
		.end_ns = DWELL_FOREVER,
		.id = row->value,
		.parent = row->extra,
		.task = row->task,
		.label = row->object,
		.kind = row->reason,
	};
	*slot_of(job, row->value) = (uint32_t)job->survey.span_count;
}

/* Mostly the last one of its slot; else among the last ones. */
static void see_end(struct survey_job *job, const struct dwell_event *row)
{
	const size_t guess = *slot_of(job, row->value);
	size_t least = job->survey.span_count > 4096 ? job->survey.span_count - 4096 : 0;

	if (guess && job->spans[guess - 1].id == row->value) {
		job->spans[guess - 1].end_ns = row->time_ns;
		return;
	}
	for (size_t i = job->survey.span_count; i > least; i--) {
		if (job->spans[i - 1].id != row->value)
			continue;
		job->spans[i - 1].end_ns = row->time_ns;
		return;
	}
}

static void survey_row(void *context, const struct dwell_event *row)
{
	struct survey_job *job = context;

	if (row->kind == DWELL_EVENT_COUNTER && !job->watch.err)
		job->watch.err = readings_add(&job->readings, row);
	else if (row->kind == DWELL_EVENT_LOSS)
		see_loss(job, row);
	else if (row->kind == DWELL_EVENT_SPAN_BEGIN)
		see_begin(job, row);
	else if (row->kind == DWELL_EVENT_SPAN_END && job->survey.span_count)
		see_end(job, row);
}

/* Is there anything to look for? The index says. */
static bool worth_it(struct dwell_timeline *timeline)
{
	const struct dwell_summary *summary = dwell_reader_summary(timeline->seen.reader);

	return summary->events_by_kind[DWELL_EVENT_LOSS] ||
	       summary->events_by_kind[DWELL_EVENT_COUNTER] ||
	       summary->events_by_kind[DWELL_EVENT_SPAN_BEGIN];
}

static int survey_run(struct dwell_job *base)
{
	struct survey_job *job = (struct survey_job *)base;
	int err;

	if (!worth_it(base->timeline))
		return DWELL_OK;
	job->open = calloc(OPEN_SLOTS, sizeof(*job->open));
	if (!job->open)
		return DWELL_ENOMEM;
	job->watch = (struct watch){ .job = base, .row = survey_row, .context = job };
	err = watch_run(&job->watch);
	job->survey.losses = job->losses;
	job->survey.spans = job->spans;
	readings_sort(&job->readings);
	job->survey.series = job->readings.series;
	job->survey.series_count = job->readings.count;
	job->survey.cut |= job->readings.cut;
	return err;
}

static void survey_release(struct dwell_job *base)
{
	struct survey_job *job = (struct survey_job *)base;

	free(job->losses);
	free(job->spans);
	free(job->open);
	readings_release(&job->readings);
}

int dwell_timeline_want_survey(struct dwell_timeline *timeline, struct dwell_job **out)
{
	static const struct job_ops ops = { survey_run, survey_release };
	struct survey_job *job = calloc(1, sizeof(*job));
	int err;

	if (!job)
		return DWELL_ENOMEM;
	err = job_start(&job->job, &ops, timeline);
	if (!err)
		*out = &job->job;
	return err;
}

const struct dwell_survey *dwell_job_survey(const struct dwell_job *job)
{
	return &((const struct survey_job *)job)->survey;
}
