#ifndef DWELL_TUI_FRAME_H
#define DWELL_TUI_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A screen in memory: glyphs and what their colours mean. Nothing here knows a terminal. */
enum tone {
	TONE_PLAIN, /* the terminal's own */
	TONE_TEXT,
	TONE_FAINT,
	TONE_STRONG,
	TONE_ACCENT,
	TONE_RUNNING,
	TONE_RUNNABLE,
	TONE_BLOCKED,
	TONE_LONG, /* blocked all the time, in a wait longer than the bound */
	TONE_HOT,  /* blocked some of the time, in a wait longer than the bound */
	TONE_UNKNOWN,
	TONE_LOSS,
	TONE_NOTE,
	TONE_BAD,
	TONE_BAR,      /* background of the title */
	TONE_SELECTED, /* background of the selected row */
	TONE_RANGE,    /* background of a selection of time, and of spans */
	TONE_VIEW,     /* background of what is in view, on the overview */
	TONE_COUNT
};

enum frame_attribute { FRAME_BOLD = 1, FRAME_UNDERLINE = 2, FRAME_REVERSE = 4 };

enum { GLYPH_SIZE = 14 };

struct frame_cell {
	char glyph[GLYPH_SIZE]; /* UTF-8, a character and what combines with it; not ended */
	uint8_t size;           /* bytes; 0: the right half of a wide one before it */
	uint8_t width;          /* columns */
	uint8_t fore, back;     /* enum tone */
	uint8_t attributes;     /* enum frame_attribute */
};

/* Columns from `left` on are of time: when one frame's are another's moved, a terminal can be asked
 * to move them. cell_ns 0: there are none. */
struct frame_scroll {
	unsigned left;
	uint64_t from_ns, cell_ns;
};

struct frame {
	unsigned width, height;
	struct frame_scroll scroll;
	bool ascii; /* nothing beyond ASCII */
	bool mono;  /* colours will not be seen */
	struct frame_cell *cells;
};

/* How what follows is drawn. */
struct pen {
	uint8_t fore, back, attributes;
};

/* False: no memory. A frame that is all zero is released, too. */
bool frame_resize(struct frame *frame, unsigned width, unsigned height);
void frame_release(struct frame *frame);
void frame_clear(struct frame *frame);

static inline struct frame_cell *frame_at(const struct frame *frame, unsigned x, unsigned y)
{
	return &frame->cells[(size_t)y * frame->width + x];
}

/* One glyph of one column; outside of the frame: nothing. */
void frame_put(struct frame *frame, unsigned x, unsigned y, const char *glyph, struct pen pen);
/* Fill a stretch of a line with blanks. */
void frame_fill(struct frame *frame, unsigned x, unsigned y, unsigned width, struct pen pen);

/*
 * A hostile text into at most `room` columns, cut with an ellipsis: control characters, and what
 * turns the direction, are shown as escapes. Returns the columns that it took.
 */
unsigned frame_bytes(struct frame *frame, unsigned x, unsigned y, unsigned room, const char *at,
	size_t size, struct pen pen);
unsigned frame_text(struct frame *frame, unsigned x, unsigned y, unsigned room, const char *text,
	struct pen pen);
/* printf's format; what comes out is text of ours, or hostile. */
unsigned frame_print(struct frame *frame, unsigned x, unsigned y, unsigned room, struct pen pen,
	const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Two halves of a wide character that lost the other become blanks: once all is drawn. */
void frame_mend(struct frame *frame);

#endif
