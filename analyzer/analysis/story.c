/* Who ran instead, and since when a holder held. */
#include "analysis/story.h"

#include <stdlib.h>

/* Parts that are looked through before the story begins: some 4 million rows. */
enum { LOOK_BACK = 4 };

/* Of how many waits it is looked up: the outermost, and what is left is a convoy. */
enum { MOST_SINCE = 256 };

struct ran {
	struct dwell_story *story;
	struct occupants occupants;
	struct dwell_occupant **lists; /* by step */
	uint32_t *counts;
};

/* The first step that ends after a moment. */
static size_t first_step(const struct dwell_story *story, uint64_t time_ns)
{
	size_t low = 0, high = story->step_count;

	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (story->steps[middle].is.end_ns > time_ns)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static int add_occupant(struct ran *ran, size_t step, uint32_t task, uint8_t kind, uint64_t ns)
{
	struct dwell_occupant *list = ran->lists[step];
	const uint32_t count = ran->counts[step];

	for (uint32_t i = 0; i < count; i++) {
		if (list[i].task == task && list[i].kind == kind) {
			list[i].ns += ns;
			return DWELL_OK;
		}
	}
	list = realloc(list, (count + 1) * sizeof(*list));
	if (!list)
		return DWELL_ENOMEM;
	list[count] = (struct dwell_occupant){ ns, task, kind };
	ran->lists[step] = list;
	ran->counts[step]++;
	return DWELL_OK;
}

static int add_piece(void *context, const struct piece *piece)
{
	struct ran *ran = context;
	int err = DWELL_OK;

	for (size_t i = first_step(ran->story, piece->start_ns); i < ran->story->step_count && !err;
		i++) {
		const struct dwell_step *step = &ran->story->steps[i].is;
		const uint64_t from =
			step->start_ns > piece->start_ns ? step->start_ns : piece->start_ns;
		const uint64_t to = step->end_ns < piece->end_ns ? step->end_ns : piece->end_ns;

		if (step->start_ns >= piece->end_ns)
			break;
		if (step->state != DWELL_RUNNABLE || step->executor != piece->executor)
			continue;
		err = add_occupant(ran, i, piece->task,
			piece->task ? DWELL_OCCUPANT_TASK : DWELL_OCCUPANT_IDLE, to - from);
	}
	return err;
}

static int ran_begin(void *fold, const struct fold_start *start)
{
	return occupants_begin(&((struct ran *)fold)->occupants, start);
}

static int ran_event(void *fold, const struct dwell_event *event)
{
	return occupants_event(&((struct ran *)fold)->occupants, event);
}

static int ran_interval(void *fold, const struct dwell_interval *interval)
{
	return occupants_interval(&((struct ran *)fold)->occupants, interval);
}

static const struct fold_ops ran_ops = {
	.kinds = OCCUPANTS_KINDS,
	.begin = ran_begin,
	.event = ran_event,
	.interval = ran_interval,
};

static int longest_first(const void *a, const void *b)
{
	const struct dwell_occupant *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	return (x->task > y->task) - (x->task < y->task);
}

/* The lists as one, each with what is not known, so that it adds up. */
static int take_lists(struct ran *ran)
{
	struct dwell_story *story = ran->story;
	size_t total = 0;

	for (size_t i = 0; i < story->step_count; i++)
		total += ran->counts[i] + 1;
	story->ran = calloc(total, sizeof(*story->ran));
	if (!story->ran)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < story->step_count; i++) {
		struct dwell_story_step *step = &story->steps[i];
		uint64_t unknown_ns = step->is.end_ns - step->is.start_ns;

		if (step->is.state != DWELL_RUNNABLE || !step->is.executor)
			continue;
		step->ran_first = (uint32_t)story->ran_count;
		for (uint32_t k = 0; k < ran->counts[i]; k++) {
			story->ran[story->ran_count++] = ran->lists[i][k];
			unknown_ns -= ran->lists[i][k].ns;
		}
		if (unknown_ns)
			story->ran[story->ran_count++] = (struct dwell_occupant){ unknown_ns,
				DWELL_NONE, DWELL_OCCUPANT_UNKNOWN };
		step->ran_count = (uint32_t)story->ran_count - step->ran_first;
		qsort(&story->ran[step->ran_first], step->ran_count, sizeof(*story->ran),
			longest_first);
	}
	return DWELL_OK;
}

int story_add_ran(struct dwell_story *story, struct model *view)
{
	struct ran ran = { .story = story };
	bool any = false;
	int err = DWELL_OK;

	for (size_t i = 0; i < story->step_count; i++)
		any |= story->steps[i].is.state == DWELL_RUNNABLE && story->steps[i].is.executor;
	if (!any)
		return DWELL_OK;
	ran.lists = calloc(story->step_count, sizeof(struct dwell_occupant *));
	ran.counts = calloc(story->step_count, sizeof(*ran.counts));
	occupants_init(&ran.occupants, view, add_piece, &ran);
	if (!ran.lists || !ran.counts)
		err = DWELL_ENOMEM;
	if (!err)
		err = model_part(view, 0, view->parts, &ran_ops, &ran, NULL);
	if (!err)
		err = take_lists(&ran);
	for (size_t i = 0; ran.lists && i < story->step_count; i++)
		free(ran.lists[i]);
	free(ran.lists);
	free(ran.counts);
	occupants_release(&ran.occupants);
	return err;
}

static bool is_owned(unsigned reason)
{
	return reason == DWELL_REASON_MUTEX || reason == DWELL_REASON_RWLOCK ||
	       reason == DWELL_REASON_SEMAPHORE || reason == DWELL_REASON_FUTEX;
}

/* What one wait is looked up for: the last time before its release that the waker got the object.
 */
static void note_since(
	struct dwell_story *story, uint32_t task, uint32_t object, uint64_t time_ns, unsigned how)
{
	for (size_t i = 0; i < story->wait_count && i < MOST_SINCE; i++) {
		struct dwell_story_wait *wait = &story->waits[i];

		if (wait->waker != task || wait->object != object || !object ||
			!is_owned(wait->reason) || time_ns >= wait->end_ns ||
			(wait->since && wait->since_ns >= time_ns))
			continue;
		wait->since = (uint8_t)how;
		wait->since_ns = time_ns;
	}
}

/* It gave the object up: it got it after that. */
static void note_release(struct dwell_story *story, const struct dwell_event *event)
{
	for (size_t i = 0; i < story->wait_count && i < MOST_SINCE; i++) {
		struct dwell_story_wait *wait = &story->waits[i];

		if (wait->waker == event->task && wait->object == event->object && wait->since &&
			is_owned(wait->reason) && event->time_ns > wait->since_ns &&
			/* The release that ended it may be told a little before its wake. */
			event->time_ns < wait->start_ns)
			wait->since = DWELL_SINCE_UNKNOWN;
	}
}

static int since_event(void *fold, const struct dwell_event *event)
{
	struct dwell_story *story = fold;

	if (event->kind == DWELL_EVENT_ACQUIRE)
		note_since(story, event->task, event->object, event->time_ns, DWELL_SINCE_ACQUIRE);
	else
		note_release(story, event);
	return DWELL_OK;
}

static int since_wait(void *fold, const struct dwell_wait *wait)
{
	if (is_owned(wait->reason) && !(wait->flags & DWELL_EVENT_TIMED_OUT))
		note_since(fold, wait->task, wait->object, wait->end_ns, DWELL_SINCE_WAIT);
	return DWELL_OK;
}

static const struct fold_ops since_ops = {
	.kinds = 1u << DWELL_EVENT_ACQUIRE | 1u << DWELL_EVENT_RELEASE,
	.event = since_event,
	.wait = since_wait,
};

static bool wants_since(const struct dwell_story *story)
{
	for (size_t i = 0; i < story->wait_count && i < MOST_SINCE; i++)
		if (is_owned(story->waits[i].reason) && story->waits[i].object &&
			story->waits[i].waker)
			return true;
	return false;
}

int story_add_since(struct dwell_story *story, const struct dwell_study *study)
{
	struct model view;
	size_t first;
	int err;

	if (!wants_since(story))
		return DWELL_OK;
	err = model_view(&study->model, 0, story->to_ns + 1, &view);
	if (err)
		return err;

	/* Where the story begins, among all parts: it and some before. */
	struct model story_view;
	err = model_view(&study->model, story->from_ns, story->to_ns + 1, &story_view);
	if (err)
		return err;
	first = view.parts - story_view.parts;
	first = first > LOOK_BACK ? first - LOOK_BACK : 0;
	return model_part(&view, first, view.parts - first, &since_ops, story, NULL);
}
