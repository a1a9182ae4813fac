#include "src/pyramid_build.h"

#include "dwell/error.h"

#include <stdlib.h>
#include <string.h>

enum { CODE_BITS = 7 };

uint16_t dwell_pyramid_code(uint64_t ns)
{
	const unsigned width = ns ? 64u - (unsigned)__builtin_clzll(ns) : 0;

	if (width <= CODE_BITS)
		return (uint16_t)ns;

	unsigned shift = width - CODE_BITS;
	uint64_t top = (ns >> shift) + ((ns & ((UINT64_C(1) << shift) - 1)) != 0);

	if (top >> CODE_BITS) {
		top >>= 1;
		shift++;
	}
	return (uint16_t)(shift << CODE_BITS | top);
}

uint64_t dwell_pyramid_decode(uint16_t code)
{
	const unsigned shift = code >> CODE_BITS;
	const uint64_t top = code & ((1 << CODE_BITS) - 1);

	return shift + CODE_BITS > 64 ? UINT64_MAX : top << shift;
}

void dwell_pyramid_build_init(struct pyramid_build *build)
{
	*build = (struct pyramid_build){
		.width_ns = UINT64_C(1) << PYRAMID_FIRST_SHIFT,
		.shift = PYRAMID_FIRST_SHIFT,
		.tasks = { .size = sizeof(struct pyramid_task) },
	};
}

void dwell_pyramid_build_release(struct pyramid_build *build)
{
	for (uint64_t id = 0; id <= build->most_task; id++) {
		struct pyramid_task *task = dwell_pages_find(&build->tasks, (uint32_t)id);

		if (task)
			free(task->row.buckets);
	}
	dwell_pages_release(&build->tasks);
}

static int add_bucket(struct pyramid_row *row, const struct pyramid_bucket *bucket)
{
	if (row->count == row->cap) {
		/* Most of a million tasks have one. */
		const size_t cap = row->cap ? row->cap * 2 : 1;
		struct pyramid_bucket *grown = realloc(row->buckets, cap * sizeof(*grown));

		if (!grown)
			return DWELL_ENOMEM;
		row->buckets = grown;
		row->cap = cap;
	}
	row->buckets[row->count++] = *bucket;
	return DWELL_OK;
}

static uint8_t share_of(uint64_t ns, unsigned shift)
{
	const uint64_t width = UINT64_C(1) << shift;

	if (ns >= width)
		return PYRAMID_WHOLE;
	/* Widths beyond 2^56 ns would need more bits than there are. */
	return (uint8_t)((ns * PYRAMID_WHOLE + width - 1) >> shift);
}

static void finish(struct pyramid_build *build, struct pyramid_task *task, unsigned after)
{
	struct pyramid_bucket bucket = {
		.index = task->index,
		.switches = task->switches,
		.longest = dwell_pyramid_code(task->wait_ns),
		.lead = task->lead,
		.after = (uint8_t)after,
	};

	if (bucket.longest < task->longest)
		bucket.longest = task->longest;
	for (unsigned i = 0; i < PYRAMID_STATES; i++) {
		bucket.share[i] = share_of(task->ns[i], build->shift);
		task->ns[i] = 0;
	}
	if (add_bucket(&task->row, &bucket))
		build->failed = true;
	build->buckets++;
}

/* Where a bucket ends; the last there can be, beyond all times. */
static uint64_t end_of(const struct pyramid_build *build, uint64_t index)
{
	const uint64_t end_ns = (index + 1) << build->shift;

	return end_ns >> build->shift == index + 1 ? end_ns : UINT64_MAX;
}

/* wait_ns: of the blocked interval that goes on when it begins, or 0. */
static void open_bucket(const struct pyramid_build *build, struct pyramid_task *task,
	uint64_t index, uint64_t wait_ns)
{
	task->index = (uint32_t)index;
	task->end_ns = end_of(build, index);
	task->wait_ns = wait_ns;
	task->lead = task->longest = dwell_pyramid_code(wait_ns);
	task->switches = 0;
}

static void add_share(struct pyramid_task *task, unsigned state, uint64_t ns)
{
	if (state >= DWELL_UNKNOWN && state < DWELL_UNKNOWN + PYRAMID_STATES)
		task->ns[state - DWELL_UNKNOWN] += ns;
}

/* Four buckets become one, in place; they are in order, and all before `end`. */
static void coarsen_row(struct pyramid_row *row, uint32_t end);

/* What is finished of the open bucket, now that it is wider, goes back into it. */
static void reopen(const struct pyramid_build *build, struct pyramid_task *task)
{
	const struct pyramid_bucket *last = &task->row.buckets[--task->row.count];

	for (unsigned i = 0; i < PYRAMID_STATES; i++)
		task->ns[i] += last->share[i] * build->width_ns / PYRAMID_WHOLE;
	task->switches += last->switches;
	task->lead = last->lead;
	if (task->longest < last->longest)
		task->longest = last->longest;
}

static void coarsen_task(const struct pyramid_build *build, struct pyramid_task *task)
{
	const uint32_t was = task->index, open = was / PYRAMID_STEP;
	struct pyramid_row *row = &task->row;

	coarsen_row(row, was);
	task->index = open;
	task->end_ns = end_of(build, open);
	if (!row->count)
		return;
	if (row->buckets[row->count - 1].index == open)
		reopen(build, task);
	else
		add_share(task, row->buckets[row->count - 1].after,
			(was - open * PYRAMID_STEP) * (build->width_ns / PYRAMID_STEP));
}

static void coarsen(struct pyramid_build *build)
{
	build->width_ns *= PYRAMID_STEP;
	build->shift += PYRAMID_STEP_SHIFT;
	build->buckets = 0;
	for (uint64_t id = 0; id <= build->most_task; id++) {
		struct pyramid_task *task = dwell_pages_find(&build->tasks, (uint32_t)id);

		if (!task || !task->end_ns)
			continue;
		coarsen_task(build, task);
		build->buckets += task->row.count;
	}
}

/* The stretch's task, with a bucket open; NULL when out of memory. */
static struct pyramid_task *task_of(
	struct pyramid_build *build, const struct pyramid_stretch *stretch)
{
	struct pyramid_task *task = dwell_pages_make(&build->tasks, stretch->task);

	if (!task) {
		build->failed = true;
		return NULL;
	}
	if (stretch->task > build->most_task)
		build->most_task = stretch->task;
	task->row.task = stretch->task;
	if (!task->end_ns)
		open_bucket(build, task, stretch->start_ns >> build->shift, 0);
	return task;
}

void dwell_pyramid_add_beyond(struct pyramid_build *build, const struct pyramid_stretch *stretch)
{
	const uint64_t start_ns = stretch->start_ns, end_ns = stretch->end_ns;
	const uint64_t wait_ns = stretch->state == DWELL_BLOCKED ? end_ns - start_ns : 0;
	struct pyramid_task *task;

	while (end_ns >> build->shift > UINT32_MAX)
		coarsen(build);
	task = task_of(build, stretch);
	if (!task)
		return;
	if (task->wait_ns < wait_ns)
		task->wait_ns = wait_ns;
	task->switches += stretch->state == DWELL_RUNNING;

	const uint64_t last = end_ns >> build->shift;

	if (last == task->index) {
		add_share(task, stretch->state, end_ns - start_ns);
	} else {
		add_share(task, stretch->state, task->end_ns - start_ns);
		finish(build, task, stretch->state);
		open_bucket(build, task, last, wait_ns);
		add_share(task, stretch->state, end_ns - (last << build->shift));
	}
}

void dwell_pyramid_interval(void *context, const struct dwell_interval *interval)
{
	dwell_pyramid_add(
		context, interval->task, interval->state, interval->start_ns, interval->end_ns);
}

void dwell_pyramid_limit(struct pyramid_build *build, uint64_t buckets)
{
	while (build->buckets > buckets && build->shift < 48)
		coarsen(build);
}

/* Add buckets in which nothing changed. */
static void add_gap(unsigned sums[PYRAMID_STATES], unsigned state, unsigned buckets)
{
	if (state >= DWELL_UNKNOWN && state < DWELL_UNKNOWN + PYRAMID_STATES)
		sums[state - DWELL_UNKNOWN] += buckets * PYRAMID_WHOLE;
}

/* The wider bucket made of buckets[0 .. count), all of index / PYRAMID_STEP; before: what stands
 * before them, or NULL; end: where knowledge ends. */
static struct pyramid_bucket merge(const struct pyramid_bucket *buckets, size_t count,
	const struct pyramid_bucket *before, uint32_t end)
{
	struct pyramid_bucket wide = {
		.index = buckets[0].index / PYRAMID_STEP,
		.lead = buckets[0].lead,
		.after = buckets[count - 1].after,
	};
	unsigned sums[PYRAMID_STATES] = { 0 };
	unsigned state = before ? before->after : 0;
	uint32_t next = wide.index * PYRAMID_STEP;

	for (size_t i = 0; i < count; i++) {
		add_gap(sums, state, buckets[i].index - next);
		for (unsigned k = 0; k < PYRAMID_STATES; k++)
			sums[k] += buckets[i].share[k];
		wide.switches += buckets[i].switches;
		if (wide.longest < buckets[i].longest)
			wide.longest = buckets[i].longest;
		state = buckets[i].after;
		next = buckets[i].index + 1;
	}
	if (end > wide.index * PYRAMID_STEP + PYRAMID_STEP || end < next)
		end = wide.index * PYRAMID_STEP + PYRAMID_STEP;
	add_gap(sums, state, end - next);
	for (unsigned k = 0; k < PYRAMID_STATES; k++)
		wide.share[k] = (uint8_t)((sums[k] + PYRAMID_STEP - 1) / PYRAMID_STEP);
	return wide;
}

/* Wider buckets of a row; out may be the row itself. */
static int merge_row(const struct pyramid_row *in, struct pyramid_row *out, uint32_t end)
{
	struct pyramid_bucket before = { 0 };
	size_t made = 0;

	for (size_t i = 0; i < in->count;) {
		size_t count = 1;

		while (i + count < in->count && in->buckets[i + count].index / PYRAMID_STEP ==
							in->buckets[i].index / PYRAMID_STEP)
			count++;

		const struct pyramid_bucket last = in->buckets[i + count - 1];
		const struct pyramid_bucket wide =
			merge(&in->buckets[i], count, i ? &before : NULL, end);

		if (in == out)
			out->buckets[made++] = wide;
		else if (add_bucket(out, &wide))
			return DWELL_ENOMEM;
		before = last;
		i += count;
	}
	if (in == out)
		out->count = made;
	return DWELL_OK;
}

static void coarsen_row(struct pyramid_row *row, uint32_t end)
{
	(void)merge_row(row, row, end);
}

static int add_row(struct pyramid_level *level, const struct pyramid_row *row)
{
	if (level->count == level->cap) {
		const size_t cap = level->cap ? level->cap * 2 : 64;
		struct pyramid_row *grown = realloc(level->rows, cap * sizeof(*grown));

		if (!grown)
			return DWELL_ENOMEM;
		level->rows = grown;
		level->cap = cap;
	}
	level->rows[level->count++] = *row;
	level->buckets += row->count;
	return DWELL_OK;
}

int dwell_pyramid_take(struct pyramid_build *build, struct pyramid_level *out)
{
	*out = (struct pyramid_level){ 0 };
	for (uint64_t id = 0; id <= build->most_task; id++) {
		struct pyramid_task *task;

		/* A page that was left behind. */
		if (id && id % PAGES_IDS == 0)
			dwell_pages_drop(&build->tasks, (uint32_t)id - 1);
		task = dwell_pages_find(&build->tasks, (uint32_t)id);
		if (!task || !task->end_ns)
			continue;
		finish(build, task, DWELL_STATE_SAME);
		if (build->failed || add_row(out, &task->row))
			return DWELL_ENOMEM;
		task->row = (struct pyramid_row){ 0 };
	}
	return build->failed ? DWELL_ENOMEM : DWELL_OK;
}

int dwell_pyramid_above(const struct pyramid_level *below, struct pyramid_level *out)
{
	*out = (struct pyramid_level){ 0 };
	for (size_t i = 0; i < below->count; i++) {
		struct pyramid_row row = { .task = below->rows[i].task };

		if (merge_row(&below->rows[i], &row, UINT32_MAX) || add_row(out, &row)) {
			free(row.buckets);
			return DWELL_ENOMEM;
		}
	}
	return DWELL_OK;
}

void dwell_pyramid_level_release(struct pyramid_level *level)
{
	for (size_t i = 0; i < level->count; i++)
		free(level->rows[i].buckets);
	free(level->rows);
	*level = (struct pyramid_level){ 0 };
}
