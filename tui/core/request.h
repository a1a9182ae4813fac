#ifndef DWELL_TUI_REQUEST_H
#define DWELL_TUI_REQUEST_H

#include <stddef.h>
#include <stdint.h>

/*
 * Everything that can be asked of the viewer, once: the enum, the keys, the help screen
 * and the manual page are made of this table.
 *
 * X(NAME, "name", "keys, separated by blanks", "what it does")
 */
#define REQUESTS(G, X)                                                                             \
	G("Moving")                                                                                \
	X(LEFT, "left", "h Left", "cursor one cell earlier")                                       \
	X(RIGHT, "right", "l Right", "cursor one cell later")                                      \
	X(UP, "up", "k Up", "one row up")                                                          \
	X(DOWN, "down", "j Down", "one row down")                                                  \
	X(PAGE_UP, "page-up", "PageUp ^B", "a screen of rows up")                                  \
	X(PAGE_DOWN, "page-down", "PageDown ^F", "a screen of rows down")                          \
	X(TOP, "top", "g", "the first row")                                                        \
	X(BOTTOM, "bottom", "G", "the last row")                                                   \
	X(PAN_LEFT, "pan-left", "a H S-Left", "move the view earlier by a quarter")                \
	X(PAN_RIGHT, "pan-right", "d L S-Right", "move the view later by a quarter")               \
	X(BEGIN, "begin", "0 Home", "the start of the trace")                                      \
	X(END, "end", "$ End", "the end of the trace")                                             \
	G("Zooming")                                                                               \
	X(ZOOM_IN, "zoom-in", "w + =", "zoom in at the cursor")                                    \
	X(ZOOM_OUT, "zoom-out", "s -", "zoom out at the cursor")                                   \
	X(FIT, "fit", "f", "see all of the trace")                                                 \
	X(ZOOM_ITEM, "zoom-item", "Enter",                                                         \
		"zoom to what is under the cursor; in a table: go there")                          \
	X(ZOOM_SELECTION, "zoom-selection", "z", "zoom to the selection")                          \
	X(BACK, "back", "u Backspace", "back to the view before")                                  \
	X(FORWARD, "forward", "U", "forward again")                                                \
	X(CENTER, "center", "c", "bring the cursor to the middle")                                 \
	X(GO, "go", "t", "go to a time: 1.5s, +20ms, 14:03:22.5, @ID of a finding")                \
	G("Stepping")                                                                              \
	X(NEXT_EVENT, "next-event", "e", "the task's next change of state")                        \
	X(PREVIOUS_EVENT, "previous-event", "E", "the task's previous change of state")            \
	X(NEXT_WAIT, "next-wait", ".", "the task's next wait longer than the bound")               \
	X(PREVIOUS_WAIT, "previous-wait", ",", "the task's previous wait longer than the bound")   \
	X(LONGEST_HERE, "longest-here", "x", "the task's longest wait in view")                    \
	X(LONGEST, "longest", "X", "the longest wait in view of the recorded program")             \
	X(NEXT_FINDING, "next-row", "}", "the next row of the table that was shown last")          \
	X(PREVIOUS_FINDING, "previous-row", "{", "the one before")                                 \
	X(BOUND_UP, "bound-up", ">", "mark only longer waits")                                     \
	X(BOUND_DOWN, "bound-down", "<", "mark shorter waits, too")                                \
	G("Following")                                                                             \
	X(WAKER, "waker", "W", "who ended this wait (u comes back)")                               \
	X(WAKEE, "wakee", "V", "whom this task woke next")                                         \
	X(HOLDER, "holder", "o", "who held what is waited for")                                    \
	X(INSTEAD, "instead", "R", "who ran on the CPU while this task was ready")                 \
	X(WHY, "why", "K", "why: the chain of causes of what is under the cursor")                 \
	G("Selecting and measuring")                                                               \
	X(SELECT, "select", "v", "begin or end a selection of time at the cursor")                 \
	X(MARK, "mark", "m", "set the mark: what is shown beside it is measured from there")       \
	X(GO_MARK, "go-mark", "M", "exchange cursor and mark")                                     \
	X(NOTE, "note", "A", "write a note at the cursor; kept in TRACE.notes")                    \
	X(NEXT_NOTE, "next-note", ")", "the next note")                                            \
	X(PREVIOUS_NOTE, "previous-note", "(", "the previous note")                                \
	G("Searching")                                                                             \
	X(SEARCH, "search", "/",                                                                   \
		"search: state:blocked reason:mutex dur>10ms task:worker* fn:*flush*")             \
	X(NEXT_MATCH, "next-match", "n", "the next match")                                         \
	X(PREVIOUS_MATCH, "previous-match", "N", "the previous match")                             \
	X(FILTER, "filter", "&", "show only rows that have what is searched for")                  \
	G("Rows")                                                                                  \
	X(FOLD, "fold", "Space", "fold or unfold a group")                                         \
	X(FOLD_ALL, "fold-all", "Z", "fold or unfold all groups")                                  \
	X(GROUP, "group", "r", "rows by process, class, task, executor")                           \
	X(SORT, "sort", "y", "sort by running, runnable, blocked, name, start")                    \
	X(PIN, "pin", "p", "keep this row at the top")                                             \
	X(HIDE, "hide", "i", "hide this row")                                                      \
	X(ALIVE, "alive", "b", "show only rows of tasks that live in view")                        \
	X(SHOW_ALL, "show-all", "I", "show hidden rows, and drop the filter")                      \
	X(OTHERS, "others", "O", "rows of all programs, or of the recorded one only")              \
	X(DETAILS, "details", "D", "details below: more, less, none")                              \
	G("Screens")                                                                               \
	X(TIMELINE, "timeline", "1", "the timeline")                                               \
	X(TASKS, "tasks", "2", "tasks, of the time in view or selected")                           \
	X(BLOCKED, "blocked", "3", "where time was lost")                                          \
	X(LATENCY, "latency", "4", "runnable to running, and who ran instead")                     \
	X(LOCKS, "locks", "5", "locks, and what their holders did")                                \
	X(FINDINGS, "findings", "6", "what every rule found, by the time it cost")                 \
	X(FLAME, "flame", "7", "stacks of the waits, by the time they cost")                       \
	X(SPANS, "spans", "8", "spans that the program told of, and what it did in them")          \
	X(NEXT_SCREEN, "next-screen", "Tab", "the next screen")                                    \
	X(PREVIOUS_SCREEN, "previous-screen", "S-Tab", "the previous screen")                      \
	X(HELP, "help", "? F1", "this list")                                                       \
	G("Else")                                                                                  \
	X(SAVE_CUT, "save-cut", "C", "write the view or selection as a trace")                     \
	X(SAVE_TEXT, "save-text", "T", "write the screen as text")                                 \
	X(SAVE_TABLE, "save-table", "Y", "write the table as CSV")                                 \
	X(PALETTE, "palette", "P", "other colours: dark, light, colour-blind safe, none")          \
	X(REDRAW, "redraw", "^L", "draw the screen anew")                                          \
	X(CANCEL, "cancel", "Escape ^C", "cancel what goes on; drop the selection")                \
	X(QUIT, "quit", "q", "quit")

enum request {
	REQUEST_NONE,
#define REQUEST_GROUP(title)
#define REQUEST_ENUM(name, word, keys, help) REQUEST_##name,
	REQUESTS(REQUEST_GROUP, REQUEST_ENUM)
#undef REQUEST_ENUM
		REQUEST_COUNT
};

/* Keys that are no character. */
enum key {
	KEY_NONE = 0x110000,
	KEY_LEFT,
	KEY_RIGHT,
	KEY_UP,
	KEY_DOWN,
	KEY_SHIFT_LEFT,
	KEY_SHIFT_RIGHT,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_HOME,
	KEY_END,
	KEY_DELETE,
	KEY_SHIFT_TAB,
	KEY_F1
};

enum { KEY_BACKSPACE = 0x7f, KEY_ENTER = '\r', KEY_ESCAPE = 0x1b, KEY_TAB = '\t' };

struct request_row {
	const char *group; /* not NULL: a heading, and the rest is empty */
	const char *name, *keys, *help;
	enum request request;
};

/* Headings and requests in the order of the table. */
extern const struct request_row request_rows[];
extern const size_t request_row_count;

/* A key as the table writes it: "w", "^L", "S-Tab", "Space"; KEY_NONE: it is none. */
uint32_t key_of_name(const char *name, size_t size);
/* What a key is bound to; REQUEST_NONE. */
enum request request_of_key(uint32_t key);
/* The first of its keys, as it is written. */
const char *request_key(enum request request, char out[16]);

#endif
