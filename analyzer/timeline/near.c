/* Cells of one task, at once: from the pyramid, or from generations that were read. */
#include <stdlib.h>
#include <string.h>

#include "timeline/region.h"

int timeline_far(struct dwell_timeline *timeline, uint32_t task, uint64_t from_ns, uint64_t cell_ns,
	struct dwell_cell *cells, size_t count)
{
	const uint64_t to_ns = from_ns + cell_ns * count;
	struct dwell_pyramid *whole = atomic_load(&timeline->whole);
	int err;

	if (whole)
		return dwell_pyramid_query(whole, task, from_ns, to_ns, cells, count);
	pthread_mutex_lock(&timeline->pyramid_lock);
	err = dwell_pyramid_query(timeline->pyramid, task, from_ns, to_ns, cells, count);
	pthread_mutex_unlock(&timeline->pyramid_lock);
	return err;
}

/* The coarsest buckets do, which end where a power of two does. */
static uint64_t end_of_all(const struct dwell_timeline *timeline)
{
	uint64_t to_ns = 1;

	while (to_ns < timeline->facts.end_ns && to_ns <= UINT64_MAX / 2)
		to_ns *= 2;
	return to_ns;
}

/* With a reader of its own, as the other one reads definitions meanwhile. */
static void *weigh(void *context)
{
	struct dwell_timeline *timeline = context;
	struct dwell_pyramid *pyramid = NULL;
	struct dwell_import import;
	int err = timeline_take(timeline, &import);

	if (!err) {
		err = dwell_pyramid_open(&pyramid, import.reader, NULL);
		if (!err)
			err = dwell_pyramid_totals(pyramid, DWELL_RUNNING, end_of_all(timeline),
				timeline->weights.ns, timeline->weights.tasks);
		dwell_pyramid_free(pyramid);
		timeline_give(timeline, &import);
	}
	timeline->weights.err = err;
	return NULL;
}

void timeline_weigh(struct dwell_timeline *timeline)
{
	enum { MANY = 1 << 16 };
	const uint32_t tasks = timeline->facts.tasks;

	if (tasks < MANY)
		return;
	timeline->weights.tasks = tasks + 1;
	timeline->weights.ns = malloc(timeline->weights.tasks * sizeof(*timeline->weights.ns));
	timeline->weights.goes_on =
		timeline->weights.ns &&
		!pthread_create(&timeline->weights.thread, NULL, weigh, timeline);
	timeline->weights.err = timeline->weights.goes_on ? DWELL_OK : DWELL_ENOMEM;
}

void timeline_await_weights(struct dwell_timeline *timeline)
{
	if (timeline->weights.goes_on)
		pthread_join(timeline->weights.thread, NULL);
	timeline->weights.goes_on = false;
}

/* Wanted once: afterwards the trace is in memory. */
static bool take_weights(
	struct dwell_timeline *timeline, uint8_t state, uint64_t *ns, uint32_t tasks)
{
	bool fits;

	timeline_await_weights(timeline);
	fits = timeline->weights.ns && !timeline->weights.err && state == DWELL_RUNNING &&
	       tasks == timeline->weights.tasks;
	if (fits)
		memcpy(ns, timeline->weights.ns, tasks * sizeof(*ns));
	free(timeline->weights.ns);
	timeline->weights.ns = NULL;
	return fits;
}

int dwell_timeline_totals(
	struct dwell_timeline *timeline, uint8_t state, uint64_t *ns, uint32_t tasks)
{
	struct dwell_pyramid *whole = atomic_load(&timeline->whole);
	const uint64_t to_ns = end_of_all(timeline);
	int err = DWELL_OK;

	if (whole)
		return dwell_pyramid_totals(whole, state, to_ns, ns, tasks);
	pthread_mutex_lock(&timeline->pyramid_lock);
	if (!take_weights(timeline, state, ns, tasks))
		err = dwell_pyramid_totals(timeline->pyramid, state, to_ns, ns, tasks);
	pthread_mutex_unlock(&timeline->pyramid_lock);
	return err;
}

/* With a reader of its own, so that nobody waits meanwhile; the one that was there goes. */
static int ahead_run(struct dwell_job *job)
{
	/* 24 MiB; what our encoder writes of a busy trace has 1.4 million. */
	enum { MOST_BUCKETS = 3 << 19 };
	struct dwell_timeline *timeline = job->timeline;
	struct dwell_import import;
	struct dwell_pyramid *whole = NULL, *former;
	int err = timeline_take(timeline, &import);

	if (err)
		return err;
	err = dwell_pyramid_open(&whole, import.reader, NULL);
	if (!err)
		err = dwell_pyramid_load(whole, MOST_BUCKETS);
	if (err) {
		dwell_pyramid_free(whole);
		timeline_give(timeline, &import);
		return err;
	}
	pthread_mutex_lock(&timeline->pyramid_lock);
	former = timeline->pyramid;
	timeline->pyramid = whole;
	timeline->ahead = import;
	/* From here on it is asked. */
	atomic_store(&timeline->whole, whole);
	pthread_mutex_unlock(&timeline->pyramid_lock);
	dwell_pyramid_free(former);
	return DWELL_OK;
}

static void ahead_release(struct dwell_job *job)
{
	(void)job;
}

void dwell_timeline_read_ahead(struct dwell_timeline *timeline)
{
	static const struct job_ops ops = { ahead_run, ahead_release };
	struct dwell_job *job = calloc(1, sizeof(*job));

	/* Without it all is as it was, only slower. */
	if (job && !job_start(job, &ops, timeline))
		job_leave(job);
}

bool timeline_is_far(
	const struct dwell_timeline *timeline, const struct dwell_cells_question *question)
{
	const uint64_t finest_ns = timeline->facts.finest_ns;

	return question->cell_ns % finest_ns == 0 && question->from_ns % finest_ns == 0;
}

static struct region *region_of(struct dwell_timeline *timeline, uint64_t time_ns)
{
	for (unsigned i = 0; i < REGIONS; i++) {
		struct region *region = &timeline->regions[i];

		if (region->steps && time_ns >= region->from_ns && time_ns < region->to_ns)
			return region;
	}
	return NULL;
}

static uint64_t clipped(const struct dwell_timeline *timeline, uint64_t time_ns)
{
	const struct dwell_timeline_facts *facts = &timeline->facts;

	return time_ns < facts->begin_ns ? facts->begin_ns
	       : time_ns > facts->end_ns ? facts->end_ns
					 : time_ns;
}

/* All of [from, to) was read. */
static bool is_read(struct dwell_timeline *timeline, uint64_t from_ns, uint64_t to_ns)
{
	from_ns = clipped(timeline, from_ns);
	to_ns = clipped(timeline, to_ns);
	while (from_ns < to_ns) {
		struct region *region = region_of(timeline, from_ns);

		if (!region)
			return false;
		region->used = timeline->looks;
		from_ns = region->to_ns;
	}
	return true;
}

/* Where the state that goes on at the end of a region ends, as far as was read. */
static uint64_t goes_on_to(struct dwell_timeline *timeline, uint32_t task, uint64_t from_ns)
{
	const struct region *region;
	uint64_t end_ns = from_ns;

	while ((region = region_of(timeline, from_ns)) && region_end_of(region, task, &end_ns))
		from_ns = region->to_ns;
	return end_ns;
}

static void near_cells(struct dwell_timeline *timeline, struct region_query *query)
{
	uint64_t at_ns = clipped(timeline, query->from_ns);
	const uint64_t to_ns = clipped(timeline, query->from_ns + query->cell_ns * query->count);

	memset(query->cells, 0, query->count * sizeof(*query->cells));
	while (at_ns < to_ns) {
		const struct region *region = region_of(timeline, at_ns);

		query->goes_on_to = goes_on_to(timeline, query->task, region->to_ns);
		region_cells(region, query);
		at_ns = region->to_ns;
	}
}

int dwell_timeline_cells(struct dwell_timeline *timeline, uint32_t task,
	const struct dwell_cells_question *q, struct dwell_cell *cells, bool *exact)
{
	const uint64_t to_ns = q->from_ns + q->cell_ns * q->columns;
	struct region_query query = {
		.task = task,
		.from_ns = q->from_ns,
		.cell_ns = q->cell_ns,
		.cells = cells,
		.count = q->columns,
	};

	*exact = true;
	if (!timeline_is_far(timeline, q)) {
		pthread_mutex_lock(&timeline->region_lock);
		timeline->looks++;
		*exact = is_read(timeline, q->from_ns, to_ns + q->bound_ns);
		if (*exact)
			near_cells(timeline, &query);
		pthread_mutex_unlock(&timeline->region_lock);
		if (*exact)
			return DWELL_OK;
	}
	return timeline_far(timeline, task, q->from_ns, q->cell_ns, cells, q->columns);
}

struct load_job {
	struct dwell_job job;
	uint64_t from_ns, to_ns;
};

void dwell_timeline_generation(
	const struct dwell_timeline *timeline, uint64_t time_ns, uint64_t *from_ns, uint64_t *to_ns)
{
	const struct dwell_reader *reader = timeline->seen.reader;
	const size_t count = dwell_reader_generations(reader);

	*from_ns = timeline->facts.begin_ns;
	*to_ns = timeline->facts.end_ns + 1;
	for (size_t i = 1; i < count; i++) {
		const uint64_t first_ns = dwell_reader_generation(reader, i)->first_ns;

		if (first_ns > time_ns) {
			*to_ns = first_ns;
			break;
		}
		*from_ns = first_ns;
	}
}

/* Into the place of the one that was not looked at for longest. */
static void keep(struct dwell_timeline *timeline, struct region *region)
{
	unsigned oldest = 0;

	pthread_mutex_lock(&timeline->region_lock);
	for (unsigned i = 0; i < REGIONS; i++)
		if (timeline->regions[i].used < timeline->regions[oldest].used)
			oldest = i;
	region_release(&timeline->regions[oldest]);
	timeline->regions[oldest] = *region;
	timeline->regions[oldest].used = ++timeline->looks;
	pthread_mutex_unlock(&timeline->region_lock);
}

static int load_run(struct dwell_job *base)
{
	struct load_job *job = (struct load_job *)base;
	struct dwell_timeline *timeline = base->timeline;
	uint64_t at_ns = job->from_ns;
	int err = DWELL_OK;

	while (!err && at_ns < job->to_ns) {
		struct region region = { .steps = NULL };
		bool known;

		dwell_timeline_generation(timeline, at_ns, &region.from_ns, &region.to_ns);

		pthread_mutex_lock(&timeline->region_lock);
		known = region_of(timeline, at_ns) != NULL;
		pthread_mutex_unlock(&timeline->region_lock);
		at_ns = region.to_ns;
		if (known)
			continue;
		err = region_read(&region, base);
		if (err)
			region_release(&region);
		else
			keep(timeline, &region);
	}
	return err;
}

static void load_release(struct dwell_job *job)
{
	(void)job;
}

int dwell_timeline_want_near(struct dwell_timeline *timeline, const struct dwell_cells_question *q,
	struct dwell_job **out)
{
	static const struct job_ops ops = { load_run, load_release };
	const uint64_t from_ns = clipped(timeline, q->from_ns);
	const uint64_t to_ns =
		clipped(timeline, q->from_ns + q->cell_ns * q->columns + q->bound_ns);
	unsigned regions = 0;
	struct load_job *job;

	for (uint64_t at_ns = from_ns, begin_ns; at_ns < to_ns; regions++)
		dwell_timeline_generation(timeline, at_ns, &begin_ns, &at_ns);
	if (regions > REGIONS)
		return DWELL_ELIMIT;
	job = calloc(1, sizeof(*job));
	if (!job)
		return DWELL_ENOMEM;
	job->from_ns = from_ns;
	job->to_ns = to_ns;

	const int err = job_start(&job->job, &ops, timeline);
	if (!err)
		*out = &job->job;
	return err;
}
