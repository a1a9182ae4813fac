/* Who gave each object up, and when. */
#include "analysis/waits.h"

#include <stdlib.h>
#include <string.h>

/* Fewer are kept of what nobody waited for, as it is with all locks recorded. */
enum { FEW = 4, CONVOY = 4, RETURNS = 4 };

void releases_init(struct releases *releases)
{
	*releases = (struct releases){ .objects = { .item = sizeof(struct released) } };
}

void releases_release(struct releases *releases)
{
	for (uint32_t id = 0; id < releases->objects.end; id++) {
		struct released *of = table_get(&releases->objects, id);

		if (of) {
			free(of->at);
			free(of->late);
		}
	}
	table_release(&releases->objects);
}

struct released *releases_of(struct releases *releases, uint32_t object)
{
	struct released *of = table_get(&releases->objects, object);

	return of && object < releases->objects.end ? of : table_make(&releases->objects, object);
}

/* Room in the ring: it grows while it may, from its oldest on. */
static int grow(struct released *of)
{
	const uint32_t cap = of->cap ? of->cap * 2 : FEW;
	struct release *at = malloc(cap * sizeof(*at));

	if (!at)
		return DWELL_ENOMEM;
	for (uint32_t i = 0; i < of->count; i++)
		at[i] = *released_latest(of, of->count - 1 - i);
	free(of->at);
	of->at = at;
	of->cap = cap;
	of->next = of->count;
	return DWELL_OK;
}

int released_add(struct released *of, uint64_t time_ns, uint32_t task, uint32_t stack)
{
	const uint32_t limit = of->waited ? RELEASES : FEW;

	if (of->count == of->cap && of->cap < limit) {
		const int err = grow(of);

		if (err)
			return err;
	}

	/* What a wait tells of its release may come after a later one. */
	const struct release *latest = released_latest(of, 0);
	if (latest && latest->time_ns > time_ns)
		time_ns = latest->time_ns;
	of->at[of->next] = (struct release){ time_ns, task, stack };
	of->next = of->next + 1 == of->cap && of->count + 1 >= of->cap ? 0 : of->next + 1;
	of->count += of->count < of->cap;
	return DWELL_OK;
}

const struct release *released_latest(const struct released *of, uint32_t i)
{
	if (i >= of->count)
		return NULL;
	return &of->at[(of->next + of->cap - 1 - i) % of->cap];
}

bool members_have(const struct members *members, uint32_t task)
{
	for (uint32_t i = 0; i < members->count; i++)
		if (members->at[i] == task)
			return true;
	return false;
}

void members_add(struct members *members, uint32_t task)
{
	const uint32_t cap = sizeof(members->at) / sizeof(members->at[0]);

	if (members_have(members, task))
		return;
	if (members->count == cap) {
		/* The oldest makes room. */
		for (uint32_t i = 1; i < cap; i++)
			members->at[i - 1] = members->at[i];
		members->count--;
	}
	members->at[members->count++] = task;
}

bool released_is_lock(const struct released *of, unsigned view, unsigned reason)
{
	if (is_held(reason))
		return true;
	if (reason == DWELL_REASON_COND)
		return of->turns >= RETURNS && of->turns > of->releases / 2;
	return of->members[view].returns >= RETURNS && of->for_all <= of->releases / 2;
}

bool released_is_barrier(const struct released *of, unsigned view)
{
	return of->for_all > of->releases / 2 && of->members[view].returns > of->releases / 2;
}

void released_close(struct released *of)
{
	const struct dwell_convoy *chain = &of->chain;

	if (chain->handovers >= CONVOY) {
		const uint64_t ns = chain->end_ns - chain->start_ns;

		of->convoys++;
		of->convoy_ns += ns;
		if (ns > of->longest.end_ns - of->longest.start_ns)
			of->longest = *chain;
	}
	of->chain = (struct dwell_convoy){ 0 };
}

void released_calm(struct released *of)
{
	const struct press *press = &of->press, *longest = &of->longest_press;

	if (press->changes >= CONVOY) {
		const uint64_t ns = press->end_ns - press->start_ns;

		of->pressed_ns += ns;
		if (ns > longest->end_ns - longest->start_ns)
			of->longest_press = *press;
	}
	of->press = (struct press){ 0 };
}

static void press(struct released *of, uint64_t time_ns)
{
	if (!of->press.changes++)
		of->press.start_ns = of->press.end_ns = time_ns;
	if (time_ns > of->press.end_ns)
		of->press.end_ns = time_ns;
}

/*
 * Nobody got it by a wait since it was given up before, and here it is given up again. Of one that
 * several hold at once that takes the same task both times.
 */
void released_pass(struct released *of, const struct release *release, bool shared)
{
	const struct release *before = released_latest(of, 0);

	if (!of->queue)
		return;
	if (!of->press.changes) {
		press(of, release->time_ns);
	} else if (!of->owner && before && (!shared || before->task == release->task)) {
		of->passes++;
		press(of, release->time_ns);
	}
}

void released_handover(struct released *of, uint64_t start_ns, uint64_t end_ns)
{
	struct dwell_convoy *chain = &of->chain;

	/* Somebody waited already when the one before got it. */
	if (!chain->handovers || start_ns >= chain->end_ns) {
		released_close(of);
		chain->start_ns = start_ns;
	} else if (start_ns < chain->start_ns) {
		chain->start_ns = start_ns;
	}
	chain->handovers++;
	if (end_ns > chain->end_ns)
		chain->end_ns = end_ns;
	if (of->queue > chain->longest_queue)
		chain->longest_queue = of->queue;
	press(of, end_ns);
}

void released_got(struct released *of, uint32_t task)
{
	of->several |= of->owner && of->owner != task;
	of->owner = task;
}

bool released_turn(struct released *of, uint32_t task)
{
	const bool turn = task && of->owner == task && !of->several;

	of->releases++;
	of->turns += turn;
	for (unsigned view = 0; view < RELEASED_VIEWS; view++)
		of->members[view].returns += task && members_have(&of->members[view], task);
	of->owner = 0;
	of->several = false;
	return turn;
}

int released_defer(struct released *of, const struct late *late)
{
	if (of->late_count == LATE) {
		of->late_count = LATE / 2;
		memmove(of->late, of->late + LATE / 2, of->late_count * sizeof(*of->late));
	} else if (of->late_count == of->late_cap) {
		const uint32_t cap = of->late_cap ? of->late_cap * 2 : FEW;
		struct late *at = realloc(of->late, cap * sizeof(*at));

		if (!at)
			return DWELL_ENOMEM;
		of->late = at;
		of->late_cap = cap;
	}
	of->late[of->late_count++] = *late;
	return DWELL_OK;
}
