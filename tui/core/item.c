#include "core/item.h"

#include "core/port.h"
#include "core/rows.h"
#include "core/work.h"

/* A generation of more than this takes longer to read than a key takes to repeat. */
enum { CHEAP_EVENTS = 200000 };

static void range_of(const struct tui *tui, uint64_t *from_ns, uint64_t *to_ns)
{
	const struct tui_place *place = &tui->place;
	const int column = port_column(tui, place->time_ns);

	*from_ns = place->time_ns;
	*to_ns = place->time_ns + 1;
	if (place->pointed || column < 0)
		return;
	*from_ns = place->from_ns + (uint64_t)column * place->cell_ns;
	*to_ns = *from_ns + place->cell_ns;
	if (*from_ns < tui->facts->begin_ns)
		*from_ns = tui->facts->begin_ns;
}

/* The life of the task in the whole generation costs no more to read, and serves many cells. */
static void widen(const struct tui *tui, uint64_t *from_ns, uint64_t *to_ns)
{
	uint64_t begin_ns, end_ns;

	dwell_timeline_generation(tui->timeline, *from_ns, &begin_ns, &end_ns);
	*from_ns = begin_ns;
	if (*to_ns < end_ns)
		*to_ns = end_ns;
}

/* A life of very many intervals is cut before the cursor. */
static bool is_cut_before(const struct tui *tui, uint64_t to_ns)
{
	const struct dwell_strip *strip = item_strip(tui);

	return strip && strip->to_ns < to_ns && strip->count && strip->cut;
}

bool item_update(struct tui *tui, unsigned milliseconds)
{
	const struct tui_row *row = rows_selected(tui);
	const uint32_t task = row && row->kind == ROW_TASK ? row->id : 0;
	uint64_t from_ns, to_ns, begin_ns, end_ns, key;

	if (!task) {
		work_drop(&tui->strip);
		return false;
	}
	range_of(tui, &from_ns, &to_ns);
	begin_ns = from_ns;
	end_ns = to_ns;
	widen(tui, &begin_ns, &end_ns);
	key = work_key(work_key(task, begin_ns), end_ns);
	if (tui->strip.key == key && is_cut_before(tui, to_ns)) {
		tui->strip_narrow = key;
	}
	if (tui->strip_narrow == key) {
		begin_ns = from_ns;
		end_ns = to_ns;
		key = work_key(work_key(task, begin_ns), end_ns);
	}
	tui->waits = tui->strip.key != key && milliseconds && tui->facts->events > CHEAP_EVENTS;
	if (tui->waits) {
		/* What was there is of another place. */
		work_drop(&tui->strip);
		return false;
	}
	if (!work_is(&tui->strip, key))
		dwell_timeline_want_strip(tui->timeline, task, begin_ns, end_ns, &tui->strip.job);
	return work_poll(&tui->strip, milliseconds / 4);
}

const struct dwell_strip *item_strip(const struct tui *tui)
{
	return work_has(&tui->strip) ? dwell_job_strip(tui->strip.job) : NULL;
}

/* How much a stretch is worth looking at, within the cell. */
static uint64_t worth(const struct dwell_interval *interval, uint64_t from_ns, uint64_t to_ns)
{
	const uint64_t start = interval->start_ns > from_ns ? interval->start_ns : from_ns;
	const uint64_t end = interval->end_ns < to_ns ? interval->end_ns : to_ns;

	if (end <= start)
		return 0;
	/* A wait counts with all its length: the longest one is what one wants to know. */
	if (interval->state == DWELL_BLOCKED || interval->state == DWELL_RUNNABLE)
		return interval->end_ns - interval->start_ns;
	return (end - start) / 64 + 1;
}

/* The wait that begins where the cursor stands. */
static const struct dwell_wait *wait_here(const struct tui *tui, const struct dwell_strip *strip)
{
	for (size_t i = 0; tui->place.pointed && i < strip->wait_count; i++)
		if (strip->waits[i].start_ns == tui->place.time_ns)
			return &strip->waits[i];
	return NULL;
}

const struct dwell_interval *item_interval(const struct tui *tui)
{
	const struct dwell_strip *strip = item_strip(tui);
	const struct dwell_wait *wait = strip ? wait_here(tui, strip) : NULL;
	const struct dwell_interval *best = NULL;
	uint64_t from_ns, to_ns, most = 0;

	if (!strip)
		return NULL;
	range_of(tui, &from_ns, &to_ns);
	/* It may begin a moment before the task leaves the CPU: what is meant is the wait. */
	if (wait)
		to_ns = wait->end_ns;
	for (size_t i = 0; i < strip->count; i++) {
		const struct dwell_interval *interval = &strip->intervals[i];
		const uint64_t value = worth(interval, from_ns, to_ns);

		if (value > most && (!wait || interval->state == DWELL_BLOCKED)) {
			most = value;
			best = interval;
		}
	}
	return best;
}

const struct dwell_wait *item_wait(const struct tui *tui)
{
	const struct dwell_strip *strip = item_strip(tui);
	const struct dwell_interval *item = item_interval(tui);
	const struct dwell_wait *here = strip ? wait_here(tui, strip) : NULL;

	if (here)
		return here;
	for (size_t i = 0; item && i < strip->wait_count; i++) {
		const struct dwell_wait *wait = &strip->waits[i];

		if (wait->start_ns <= item->start_ns && wait->end_ns >= item->end_ns &&
			wait->task == item->task)
			return wait;
	}
	return NULL;
}

void item_go(struct tui *tui, uint32_t task, uint64_t time_ns)
{
	port_remember(tui);
	if (task)
		rows_select_task(tui, task);
	tui->place.time_ns = time_ns;
	tui->place.pointed = true;
	port_reveal(tui, time_ns);
	tui->screen = SCREEN_TIMELINE;
}
