/* What an id of an answer stands for, and what a task did at a moment. */
#include <stdlib.h>

#include "analysis/history.h"
#include "analysis/waits.h"
#include "dwell/explain.h"
#include "model/ahead.h"

/* Whether waits of a kind belong to the row that is looked for: kept, since they come again. */
struct known {
	struct wait_key key;
	uint8_t belongs; /* 0: not known so far; 1: no; 2: yes */
};

enum { KNOWN = 1 << 13 };

/* Looks through a part for the waits of a row. */
struct search {
	const struct row *row;
	struct dwell_subject longest;
	uint64_t count;
	struct known known[KNOWN];
};

struct row {
	const struct dwell_catalog *catalog;
	uint64_t id;
	uint8_t *tasks; /* 1: all of its waits belong to it */
	uint32_t task_count;
};

static bool has_key(struct search *search, const struct wait_key *key)
{
	const uint64_t hash =
		hash_mix(hash_mix(hash_mix(key->reason, key->object), key->stack), key->task);
	struct known *of = &search->known[hash >> 20 & (KNOWN - 1)];

	if (!of->belongs || of->key.object != key->object || of->key.stack != key->stack ||
		of->key.reason != key->reason || of->key.task != key->task) {
		of->key = *key;
		of->belongs = wait_has_key(search->row->catalog, key, search->row->id) ? 2 : 1;
	}
	return of->belongs == 2;
}

/* The longest; of such the first; the same whatever the order. */
static bool is_before(const struct dwell_subject *a, const struct dwell_subject *b)
{
	const uint64_t a_ns = a->end_ns - a->start_ns, b_ns = b->end_ns - b->start_ns;

	if (!b->task || a_ns != b_ns)
		return !b->task || a_ns > b_ns;
	return a->start_ns != b->start_ns ? a->start_ns < b->start_ns : a->task < b->task;
}

static int search_wait(void *fold, const struct dwell_wait *wait)
{
	struct search *search = fold;
	const struct row *row = search->row;
	const struct wait_key key = {
		.task = wait->stack ? DWELL_NONE : wait->task,
		.object = wait->object,
		.stack = wait->stack,
		.reason = wait->reason,
	};
	const struct dwell_subject subject = {
		.kind = DWELL_STORY_WAIT,
		.task = wait->task,
		.start_ns = wait->start_ns,
		.end_ns = wait->end_ns,
	};

	if (!(wait->task < row->task_count && row->tasks[wait->task]) && !has_key(search, &key))
		return DWELL_OK;
	search->count++;
	if (is_before(&subject, &search->longest))
		search->longest = subject;
	return DWELL_OK;
}

static int search_batch(void *fold, const struct fold_batch *batch)
{
	const struct dwell_told *told = batch->told;
	struct dwell_wait wait;

	/* The states that go on at the end: no wait has ended. */
	for (size_t i = 0; batch->count && i < told->own_count; i++) {
		wait = dwell_wait_of(&told->intervals[told->own_waits[i]]);
		search_wait(fold, &wait);
	}
	for (size_t i = 0; i < told->wait_count; i++)
		search_wait(fold, &told->waits[i]);
	return DWELL_OK;
}

static const struct fold_ops search_ops = { .batch = search_batch };

static int search_part(struct model *model, void *context, size_t part, void **out)
{
	struct search *search = calloc(1, sizeof(*search));

	if (!search)
		return DWELL_ENOMEM;
	search->row = context;
	*out = search;
	return model_part(model, part, 1, &search_ops, search, NULL);
}

static int search_parts(struct row *row, struct model *view, struct dwell_subject *longest)
{
	static const struct ahead_ops ops = { search_part, free };
	struct ahead *ahead = NULL;
	uint64_t count = 0;
	int err = ahead_new(&ahead, view, &ops, row);

	for (size_t part = view->parts; part > 0 && !err; part--) {
		struct search *one = NULL;

		err = ahead_take(ahead, part - 1, (void **)&one);
		if (one && one->count && is_before(&one->longest, longest))
			*longest = one->longest;
		count += one ? one->count : 0;
		free(one);
	}
	ahead_free(ahead);
	longest->others = count ? count - 1 : 0;
	return err;
}

/* The longest wait of those whose row has the id. 0, DWELL_END or a negative error. */
static int find_row(struct dwell_subject *out, const struct model *model, uint64_t id)
{
	const uint32_t count = dwell_catalog_tasks(model->catalog);
	struct row row = { model->catalog, id, calloc((size_t)count + 1, 1), count };
	struct dwell_subject longest = { 0 };
	struct model view;
	int err = row.tasks ? model_view(model, 0, 0, &view) : DWELL_ENOMEM;

	for (uint32_t task = 0; row.tasks && task < count; task++)
		row.tasks[task] = task_has_key(model->catalog, task, id);
	if (!err)
		err = search_parts(&row, &view, &longest);
	free(row.tasks);
	*out = longest;
	return !err && !longest.task ? (int)DWELL_END : err;
}

/* What one task does about a moment. */
struct look {
	uint32_t task;
	uint64_t time_ns;
	struct dwell_interval at, next; /* around the moment, and what followed it */
	struct dwell_wait wait;
	bool found, followed;
	bool gone; /* it did not live then: nothing more is to be read */
};

/* All that live are in a keyframe. */
static int look_begin(void *fold, const struct fold_start *start)
{
	struct look *look = fold;
	bool lives = !start->count;

	for (size_t i = 0; i < start->count && !lives; i++)
		lives = start->keyframe[i].task == look->task;
	look->gone = !lives && !look->found;
	return DWELL_OK;
}

static int look_interval(void *fold, const struct dwell_interval *interval)
{
	struct look *look = fold;

	if (interval->task != look->task || interval->end_ns <= look->time_ns ||
		interval->start_ns == interval->end_ns)
		return DWELL_OK;
	if (!look->found && interval->start_ns <= look->time_ns) {
		look->at = *interval;
		look->found = true;
	} else if (look->found && !look->followed) {
		look->next = *interval;
		look->followed = true;
	}
	return DWELL_OK;
}

static int look_wait(void *fold, const struct dwell_wait *wait)
{
	struct look *look = fold;

	if (wait->task == look->task && wait->start_ns <= look->time_ns &&
		wait->end_ns > look->time_ns && !look->wait.task)
		look->wait = *wait;
	return DWELL_OK;
}

static const struct fold_ops look_ops = {
	.begin = look_begin,
	.interval = look_interval,
	.wait = look_wait,
};

/* The wait of the program tells more than the stretch; it ends later than that. */
static bool saw_enough(const struct look *look)
{
	if (look->gone && !look->found)
		return true;
	if (!look->found || (!look->followed && !(look->at.flags & DWELL_INTERVAL_OPEN)))
		return false;
	return look->wait.task || !(look->at.flags & DWELL_INTERVAL_IN_WAIT);
}

static void tell_subject(const struct look *look, struct dwell_subject *out)
{
	const struct dwell_interval *at = &look->at;

	*out = (struct dwell_subject){
		.kind = at->state == DWELL_BLOCKED    ? DWELL_STORY_WAIT
			: at->state == DWELL_RUNNABLE ? DWELL_STORY_LATENCY
						      : DWELL_STORY_DOING,
		.task = look->task,
		.start_ns = at->start_ns,
		.end_ns = at->end_ns,
		.open = at->flags & DWELL_INTERVAL_OPEN,
	};
	if (look->wait.task &&
		look->wait.end_ns - look->wait.start_ns >= out->end_ns - out->start_ns) {
		out->kind = DWELL_STORY_WAIT;
		out->start_ns = look->wait.start_ns;
		out->end_ns = look->wait.end_ns;
	} else if (out->kind == DWELL_STORY_WAIT && look->followed &&
		   look->next.state == DWELL_RUNNABLE) {
		out->end_ns = look->next.end_ns;
		out->open = look->next.flags & DWELL_INTERVAL_OPEN;
	}
}

/* Each part begins from a keyframe: what began before is whole all the same. */
static int look_at(struct look *look, const struct model *model)
{
	struct model view;
	int err = model_view(model, look->time_ns, 0, &view);

	for (size_t part = 0; !err && part < view.parts && !saw_enough(look); part++)
		err = model_part(&view, part, 1, &look_ops, look, NULL);
	return err;
}

/* Did the task begin to wait, or to be ready, at this very moment? */
static bool began_then(const struct look *look, unsigned kind, struct dwell_subject *out)
{
	const struct dwell_interval *at = &look->at;
	const unsigned state = kind == DWELL_STORY_WAIT ? DWELL_BLOCKED : DWELL_RUNNABLE;

	*out = (struct dwell_subject){ .kind = (uint8_t)kind, .task = look->task };
	/* The whole of a wait, rather than the stretch of it that began with it. */
	if (kind == DWELL_STORY_WAIT && look->wait.task && look->wait.start_ns == look->time_ns) {
		out->start_ns = look->wait.start_ns;
		out->end_ns = look->wait.end_ns;
		return true;
	}
	out->start_ns = at->start_ns;
	out->end_ns = at->end_ns;
	out->open = at->flags & DWELL_INTERVAL_OPEN;
	return look->found && at->start_ns == look->time_ns && at->state == state;
}

/*
 * An id is a hash of a task and of a time that can be undone: of each task, at what time would it
 * have had it? Hardly ever at one that lies in the trace, but for the one that is looked for.
 */
static int find_exact(struct dwell_subject *out, const struct model *model, uint64_t id)
{
	static const struct {
		const char *name;
		unsigned kind;
	} kinds[] = { { "wait", DWELL_STORY_WAIT }, { "latency", DWELL_STORY_LATENCY } };
	const uint32_t tasks = dwell_catalog_tasks(model->catalog);

	for (size_t i = 0; i < 2 * (size_t)tasks; i++) {
		struct look look = { .task = (uint32_t)(i / 2) };
		int err;

		look.time_ns = time_of_id(model->catalog, kinds[i % 2].name, look.task, id);
		if (look.time_ns < model->info.begin_ns || look.time_ns >= model->end_ns)
			continue;
		err = look_at(&look, model);
		if (!err && began_then(&look, kinds[i % 2].kind, out))
			return DWELL_OK;
		if (err && err != DWELL_EINVAL)
			return err;
	}
	return DWELL_END;
}

bool dwell_moment_of_id(const struct dwell_catalog *catalog, uint64_t id, uint64_t from_ns,
	uint64_t to_ns, uint32_t *task, uint64_t *time_ns)
{
	static const char *const kinds[] = { "moment", "wait", "latency" };
	const uint32_t tasks = dwell_catalog_tasks(catalog);

	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
		for (*task = 0; *task < tasks; ++*task) {
			*time_ns = time_of_id(catalog, kinds[kind], *task, id);
			if (*time_ns >= from_ns && *time_ns < to_ns)
				return true;
		}
	return false;
}

/* What a task did at a moment that an id stands for: of another id a task hardly ever has one. */
static int find_moment(struct dwell_subject *out, const struct model *model, uint64_t id)
{
	const uint32_t tasks = dwell_catalog_tasks(model->catalog);

	for (uint32_t task = 1; task < tasks; task++) {
		struct look look = { .task = task };
		int err;

		look.time_ns = time_of_id(model->catalog, "moment", task, id);
		if (look.time_ns < model->info.begin_ns || look.time_ns >= model->end_ns)
			continue;
		err = look_at(&look, model);
		if (!err && look.found) {
			tell_subject(&look, out);
			return DWELL_OK;
		}
		if (err && err != DWELL_EINVAL)
			return err;
	}
	return DWELL_END;
}

int dwell_subject_of_id(
	struct dwell_subject *out, struct dwell_study *study, uint64_t id, struct dwell_diag *diag)
{
	int err = find_exact(out, &study->model, id);

	if (err == DWELL_END)
		err = find_moment(out, &study->model, id);
	if (err == DWELL_END)
		err = find_row(out, &study->model, id);
	return err == DWELL_EINVAL ? (int)DWELL_END : model_complain(&study->model, err, diag);
}

int dwell_subject_at(struct dwell_subject *out, struct dwell_study *study, uint32_t task,
	uint64_t time_ns, struct dwell_diag *diag)
{
	struct look look = { .task = task, .time_ns = time_ns };
	int err = look_at(&look, &study->model);

	if (!err && !look.found)
		err = DWELL_END;
	if (!err)
		tell_subject(&look, out);
	return err == DWELL_EINVAL ? (int)DWELL_END : model_complain(&study->model, err, diag);
}
