#include "core/prompt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/find.h"
#include "core/item.h"
#include "core/names.h"
#include "core/notes.h"
#include "core/port.h"
#include "core/rows.h"
#include "core/say.h"
#include "core/table.h"
#include "core/work.h"

const char *prompt_title(enum tui_prompt_kind kind)
{
	static const char *const titles[] = {
		[PROMPT_SEARCH] = "search",
		[PROMPT_FILTER] = "only rows with",
		[PROMPT_GO] = "go to",
		[PROMPT_NOTE] = "note",
		[PROMPT_CUT] = "write trace to",
		[PROMPT_TEXT] = "write screen to",
		[PROMPT_TABLE] = "write table to",
	};

	return kind < sizeof(titles) / sizeof(titles[0]) ? titles[kind] : NULL;
}

/* What was typed changed: a search is counted at once. */
static void typed(struct tui *tui)
{
	struct dwell_diag diag;

	*tui->prompt_error = '\0';
	if (tui->prompt != PROMPT_SEARCH && tui->prompt != PROMPT_FILTER)
		return;
	tui->has_search = false;
	if (dwell_search_parse(&tui->searching, tui->prompt_text, &diag)) {
		snprintf(tui->prompt_error, sizeof(tui->prompt_error), "%s", diag.what);
		return;
	}
	tui->has_search = tui->searching.count > 0;
	find_count(tui);
}

void prompt_open(struct tui *tui, enum tui_prompt_kind kind, const char *text)
{
	tui->prompt = kind;
	snprintf(tui->prompt_text, sizeof(tui->prompt_text), "%s", text);
	tui->prompt_size = strlen(tui->prompt_text);
	typed(tui);
}

static void done_search(struct tui *tui)
{
	if (!tui->has_search)
		return;
	snprintf(tui->search_text, sizeof(tui->search_text), "%s", tui->prompt_text);
	find_match(tui, false);
}

static void done_filter(struct tui *tui)
{
	if (!tui->has_search) {
		rows_filter(tui, NULL, 0);
		return;
	}
	snprintf(tui->search_text, sizeof(tui->search_text), "%s", tui->prompt_text);
	/* Once the count has come, which knows the tasks. */
	tui->filter_wanted = true;
}

static void done_go(struct tui *tui)
{
	uint64_t time_ns;

	if (*tui->prompt_text == '@')
		table_go_id(tui, tui->prompt_text + 1);
	else if (time_of_text(tui, tui->prompt_text, &time_ns))
		item_go(tui, 0, time_ns);
	else
		say(tui, "not a time: %s", tui->prompt_text);
	port_settle(tui);
}

static void done_cut(struct tui *tui)
{
	const uint64_t from = tui->has_selection ? tui->select_from : tui->place.from_ns;
	const uint64_t to = tui->has_selection ? tui->select_to : port_to(tui);

	work_drop(&tui->save);
	if (dwell_timeline_want_cut(tui->timeline, from, to, tui->prompt_text, &tui->save.job))
		say(tui, "%s: %s", tui->prompt_text, strerror(errno));
	else
		snprintf(tui->save_path, sizeof(tui->save_path), "%s", tui->prompt_text);
}

static void done(struct tui *tui)
{
	const enum tui_prompt_kind kind = tui->prompt;

	tui->prompt = PROMPT_NONE;
	if (!tui->prompt_size && kind != PROMPT_FILTER)
		return;
	switch (kind) {
	case PROMPT_SEARCH:
		done_search(tui);
		break;
	case PROMPT_FILTER:
		done_filter(tui);
		break;
	case PROMPT_GO:
		done_go(tui);
		break;
	case PROMPT_NOTE:
		notes_add(tui, tui->prompt_text);
		break;
	case PROMPT_CUT:
		done_cut(tui);
		break;
	case PROMPT_TEXT:
	case PROMPT_TABLE:
		/* The view writes it: it knows how it looks. */
		tui->save_kind = kind;
		snprintf(tui->save_path, sizeof(tui->save_path), "%s", tui->prompt_text);
		break;
	default:
		break;
	}
}

static void erase(struct tui *tui)
{
	/* A whole character. */
	while (tui->prompt_size && (tui->prompt_text[tui->prompt_size - 1] & 0xc0) == 0x80)
		tui->prompt_size--;
	if (tui->prompt_size)
		tui->prompt_size--;
	tui->prompt_text[tui->prompt_size] = '\0';
}

static void insert(struct tui *tui, uint32_t key)
{
	char bytes[4];
	size_t size = 1;

	if (key < 0x80) {
		bytes[0] = (char)key;
	} else {
		size = key < 0x800 ? 2 : key < 0x10000 ? 3 : 4;
		for (size_t i = size; i-- > 1; key >>= 6)
			bytes[i] = (char)(0x80 | (key & 0x3f));
		bytes[0] = (char)((0xf00 >> size & 0xff) | key);
	}
	if (tui->prompt_size + size >= sizeof(tui->prompt_text))
		return;
	memcpy(tui->prompt_text + tui->prompt_size, bytes, size);
	tui->prompt_size += size;
	tui->prompt_text[tui->prompt_size] = '\0';
}

void prompt_key(struct tui *tui, uint32_t key)
{
	if (key == KEY_ENTER || key == '\n') {
		done(tui);
		return;
	}
	if (key == KEY_ESCAPE || key == 3 ||
		((key == KEY_BACKSPACE || key == 8) && !tui->prompt_size)) {
		tui->prompt = PROMPT_NONE;
		return;
	}
	if (key == KEY_BACKSPACE || key == 8) {
		erase(tui);
	} else if (key == ('U' & 0x1f)) {
		tui->prompt_size = 0;
		*tui->prompt_text = '\0';
	} else if (key >= ' ' && key < KEY_NONE) {
		insert(tui, key);
	}
	typed(tui);
}
