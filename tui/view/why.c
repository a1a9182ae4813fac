/* The chain of causes: the longest of what happened, each below what it is part of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/names.h"
#include "core/why.h"
#include "core/work.h"
#include "dwell/words.h"
#include "view/view.h"

enum { MOST_LINES = 64, TOOK = 10, LINE_SIZE = 4 * NAME_SIZE };

/* A wait, or a step. */
struct line {
	const struct dwell_story_wait *wait;
	const struct dwell_story_step *step;
	uint64_t start_ns, ns;
	unsigned depth;
};

struct lines {
	struct line at[MOST_LINES];
	size_t count, cap;
	size_t left_out;
};

/* What has others in it is never shorter than they are: so it is there wherever they are. */
static bool counts_more(const struct line *a, const struct line *b)
{
	return a->ns != b->ns ? a->ns > b->ns : a->depth < b->depth;
}

static void put(struct lines *lines, const struct line *line)
{
	size_t at = lines->count;

	if (lines->count == lines->cap) {
		lines->left_out++;
		if (!at || !counts_more(line, &lines->at[at - 1]))
			return;
		at = --lines->count;
	}
	while (at && counts_more(line, &lines->at[at - 1])) {
		lines->at[at] = lines->at[at - 1];
		at--;
	}
	lines->at[at] = *line;
	lines->count++;
}

static unsigned depth_of(const struct dwell_story *story, uint32_t wait)
{
	unsigned depth = 0;

	for (; wait && depth < MOST_LINES; wait = story->waits[wait - 1].parent)
		depth++;
	return depth;
}

static void collect(struct lines *lines, const struct dwell_story *story)
{
	for (size_t i = 0; i < story->wait_count; i++) {
		const struct dwell_story_wait *wait = &story->waits[i];

		put(lines, &(struct line){ .wait = wait,
				   .start_ns = wait->start_ns,
				   .ns = wait->end_ns - wait->start_ns,
				   .depth = depth_of(story, wait->parent) });
	}
	for (size_t i = 0; i < story->step_count; i++) {
		const struct dwell_story_step *step = &story->steps[i];

		/* The line of the wait says it. */
		if (step->is.state == DWELL_BLOCKED && step->wait)
			continue;
		put(lines, &(struct line){ .step = step,
				   .start_ns = step->is.start_ns,
				   .ns = step->is.end_ns - step->is.start_ns,
				   .depth = depth_of(story, step->wait) });
	}
}

static int in_order(const void *left, const void *right)
{
	const struct line *a = left, *b = right;

	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns ? -1 : 1;
	return (a->depth > b->depth) - (a->depth < b->depth);
}

static void append(char out[LINE_SIZE], const char *text)
{
	const size_t used = strlen(out);

	snprintf(out + used, LINE_SIZE - used, "%s", text);
}

static void append_task(char out[LINE_SIZE], const struct tui *tui, uint32_t task)
{
	char name[NAME_SIZE];

	dwell_name_task(name, tui->catalog, task);
	append(out, *name ? name : "somebody");
}

static void append_waker(
	char out[LINE_SIZE], const struct tui *tui, const struct dwell_story_wait *wait)
{
	const bool owned =
		wait->reason == DWELL_REASON_MUTEX || wait->reason == DWELL_REASON_RWLOCK;

	append(out, "; ");
	if (!wait->waker) {
		append(out, dwell_words_stop(wait->stop, true));
		return;
	}
	append_task(out, tui, wait->waker);
	append(out, owned ? " had it" : " ended it");
	if (wait->stop) {
		append(out, "; ");
		append(out, dwell_words_stop(wait->stop, true));
	}
}

static void wait_text(
	char out[LINE_SIZE], const struct tui *tui, const struct dwell_story_wait *wait)
{
	char part[2 * NAME_SIZE];

	append_task(out, tui, wait->task);
	append(out, " was blocked ");
	append(out, dwell_words_why(part, sizeof(part), tui->catalog, wait->reason, wait->object));
	append(out, dwell_words_where(part, sizeof(part), tui->catalog, wait->stack));
	append_waker(out, tui, wait);
}

static void append_ran(char out[LINE_SIZE], const struct tui *tui, const struct dwell_story *story,
	const struct dwell_story_step *step)
{
	char ns[DWELL_NUMBER_SIZE];

	append(out, step->ran_count ? ": " : "; who had it is not known");
	for (uint32_t i = 0; i < step->ran_count && i < 3; i++) {
		const struct dwell_occupant *ran = &story->ran[step->ran_first + i];

		append(out, i ? ", " : "");
		if (ran->task)
			append_task(out, tui, ran->task);
		append(out, ran->task                          ? " had it "
			    : ran->kind == DWELL_OCCUPANT_IDLE ? "it was idle "
							       : "not known for ");
		append(out, dwell_format_duration(ns, ran->ns, tui->ascii));
	}
}

static void step_text(char out[LINE_SIZE], const struct tui *tui, const struct dwell_story *story,
	const struct dwell_story_step *step)
{
	char executor[NAME_SIZE];

	append_task(out, tui, step->is.task);
	dwell_name_executor(executor, tui->catalog, step->is.executor);
	switch (step->is.state) {
	case DWELL_RUNNING:
		append(out, *executor ? " ran on " : " ran");
		append(out, executor);
		break;
	case DWELL_RUNNABLE:
		append(out, " was ready and waited for ");
		append(out, *executor ? executor : "a CPU");
		append_ran(out, tui, story, step);
		break;
	case DWELL_BLOCKED:
		append(out, " was blocked");
		break;
	default:
		append(out, ": what it did is not known");
		break;
	}
}

static void draw_line(struct frame *frame, const struct tui *tui, const struct dwell_story *story,
	const struct line *line, unsigned y)
{
	static const uint8_t tones[DWELL_STATE_COUNT] = { [DWELL_UNKNOWN] = TONE_FAINT,
		[DWELL_RUNNING] = TONE_RUNNING,
		[DWELL_RUNNABLE] = TONE_RUNNABLE,
		[DWELL_BLOCKED] = TONE_ACCENT };
	const uint8_t tone = tones[line->wait ? DWELL_BLOCKED : line->step->is.state];
	const unsigned x = TOOK + 2 + 2 * (line->depth < 12 ? line->depth : 12);
	char text[LINE_SIZE] = "", ns[DWELL_NUMBER_SIZE];
	unsigned size;

	dwell_format_duration(ns, line->ns, tui->ascii);
	size = (unsigned)strlen(ns) - (strstr(ns, "µ") ? 1 : 0);
	frame_text(frame, size < TOOK ? TOOK - size : 0, y, TOOK, ns, (struct pen){ .fore = tone });
	if (line->wait)
		wait_text(text, tui, line->wait);
	else
		step_text(text, tui, story, line->step);
	if (frame->width > x)
		frame_text(frame, x, y, frame->width - x - 1, text,
			(struct pen){ .fore = line->wait ? TONE_STRONG : TONE_TEXT });
}

void view_why(struct frame *frame, const struct tui *tui, unsigned top, unsigned end)
{
	const struct pen faint = { .fore = TONE_FAINT };
	const struct dwell_story *story = why_story(tui);
	struct lines lines = { .cap = end > top ? end - top : 0 };

	if (!lines.cap)
		return;
	if (!story) {
		frame_text(frame, 1, top, frame->width - 2,
			work_goes_on(&tui->story) ? "following the causes ..."
						  : "its causes cannot be told",
			faint);
		return;
	}
	lines.cap = lines.cap < MOST_LINES ? lines.cap : MOST_LINES;
	/* The last line is for what is left out. */
	if (story->step_count + story->wait_count > lines.cap)
		lines.cap--;
	collect(&lines, story);
	qsort(lines.at, lines.count, sizeof(*lines.at), in_order);
	for (size_t i = 0; i < lines.count; i++)
		draw_line(frame, tui, story, &lines.at[i], top++);
	if (lines.left_out + story->left_out && top < end)
		frame_print(frame, TOOK + 2, top, frame->width - TOOK - 3, faint,
			"%zu shorter ones are left out", lines.left_out + (size_t)story->left_out);
}
