#include "cli/tale.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/names.h"
#include "dwell/words.h"

enum { LINE = 2 * DWELL_NAME_SIZE, DEEP = 12 };

static void put_text(const struct tale *tale, const char *text)
{
	dwell_print_escaped(&tale->style, text, strlen(text));
}

/* Two columns of times, then what happened. */
static void begin_line(
	const struct tale *tale, unsigned depth, uint64_t at_ns, uint64_t ns, enum dwell_tone tone)
{
	char at[DWELL_NUMBER_SIZE], took[DWELL_NUMBER_SIZE];

	dwell_format_duration(at, at_ns, tale->style.ascii);
	dwell_format_duration(took, ns, tale->style.ascii);
	/* "µs" is one column of two bytes. */
	printf("%*s", 10 + (int)(strstr(at, "µ") != NULL), at);
	dwell_style_tone(&tale->style, tone);
	printf("%*s", 10 + (int)(strstr(took, "µ") != NULL), took);
	dwell_style_tone(&tale->style, DWELL_TONE_PLAIN);
	printf("  %*s", (int)(2 * depth), "");
}

static void put_name(const struct tale *tale, uint32_t task)
{
	char name[DWELL_NAME_SIZE];

	put_text(tale, *dwell_name_task(name, tale->catalog, task) ? name : "somebody");
}

static void put_ran(const struct tale *tale, const struct dwell_story_step *step)
{
	enum { SHOWN = 3 };
	char text[DWELL_NAME_SIZE], ns[DWELL_NUMBER_SIZE];

	if (!step->ran_count) {
		fputs("; who had it is not known", stdout);
		return;
	}
	fputs(": ", stdout);
	for (uint32_t i = 0; i < step->ran_count && i < SHOWN; i++) {
		const struct dwell_occupant *ran = &tale->story->ran[step->ran_first + i];

		fputs(i ? ", " : "", stdout);
		dwell_format_duration(ns, ran->ns, tale->style.ascii);
		if (ran->kind == DWELL_OCCUPANT_TASK) {
			put_text(tale, dwell_name_task(text, tale->catalog, ran->task));
			printf(" had it %s", ns);
		} else {
			printf(ran->kind == DWELL_OCCUPANT_IDLE ? "it was idle %s"
								: "%s is not known",
				ns);
		}
	}
	if (step->ran_count > SHOWN)
		printf(", %u more", step->ran_count - SHOWN);
}

static void print_step(const struct tale *tale, const struct dwell_story_step *step, unsigned depth)
{
	static const uint8_t tones[DWELL_STATE_COUNT] = { [DWELL_UNKNOWN] = DWELL_TONE_UNKNOWN,
		[DWELL_RUNNING] = DWELL_TONE_RUNNING,
		[DWELL_RUNNABLE] = DWELL_TONE_RUNNABLE,
		[DWELL_BLOCKED] = DWELL_TONE_BLOCKED };
	const struct dwell_step *is = &step->is;
	char text[DWELL_NAME_SIZE];

	begin_line(tale, depth, is->start_ns, is->end_ns - is->start_ns, tones[is->state]);
	put_name(tale, is->task);
	dwell_name_executor(text, tale->catalog, is->executor);
	switch (is->state) {
	case DWELL_RUNNING:
		fputs(" ran", stdout);
		if (*text)
			printf(" on %s", text);
		break;
	case DWELL_RUNNABLE:
		printf(" was ready and waited for %s", *text ? text : "a CPU");
		put_ran(tale, step);
		break;
	case DWELL_BLOCKED:
		fputs(" was blocked", stdout);
		break;
	default:
		fputs(": what it did is not known", stdout);
		break;
	}
	if (is->entry == DWELL_ENTRY_CREATOR)
		fputs(" (it made the task that ended the wait)", stdout);
	putchar('\n');
}

static bool may_be_owned(const struct dwell_story_wait *wait)
{
	return wait->reason == DWELL_REASON_MUTEX || wait->reason == DWELL_REASON_RWLOCK;
}

static void put_since(const struct tale *tale, const struct dwell_story_wait *wait)
{
	char at[DWELL_NUMBER_SIZE], before[DWELL_NUMBER_SIZE];

	if (!wait->since) {
		fputs(" (since when was not recorded)", stdout);
		return;
	}
	printf(", since %s", dwell_format_duration(at, wait->since_ns, tale->style.ascii));
	if (wait->since_ns < wait->all_start_ns)
		printf(" (%s before the wait)",
			dwell_format_duration(
				before, wait->all_start_ns - wait->since_ns, tale->style.ascii));
}

/* Who was waited for, as far as it is known. */
static void put_waker(const struct tale *tale, const struct dwell_story_wait *wait)
{
	char text[DWELL_NAME_SIZE + 8], at[DWELL_NUMBER_SIZE];

	if (wait->holder && wait->holder != wait->waker) {
		put_name(tale, wait->holder);
		fputs(wait->holder_how == DWELL_HOW_READ ? " held it when the wait began; "
							 : " may have held it first; ",
			stdout);
	}
	if (!wait->waker) {
		fputs(dwell_words_stop(wait->stop, tale->has_wakes), stdout);
		return;
	}
	put_name(tale, wait->waker);
	if (may_be_owned(wait)) {
		fputs(" held it", stdout);
		put_since(tale, wait);
		printf(" and let it go at %s",
			dwell_format_duration(at, wait->end_ns, tale->style.ascii));
	} else {
		printf(" ended it at %s",
			dwell_format_duration(at, wait->end_ns, tale->style.ascii));
	}
	put_text(tale, dwell_words_where(text, sizeof(text), tale->catalog, wait->waker_stack));
	if (wait->stop)
		printf("; %s", dwell_words_stop(wait->stop, tale->has_wakes));
}

static void put_beginning(const struct tale *tale, const struct dwell_story_wait *wait)
{
	char at[DWELL_NUMBER_SIZE];

	if (wait->again)
		fputs(", again and again for a limited time", stdout);
	if (wait->all_start_ns < wait->start_ns)
		printf(" (since %s)",
			dwell_format_duration(at, wait->all_start_ns, tale->style.ascii));
}

static void print_wait_line(
	const struct tale *tale, const struct dwell_story_wait *wait, unsigned depth)
{
	char why[LINE], place[DWELL_NAME_SIZE + 8];

	begin_line(tale, depth, wait->start_ns, wait->end_ns - wait->start_ns, DWELL_TONE_BLOCKED);
	put_name(tale, wait->task);
	if (wait->stop == DWELL_STOP_WAY_BACK) {
		puts(" had been let go, and was on its way back to a CPU");
		return;
	}
	fputs(" was blocked ", stdout);
	put_text(
		tale, dwell_words_why(why, sizeof(why), tale->catalog, wait->reason, wait->object));
	put_text(tale, dwell_words_where(place, sizeof(place), tale->catalog, wait->stack));
	put_beginning(tale, wait);
	printf("\n%22s%*s", "", (int)(2 * depth), "");
	put_waker(tale, wait);
	putchar('\n');
}

/* Of one in a queue for the same thing: its time is that of the lines that follow. */
static void print_queue_line(
	const struct tale *tale, const struct dwell_story_wait *wait, unsigned depth)
{
	printf("%22s%*s", "", (int)(2 * depth), "");
	put_name(tale, wait->task);
	fputs(" had waited for it too", stdout);
	put_beginning(tale, wait);
	fputs(": ", stdout);
	put_waker(tale, wait);
	putchar('\n');
}

static bool is_wait(const struct tale *tale, size_t part)
{
	return part >= tale->story->step_count;
}

static const struct dwell_story_wait *wait_at(const struct tale *tale, size_t part)
{
	return &tale->story->waits[part - tale->story->step_count];
}

static uint64_t start_of(const struct tale *tale, size_t part)
{
	return is_wait(tale, part) ? wait_at(tale, part)->start_ns
				   : tale->story->steps[part].is.start_ns;
}

static uint64_t length_of(const struct tale *tale, size_t part)
{
	if (is_wait(tale, part))
		return wait_at(tale, part)->end_ns - wait_at(tale, part)->start_ns;
	return tale->story->steps[part].is.end_ns - tale->story->steps[part].is.start_ns;
}

static int longest_first(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

/* What is shorter than this is summed up: the deeper, the more. */
static uint64_t shown_from(const struct tale *tale, size_t first, size_t end, unsigned depth)
{
	const uint64_t fewer = tale->limit >> (depth < 3 ? depth : 3);
	const uint64_t limit = tale->limit < 3 || fewer > 3 ? fewer : 3;
	uint64_t *lengths, from_ns = 0;

	if (tale->limit == UINT64_MAX || end - first <= limit)
		return 0;
	lengths = malloc((end - first) * sizeof(*lengths));
	if (!lengths)
		return 0;
	for (size_t i = first; i < end; i++)
		lengths[i - first] = length_of(tale, tale->parts[i]);
	qsort(lengths, end - first, sizeof(*lengths), longest_first);
	from_ns = lengths[limit];
	free(lengths);
	return from_ns + 1;
}

struct rest {
	uint64_t start_ns, ns, count;
};

static void print_rest(const struct tale *tale, struct rest *rest, unsigned depth)
{
	char count[DWELL_NUMBER_SIZE];

	if (!rest->count)
		return;
	begin_line(tale, depth, rest->start_ns, rest->ns, DWELL_TONE_FAINT);
	printf("%s shorter one%s: --limit 0\n", dwell_format_count(count, rest->count),
		rest->count == 1 ? "" : "s");
	*rest = (struct rest){ 0 };
}

static void print_parts(const struct tale *tale, size_t of, unsigned depth);

static void print_wait(const struct tale *tale, size_t part, size_t of, unsigned depth)
{
	const struct dwell_story_wait *wait = wait_at(tale, part);
	const size_t index = part - tale->story->step_count;
	const struct dwell_story_wait *outer = of ? &tale->story->waits[of - 1] : NULL;
	const size_t first = tale->first[index + 1], end = tale->first[index + 2];
	/* The path stays there: one line says it all. */
	const bool stays = end - first == 1 && !is_wait(tale, tale->parts[first]) && wait->stop;

	/* Who has it now waited for it before: one holder after the other, not one in the other. */
	if (outer && outer->object && outer->object == wait->object &&
		outer->reason == wait->reason && outer->waker == wait->task) {
		print_queue_line(tale, wait, depth);
		print_parts(tale, index + 1, depth);
		return;
	}
	print_wait_line(tale, wait, depth);
	if (!stays)
		print_parts(tale, index + 1, depth + 1);
}

static void print_parts(const struct tale *tale, size_t of, unsigned depth)
{
	const size_t first = tale->first[of], end = tale->first[of + 1];
	const uint64_t shown_ns = shown_from(tale, first, end, depth);
	struct rest rest = { 0 };

	for (size_t i = first; i < end; i++) {
		const size_t part = tale->parts[i];

		if (length_of(tale, part) < shown_ns ||
			(depth > DEEP && tale->limit != UINT64_MAX)) {
			if (!rest.count)
				rest.start_ns = start_of(tale, part);
			rest.ns += length_of(tale, part);
			rest.count++;
			continue;
		}
		print_rest(tale, &rest, depth);
		if (is_wait(tale, part))
			print_wait(tale, part, of, depth);
		else
			print_step(tale, &tale->story->steps[part], depth);
	}
	print_rest(tale, &rest, depth);
}

/* Steps and waits by what they are part of, in order of time. */
static int sort_parts(struct tale *tale)
{
	const struct dwell_story *story = tale->story;
	const size_t count = story->step_count + story->wait_count;
	size_t step = 0, wait = 0;

	tale->first = calloc(story->wait_count + 3, sizeof(*tale->first));
	tale->parts = calloc(count + 1, sizeof(*tale->parts));
	if (!tale->first || !tale->parts)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < story->step_count; i++)
		tale->first[story->steps[i].wait + 2]++;
	for (size_t i = 0; i < story->wait_count; i++)
		tale->first[story->waits[i].parent + 2]++;
	for (size_t i = 1; i < story->wait_count + 2; i++)
		tale->first[i + 1] += tale->first[i];
	/* Both are in order of time: merged, an outer wait before what is in it. */
	while (step < story->step_count || wait < story->wait_count) {
		const bool take_wait =
			wait < story->wait_count &&
			(step == story->step_count ||
				story->waits[wait].start_ns <= story->steps[step].is.start_ns);
		const size_t of = take_wait ? story->waits[wait].parent : story->steps[step].wait;

		tale->parts[tale->first[of + 1]++] =
			take_wait ? story->step_count + wait++ : step++;
	}
	return DWELL_OK;
}

/* What most of it was: the longest of what the steps have in common. */
struct common {
	uint64_t ns;
	const struct dwell_step *step;
};

static int most_first(const void *a, const void *b)
{
	const struct common *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	return (x->step->start_ns > y->step->start_ns) - (x->step->start_ns < y->step->start_ns);
}

static bool have_in_common(const struct dwell_step *a, const struct dwell_step *b)
{
	return a->task == b->task && a->state == b->state && a->reason == b->reason &&
	       a->object == b->object &&
	       (a->stop == DWELL_STOP_WAY_BACK) == (b->stop == DWELL_STOP_WAY_BACK);
}

static void put_common(const struct tale *tale, const struct common *common, uint64_t whole_ns)
{
	char share[DWELL_NUMBER_SIZE], why[LINE], place[DWELL_NAME_SIZE + 8];
	const struct dwell_step *step = common->step;

	printf("%s ", dwell_format_share(share, dwell_share_ppm(common->ns, whole_ns)));
	put_name(tale, step->task);
	switch (step->state) {
	case DWELL_RUNNING:
		fputs(" ran", stdout);
		break;
	case DWELL_RUNNABLE:
		fputs(" waited for a CPU", stdout);
		break;
	case DWELL_BLOCKED:
		if (step->stop == DWELL_STOP_WAY_BACK) {
			fputs(" was on its way back to a CPU", stdout);
			break;
		}
		fputs(" was blocked ", stdout);
		put_text(tale, dwell_words_why(why, sizeof(why), tale->catalog, step->reason,
				       step->object));
		put_text(tale, dwell_words_where(place, sizeof(place), tale->catalog, step->stack));
		break;
	default:
		fputs(" did nobody knows what", stdout);
		break;
	}
}

static int print_in_short(const struct tale *tale)
{
	enum { SHOWN = 3, KINDS = 256 };
	const struct dwell_story *story = tale->story;
	struct common *common = calloc(KINDS, sizeof(*common));
	size_t count = 0;

	if (!common)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < story->step_count; i++) {
		const struct dwell_step *step = &story->steps[i].is;
		size_t k = 0;

		while (k < count && !have_in_common(common[k].step, step))
			k++;
		if (k == KINDS)
			continue;
		if (k == count)
			common[count++].step = step;
		common[k].ns += step->end_ns - step->start_ns;
	}
	if (count)
		qsort(common, count, sizeof(*common), most_first);
	fputs("In short: ", stdout);
	for (size_t i = 0; i < count && i < SHOWN; i++) {
		fputs(i ? "; " : "", stdout);
		put_common(tale, &common[i], story->to_ns - story->from_ns);
	}
	fputs(".\n\n", stdout);
	free(common);
	return DWELL_OK;
}

static const struct dwell_story_wait *outermost(const struct dwell_story *story)
{
	const struct dwell_story_wait *longest = NULL;

	for (size_t i = 0; i < story->wait_count; i++) {
		const struct dwell_story_wait *wait = &story->waits[i];

		if (wait->task == story->subject.task && !wait->parent &&
			(!longest || wait->end_ns - wait->start_ns >
					     longest->end_ns - longest->start_ns))
			longest = wait;
	}
	return longest;
}

static void print_title(const struct tale *tale)
{
	const struct dwell_story *story = tale->story;
	const struct dwell_story_wait *wait = outermost(story);
	char from[DWELL_NUMBER_SIZE], to[DWELL_NUMBER_SIZE], ns[DWELL_NUMBER_SIZE], why[LINE],
		place[DWELL_NAME_SIZE + 8];

	dwell_style_tone(&tale->style, DWELL_TONE_TITLE);
	put_name(tale, story->subject.task);
	dwell_format_duration(ns, story->to_ns - story->from_ns, tale->style.ascii);
	if (story->subject.kind == DWELL_STORY_LATENCY) {
		printf(" was ready and did not run for %s", ns);
	} else if (wait) {
		printf(" waited %s ", ns);
		put_text(tale, dwell_words_why(why, sizeof(why), tale->catalog, wait->reason,
				       wait->object));
		put_text(tale, dwell_words_where(place, sizeof(place), tale->catalog, wait->stack));
	} else {
		printf(" did not wait then; this took %s", ns);
	}
	printf(", from %s to %s%s.\n",
		dwell_format_duration(from, story->from_ns, tale->style.ascii),
		dwell_format_duration(to, story->to_ns, tale->style.ascii),
		story->subject.open ? ", where the trace ends and the wait does not" : "");
	dwell_style_tone(&tale->style, DWELL_TONE_PLAIN);
	if (story->subject.others)
		printf("It is the longest of %llu waits that this id stands for.\n",
			(unsigned long long)story->subject.others + 1);
}

int tale_print(struct tale *tale)
{
	const struct dwell_story *story = tale->story;
	int err = sort_parts(tale);
	char sum[DWELL_NUMBER_SIZE];

	if (!err) {
		print_title(tale);
		err = print_in_short(tale);
	}
	if (!err) {
		printf("%10s%10s\n", "at", "took");
		print_parts(tale, 0, 0);
		printf("%10s%10s  in all: what is on one level adds up to what is above it\n", "",
			dwell_format_duration(
				sum, story->to_ns - story->from_ns, tale->style.ascii));
		if (story->left_out)
			printf("%llu more steps were left out\n",
				(unsigned long long)story->left_out);
	}
	free(tale->first);
	free(tale->parts);
	return err;
}
