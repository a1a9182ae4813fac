/* Tasks that are alike, added up: there may be very many of them. */
#include "analysis/teams.h"

#include <stdlib.h>

#include "model/arena.h"

static int compare(uint64_t x, uint64_t y)
{
	return (x > y) - (x < y);
}

bool member_is_before(const struct team_member *a, const struct team_member *b)
{
	const int active = compare(a->running_ns + a->runnable_ns, b->running_ns + b->runnable_ns);
	const int lost = compare(a->runnable_ns + a->blocked_ns, b->runnable_ns + b->blocked_ns);

	if (active || lost)
		return active ? active > 0 : lost > 0;
	return a->task < b->task;
}

void teams_release(struct teams *teams)
{
	free(teams->at);
	free(teams->slots);
	*teams = (struct teams){ 0 };
}

static bool is_same(const struct alike *a, const struct alike *b)
{
	return a->process == b->process && a->class_id == b->class_id && a->python == b->python &&
	       a->job == b->job;
}

static uint32_t *slot_of(const struct teams *teams, const struct alike *alike)
{
	const uint64_t hash = hash_mix(
		hash_mix(hash_mix(alike->process, alike->class_id), alike->python), alike->job);
	size_t i = hash & (teams->slot_count - 1);

	while (teams->slots[i] && !is_same(&teams->at[teams->slots[i] - 1].alike, alike))
		i = (i + 1) & (teams->slot_count - 1);
	return &teams->slots[i];
}

static int grow(struct teams *teams)
{
	const size_t cap = teams->cap ? teams->cap * 2 : 64;
	uint32_t *slots = calloc(cap * 2, sizeof(*slots));
	struct team *at = slots ? realloc(teams->at, cap * sizeof(*at)) : NULL;

	if (!at) {
		free(slots);
		return DWELL_ENOMEM;
	}
	free(teams->slots);
	teams->slots = slots;
	teams->slot_count = cap * 2;
	teams->at = at;
	teams->cap = cap;
	for (size_t i = 0; i < teams->count; i++)
		*slot_of(teams, &at[i].alike) = (uint32_t)i + 1;
	return DWELL_OK;
}

/* Made where it was not; NULL: no memory. */
static struct team *team_of(struct teams *teams, const struct alike *alike)
{
	uint32_t *slot;

	if (teams->count == teams->cap && grow(teams))
		return NULL;
	slot = slot_of(teams, alike);
	if (!*slot) {
		teams->at[teams->count++] =
			(struct team){ .alike = *alike, .begin_ns = DWELL_FOREVER };
		*slot = (uint32_t)teams->count;
	}
	return &teams->at[*slot - 1];
}

static void challenge(struct team_member *busiest, const struct team_member *other)
{
	if (!busiest->task || other->running_ns > busiest->running_ns ||
		(other->running_ns == busiest->running_ns && member_is_before(busiest, other)))
		*busiest = *other;
}

static void add(struct team *into, const struct team *from)
{
	into->count += from->count;
	into->ended += from->ended;
	if (from->begin_ns < into->begin_ns)
		into->begin_ns = from->begin_ns;
	if (from->last_ns > into->last_ns)
		into->last_ns = from->last_ns;
	if (from->end_ns > into->end_ns)
		into->end_ns = from->end_ns;
	into->ends_ns += from->ends_ns;
	into->total_ns += from->total_ns;
	into->waited_ns += from->waited_ns;
	challenge(&into->busiest, &from->busiest);
}

int teams_join(struct teams *teams, const struct alike *alike, const struct team *team)
{
	struct team *into = team_of(teams, alike);

	if (!into)
		return DWELL_ENOMEM;
	add(into, team);
	return DWELL_OK;
}

int teams_add(struct teams *teams, const struct alike *alike, const struct team_member *member)
{
	const bool ended = member->ended_ns != DWELL_FOREVER;
	const struct team one = {
		.count = 1,
		.ended = ended,
		.begin_ns = member->created_ns,
		.last_ns = member->created_ns,
		.end_ns = ended ? member->ended_ns : 0,
		.ends_ns = ended ? member->ended_ns : 0,
		.total_ns = member->running_ns,
		.waited_ns = member->waited_ns,
		.busiest = *member,
	};

	return teams_join(teams, alike, &one);
}
