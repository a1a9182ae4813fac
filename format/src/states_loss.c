/*
 * Losses. Rows of losses may be many and tasks too, so a task learns of a loss only when it is
 * looked at next: losses are kept in a list for each scope, and each slot knows how many of them
 * it has seen.
 */
#include "src/states_slot.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"

enum { ALL, EXECUTOR };

static void mark_lost(struct dwell_task_state *s, const struct states_loss *loss)
{
	const uint64_t lost_ns = loss->start_ns > s->since_ns ? loss->start_ns : s->since_ns;

	/* A loss from the very start of the state, and of the trace: nothing of it is known. */
	if (!lost_ns)
		s->state = DWELL_UNKNOWN;
	else if (!s->lost_ns || lost_ns < s->lost_ns)
		s->lost_ns = lost_ns;
}

static void settle_all_scope(const struct dwell_states *states, struct slot *slot)
{
	for (unsigned i = slot->seen.all; i < states->losses_told.all; i++) {
		const struct states_loss *loss = &states->losses[ALL][i];

		if (loss->end_ns <= slot->s.since_ns)
			continue;
		if (slot->s.state != DWELL_UNKNOWN)
			mark_lost(&slot->s, loss);
		if (slot->s.wait_reason && loss->end_ns > slot->s.wait_since_ns)
			states_close_wait(&slot->s);
		if (slot->s.lost_ns == slot->s.since_ns)
			break;
	}
}

static uint8_t kind_of(const struct dwell_states *states, uint32_t executor)
{
	return executor < states->occupant_count ? states->executor_kinds[executor] : 0;
}

static bool concerns(const struct dwell_states *states, const struct dwell_task_state *s,
	const struct states_loss *loss)
{
	if (!loss->executor)
		return true;
	if (s->state == DWELL_RUNNING)
		return s->executor == loss->executor;
	return !s->executor || kind_of(states, s->executor) == kind_of(states, loss->executor);
}

static void settle_executor_scope(const struct dwell_states *states, struct slot *slot)
{
	if (slot->s.state == DWELL_UNKNOWN || slot->s.own_word)
		return;
	for (unsigned i = slot->seen.executor; i < states->losses_told.executor; i++) {
		const struct states_loss *loss = &states->losses[EXECUTOR][i];

		if (loss->end_ns > slot->s.since_ns && concerns(states, &slot->s, loss))
			mark_lost(&slot->s, loss);
		if (slot->s.lost_ns == slot->s.since_ns || slot->s.state == DWELL_UNKNOWN)
			break;
	}
}

void states_settle(const struct dwell_states *states, struct slot *slot)
{
	if (slot->seen.executor == states->losses_told.executor &&
		slot->seen.all == states->losses_told.all)
		return;
	if (slot->seen.executor != states->losses_told.executor)
		settle_executor_scope(states, slot);
	if (slot->seen.all != states->losses_told.all)
		settle_all_scope(states, slot);
	slot->seen = states->losses_told;
}

/* Keep the losses of a scope that go on; returns how many. */
static uint16_t retain(struct dwell_states *states, unsigned scope, uint16_t count)
{
	struct states_loss *list = states->losses[scope];
	uint16_t kept = 0;

	for (uint16_t i = 0; i < count; i++)
		if (list[i].end_ns > states->now_ns)
			list[kept++] = list[i];
	return kept;
}

/* So many go on at once that they count as one of everything: only a hostile trace says so. */
static uint16_t merge(struct dwell_states *states, unsigned scope, uint16_t count)
{
	struct states_loss *list = states->losses[scope];
	struct states_loss one = list[0];

	for (uint16_t i = 1; i < count; i++) {
		one.start_ns = list[i].start_ns < one.start_ns ? list[i].start_ns : one.start_ns;
		one.end_ns = list[i].end_ns > one.end_ns ? list[i].end_ns : one.end_ns;
	}
	one.executor = DWELL_NONE;
	list[0] = one;
	return 1;
}

/* Tell every task of all losses, then forget those that have ended. */
static void forget(struct dwell_states *states)
{
	union states_seen kept = { .life = SLOT_LIVE };

	for (size_t page = 0; page < states->page_count; page++)
		for (size_t i = 0; states->pages[page] && i < STATES_SLOTS; i++)
			if (states->pages[page][i].seen.life == SLOT_LIVE)
				states_settle(states, &states->pages[page][i]);
	kept.all = retain(states, ALL, states->losses_told.all);
	kept.executor = retain(states, EXECUTOR, states->losses_told.executor);
	if (kept.all > STATES_LOSSES / 4)
		kept.all = merge(states, ALL, kept.all);
	if (kept.executor > STATES_LOSSES / 4)
		kept.executor = merge(states, EXECUTOR, kept.executor);
	states->losses_told = kept;
	states->losses_open = (union states_seen){ .life = SLOT_LIVE };
	for (size_t page = 0; page < states->page_count; page++)
		for (size_t i = 0; states->pages[page] && i < STATES_SLOTS; i++)
			if (states->pages[page][i].seen.life == SLOT_LIVE)
				states->pages[page][i].seen = kept;
}

/* One of the task's own ring: its word is lost, and the end of its wait may be. */
static void of_task(struct dwell_states *states, uint32_t task, const struct states_loss *loss)
{
	struct slot *slot = states_find(states, task);

	if (!slot || slot->seen.life != SLOT_LIVE)
		return;
	states_settle(states, slot);
	slot->seen.plain = 0;
	if (loss->end_ns <= slot->s.since_ns)
		return;
	if (slot->s.own_word)
		mark_lost(&slot->s, loss);
	if (slot->s.wait_reason && loss->end_ns > slot->s.wait_since_ns)
		states_close_wait(&slot->s);
}

static void add(struct dwell_states *states, unsigned scope, const struct states_loss *loss)
{
	struct states_loss **list = &states->losses[scope];
	uint16_t *told = scope == ALL ? &states->losses_told.all : &states->losses_told.executor;

	if (!*list)
		*list = malloc(STATES_LOSSES * sizeof(**list));
	if (!*list) {
		states->err = DWELL_ENOMEM;
		return;
	}
	if (*told == STATES_LOSSES)
		forget(states);
	(*list)[(*told)++] = *loss;
	if (loss->end_ns > states->ahead_ns)
		states->ahead_ns = loss->end_ns;
	states_pass_losses(states);
}

void states_pass_losses(struct dwell_states *states)
{
	if (states->now_ns >= states->ahead_ns)
		states->losses_open = states->losses_told;
}

bool dwell_states_can_save(const struct dwell_states *states)
{
	return states->now_ns >= states->ahead_ns;
}

void states_loss(struct dwell_states *states, const struct dwell_event *event)
{
	const uint64_t now = states->now_ns;
	const struct states_loss loss = {
		.start_ns = event->extra < now ? event->extra : now,
		.end_ns = event->extra > now ? event->extra : now,
		.executor = event->executor,
	};

	/* Where a file ends early nothing is missing before its end, and that is its last moment.
	 */
	if (dwell_event_is_early_end(event))
		return;
	if (event->task) {
		of_task(states, event->task, &loss);
		return;
	}
	add(states, event->executor ? EXECUTOR : ALL, &loss);
}
