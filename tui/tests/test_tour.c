/* The tour of docs/: exactly its keys are pressed, counted, and what they find is looked for. */
#include <criterion/criterion.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/item.h"
#include "core/port.h"
#include "core/rows.h"
#include "tests/play.h"
#include "view/dump.h"

#define SHOP DWELL_TESTDATA "/traces/shop.dwell"
#define GO DWELL_TESTDATA "/import/go/checkout-go1.25.trace"
#define TOUR DWELL_TESTDATA "/../docs/tour.md"

static char *read_text(FILE *file)
{
	enum { MOST = 1 << 20 };
	char *text = calloc(1, MOST);

	cr_assert_not_null(text);
	rewind(file);
	cr_assert_lt(fread(text, 1, MOST - 1, file), (size_t)MOST - 1);
	return text;
}

/* What stands on the screen, line by line. */
static char *screen_text(struct play *play)
{
	FILE *file = tmpfile();
	char *text;

	cr_assert_not_null(file);
	dump_text(&play->frame, file);
	text = read_text(file);
	fclose(file);
	return text;
}

static void expect(struct play *play, const char *what)
{
	char *text = screen_text(play);

	cr_assert(strstr(text, what), "the screen does not say: %s\n%s", what, text);
	free(text);
}

/* How many are pressed, and as the tour writes them: `3` `Enter`. */
static unsigned told(const char *keys, char *out, size_t size)
{
	unsigned count = 0;
	size_t used = 0;

	*out = '\0';
	while (*keys) {
		const size_t length = strcspn(keys, " ");
		const size_t typed = !strncmp(keys, "type:", 5) ? 5 : 0;

		used += (size_t)snprintf(out + used, size - used, "%s`%.*s`", used ? " " : "",
			(int)(length - typed), keys + typed);
		count += typed ? (unsigned)(length - typed) : 1;
		keys += length;
		keys += *keys == ' ';
	}
	for (char *c = out; *c; c++)
		if (*c == '_')
			*c = ' ';
	return count;
}

static void is_in_tour(const char *keys)
{
	char pressed[256], line[320];
	const unsigned count = told(keys, pressed, sizeof(pressed));
	FILE *file = fopen(TOUR, "r");
	char *tour;

	cr_assert_not_null(file);
	tour = read_text(file);
	fclose(file);
	snprintf(line, sizeof(line), "%s: **%u keys**", pressed, count);
	cr_assert(strstr(tour, line), "docs/tour.md does not say: %s", line);
	free(tour);
}

static struct play go(const char *trace, const char *keys)
{
	struct play play;

	setlocale(LC_ALL, "C.UTF-8");
	is_in_tour(keys);
	cr_assert(play_open(&play, trace, 130, 36));
	cr_assert(play_keys(&play, keys));
	return play;
}

static uint32_t task_named(const struct tui *tui, const char *name)
{
	for (uint32_t id = 1; id < dwell_catalog_tasks(tui->catalog); id++) {
		const struct dwell_catalog_task *task = dwell_catalog_task(tui->catalog, id);

		if (task && task->name.size == strlen(name) &&
			!memcmp(task->name.at, name, task->name.size))
			return id;
	}
	return 0;
}

/* The clerk had the lock of the longest wait: what the kernel and his owner word say of it. */
Test(tour, the_longest_wait_and_its_holder)
{
	struct play play = go(SHOP, "3 Enter o");
	const uint32_t clerk = task_named(play.tui, "clerk");
	const uint64_t at_ns = play.tui->place.time_ns;
	const struct dwell_interval *item;

	cr_assert_neq(clerk, 0);
	cr_assert_eq(rows_task(play.tui), clerk);
	cr_assert(play_key(&play, "u"));
	item = item_interval(play.tui);
	cr_assert_not_null(item);
	cr_assert_eq(item->state, DWELL_BLOCKED);
	cr_assert_eq(item->holder, clerk);
	cr_assert_eq(item->start_ns, at_ns);
	expect(&play, "held by   clerk");
	expect(&play, "shop.c:31");
	play_close(&play);
}

Test(tour, why_one_request_was_slow)
{
	struct play play = go(SHOP, "/ type:dur>100ms_reason:mutex Enter Enter");
	const struct dwell_interval *item = item_interval(play.tui);

	cr_assert_not_null(item);
	cr_assert_eq(item->reason, DWELL_REASON_MUTEX);
	cr_assert_gt(item->end_ns - item->start_ns, UINT64_C(100000000));
	cr_assert_geq(item->start_ns, play.tui->place.from_ns);
	cr_assert_leq(item->end_ns, port_to(play.tui));
	expect(&play, "request");
	play_close(&play);
}

/* Whom the table names first is whose row one comes to. */
Test(tour, who_ran_while_a_task_starved)
{
	struct play play = go(GO, "4 Enter R");
	const struct dwell_catalog_task *there =
		dwell_catalog_task(play.tui->catalog, rows_task(play.tui));
	char name[128], *text;

	cr_assert_not_null(there);
	snprintf(name, sizeof(name), "%.*s", (int)there->name.size, there->name.at);
	cr_assert_neq(*name, '\0');
	cr_assert(play_key(&play, "4"));
	text = screen_text(&play);
	cr_assert(strstr(text, name), "%s is not among those who ran instead:\n%s", name, text);
	free(text);
	play_close(&play);
}

Test(tour, two_traces)
{
	struct play play;

	setlocale(LC_ALL, "C.UTF-8");
	cr_assert(play_open(&play, SHOP, 130, 30));
	cr_assert(play_key(&play, "against:" DWELL_TESTDATA "/traces/shop-base.dwell"));
	/* Of each class one number, with its sign. */
	expect(&play, "worker-#");
	expect(&play, " %");
	play_close(&play);
}

Test(tour, the_time_between_two_events)
{
	struct play play = go(SHOP, "X Enter m e");
	const uint64_t between = play.tui->place.time_ns - play.tui->mark_ns;

	cr_assert(play.tui->has_mark);
	cr_assert(between > 163500000 && between < 164500000, "%llu", (unsigned long long)between);
	expect(&play, "+164 ms from mark");
	play_close(&play);
}

Test(tour, ten_milliseconds_around_a_finding)
{
	static const char keys[] = "6 G Enter Enter v l l l l v C Enter";
	char folder[] = "/tmp/dwell-tour-XXXXXX";
	struct play play, part;

	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
	play = go(SHOP, keys);
	cr_assert(play.tui->has_selection);
	cr_assert(play_open(&part, "shop.dwell-cut.dwell", 130, 36));
	cr_assert_eq(part.tui->facts->begin_ns, play.tui->select_from);
	cr_assert_eq(part.tui->facts->end_ns, play.tui->select_to);
	cr_assert(play.tui->select_to - play.tui->select_from >= 9000000 &&
			  play.tui->select_to - play.tui->select_from <= 11000000,
		"%llu", (unsigned long long)(play.tui->select_to - play.tui->select_from));
	play_close(&part);
	play_close(&play);
	unlink("shop.dwell-cut.dwell");
	cr_assert_eq(chdir("/"), 0);
	rmdir(folder);
}
