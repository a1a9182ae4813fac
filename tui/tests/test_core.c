/* Requests, one by one: keys, places, rows, prompts, hostile names. */
#include <criterion/criterion.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cells.h"
#include "core/item.h"
#include "core/port.h"
#include "core/prompt.h"
#include "core/rows.h"
#include "core/work.h"
#include "tests/play.h"
#include "view/dump.h"
#include "view/palette.h"

#define GO DWELL_TESTDATA "/import/go/checkout-go1.25.trace"
#define HANDOVER DWELL_TESTDATA "/traces/handover.txt"

static struct play open_play(const char *path)
{
	struct play play;

	setlocale(LC_ALL, "C.UTF-8");
	cr_assert(play_open(&play, path, 120, 40));
	return play;
}

Test(request, every_key_is_bound_once)
{
	for (size_t i = 0; i < request_row_count; i++) {
		const char *at = request_rows[i].keys;

		for (; at && *at; at += strcspn(at, " ") + (at[strcspn(at, " ")] == ' ')) {
			const size_t size = strcspn(at, " ");
			const uint32_t key = key_of_name(at, size);

			cr_assert_neq(key, KEY_NONE, "%.*s is no key", (int)size, at);
			cr_assert_eq(request_of_key(key), request_rows[i].request,
				"%.*s is bound twice", (int)size, at);
		}
	}
}

Test(port, series_of_widths)
{
	for (uint64_t cell = 1, next; cell < UINT64_C(1) << 50; cell = next) {
		next = port_coarser(cell);
		cr_assert_gt(next, cell);
		cr_assert_leq(next, 2 * cell);
		if (cell > 1)
			cr_assert_eq(port_finer(next), cell, "%llu", (unsigned long long)cell);
	}
	cr_assert_eq(port_finer(1), 1);
}

Test(port, zooming_keeps_the_cursor_in_view_and_comes_back)
{
	struct play play = open_play(GO);
	struct tui *tui = play.tui;
	const struct tui_place whole = tui->place;

	play_keys(&play, "j l l l l l l l l");
	for (unsigned i = 0; i < 60; i++) {
		play_key(&play, "w");
		cr_assert_geq(port_column(tui, tui->place.time_ns), 0);
	}
	cr_assert_eq(tui->place.cell_ns, 1);
	for (unsigned i = 0; i < 60; i++)
		play_key(&play, "s");
	cr_assert_eq(tui->place.cell_ns, whole.cell_ns);
	cr_assert_eq(tui->place.from_ns, whole.from_ns);
	play_close(&play);
}

/* What is read is seen before its job has said that it ended. */
Test(cells, reading_ends_where_its_cells_are_there_already)
{
	struct play play = open_play(GO);
	struct tui *tui = play.tui;

	for (unsigned i = 0; i < 30; i++)
		tui_step(tui, REQUEST_ZOOM_IN);
	tui_tick(tui, 0);
	cr_assert(tui->near.job, "nothing was asked for");
	cr_assert(dwell_job_wait(tui->near.job, 60000));
	tui_tick(tui, 0);
	cr_assert_not(work_goes_on(&tui->near));
	tui_tick(tui, 60000);
	cr_assert(tui->exact);
	play_close(&play);
}

Test(history, back_and_forward)
{
	struct play play = open_play(GO);
	const struct tui_place first = play.tui->place;
	struct tui_place there;

	play_keys(&play, "3 Enter");
	there = play.tui->place;
	cr_assert_neq(there.cell_ns, first.cell_ns);
	play_key(&play, "u");
	cr_assert_eq(play.tui->place.cell_ns, first.cell_ns);
	play_key(&play, "U");
	cr_assert_eq(play.tui->place.cell_ns, there.cell_ns);
	cr_assert_eq(play.tui->place.time_ns, there.time_ns);
	for (unsigned i = 0; i < 200; i++)
		play_key(&play, i % 3 ? "f" : "0");
	for (unsigned i = 0; i < 200; i++)
		play_key(&play, "u");
	play_close(&play);
}

/* The trace of testdata/traces/handover.txt is written by hand: what is found is known. */
Test(steps, events_waits_and_people)
{
	struct play play = open_play(HANDOVER);
	const struct dwell_interval *item;
	uint64_t before;

	play_keys(&play, "< < < < < < < < < j X");
	item = item_interval(play.tui);
	cr_assert_not_null(item);
	cr_assert_eq(item->state, DWELL_BLOCKED);
	before = play.tui->place.time_ns;
	play_key(&play, "e");
	cr_assert_gt(play.tui->place.time_ns, before);
	play_key(&play, "E");
	cr_assert_eq(play.tui->place.time_ns, before);
	play_close(&play);
}

Test(steps, to_the_waker_and_back)
{
	struct play play = open_play(GO);
	const struct dwell_interval *item;
	uint32_t task, waker;

	play_keys(&play, "3 Enter");
	item = item_interval(play.tui);
	cr_assert_not_null(item);
	cr_assert_eq(item->reason, DWELL_REASON_JOIN);
	task = item->task;
	waker = item->waker;
	cr_assert_neq(waker, 0);
	play_key(&play, "W");
	cr_assert_eq(rows_task(play.tui), waker);
	play_key(&play, "u");
	cr_assert_eq(rows_task(play.tui), task);
	play_close(&play);
}

static bool is_in(struct dwell_string text, const char *word)
{
	for (size_t i = 0; i + strlen(word) <= text.size; i++)
		if (!memcmp(text.at + i, word, strlen(word)))
			return true;
	return false;
}

Test(search, counts_what_is_there)
{
	struct play play = open_play(GO);

	play_keys(&play, "/ type:state:blocked_reason:sleep");
	cr_assert(play.tui->has_search);
	cr_assert_eq(play.tui->match_count, 228, "%llu", (unsigned long long)play.tui->match_count);
	play_keys(&play, "Enter");
	cr_assert_eq(item_interval(play.tui)->reason, DWELL_REASON_SLEEP);
	play_keys(&play, "/ type:nonsense:x");
	cr_assert(!play.tui->has_search);
	cr_assert_neq(*play.tui->prompt_error, '\0');
	play_keys(&play, "Escape f & ^U type:*notify* Enter");
	cr_assert(play.tui->filtered);
	for (size_t i = 0; i < play.tui->rows.count; i++)
		if (play.tui->rows.at[i].kind == ROW_TASK) {
			const struct dwell_catalog_task *task =
				dwell_catalog_task(play.tui->catalog, play.tui->rows.at[i].id);

			cr_assert(is_in(task->name, "notify"));
		}
	play_key(&play, "I");
	cr_assert(!play.tui->filtered);
	play_close(&play);
}

Test(rows, fold_pin_hide_sort_group)
{
	struct play play = open_play(GO);
	struct tui *tui = play.tui;
	const size_t all = tui->rows.count;
	size_t counters = 0;

	while (tui->rows.at[all - 1 - counters].kind == ROW_COUNTER)
		counters++;
	play_key(&play, "Space");
	cr_assert_eq(tui->rows.count, 1 + counters);
	play_key(&play, "Space");
	cr_assert_eq(tui->rows.count, all);
	play_keys(&play, "j j p");
	cr_assert_eq(tui->rows.pinned, 1);
	cr_assert(tui->rows.at[0].pinned);
	play_keys(&play, "p j i");
	cr_assert_eq(tui->rows.count, all - 1);
	play_key(&play, "I");
	cr_assert_eq(tui->rows.count, all);
	for (unsigned i = 0; i < SORT_COUNT; i++)
		play_key(&play, "y");
	for (unsigned i = 0; i < GROUP_COUNT; i++)
		play_key(&play, "r");
	cr_assert_eq(tui->rows.count, all);
	play_close(&play);
}

static uint32_t group_of_row(const struct tui *tui, const struct dwell_catalog_task *task)
{
	return tui->group == GROUP_PROCESS ? task->process
	       : tui->group == GROUP_CLASS ? task->class_id
					   : 0;
}

/* Heavier first, or by their names; of two alike, the lower id. */
static bool is_before(const struct tui *tui, uint32_t a, uint32_t b)
{
	const struct dwell_string x = dwell_catalog_task(tui->catalog, a)->name;
	const struct dwell_string y = dwell_catalog_task(tui->catalog, b)->name;
	const size_t size = x.size < y.size ? x.size : y.size;
	const int names = tui->sort != SORT_NAME ? 0 : size ? memcmp(x.at, y.at, size) : 0;

	if (names)
		return names < 0;
	if (tui->sort == SORT_NAME && x.size != y.size)
		return x.size < y.size;
	if (tui->rows.weights[a] != tui->rows.weights[b])
		return tui->rows.weights[a] > tui->rows.weights[b];
	return a < b;
}

/* Each task is there once, with its group, in order. Returns how many neighbors it compared. */
static unsigned check_order(const struct tui *tui)
{
	const uint32_t end = dwell_catalog_tasks(tui->catalog);
	uint8_t *seen = calloc(end, 1), *left = calloc(tui->rows.group_end + 1u, 1);
	unsigned compared = 0;

	for (uint32_t i = 0, tasks = end - 1, before = 0; i < tasks; i++) {
		const uint32_t id = tui->rows.members[i];
		const struct dwell_catalog_task *task = dwell_catalog_task(tui->catalog, id);
		const uint32_t group = group_of_row(tui, task);
		const struct dwell_catalog_task *last = dwell_catalog_task(tui->catalog, before);

		cr_assert_not(seen[id]++, "task %u twice", id);
		if (last && group_of_row(tui, last) == group) {
			cr_assert(is_before(tui, before, id), "sort %d group %d: %u, %u", tui->sort,
				tui->group, before, id);
			compared++;
		} else {
			cr_assert_not(left[group]++, "group %u is torn", group);
		}
		before = id;
	}
	free(seen);
	free(left);
	return compared;
}

Test(rows, order_of_each_sort_and_group)
{
	struct play play = open_play(GO);

	for (unsigned group = 0; group < GROUP_COUNT; group++, play_key(&play, "r"))
		for (unsigned sort = 0; sort < SORT_COUNT; sort++, play_key(&play, "y"))
			if (play.tui->group != GROUP_EXECUTOR)
				cr_assert_gt(check_order(play.tui), 10);
	play_close(&play);
}

/* Every key at every size, in every palette, on every screen: nothing is drawn outside. */
Test(sizes, every_key_at_every_size)
{
	static const unsigned sizes[][2] = { { 60, 16 }, { 80, 24 }, { 400, 120 }, { 1, 1 },
		{ 41, 11 } };
	struct play play = open_play(DWELL_TESTDATA "/golden/v1/everything.dwell");

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		tui_resize(play.tui, sizes[i][0], sizes[i][1]);
		play.tui->palette = (unsigned)i;
		play.tui->ascii = i % 2;
		for (unsigned key = 1; key < 0x7f; key++) {
			if (key == 'q' || key == 'C' || key == 'T' || key == 'Y' || key == 'A')
				continue;
			tui_key(play.tui, key);
			play_settle(&play);
		}
		tui_key(play.tui, KEY_ESCAPE);
		tui_key(play.tui, KEY_ESCAPE);
	}
	play_close(&play);
}

Test(mouse, anywhere)
{
	struct play play = open_play(GO);

	srand(1);
	for (unsigned i = 0; i < 600; i++) {
		const struct tui_mouse mouse = {
			.kind = (enum tui_mouse_kind)(rand() % 5),
			.x = (unsigned)rand() % 130,
			.y = (unsigned)rand() % 45,
		};

		tui_mouse(play.tui, &mouse);
		if (i % 20 == 0)
			play_settle(&play);
	}
	play_close(&play);
}

static bool is_control(const struct frame_cell *cell)
{
	for (unsigned i = 0; i < cell->size; i++)
		if ((unsigned char)cell->glyph[i] < 0x20 || cell->glyph[i] == 0x7f)
			return true;
	return false;
}

/* Names of control characters, wide and combining ones, right to left, and 10,000 long. */
Test(hostile, names_stay_in_their_cells)
{
	static const char *const names[] = {
		"\x1b[2J\x1b]0;owned\x07",
		"日本語の名前 とても長い名前",
		"e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
		"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe2\x80\xaeright to left",
		"\xff\xfe\x80 not UTF-8",
		"\n\r\t\b\x7f",
		"",
	};
	struct frame frame = { .width = 0 };
	char *longest = malloc(10001);

	setlocale(LC_ALL, "C.UTF-8");
	memset(longest, 'x', 10000);
	longest[10000] = '\0';
	cr_assert(frame_resize(&frame, 30, 4));
	for (size_t i = 0; i <= sizeof(names) / sizeof(names[0]); i++)
		for (unsigned room = 0; room < 34; room++)
			for (unsigned x = 0; x < 32; x += 5) {
				const char *name =
					i < sizeof(names) / sizeof(names[0]) ? names[i] : longest;
				unsigned used, columns = 0;

				frame.ascii = room % 2;
				frame_clear(&frame);
				used = frame_text(
					&frame, x, 1, room, name, (struct pen){ .fore = 0 });
				frame_mend(&frame);
				cr_assert_leq(used, room);
				for (unsigned k = 0; k < 30; k++) {
					const struct frame_cell *cell = frame_at(&frame, k, 1);

					cr_assert(!is_control(cell));
					columns += cell->size ? cell->width : 0;
					if (k < x || k >= x + room)
						cr_assert_eq(cell->glyph[0], ' ');
				}
				cr_assert_eq(columns, 30);
			}
	frame_release(&frame);
	free(longest);
}

Test(notes, are_kept_in_a_file)
{
	char folder[] = "/tmp/dwell-notes-XXXXXX", path[128], notes[160];
	struct play play;

	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/trace", folder);
	snprintf(notes, sizeof(notes), "%s.notes", path);
	cr_assert_eq(symlink(HANDOVER, path), 0);
	play = open_play(path);
	play_keys(&play, "j l l l A type:look_here Enter");
	play_close(&play);
	play = open_play(path);
	cr_assert_eq(play.tui->note_count, 1);
	cr_assert_str_eq(play.tui->notes[0].text, "look here");
	play_keys(&play, "0 )");
	cr_assert_eq(play.tui->place.time_ns, play.tui->notes[0].time_ns);
	play_close(&play);
	unlink(notes);
	unlink(path);
	rmdir(folder);
}

Test(cut, is_the_view)
{
	char folder[] = "/tmp/dwell-cut-XXXXXX", path[128], keys[192];
	struct play play = open_play(GO), cut;

	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/part.dwell", folder);
	snprintf(keys, sizeof(keys), "j l l l l w w w C ^U type:%s Enter", path);
	play_keys(&play, keys);
	cut = open_play(path);
	cr_assert_eq(cut.tui->facts->begin_ns, play.tui->place.from_ns);
	cr_assert_eq(cut.tui->facts->end_ns, port_to(play.tui));
	play_close(&cut);
	play_close(&play);
	unlink(path);
	rmdir(folder);
}

/* Three run for long. So many tasks are weighed by a thread of its own. */
static void write_crowd(const char *path, unsigned tasks)
{
	FILE *file = fopen(path, "w");
	unsigned long long at_ns = 0;

	cr_assert_not_null(file);
	fputs("dwell-text 1\ntrace source=\"go\" tick=1 levels=runtime\n"
	      "process p1 name=\"crowd\"\nexecutor x1 kind=p number=0\n",
		file);
	for (unsigned id = 1; id <= tasks; id++)
		fprintf(file, "task t%u kind=goroutine process=p1 native=%u\n", id, id);
	for (unsigned id = 1; id <= tasks; id++) {
		const unsigned long long ran_ns = id % 20000 ? 1000 : 1000000000;

		fprintf(file, "%llu switch executor=x1 peer=t%u\n", at_ns, id);
		at_ns += ran_ns;
		fprintf(file, "%llu switch executor=x1 task=t%u state=exited\n", at_ns, id);
	}
	fprintf(file, "end time=%llu closed\n", at_ns);
	cr_assert_eq(fclose(file), 0);
}

Test(crowd, is_sorted_by_what_ran)
{
	enum { TASKS = 70000 };
	char path[] = "/tmp/dwell-crowd-XXXXXX";
	const int fd = mkstemp(path);
	uint64_t *again = calloc(TASKS + 1, sizeof(*again));
	struct play play;

	cr_assert_geq(fd, 0);
	close(fd);
	write_crowd(path, TASKS);
	play = open_play(path);
	cr_assert_eq(play.tui->rows.task_end, TASKS + 1);
	cr_assert_eq(dwell_timeline_totals(play.timeline, DWELL_RUNNING, again, TASKS + 1), 0);
	cr_assert_arr_eq(play.tui->rows.weights, again, (TASKS + 1) * sizeof(*again));
	/* Those are the first. */
	for (unsigned i = 0; i < 3; i++)
		cr_expect_eq(play.tui->rows.members[i] % 20000, 0);
	play_close(&play);
	free(again);
	unlink(path);
}
