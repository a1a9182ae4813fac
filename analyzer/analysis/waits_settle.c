/*
 * What is kept of tasks that have ended: how long they lived, and of those that gave away what
 * somebody still waits for what they did, and how they had got it.
 */
#include "analysis/waits.h"

#include <stdlib.h>
#include <string.h>

/* Waits of what no object tells are followed from giver to giver: blame.c. */
static bool may_be_followed(const struct dwell_task_state *state, uint64_t *since_ns)
{
	const uint32_t reasons = REASONS_HELD | 1u << DWELL_REASON_POLL;

	*since_ns = state->wait_reason && state->wait_since_ns < state->since_ns
			    ? state->wait_since_ns
			    : state->since_ns;
	return state->wait_reason ||
	       (state->state == DWELL_BLOCKED && is_of(state->reason, reasons));
}

/* Since when the one waits who has waited for longest; what was given away before is nobody's. */
static uint64_t first_start(const struct waits *waits)
{
	uint64_t first_ns = UINT64_MAX;

	for (uint32_t task = 0; task < waits->waiters.end; task++) {
		const struct dwell_task_state *state;
		uint64_t since_ns;

		if (!table_get(&waits->waiters, task)) {
			task |= TABLE_PAGE - 1;
			continue;
		}
		state = dwell_states_get(waits->states, task);
		if (state && may_be_followed(state, &since_ns) && since_ns < first_ns)
			first_ns = since_ns;
	}
	return first_ns;
}

/* Tasks that are needed, those whose givers are not looked at yet last. */
struct needed {
	struct table bits; /* uint64_t by page of tasks */
	uint32_t *at;
	size_t count, cap;
	uint64_t first_ns;
};

static int need(struct needed *needed, uint32_t task)
{
	uint64_t *bits = table_make(&needed->bits, task >> TABLE_BITS);
	const uint64_t bit = UINT64_C(1) << (task & (TABLE_PAGE - 1));

	if (!bits)
		return DWELL_ENOMEM;
	if (*bits & bit)
		return DWELL_OK;
	if (needed->count == needed->cap) {
		const size_t cap = needed->cap ? needed->cap * 2 : 256;
		uint32_t *at = realloc(needed->at, cap * sizeof(*at));

		if (!at)
			return DWELL_ENOMEM;
		needed->at = at;
		needed->cap = cap;
	}
	*bits |= bit;
	needed->at[needed->count++] = task;
	return DWELL_OK;
}

static int need_givers(struct needed *needed, const struct waits_gots *gots)
{
	int err = DWELL_OK;

	for (uint32_t i = 0; gots && i < gots->count && i < WAITS_GOT && !err; i++)
		if (gots->last[i].giver && gots->last[i].time_ns > needed->first_ns)
			err = need(needed, gots->last[i].giver);
	return err;
}

/* From those who live as far back as any wait is followed. */
static int find_needed(const struct waits *waits, struct needed *needed)
{
	size_t at = 0;
	int err = DWELL_OK;

	needed->first_ns = first_start(waits);
	for (uint32_t task = 0; task < waits->gots.end && !err; task++)
		if (table_get(&waits->waiters, task))
			err = need_givers(needed, table_get(&waits->gots, task));
		else
			task |= TABLE_PAGE - 1;
	for (unsigned step = 1; step < RELEASES && at < needed->count; step++)
		for (const size_t end = needed->count; at < end && !err; at++)
			err = need_givers(needed, table_get(&waits->gots, needed->at[at]));
	return err;
}

/* Those of a page that are not needed; true: none is. */
static bool drop_page(struct waits *waits, uint32_t first, const struct needed *needed)
{
	const uint64_t *bits = table_get(&needed->bits, first >> TABLE_BITS);

	past_drop(&waits->past, first, bits ? *bits : 0);
	if (bits && *bits)
		return false;
	table_drop(&waits->gots, first);
	return true;
}

static int sweep(struct waits *waits)
{
	struct needed needed = { .bits = { .item = sizeof(uint64_t) } };
	const int err = find_needed(waits, &needed);
	size_t kept = 0;

	for (size_t i = 0; i < waits->ended_count && !err; i++)
		if (!drop_page(waits, waits->ended[i], &needed))
			waits->ended[kept++] = waits->ended[i];
	waits->ended_count = kept;
	waits->ended_kept = kept;
	table_release(&needed.bits);
	free(needed.at);
	return err;
}

static int add_ended(struct waits *waits, uint32_t first)
{
	enum { LEAST = 32 };

	if (waits->ended_count == waits->ended_cap) {
		const size_t cap = waits->ended_cap ? waits->ended_cap * 2 : LEAST;
		uint32_t *ended = realloc(waits->ended, cap * sizeof(*ended));

		if (!ended)
			return DWELL_ENOMEM;
		waits->ended = ended;
		waits->ended_cap = cap;
	}
	waits->ended[waits->ended_count++] = first;
	return waits->ended_count < LEAST + 2 * waits->ended_kept ? DWELL_OK : sweep(waits);
}

/* How long each of a page lived: most for a moment, which is three bytes. */
static int keep_lived(
	struct waits *waits, uint32_t first, const struct dwell_life *lives, size_t count)
{
	enum { VARINT = 10 };
	unsigned char bytes[TABLE_PAGE * VARINT], *end = bytes;
	unsigned char **page = table_make(&waits->lived, first >> TABLE_BITS);
	size_t at = 0;

	for (uint32_t task = first; task < first + TABLE_PAGE; task++) {
		const bool known = at < count && lives[at].task == task;
		uint64_t ns = known ? sum_of(&lives[at].sums) : 0;

		at += known;
		for (; ns >= 0x80; ns >>= 7)
			*end++ = (unsigned char)(ns | 0x80);
		*end++ = (unsigned char)ns;
	}
	if (!page)
		return DWELL_ENOMEM;
	free(*page);
	*page = malloc((size_t)(end - bytes));
	if (!*page)
		return DWELL_ENOMEM;
	memcpy(*page, bytes, (size_t)(end - bytes));
	return DWELL_OK;
}

static void look_at_page(struct waits_lived *last, const unsigned char *at)
{
	for (unsigned i = 0; i < TABLE_PAGE; i++) {
		uint64_t ns = 0;

		for (unsigned shift = 0; at; shift += 7) {
			ns |= (uint64_t)(*at & 0x7f) << shift;
			if (!(*at++ & 0x80))
				break;
		}
		last->ns[i] = ns;
	}
}

uint64_t waits_lived(const struct waits *waits, struct waits_lived *last, uint32_t task)
{
	const uint32_t page = task >> TABLE_BITS;

	if (last->page != page + 1) {
		unsigned char *const *kept = table_get(&waits->lived, page);

		look_at_page(last, kept ? *kept : NULL);
		last->page = page + 1;
	}
	return last->ns[task & (TABLE_PAGE - 1)];
}

void waits_drop_lived(struct waits *waits)
{
	for (uint32_t page = 0; page < waits->lived.end; page++) {
		unsigned char **kept = table_get(&waits->lived, page);

		if (kept)
			free(*kept);
	}
	table_release(&waits->lived);
}

int waits_settle(void *fold, uint32_t first, const struct dwell_life *lives, size_t count)
{
	struct waits *waits = fold;
	const int err = count ? keep_lived(waits, first, lives, count) : DWELL_OK;

	if (err)
		return err;
	table_drop(&waits->waiters, first);
	/* Who held an object is looked up by all that gave it up lately. */
	return waits->releases.objects.end ? (int)DWELL_OK : add_ended(waits, first);
}
