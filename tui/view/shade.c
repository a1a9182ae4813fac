/* A cell's mix of states as one character. */
#include "view/view.h"

static const uint8_t tones[DWELL_STATE_COUNT] = {
	[SHADE_ABSENT] = TONE_PLAIN,
	[DWELL_UNKNOWN] = TONE_UNKNOWN,
	[DWELL_RUNNING] = TONE_RUNNING,
	[DWELL_RUNNABLE] = TONE_RUNNABLE,
	[DWELL_BLOCKED] = TONE_BLOCKED,
};

/* From the bottom up: so the height tells how much of the time the task ran. */
static const uint8_t order[] = { DWELL_RUNNING, DWELL_RUNNABLE, DWELL_BLOCKED, DWELL_UNKNOWN,
	SHADE_ABSENT };

enum { STATES = sizeof(order) };

const char *view_bar(const struct frame *frame, unsigned eighths)
{
	static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const digits[] = { " ", "1", "2", "3", "4", "5", "6", "7", "8" };

	return frame->ascii ? digits[eighths > 8 ? 8 : eighths] : blocks[eighths > 8 ? 8 : eighths];
}

/* The two states with the largest shares, in order from the bottom; the rest is told by a line
 * below. */
struct mix {
	unsigned low, high;
	unsigned count; /* of states that are there */
};

static struct mix mix_of(const struct tui_shade *shade)
{
	unsigned first = STATES, second = STATES, count = 0;

	for (unsigned i = 0; i < STATES; i++) {
		const unsigned own = shade->eighths[order[i]];

		count += own != 0;
		if (own > (first < STATES ? shade->eighths[order[first]] : 0)) {
			second = first;
			first = i;
		} else if (own > (second < STATES ? shade->eighths[order[second]] : 0)) {
			second = i;
		}
	}
	if (count < 2)
		second = first;
	return (struct mix){
		.low = count ? order[first < second ? first : second] : 0,
		.high = count ? order[first < second ? second : first] : 0,
		.count = count,
	};
}

/* A long wait that is all there is shows by its length; one beside other things must stand out. */
static uint8_t tone_of(unsigned state, bool hot, bool alone)
{
	if (state == DWELL_BLOCKED && hot)
		return alone ? TONE_LONG : TONE_HOT;
	return tones[state];
}

/* Without colours: the height of running, else a letter-like sign for what it mostly did. */
static void shade_mono(struct frame *frame, unsigned x, unsigned y, const struct tui_shade *shade)
{
	const uint8_t *e = shade->eighths;
	struct pen pen = { .attributes = shade->hot && e[DWELL_BLOCKED] ? FRAME_REVERSE : 0 };
	const bool ascii = frame->ascii;
	const char *glyph = ascii ? "." : "·";

	if (e[DWELL_RUNNABLE] > e[DWELL_RUNNING] && e[DWELL_RUNNABLE] >= e[DWELL_BLOCKED] &&
		e[DWELL_RUNNABLE] >= e[DWELL_UNKNOWN])
		glyph = ascii ? "+" : "▒";
	else if (e[DWELL_UNKNOWN] > e[DWELL_RUNNING] && e[DWELL_UNKNOWN] > e[DWELL_BLOCKED])
		glyph = "?";
	else if (e[DWELL_RUNNING])
		glyph = ascii ? (e[DWELL_RUNNING] > 5          ? "#"
					: e[DWELL_RUNNING] > 2 ? "="
							       : "-")
			      : view_bar(frame, e[DWELL_RUNNING]);
	else if (e[DWELL_RUNNABLE])
		glyph = ascii ? "," : "░";
	if (ascii && shade->hot && e[DWELL_BLOCKED])
		glyph = "!";
	frame_put(frame, x, y, glyph, pen);
}

/* ASCII in colour: the background tells what it mostly did, a digit the eighths of the other. */
static void shade_ascii(struct frame *frame, unsigned x, unsigned y, const struct mix *mix,
	unsigned eighths, const struct tui_shade *shade)
{
	const bool low_is_less = eighths <= 4 || mix->high == SHADE_ABSENT;
	const unsigned less = low_is_less ? mix->low : mix->high;
	const unsigned most = low_is_less ? mix->high : mix->low;
	const struct pen pen = {
		.fore = tone_of(less, shade->hot, false),
		.back = tone_of(most, shade->hot, false),
		.attributes = (uint8_t)(FRAME_BOLD | (mix->count > 2 ? FRAME_UNDERLINE : 0)),
	};

	/* A digit is of the fore colour, so it tells of that. */
	frame_put(frame, x, y, view_bar(frame, low_is_less ? eighths : 8 - eighths), pen);
}

void view_shade(struct frame *frame, unsigned x, unsigned y, const struct tui_shade *shade)
{
	const struct mix mix = mix_of(shade);
	struct pen pen = { .attributes = mix.count > 2 ? FRAME_UNDERLINE : 0 };
	unsigned low, high, eighths;

	if (!mix.count)
		return;
	if (frame->mono) {
		shade_mono(frame, x, y, shade);
		return;
	}
	if (mix.count == 1) {
		pen.back = tone_of(mix.low, shade->hot, true);
		pen.fore = TONE_FAINT;
		frame_put(frame, x, y,
			mix.low != DWELL_UNKNOWN ? " "
			: frame->ascii           ? "?"
						 : "░",
			pen);
		return;
	}
	low = shade->eighths[mix.low];
	high = shade->eighths[mix.high];
	eighths = (low * 16 / (low + high) + 1) / 2;
	eighths = eighths < 1 ? 1 : eighths > 7 ? 7 : eighths;
	if (frame->ascii) {
		shade_ascii(frame, x, y, &mix, eighths, shade);
		return;
	}
	pen.fore = tone_of(mix.low, shade->hot, false);
	pen.back = tone_of(mix.high, shade->hot, false);
	frame_put(frame, x, y, view_bar(frame, eighths), pen);
}
