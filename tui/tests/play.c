#include "tests/play.h"

#include <stdio.h>
#include <string.h>

#include "core/work.h"
#include "view/view.h"

bool play_open(struct play *play, const char *path, unsigned width, unsigned height)
{
	struct dwell_diag diag = { .offset = UINT64_MAX };
	int err;

	*play = (struct play){ .tui = NULL };
	err = dwell_timeline_open(&play->timeline, path, &diag);
	if (err) {
		fprintf(stderr, "%s: %s\n", path, *diag.what ? diag.what : dwell_strerror(err));
		return false;
	}
	play->tui = tui_new(play->timeline, path);
	if (!play->tui)
		return false;
	tui_resize(play->tui, width, height);
	play_settle(play);
	return true;
}

void play_close(struct play *play)
{
	frame_release(&play->frame);
	tui_free(play->tui);
	dwell_timeline_close(play->timeline);
	dwell_timeline_close(play->base);
}

static bool goes_on(const struct tui *tui)
{
	const char *what;
	uint64_t at_ns;

	if (!tui->ready)
		return !tui->err;
	return tui_busy(tui, &what, &at_ns) || work_goes_on(&tui->strip) || tui_waits(tui) ||
	       work_goes_on(&tui->whole) || work_goes_on(&tui->survey) || tui->filter_wanted;
}

void play_settle(struct play *play)
{
	do {
		tui_tick(play->tui, 100);
		tui_tick(play->tui, 0);
		view_draw(&play->frame, play->tui);
	} while (goes_on(play->tui));
	/* What has just come may ask for more. */
	tui_tick(play->tui, 0);
	if (goes_on(play->tui))
		play_settle(play);
	view_draw(&play->frame, play->tui);
}

bool play_key(struct play *play, const char *name)
{
	if (!strncmp(name, "type:", 5)) {
		for (const char *c = name + 5; *c; c++)
			tui_key(play->tui, (unsigned char)*c);
	} else if (!strncmp(name, "against:", 8)) {
		if (dwell_timeline_open(&play->base, name + 8, NULL) ||
			!tui_against(play->tui, play->base))
			return false;
	} else {
		const uint32_t key = key_of_name(name, strlen(name));

		if (key == KEY_NONE)
			return false;
		tui_key(play->tui, key);
	}
	play_settle(play);
	return true;
}

bool play_keys(struct play *play, const char *names)
{
	char name[256];

	while (*names) {
		const size_t size = strcspn(names, " ");

		snprintf(name, sizeof(name), "%.*s", (int)size, names);
		/* What is typed may have blanks. */
		for (char *c = name; *c; c++)
			if (!strncmp(name, "type:", 5) && *c == '_')
				*c = ' ';
		if (size && !play_key(play, name)) {
			fprintf(stderr, "no such key: %s\n", name);
			return false;
		}
		names += size;
		names += *names == ' ';
	}
	return true;
}

static bool may_press(uint32_t key)
{
	return key != 'q' && key != 'C' && key != 'T' && key != 'Y' && key != 'A';
}

bool play_next_key(struct play_walk *walk, uint32_t *key, char name[32])
{
	do {
		size_t size;

		while (!walk->at || !*walk->at) {
			if (walk->row == request_row_count)
				return false;
			walk->at = request_rows[walk->row++].keys;
		}
		size = strcspn(walk->at, " ");
		*key = key_of_name(walk->at, size);
		snprintf(name, 32, "%.*s", (int)size, walk->at);
		walk->at += size + (walk->at[size] == ' ');
	} while (!may_press(*key));
	return true;
}
