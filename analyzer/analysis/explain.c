/* The story of one wait. */
#include <stdlib.h>

#include "analysis/story.h"
#include "model/run.h"
#include "model/spares.h"

/* More of them are no story that anybody reads; what is left out is counted. */
enum { MOST_ITEMS = 20000, MOST_OPEN = 256 };

/* Steps and waits as the walk tells them: the latest first. */
struct telling {
	struct dwell_story *story;
	size_t step_cap, wait_cap;
	/* The waits that are open: index + 1; 0: left out. */
	uint32_t *open;
	size_t open_count, open_cap;
	const struct dwell_catalog *catalog;
};

static int tell_step(void *context, const struct dwell_step *step)
{
	struct telling *telling = context;
	struct dwell_story *story = telling->story;
	const uint32_t in =
		telling->open_count ? telling->open[telling->open_count - 1] : DWELL_NONE;

	if (story->step_count >= MOST_ITEMS) {
		story->left_out++;
		return DWELL_OK;
	}
	if (story->step_count == telling->step_cap) {
		const size_t cap = telling->step_cap ? telling->step_cap * 2 : 64;
		struct dwell_story_step *steps = realloc(story->steps, cap * sizeof(*steps));

		if (!steps)
			return DWELL_ENOMEM;
		story->steps = steps;
		telling->step_cap = cap;
	}
	story->steps[story->step_count++] = (struct dwell_story_step){ .is = *step, .wait = in };
	/* Why it stays there is said of the wait. */
	if (in)
		story->waits[in - 1].stop = step->stop ? step->stop : story->waits[in - 1].stop;
	return DWELL_OK;
}

static int open_wait(struct telling *telling, uint32_t wait)
{
	if (telling->open_count == telling->open_cap) {
		const size_t cap = telling->open_cap ? telling->open_cap * 2 : 32;
		uint32_t *open = realloc(telling->open, cap * sizeof(*open));

		if (!open)
			return DWELL_ENOMEM;
		telling->open = open;
		telling->open_cap = cap;
	}
	telling->open[telling->open_count++] = wait;
	return DWELL_OK;
}

static int add_wait(struct telling *telling, const struct dwell_stretch *wait, uint64_t at_ns)
{
	struct dwell_story *story = telling->story;

	if (story->wait_count == telling->wait_cap) {
		const size_t cap = telling->wait_cap ? telling->wait_cap * 2 : 32;
		struct dwell_story_wait *waits = realloc(story->waits, cap * sizeof(*waits));

		if (!waits)
			return DWELL_ENOMEM;
		story->waits = waits;
		telling->wait_cap = cap;
	}
	story->waits[story->wait_count++] = (struct dwell_story_wait){
		.start_ns = wait->start_ns,
		.end_ns = at_ns,
		.id = id_of(telling->catalog, "wait", wait->task, wait->start_ns),
		.all_start_ns = wait->start_ns,
		.all_end_ns = wait->end_ns,
		.task = wait->task,
		.object = wait->object,
		.stack = wait->stack,
		.waker = wait->waker,
		.waker_stack = wait->waker_stack,
		.holder = wait->holder,
		.parent = telling->open_count ? telling->open[telling->open_count - 1] : 0,
		.reason = wait->reason,
		.holder_how = wait->holder_how,
	};
	return open_wait(telling, (uint32_t)story->wait_count);
}

static int tell_wait(void *context, const struct dwell_stretch *wait, uint64_t at_ns, bool entered)
{
	struct telling *telling = context;
	struct dwell_story *story = telling->story;
	uint32_t in;

	if (entered)
		return story->wait_count < MOST_ITEMS
			       ? add_wait(telling, wait, at_ns)
			       : open_wait(telling, telling->open_count
							    ? telling->open[telling->open_count - 1]
							    : DWELL_NONE);
	in = telling->open[--telling->open_count];
	if (!in || story->waits[in - 1].all_start_ns != wait->start_ns ||
		story->waits[in - 1].task != wait->task)
		return DWELL_OK;
	story->waits[in - 1].start_ns = at_ns;
	if (at_ns < wait->start_ns) {
		story->waits[in - 1].all_start_ns = at_ns;
		story->waits[in - 1].again = true;
	}
	return DWELL_OK;
}

struct placed {
	struct dwell_story_wait wait;
	uint32_t was;
};

static int outer_first(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->wait.start_ns != y->wait.start_ns)
		return x->wait.start_ns < y->wait.start_ns ? -1 : 1;
	if (x->wait.end_ns != y->wait.end_ns)
		return x->wait.end_ns > y->wait.end_ns ? -1 : 1;
	return (x->was > y->was) - (x->was < y->was);
}

/* Waits in order of their starts; their indices change with it. */
static int sort_waits(struct dwell_story *story)
{
	struct placed *placed = calloc(story->wait_count + 1, sizeof(*placed));
	uint32_t *now = calloc(story->wait_count + 1, sizeof(*now));
	const int err = placed && now ? DWELL_OK : DWELL_ENOMEM;

	for (size_t i = 0; i < story->wait_count && !err; i++)
		placed[i] = (struct placed){ story->waits[i], (uint32_t)i + 1 };
	if (story->wait_count && !err)
		qsort(placed, story->wait_count, sizeof(*placed), outer_first);
	for (size_t i = 0; i < story->wait_count && !err; i++)
		now[placed[i].was] = (uint32_t)i + 1;
	for (size_t i = 0; i < story->wait_count && !err; i++) {
		story->waits[i] = placed[i].wait;
		story->waits[i].parent = now[placed[i].wait.parent];
	}
	for (size_t i = 0; i < story->step_count && !err; i++)
		story->steps[i].wait = now[story->steps[i].wait];
	free(placed);
	free(now);
	return err;
}

static int turn_round(struct dwell_story *story)
{
	for (size_t i = 0; i < story->step_count / 2; i++) {
		const struct dwell_story_step was = story->steps[i];

		story->steps[i] = story->steps[story->step_count - 1 - i];
		story->steps[story->step_count - 1 - i] = was;
	}
	return sort_waits(story);
}

static int walk_story(struct dwell_story *story, struct model *view, uint32_t task)
{
	struct telling telling = { .story = story, .catalog = view->catalog };
	struct walk walk = {
		.spares = spares_new(), .step = tell_step, .wait = tell_wait, .context = &telling
	};
	struct spares *spares = walk.spares;
	int err =
		spares ? walk_back(&walk, view, task, story->from_ns, story->to_ns) : DWELL_ENOMEM;

	if (!err) {
		story->from_ns = walk.from_ns;
		story->to_ns = walk.to_ns;
		while (!err && walk.chapters.left)
			err = chapters_back(&walk.chapters);
	}
	if (!err) {
		view->tally = walk.chapters.tally;
		walk.chapters.tally = (struct tally){ 0 };
		model_count_lives(view);
		facts_fill(&story->trace, view);
		story->trace.end_ns = story->to_ns;
		err = turn_round(story);
	}
	tally_release(&view->tally);
	view->tally = (struct tally){ 0 };
	free(telling.open);
	walk_release(&walk);
	spares_free(spares);
	return err;
}

int dwell_explain(struct dwell_story **out, struct dwell_study *study,
	const struct dwell_subject *subject, struct dwell_diag *diag)
{
	struct dwell_story *story = calloc(1, sizeof(*story));
	struct model view;
	/* The row that ends the last stretch is part of the story. */
	const uint64_t to_ns = subject->end_ns < study->model.end_ns ? subject->end_ns + 1 : 0;
	int err = story ? model_view(&study->model, subject->start_ns, to_ns, &view) : DWELL_ENOMEM;

	if (!err) {
		story->subject = *subject;
		story->id = id_of(study->model.catalog,
			subject->kind == DWELL_STORY_LATENCY ? "latency" : "wait", subject->task,
			subject->start_ns);
		story->from_ns = subject->start_ns;
		story->to_ns = subject->end_ns;
		err = walk_story(story, &view, subject->task);
	}
	if (!err)
		err = story_add_ran(story, &view);
	if (!err)
		err = story_add_since(story, study);
	if (!err) {
		*out = story;
		return DWELL_OK;
	}
	dwell_story_free(story);
	if (err == DWELL_ELIMIT)
		return dwell_diag_set(diag, err, UINT64_MAX, 0,
			"too much happened meanwhile to be held in memory: `dwell convert` makes a "
			"trace that is read in parts");
	return model_complain(&study->model, err, diag);
}

void dwell_story_free(struct dwell_story *story)
{
	if (!story)
		return;
	free(story->steps);
	free(story->waits);
	free(story->ran);
	free(story);
}
