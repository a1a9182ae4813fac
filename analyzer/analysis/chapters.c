/* A history from its end back to its beginning. */
#include "analysis/chapters.h"

#include <stdlib.h>

#include "model/run.h"
#include "model/spares.h"

enum { MOST_STRETCHES = 6000000 }; /* of one part: 460 MB */

struct chapter {
	struct dwell_history history;
	struct tally tally;
	struct spares *spares; /* for stretches */
};

static void drop_chapter(void *read)
{
	struct chapter *chapter = read;

	if (!chapter)
		return;
	spares_give(chapter->spares, &chapter->history.stretches);
	history_release(&chapter->history);
	tally_release(&chapter->tally);
	free(chapter);
}

static int read_chapter(struct model *model, void *context, size_t part, void **out)
{
	const struct reading *reading = context;
	const unsigned parts = reading->parts;
	struct chapter *chapter = calloc(1, sizeof(*chapter));
	int err;

	if (!chapter)
		return DWELL_ENOMEM;
	history_init(&chapter->history, model, parts, MOST_STRETCHES);
	chapter->spares = reading->spares;
	chapter->tally.sums_of = model;
	chapter->history.stretches = spares_take(reading->spares, sizeof(struct dwell_stretch));
	err = model_part(model, part, 1,
		parts & DWELL_HISTORY_EXECUTORS ? &history_ops : &history_tasks_ops,
		&chapter->history, &chapter->tally);
	if (!err)
		history_index(&chapter->history);
	*out = chapter;
	return err;
}

int chapters_open(
	struct chapters *chapters, struct model *view, unsigned parts, struct spares *spares)
{
	static const struct ahead_ops ops = { read_chapter, drop_chapter };

	*chapters = (struct chapters){
		.model = view,
		.reading = { parts, spares },
		.left = view->parts,
		.begin_ns = DWELL_FOREVER,
		.carried = { .item = sizeof(struct carried) },
		.tally.sums_of = view,
	};
	return ahead_new(&chapters->ahead, view, &ops, &chapters->reading);
}

void chapters_close(struct chapters *chapters)
{
	ahead_free(chapters->ahead);
	drop_chapter(chapters->chapter);
	for (uint32_t task = 0; task < chapters->carried.end; task++) {
		struct carried *carried = table_get(&chapters->carried, task);

		if (carried)
			free(carried->at);
	}
	table_release(&chapters->carried);
	free(chapters->late);
	tally_release(&chapters->tally);
	*chapters = (struct chapters){ 0 };
}

static int carry(struct chapters *chapters, const struct dwell_stretch *stretch, size_t *kept)
{
	struct carried *of = table_make(&chapters->carried, stretch->task);

	if (!of)
		return DWELL_ENOMEM;
	if (of->count == of->cap) {
		const size_t cap = of->cap ? of->cap * 2 : 2;
		struct dwell_stretch *at = realloc(of->at, cap * sizeof(*at));

		if (!at)
			return DWELL_ENOMEM;
		of->at = at;
		of->cap = cap;
	}
	/* Earlier than what is carried, later than what was added just before. */
	for (size_t i = of->count; i > *kept; i--)
		of->at[i] = of->at[i - 1];
	of->at[(*kept)++] = *stretch;
	of->count++;
	return DWELL_OK;
}

/* What begins where the chapter does, or before keep_ns, is carried into the one before. */
static int carry_on(struct chapters *chapters, uint64_t keep_ns)
{
	const struct dwell_history *now = chapters->now;
	const uint64_t begin_ns = keep_ns > chapters->begin_ns ? keep_ns : chapters->begin_ns;
	int err = DWELL_OK;

	for (uint32_t task = 0; task < chapters->carried.end; task++) {
		struct carried *of = table_get(&chapters->carried, task);
		size_t kept = 0;

		for (size_t i = 0; of && i < of->count; i++)
			if (of->at[i].start_ns <= begin_ns)
				of->at[kept++] = of->at[i];
		if (of)
			of->count = kept;
	}
	for (uint32_t task = 0; task < dwell_history_tasks(now) && !err; task++) {
		const size_t count = dwell_history_stretches(now, task);
		size_t kept = 0;

		for (size_t i = 0; i < count && !err; i++) {
			const struct dwell_stretch *stretch = dwell_history_stretch(now, task, i);

			if (stretch->start_ns > begin_ns)
				break;
			err = carry(chapters, stretch, &kept);
		}
	}
	return err;
}

/* Waits that ended in later chapters, and releases that those looked for. */
static int settle_late(struct chapters *chapters, struct dwell_history *now)
{
	int err = DWELL_OK;

	for (size_t i = 0; i < chapters->late_count && !err; i++) {
		struct late_wait *late = &chapters->late[i];

		if (!history_late(now, late) && late->start_ns < now->told_ns)
			err = history_keep_late(now, late);
	}
	for (uint32_t task = 0; task < chapters->carried.end; task++) {
		struct carried *of = table_get(&chapters->carried, task);

		for (size_t i = 0; of && i < of->count; i++)
			history_resolve(now, &of->at[i]);
	}
	return err;
}

int chapters_back(struct chapters *chapters)
{
	return chapters_back_keeping(chapters, 0);
}

int chapters_back_keeping(struct chapters *chapters, uint64_t keep_ns)
{
	struct chapter *chapter = NULL;
	int err = chapters->now ? carry_on(chapters, keep_ns) : DWELL_OK;

	if (err || !chapters->left)
		return err ? err : (int)DWELL_END;
	/* Its memory is for one that is read ahead. */
	drop_chapter(chapters->chapter);
	chapters->chapter = NULL;
	chapters->now = NULL;
	err = ahead_take(chapters->ahead, chapters->left - 1, (void **)&chapter);
	if (!err)
		err = tally_merge(&chapters->tally, &chapter->tally);
	if (!err)
		err = settle_late(chapters, &chapter->history);
	if (err) {
		drop_chapter(chapter);
		return err;
	}
	free(chapters->late);
	chapters->late = chapter->history.late;
	chapters->late_count = chapter->history.late_count;
	chapter->history.late = NULL;
	chapters->chapter = chapter;
	chapters->now = &chapter->history;
	chapters->end_ns = chapters->begin_ns;
	chapters->left--;
	chapters->begin_ns = chapters->left ? chapter->history.told_ns : chapters->model->from_ns;
	return DWELL_OK;
}

const struct dwell_stretch *chapters_at(
	const struct chapters *chapters, uint32_t task, uint64_t time_ns)
{
	const struct carried *of = table_get(&chapters->carried, task);

	for (size_t i = of ? of->count : 0; i > 0 && time_ns; i--)
		if (of->at[i - 1].start_ns < time_ns)
			return of->at[i - 1].end_ns >= time_ns ? &of->at[i - 1] : NULL;

	const size_t i = time_ns ? dwell_history_find(chapters->now, task, time_ns - 1) : 0;
	if (i == dwell_history_stretches(chapters->now, task))
		return NULL;

	const struct dwell_stretch *stretch = dwell_history_stretch(chapters->now, task, i);
	return stretch->start_ns < time_ns ? stretch : NULL;
}
