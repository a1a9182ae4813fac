/* What an id of an answer stands for, and what a task did at a moment. */
#include <stdlib.h>

#include "analysis/history.h"
#include "analysis/waits.h"
#include "dwell/explain.h"
#include "model/ahead.h"

/* Waits alike, and the longest of them. */
struct alike {
	struct wait_key key;
	uint64_t start_ns, end_ns, count;
};

/* Looks through a part. */
struct search {
	const struct dwell_catalog *catalog;
	uint64_t id;
	bool found;
	struct dwell_subject subject;
	struct alike *alike;
	size_t count, cap;
	uint32_t *slots; /* index + 1 */
	size_t slot_count;
};

static void find(struct search *search, const struct dwell_subject *subject)
{
	search->subject = *subject;
	search->found = true;
}

static int search_interval(void *fold, const struct dwell_interval *interval)
{
	struct search *search = fold;
	const bool latency = interval->state == DWELL_RUNNABLE;
	const struct dwell_subject subject = {
		.kind = latency ? DWELL_STORY_LATENCY : DWELL_STORY_WAIT,
		.task = interval->task,
		.start_ns = interval->start_ns,
		.end_ns = interval->end_ns,
		.open = interval->flags & DWELL_INTERVAL_OPEN,
	};

	if ((!latency && interval->state != DWELL_BLOCKED) ||
		interval->start_ns == interval->end_ns)
		return DWELL_OK;
	if (id_of(search->catalog, latency ? "latency" : "wait", interval->task,
		    interval->start_ns) == search->id)
		find(search, &subject);
	return DWELL_OK;
}

static uint64_t hash_of(const struct alike *a)
{
	const uint64_t hash = hash_mix(hash_mix(a->key.reason, a->key.object), a->key.stack);

	return hash_mix(hash, a->key.task);
}

static uint32_t *slot_of(const struct search *search, const struct alike *key)
{
	size_t i = hash_of(key) & (search->slot_count - 1);

	for (; search->slots[i]; i = (i + 1) & (search->slot_count - 1)) {
		const struct wait_key *of = &search->alike[search->slots[i] - 1].key;

		if (of->reason == key->key.reason && of->object == key->key.object &&
			of->stack == key->key.stack && of->task == key->key.task)
			break;
	}
	return &search->slots[i];
}

static int grow(struct search *search)
{
	const size_t cap = search->cap ? search->cap * 2 : 64;
	struct alike *alike = realloc(search->alike, cap * sizeof(*alike));
	uint32_t *slots = calloc(cap * 2, sizeof(*slots));

	if (alike)
		search->alike = alike;
	if (!alike || !slots) {
		free(slots);
		return DWELL_ENOMEM;
	}
	free(search->slots);
	search->slots = slots;
	search->slot_count = cap * 2;
	search->cap = cap;
	for (size_t i = 0; i < search->count; i++)
		*slot_of(search, &alike[i]) = (uint32_t)i + 1;
	return DWELL_OK;
}

static int add_alike(struct search *search, const struct alike *one)
{
	uint32_t *slot;

	if (search->count == search->cap && grow(search))
		return DWELL_ENOMEM;
	slot = slot_of(search, one);
	if (!*slot) {
		search->alike[search->count++] = *one;
		*slot = (uint32_t)search->count;
		return DWELL_OK;
	}

	struct alike *of = &search->alike[*slot - 1];
	of->count += one->count;
	if (one->end_ns - one->start_ns > of->end_ns - of->start_ns) {
		of->start_ns = one->start_ns;
		of->end_ns = one->end_ns;
	}
	return DWELL_OK;
}

static int search_wait(void *fold, const struct dwell_wait *wait)
{
	struct search *search = fold;
	const struct alike one = {
		.key = { wait->task, wait->object, wait->stack, wait->reason },
		.start_ns = wait->start_ns,
		.end_ns = wait->end_ns,
		.count = 1,
	};
	const struct dwell_subject subject = {
		.kind = DWELL_STORY_WAIT,
		.task = wait->task,
		.start_ns = wait->start_ns,
		.end_ns = wait->end_ns,
	};

	/* The whole of a wait, rather than the stretch of it that began with it. */
	if (id_of(search->catalog, "wait", wait->task, wait->start_ns) == search->id)
		find(search, &subject);
	return add_alike(search, &one);
}

static const struct fold_ops search_ops = { .interval = search_interval, .wait = search_wait };

static void drop_search(void *read)
{
	struct search *search = read;

	if (!search)
		return;
	free(search->alike);
	free(search->slots);
	free(search);
}

static int search_part(struct model *model, void *context, size_t part, void **out)
{
	struct search *search = calloc(1, sizeof(*search));

	if (!search)
		return DWELL_ENOMEM;
	search->catalog = model->catalog;
	search->id = *(const uint64_t *)context;
	*out = search;
	return model_part(model, part, 1, &search_ops, search, NULL);
}

/* The longest wait of those whose row has the id. */
static void choose_longest(const struct search *search, struct dwell_subject *subject)
{
	uint64_t longest_ns = 0, count = 0;

	for (size_t i = 0; i < search->count; i++) {
		const struct alike *of = &search->alike[i];
		const uint64_t ns = of->end_ns - of->start_ns;

		if (!wait_has_key(search->catalog, &of->key, search->id))
			continue;
		count += of->count;
		/* The same whatever the order of parts. */
		if (ns < longest_ns || (ns == longest_ns && of->start_ns >= subject->start_ns))
			continue;
		longest_ns = ns;
		*subject = (struct dwell_subject){
			.kind = DWELL_STORY_WAIT,
			.task = of->key.task,
			.start_ns = of->start_ns,
			.end_ns = of->end_ns,
		};
	}
	subject->others = count ? count - 1 : 0;
}

static int search_all(struct model *view, struct search *all)
{
	static const struct ahead_ops ops = { search_part, drop_search };
	struct ahead *ahead = NULL;
	int err = ahead_new(&ahead, view, &ops, &all->id);

	for (size_t part = view->parts; part > 0 && !err; part--) {
		struct search *one = NULL;

		err = ahead_take(ahead, part - 1, (void **)&one);
		for (size_t i = 0; one && i < one->count && !err; i++)
			err = add_alike(all, &one->alike[i]);
		if (one && one->found)
			find(all, &one->subject);
		drop_search(one);
	}
	ahead_free(ahead);
	return err;
}

int dwell_subject_of_id(
	struct dwell_subject *out, struct dwell_study *study, uint64_t id, struct dwell_diag *diag)
{
	struct search all = { .catalog = study->model.catalog, .id = id };
	struct model view;
	int err = model_view(&study->model, 0, 0, &view);

	if (!err)
		err = search_all(&view, &all);
	if (!err && !all.found)
		choose_longest(&all, &all.subject);
	if (!err && !all.subject.task)
		err = DWELL_END;
	if (!err)
		*out = all.subject;
	free(all.alike);
	free(all.slots);
	return err == DWELL_EINVAL ? (int)DWELL_END : model_complain(&study->model, err, diag);
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
	if (look->gone)
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

int dwell_subject_at(struct dwell_subject *out, struct dwell_study *study, uint32_t task,
	uint64_t time_ns, struct dwell_diag *diag)
{
	struct look look = { .task = task, .time_ns = time_ns };
	struct model view;
	int err = model_view(&study->model, time_ns, 0, &view);

	/* Each part begins from a keyframe: what began before is whole all the same. */
	for (size_t part = 0; !err && part < view.parts && !saw_enough(&look); part++)
		err = model_part(&view, part, 1, &look_ops, &look, NULL);
	if (!err && !look.found)
		err = DWELL_END;
	if (!err)
		tell_subject(&look, out);
	return err == DWELL_EINVAL ? (int)DWELL_END : model_complain(&study->model, err, diag);
}
