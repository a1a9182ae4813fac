#include "core/notes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/item.h"
#include "core/rows.h"
#include "core/say.h"

enum { MOST_NOTES = 10000, LINE = 512 };

static bool notes_path(const struct tui *tui, char out[4096])
{
	return strcmp(tui->path, "-") != 0 && snprintf(out, 4096, "%s.notes", tui->path) < 4096;
}

static int by_time(const void *a, const void *b)
{
	const struct tui_note *x = a, *y = b;

	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static struct tui_note *add(struct tui *tui)
{
	struct tui_note *grown;

	if (tui->note_count >= MOST_NOTES)
		return NULL;
	grown = realloc(tui->notes, (tui->note_count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	tui->notes = grown;
	grown[tui->note_count] = (struct tui_note){ 0 };
	return &grown[tui->note_count++];
}

/* False: not a note of ours. */
static bool read_note(const char *line, struct tui_note *out)
{
	uint64_t seconds, rest;
	uint32_t task;
	int used = 0;

	if (sscanf(line, "%" SCNu64 ".%9" SCNu64 " s [task %" SCNu32 "] %n", &seconds, &rest, &task,
		    &used) < 3 ||
		!used || seconds > UINT64_MAX / 2000000000)
		return false;
	out->time_ns = seconds * 1000000000 + rest;
	out->task = task;
	snprintf(out->text, sizeof(out->text), "%.*s", (int)strcspn(line + used, "\r\n"),
		line + used);
	return true;
}

void notes_load(struct tui *tui)
{
	char path[4096], line[LINE];
	FILE *file = notes_path(tui, path) ? fopen(path, "r") : NULL;

	while (file && fgets(line, sizeof(line), file)) {
		struct tui_note note, *room;

		if (read_note(line, &note) && (room = add(tui)))
			*room = note;
	}
	if (file)
		fclose(file);
	if (tui->note_count)
		qsort(tui->notes, tui->note_count, sizeof(*tui->notes), by_time);
}

static int save(const struct tui *tui, const char *path)
{
	FILE *file = fopen(path, "w");
	int err = file ? 0 : -1;

	for (size_t i = 0; file && i < tui->note_count; i++) {
		const struct tui_note *note = &tui->notes[i];

		fprintf(file, "%" PRIu64 ".%09" PRIu64 " s [task %" PRIu32 "] %s\n",
			note->time_ns / 1000000000, note->time_ns % 1000000000, note->task,
			note->text);
	}
	if (file && fclose(file))
		err = -1;
	return err;
}

void notes_add(struct tui *tui, const char *text)
{
	char path[4096];
	struct tui_note *note;

	if (!notes_path(tui, path)) {
		say(tui, "there is no file to write notes beside");
		return;
	}
	note = add(tui);
	if (!note)
		return;
	note->time_ns = tui->place.time_ns;
	note->task = rows_task(tui);
	snprintf(note->text, sizeof(note->text), "%s", text);
	qsort(tui->notes, tui->note_count, sizeof(*tui->notes), by_time);
	if (save(tui, path))
		say(tui, "%s: %s", path, strerror(errno));
	else
		say(tui, "noted in %s", path);
}

void notes_go(struct tui *tui, bool back)
{
	const struct tui_note *found = NULL;

	for (size_t i = 0; i < tui->note_count; i++) {
		const struct tui_note *note = &tui->notes[i];

		if (back && note->time_ns < tui->place.time_ns)
			found = note;
		if (!back && !found && note->time_ns > tui->place.time_ns)
			found = note;
	}
	if (!found) {
		say(tui, tui->note_count ? "no note %s" : "there are no notes: A writes one%s",
			!tui->note_count ? ""
			: back           ? "before"
					 : "behind");
		return;
	}
	item_go(tui, found->task, found->time_ns);
	say(tui, "%s", found->text);
}
