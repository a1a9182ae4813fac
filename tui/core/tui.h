#ifndef DWELL_TUI_CORE_H
#define DWELL_TUI_CORE_H

#include "core/parts.h"

/*
 * The viewer without a screen and without a terminal: what is looked at, and how each request
 * changes it. tui_step is the only way in; views read the rest.
 */

/* A background job, and later its result. */
struct tui_work {
	struct dwell_job *job;
	uint64_t key; /* of the question */
	bool done;
};

enum tui_step_kind { STEP_NONE, STEP_THERE, STEP_ZOOM };

struct tui {
	struct dwell_timeline *timeline;
	const struct dwell_timeline_facts *facts;
	const struct dwell_catalog *catalog;
	const char *path;
	const char *wanted_text; /* the id that --at gave */
	bool ready;
	uint64_t rows_read; /* while it is not */
	int err;            /* it cannot be read */
	struct dwell_diag diag;

	struct tui_layout layout;
	enum tui_screen screen, before_help;
	unsigned help_top;
	unsigned details; /* enum tui_details */
	unsigned palette;
	bool ascii;
	bool quit;
	bool others;          /* tasks of programs that were not to be recorded are shown, too */
	uint32_t other_tasks; /* how many there are */

	struct tui_against *against; /* NULL: nothing is compared with */
	struct tui_place place;
	struct tui_place history[TUI_HISTORY];
	unsigned history_count, history_at;
	bool selecting, has_selection, has_mark;
	uint64_t select_from, select_to, select_anchor, mark_ns;
	uint64_t bound_ns; /* waits longer than this are marked */
	bool bound_is_set; /* by the user; else it goes with the cells' width */

	struct tui_rows rows;
	enum tui_group group;
	enum tui_sort sort;
	enum tui_sort sorted_by;
	uint64_t rows_version;
	size_t row; /* selected */
	size_t top; /* first one shown below the pinned */

	/* Cells of what is on the screen. */
	struct tui_strip *strips; /* by line */
	size_t strip_count;
	struct dwell_cell *cell_store;
	struct tui_kept kept;
	struct dwell_cell *overview;
	size_t overview_columns;
	uint64_t overview_from, overview_cell;
	bool overview_known, exact, too_much;
	bool waits;            /* what is dear is asked for when no more keys come */
	uint64_t strip_narrow; /* key of a generation whose life is too long to be kept */

	struct tui_work near, groups, whole, strip, survey, answer, count, step, look_up, story;
	uint64_t wanted_id;

	enum tui_step_kind step_kind;
	const char *step_what; /* what is looked for, for a message */
	struct dwell_search searching;
	bool has_search, filtered, filter_wanted;
	uint64_t match_count, match_total_ns, match_tasks;

	enum tui_prompt_kind prompt;
	char prompt_text[TUI_PROMPT], prompt_error[TUI_MESSAGE];
	size_t prompt_size;
	char search_text[TUI_PROMPT];
	char message[TUI_MESSAGE];
	struct tui_work save;           /* a cut */
	enum tui_prompt_kind save_kind; /* PROMPT_TEXT, PROMPT_TABLE: to be written by the view */
	char save_path[TUI_PROMPT];

	struct tui_note *notes;
	size_t note_count;

	/* Tables. */
	enum tui_screen last_table;
	uint64_t table_from, table_to; /* of the answer that there is */
	size_t line[SCREEN_COUNT], line_top[SCREEN_COUNT];
	unsigned table_rows;

	/* Dragging. */
	bool dragging;
	uint64_t drag_ns;
};

/* What was done with the mouse, in cells of the screen. */
enum tui_mouse_kind { MOUSE_PRESS, MOUSE_DRAG, MOUSE_RELEASE, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };

struct tui_mouse {
	enum tui_mouse_kind kind;
	unsigned x, y;
};

/* Compare with another trace, class by class. It stays the caller's. False: no memory. */
bool tui_against(struct tui *tui, struct dwell_timeline *base);

/* The timeline stays the caller's and may still be being read. Returns NULL without memory. */
struct tui *tui_new(struct dwell_timeline *timeline, const char *path);
void tui_free(struct tui *tui);

/* A new size of the screen. */
void tui_resize(struct tui *tui, unsigned width, unsigned height);
/* A key: typed into a prompt, or the request that it is bound to. */
void tui_key(struct tui *tui, uint32_t key);
void tui_step(struct tui *tui, enum request request);
void tui_mouse(struct tui *tui, const struct tui_mouse *mouse);

/*
 * Take what has ended in the background, ask for what is missing, and wait up to so many
 * milliseconds for it. True: what is to be seen has changed.
 */
bool tui_tick(struct tui *tui, unsigned milliseconds);
/* Something is to be asked for once no more keys come: call tui_tick with 0 then. */
bool tui_waits(const struct tui *tui);
/* Something goes on in the background: *at_ns is how far it is in the trace. */
bool tui_busy(const struct tui *tui, const char **what, uint64_t *at_ns);

#endif
