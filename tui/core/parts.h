#ifndef DWELL_TUI_PARTS_H
#define DWELL_TUI_PARTS_H

#include "core/request.h"
#include "dwell/report.h"
#include "dwell/timeline.h"

/* What the viewer's state is made of. */
enum {
	TUI_HISTORY = 64,
	TUI_PROMPT = 256,
	TUI_MESSAGE = 256,
	TUI_WIDTH_MIN = 40,
	TUI_HEIGHT_MIN = 10,
	TUI_WIDTH_MAX = 1000,
	TUI_HEIGHT_MAX = 400
};

enum tui_screen {
	SCREEN_TIMELINE,
	SCREEN_TASKS,
	SCREEN_BLOCKED,
	SCREEN_LATENCY,
	SCREEN_LOCKS,
	SCREEN_FINDINGS,
	SCREEN_FLAME,
	SCREEN_SPANS,
	SCREEN_HELP,
	SCREEN_COUNT
};

enum tui_group { GROUP_PROCESS, GROUP_CLASS, GROUP_TASK, GROUP_EXECUTOR, GROUP_COUNT };
enum tui_sort { SORT_RUNNING, SORT_RUNNABLE, SORT_BLOCKED, SORT_NAME, SORT_START, SORT_COUNT };

/* ROW_BASE: a class of the trace that is compared with; `members` of tui->against.
 * ROW_COUNTER: a counter; the id is that of its series in the survey. */
enum tui_row_kind { ROW_PROCESS, ROW_CLASS, ROW_TASK, ROW_EXECUTOR, ROW_BASE, ROW_COUNTER };

/* One row of the timeline. */
struct tui_row {
	uint8_t kind;  /* enum tui_row_kind */
	uint8_t depth; /* of tasks in a group */
	bool folded;   /* a group whose tasks are not shown */
	bool pinned;
	uint32_t id;         /* process, class, task, executor or series */
	size_t first, count; /* its tasks in rows.members */
};

/* All rows that are shown, in order; pinned ones first. */
struct tui_rows {
	struct tui_row *at;
	size_t count, cap, pinned;
	uint32_t *members;    /* tasks, group by group */
	uint64_t *weights;    /* by task, for sorting */
	uint8_t *task_flags;  /* by task: enum tui_flag */
	uint8_t *group_flags; /* by process or class */
	uint32_t task_end, group_end;
};

/* FLAG_CALLED: of another program, but somebody went there. */
enum tui_flag {
	FLAG_HIDDEN = 1,
	FLAG_PINNED = 2,
	FLAG_FOLDED = 4,
	FLAG_FILTERED = 8,
	FLAG_CALLED = 16
};

/* Where the view is. */
struct tui_place {
	uint64_t from_ns, cell_ns;
	uint64_t time_ns; /* of the cursor */
	uint32_t row_id;
	uint8_t row_kind;
	bool pointed; /* the cursor stands at a moment, not at a whole cell */
};

/* Lines and columns of the parts of the timeline. */
struct tui_layout {
	unsigned width, height;
	unsigned label;              /* columns of names */
	unsigned columns;            /* cells */
	unsigned rows_top;           /* line of the first row */
	unsigned rows;               /* lines of rows */
	unsigned lens_top, lens;     /* the selected row, state by state; 0: not shown */
	unsigned detail_top, detail; /* lines of details */
};

/* Shares of a cell in eighths, each rounded for itself: 0 only where there is none. */
enum { SHADE_ABSENT = DWELL_STATE_SAME }; /* the task did not live */

struct tui_shade {
	uint8_t eighths[DWELL_STATE_COUNT];
	bool hot;     /* touches a wait longer than the bound */
	bool present; /* the task lives in it, or something is known of it */
};

/* A row of cells that is on the screen. */
struct tui_strip {
	struct dwell_cell *cells;
	bool known; /* else nothing has come yet */
	bool exact;
};

/* Rows that were told by a job, as they were when it ended. */
struct tui_kept {
	struct tui_row *rows;
	struct dwell_cell *cells;
	size_t count, columns;
	uint64_t from_ns, cell_ns;
};

/* What is below the rows. WHY: the chain of causes. */
enum tui_details { DETAILS_NONE, DETAILS_LESS, DETAILS_MORE, DETAILS_WHY };

enum tui_prompt_kind {
	PROMPT_NONE,
	PROMPT_SEARCH,
	PROMPT_FILTER,
	PROMPT_GO,
	PROMPT_NOTE,
	PROMPT_CUT,
	PROMPT_TEXT,
	PROMPT_TABLE
};

struct tui_note {
	uint64_t time_ns;
	uint32_t task;
	char text[200];
};

#endif
