/* The first line and the last. */
#include <stdio.h>
#include <string.h>

#include "core/names.h"
#include "core/port.h"
#include "core/prompt.h"
#include "core/rows.h"
#include "core/table.h"
#include "view/view.h"

static const char *const tabs[] = { "timeline", "tasks", "blocked", "latency", "locks", "findings",
	"flame", "spans" };

enum { TABS = sizeof(tabs) / sizeof(tabs[0]) };

/* Where there is no room for all, only the shown one has its name. */
static unsigned tab_width(const struct tui *tui, unsigned tab, bool all)
{
	return all || tab == (unsigned)tui->screen ? (unsigned)strlen(tabs[tab]) + 4 : 3;
}

static unsigned tabs_width(const struct tui *tui, bool all)
{
	unsigned width = 0;

	for (unsigned i = 0; i < TABS; i++)
		width += tab_width(tui, i, all);
	return width;
}

static void draw_tabs(struct frame *frame, const struct tui *tui, bool all)
{
	unsigned x = frame->width - tabs_width(tui, all);

	for (unsigned i = 0; i < TABS; i++) {
		const bool shown = i == (unsigned)tui->screen;
		const struct pen pen = {
			.fore = shown ? TONE_STRONG : TONE_FAINT,
			.back = shown ? TONE_SELECTED : TONE_BAR,
			.attributes = (uint8_t)((shown ? FRAME_BOLD : 0) |
						(shown && frame->mono ? FRAME_REVERSE : 0)),
		};

		x += tab_width(tui, i, all) > 3
			     ? frame_print(frame, x, 0, 24, pen, " %u %s ", i + 1, tabs[i])
			     : frame_print(frame, x, 0, 3, pen, " %u ", i + 1);
	}
}

static void append(char *out, size_t size, const char *text)
{
	const size_t used = strlen(out);

	if (used < size)
		snprintf(out + used, size - used, "  %s", text);
}

static void describe(const struct tui *tui, char *out, size_t size)
{
	const uint32_t tasks = tui->facts->tasks - (tui->others ? 0 : tui->other_tasks);
	char text[DWELL_NUMBER_SIZE], part[64];

	dwell_format_duration(text, tui->facts->end_ns - tui->facts->begin_ns, tui->ascii);
	append(out, size, text);
	snprintf(part, sizeof(part), "%u task%s", tasks, tasks == 1 ? "" : "s");
	append(out, size, part);
	if (tui->other_tasks && !tui->others) {
		snprintf(part, sizeof(part), "(O: %u of others)", tui->other_tasks);
		append(out, size, part);
	}
	snprintf(part, sizeof(part), "%s events", dwell_format_count(text, tui->facts->events));
	append(out, size, part);
}

static void warn(const struct tui *tui, char *out, size_t size)
{
	char text[DWELL_NUMBER_SIZE], part[64];

	if (!tui->facts->closed)
		append(out, size, "not closed");
	if (tui->facts->lost_events) {
		snprintf(part, sizeof(part), "%s events lost",
			dwell_format_count(text, tui->facts->lost_events));
		append(out, size, part);
	} else if (tui->facts->losses) {
		append(out, size, "events lost");
	}
}

void view_title(struct frame *frame, const struct tui *tui)
{
	const struct pen bar = { .fore = TONE_TEXT, .back = TONE_BAR };
	const bool all = frame->width > tabs_width(tui, true) + 46;
	const unsigned size = tabs_width(tui, all);
	const unsigned end = frame->width > size + 30 ? frame->width - size : frame->width;
	const char *slash = strrchr(tui->path, '/');
	char facts[256] = "", bad[128] = "";
	unsigned x = 1;

	frame_fill(frame, 0, 0, frame->width, bar);
	x += frame_text(frame, x, 0, 6, "dwell",
		     (struct pen){
			     .fore = TONE_ACCENT, .back = TONE_BAR, .attributes = FRAME_BOLD }) +
	     1;
	if (!tui->ready) {
		frame_text(frame, x, 0, end - x, tui->path, bar);
		return;
	}
	describe(tui, facts, sizeof(facts));
	warn(tui, bad, sizeof(bad));
	x += frame_text(frame, x, 0, end > x + 20 ? 40 : 20, slash ? slash + 1 : tui->path,
		(struct pen){ .fore = TONE_STRONG, .back = TONE_BAR, .attributes = FRAME_BOLD });
	if (x < end)
		x += frame_text(frame, x, 0, end - x, bad,
			(struct pen){
				.fore = TONE_BAD, .back = TONE_BAR, .attributes = FRAME_BOLD });
	if (x + 12 < end)
		frame_text(frame, x, 0, end - x - 1, facts, bar);
	if (end < frame->width)
		draw_tabs(frame, tui, all);
}

static unsigned draw_prompt(struct frame *frame, const struct tui *tui, unsigned y)
{
	char text[DWELL_NUMBER_SIZE], total[DWELL_NUMBER_SIZE];
	const struct pen pen = { .fore = TONE_STRONG };
	unsigned x = 1;

	x += frame_print(frame, x, y, 24, (struct pen){ .fore = TONE_ACCENT },
		"%s: ", prompt_title(tui->prompt));
	x += frame_text(frame, x, y, frame->width - x - 2, tui->prompt_text, pen);
	frame_put(frame, x++, y, " ",
		(struct pen){ .back = TONE_ACCENT, .attributes = FRAME_REVERSE });
	if (*tui->prompt_error)
		return x + frame_text(frame, x + 2, y, frame->width - x - 3, tui->prompt_error,
				   (struct pen){ .fore = TONE_BAD });
	if (tui->has_search && tui->count.done)
		frame_print(frame, x + 2, y, frame->width - x - 3,
			(struct pen){ .fore = TONE_FAINT },
			"%s found in %u tasks, %s in all, in view",
			dwell_format_count(text, tui->match_count), (unsigned)tui->match_tasks,
			dwell_format_duration(total, tui->match_total_ns, tui->ascii));
	return x;
}

static void place_text(const struct tui *tui, char *out, size_t size)
{
	char time[NAME_SIZE], text[DWELL_NUMBER_SIZE], part[128];
	uint64_t from_ns, to_ns;

	snprintf(out, size, "%s",
		name_time(time, tui->place.time_ns, tui->place.pointed ? 1 : tui->place.cell_ns));
	if (tui->has_mark) {
		const bool before = tui->place.time_ns < tui->mark_ns;

		snprintf(part, sizeof(part), "%c%s from mark", before ? '-' : '+',
			dwell_format_duration(text,
				before ? tui->mark_ns - tui->place.time_ns
				       : tui->place.time_ns - tui->mark_ns,
				tui->ascii));
		append(out, size, part);
	}
	table_range(tui, &from_ns, &to_ns);
	snprintf(part, sizeof(part), "%s %s", tui->has_selection ? "selected" : "view",
		dwell_format_duration(text, to_ns - from_ns, tui->ascii));
	append(out, size, part);
	if (!table_is_shown(tui)) {
		snprintf(part, sizeof(part), "cell %s",
			dwell_format_duration(text, tui->place.cell_ns, tui->ascii));
		append(out, size, part);
		snprintf(part, sizeof(part), "long > %s",
			dwell_format_duration(text, tui->bound_ns, tui->ascii));
		append(out, size, part);
	}
	if (!tui->exact && tui->screen == SCREEN_TIMELINE)
		append(out, size,
			tui->ascii ? "~ about: more is being read" : "≈ about: more is being read");
}

static void draw_busy(struct frame *frame, const struct tui *tui, unsigned y)
{
	const char *what;
	uint64_t at_ns, from_ns, to_ns, done = 0;

	if (!tui_busy(tui, &what, &at_ns))
		return;
	table_range(tui, &from_ns, &to_ns);
	if (at_ns > from_ns)
		done = at_ns >= to_ns ? 99 : (at_ns - from_ns) * 100 / (to_ns - from_ns);
	frame_print(frame, frame->width > 34 ? frame->width - 34 : 0, y, 33,
		(struct pen){ .fore = TONE_ACCENT }, "%20s %2u %% (Esc)", what, (unsigned)done);
}

static void draw_hints(struct frame *frame, const struct tui *tui, unsigned x, unsigned y)
{
	/* The first that has room. */
	static const char *const hints[2][3] = {
		{ "? help  w/s zoom  a/d pan  f all  Enter to it  / search  Tab tables  q quit",
			"? help  w/s zoom  a/d pan  Tab tables  q quit", "? help  q quit" },
		{ "? help  Enter go there  j/k move  Tab next  1 timeline  Y save  q quit",
			"? help  Enter go there  1 timeline  q quit", "? help  q quit" },
	};
	const char *const *texts = hints[tui->screen != SCREEN_TIMELINE], *text = texts[0];

	for (unsigned i = 1; i < 3 && frame->width < x + strlen(text) + 4; i++)
		text = texts[i];
	if (frame->width > x + 10)
		frame_text(frame, frame->width - (unsigned)strlen(text) - 1, y,
			frame->width - x - 3, text, (struct pen){ .fore = TONE_FAINT });
}

void view_status(struct frame *frame, const struct tui *tui)
{
	const unsigned y = frame->height - 1;
	const char *what;
	uint64_t at_ns;
	char text[512];
	unsigned x;

	if (tui->prompt) {
		draw_prompt(frame, tui, y);
		return;
	}
	if (*tui->message) {
		x = 1 + frame_text(frame, 1, y, frame->width - 2, tui->message,
				(struct pen){ .fore = TONE_NOTE });
		draw_busy(frame, tui, y);
		return;
	}
	place_text(tui, text, sizeof(text));
	x = 1 + frame_text(frame, 1, y, frame->width - 2, text, (struct pen){ .fore = TONE_TEXT });
	if (tui_busy(tui, &what, &at_ns))
		draw_busy(frame, tui, y);
	else
		draw_hints(frame, tui, x, y);
}
