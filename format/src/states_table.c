/* The tables behind the states: slots by task, occupants by executor, keyframes in and out. */
#include "src/states_slot.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "src/states_pages.h"

static void no_interval(void *context, const struct dwell_interval *interval)
{
	(void)context;
	(void)interval;
}

int dwell_states_new(struct dwell_states **out, uint32_t levels, const struct dwell_states_ops *ops,
	void *context)
{
	struct dwell_states *states = calloc(1, sizeof(*states));

	if (!states)
		return DWELL_ENOMEM;
	states->has_wakes = levels & (DWELL_LEVEL_SCHEDULER | DWELL_LEVEL_RUNTIME);
	states->losses_told.life = SLOT_LIVE;
	states->losses_open.life = SLOT_LIVE;
	if (ops)
		states->ops = *ops;
	if (!states->ops.interval)
		states->ops.interval = no_interval;
	states->context = context;
	states->at = &states->one;
	*out = states;
	return DWELL_OK;
}

void dwell_states_free(struct dwell_states *states)
{
	if (!states)
		return;
	for (size_t i = 0; i < states->made_count; i++)
		free(states->pages[states->made[i]]);
	free(states->made);
	free(states->gone);
	for (size_t i = 0; i < states->release_pages; i++)
		free(states->releases[i]);
	free(states->pages);
	free(states->releases);
	free(states->occupants);
	free(states->executor_kinds);
	free(states->losses[0]);
	free(states->losses[1]);
	free(states->saved);
	free(states);
}

int states_grow_pages(struct dwell_states *states, size_t page)
{
	const size_t count = (page + 1) * 2;
	struct slot **pages = realloc(states->pages, count * sizeof(struct slot *));

	if (!pages)
		return DWELL_ENOMEM;
	for (size_t i = states->page_count; i < count; i++)
		pages[i] = NULL;
	states->pages = pages;
	states->page_count = count;
	return DWELL_OK;
}

struct slot *states_new_page(void)
{
	const size_t size = STATES_SLOTS * sizeof(struct slot);
	struct slot *page = aligned_alloc(64, size);

	if (page)
		memset(page, 0, size);
	return page;
}

static struct slot *make_page(struct dwell_states *states, size_t page)
{
	if (states->made_count == states->made_cap) {
		const size_t cap = states->made_cap ? states->made_cap * 2 : 64;
		uint32_t *made = realloc(states->made, cap * sizeof(*made));

		if (!made)
			return NULL;
		states->made = made;
		states->made_cap = cap;
	}

	struct slot *slots = states_new_page();

	if (!slots)
		return NULL;
	states->made[states->made_count++] = (uint32_t)page;
	if (states->defined)
		states_fill(states, page, slots);
	return slots;
}

/* The slot of a task, in whatever life; NULL: states->err is set. */
struct slot *states_make_slot(struct dwell_states *states, uint32_t task)
{
	const size_t page = task >> STATES_SLOT_BITS;

	if (task > DWELL_MAX_TASKS) {
		states->err = DWELL_ELIMIT;
		return NULL;
	}
	if (page >= states->page_count && states_grow_pages(states, page)) {
		states->err = DWELL_ENOMEM;
		return NULL;
	}
	if (!states->pages[page])
		states->pages[page] = make_page(states, page);
	if (!states->pages[page]) {
		states->err = DWELL_ENOMEM;
		return NULL;
	}
	return &states->pages[page][task & (STATES_SLOTS - 1)];
}

void states_define(struct slot *slot, uint32_t task, uint64_t created_ns)
{
	slot->seen.life = SLOT_DEFINED;
	slot->s.task = task;
	slot->s.state = DWELL_UNKNOWN;
	slot->s.created_ns = created_ns;
	slot->s.since_ns = created_ns;
}

struct slot *states_find(const struct dwell_states *states, uint32_t task)
{
	const size_t page = task >> STATES_SLOT_BITS;

	if (page >= states->page_count || !states->pages[page])
		return NULL;
	return &states->pages[page][task & (STATES_SLOTS - 1)];
}

struct slot *states_touch_slow(struct dwell_states *states, uint32_t task)
{
	struct slot *slot = states_make_slot(states, task);

	states_pass_losses(states);
	if (!slot || slot->seen.life == SLOT_ENDED)
		return NULL;
	if (slot->seen.life == SLOT_NONE || slot->s.created_ns > states->now_ns)
		states_define(slot, task, states->now_ns);
	if (slot->seen.life == SLOT_DEFINED) {
		slot->seen.life = SLOT_LIVE;
		slot->seen = states->losses_open;
	}
	states_settle(states, slot);
	return slot;
}

bool states_turn_plain(const struct dwell_states *states, struct slot *slot, unsigned state)
{
	const struct dwell_task_state *s = &slot->s;
	union states_seen seen = slot->seen;
	const bool on_something = s->object || s->stack || s->reason;

	seen.plain = 0;
	if (seen.as_one != states->losses_told.as_one || s->state != state || s->lost_ns ||
		s->wait_reason || s->wait_flags || s->wait_waker_how ||
		s->since_ns < states->sum_from_ns || (on_something && state != DWELL_BLOCKED))
		return false;
	slot->seen.plain = (uint16_t)state;
	return true;
}

uint32_t *states_occupant_slow(struct dwell_states *states, uint32_t executor)
{
	const size_t count = ((size_t)executor + 1) * 2;

	if (executor > DWELL_MAX_EXECUTORS) {
		states->err = DWELL_ELIMIT;
		return NULL;
	}

	uint32_t *occupants = realloc(states->occupants, count * sizeof(*occupants));
	if (occupants)
		states->occupants = occupants;
	uint8_t *kinds = realloc(states->executor_kinds, count);
	if (kinds)
		states->executor_kinds = kinds;
	if (!occupants || !kinds) {
		states->err = DWELL_ENOMEM;
		return NULL;
	}
	for (size_t i = states->occupant_count; i < count; i++) {
		occupants[i] = DWELL_NONE;
		kinds[i] = 0;
	}
	states->occupant_count = count;
	return &states->occupants[executor];
}

/* Of a task that has no row a later definition may say that it was there earlier: it was, at the
 * latest row. A keyframe before that does not have it. */
static uint64_t taken_ns(
	const struct dwell_states *states, const struct slot *slot, const struct dwell_task *task)
{
	const uint64_t known_ns =
		task->created_ns < states->now_ns ? states->now_ns : task->created_ns;

	if (slot->seen.life == SLOT_NONE)
		return task->created_ns;
	if (states_is_gone(states, slot))
		return known_ns;
	return slot->seen.life == SLOT_DEFINED && known_ns < slot->s.created_ns
		       ? known_ns
		       : slot->s.created_ns;
}

int dwell_states_task(struct dwell_states *states, const struct dwell_task *task)
{
	states->err = 0;

	struct slot *slot = task->id ? states_make_slot(states, task->id) : NULL;
	if (!slot || slot->seen.life > SLOT_DEFINED)
		return states->err;

	const bool late = slot->seen.life == SLOT_NONE && task->created_ns < states->loaded_ns;

	states_define(slot, task->id, taken_ns(states, slot, task));
	if (late)
		slot->seen.life = SLOT_ENDED;
	return DWELL_OK;
}

uint64_t dwell_states_created(const struct dwell_states *states, const struct dwell_task *task)
{
	const struct slot *slot = states_find(states, task->id);

	return slot && task->created_ns != DWELL_FOREVER ? taken_ns(states, slot, task)
							 : task->created_ns;
}

int dwell_states_executor(struct dwell_states *states, const struct dwell_executor *executor)
{
	states->err = 0;
	if (states_occupant(states, executor->id))
		states->executor_kinds[executor->id] = executor->kind;
	return states->err;
}

/* What was defined before a keyframe and is not in it has ended. */
static void end_before(struct dwell_states *states, uint64_t time_ns)
{
	for (size_t page = 0; page < states->page_count; page++) {
		struct slot *slots = states_kept(states, page);

		for (size_t i = 0; slots && i < STATES_SLOTS; i++) {
			struct slot *slot = &slots[i];

			if (slot->seen.life == SLOT_DEFINED && slot->s.created_ns < time_ns)
				slot->seen.life = SLOT_ENDED;
		}
	}
}

/* Can this be a row of a keyframe at time_ns? */
static bool sound(const struct dwell_task_state *s, uint64_t time_ns)
{
	if (s->state < DWELL_UNKNOWN || s->state > DWELL_BLOCKED || s->since_ns > time_ns ||
		s->created_ns > s->since_ns || s->wake_ns > time_ns || s->lost_ns > time_ns ||
		(s->lost_ns && s->lost_ns < s->since_ns) || s->own_word > 1)
		return false;
	if (!s->wait_reason)
		return true;
	if (s->wait_since_ns > time_ns || s->wait_waker_how >= DWELL_WAKER_HOW_COUNT)
		return false;

	const uint64_t length = time_ns - s->wait_since_ns;
	return s->wait_blocked_ns <= length && s->wait_runnable_ns <= length &&
	       s->wait_running_ns <= length &&
	       s->wait_blocked_ns + s->wait_runnable_ns + s->wait_running_ns <= length;
}

static int load_one(struct dwell_states *states, uint64_t time_ns, const struct dwell_task_state *s)
{
	struct slot *slot = states_make_slot(states, s->task);

	if (!slot)
		return states->err;
	if (!sound(s, time_ns))
		return DWELL_EFORMAT;
	slot->s = *s;
	slot->seen.life = SLOT_LIVE;
	slot->seen = states->losses_open;
	if (states_known(s) != DWELL_RUNNING || !s->executor)
		return DWELL_OK;

	uint32_t *occupant = states_occupant(states, s->executor);
	if (!occupant)
		return states->err;
	if (*occupant)
		return DWELL_EFORMAT;
	*occupant = s->task;
	return DWELL_OK;
}

int dwell_states_load(struct dwell_states *states, uint64_t time_ns,
	const struct dwell_task_state *keyframe, size_t count)
{
	uint32_t last = DWELL_NONE;
	int err = DWELL_OK;

	states->err = 0;
	states->loaded_ns = time_ns;
	states->asked_page = SIZE_MAX;
	end_before(states, time_ns);
	for (size_t i = 0; i < count && !err; i++) {
		err = keyframe[i].task > last ? load_one(states, time_ns, &keyframe[i])
					      : DWELL_EFORMAT;
		last = keyframe[i].task;
	}
	states->now_ns = time_ns;
	return err;
}

static bool keep(struct dwell_states *states, size_t count)
{
	if (count <= states->saved_cap)
		return true;

	const size_t cap = count * 2 < 64 ? 64 : count * 2;
	struct dwell_task_state *saved = realloc(states->saved, cap * sizeof(*saved));

	if (!saved)
		return false;
	states->saved = saved;
	states->saved_cap = cap;
	return true;
}

static bool lives_now(const struct dwell_states *states, const struct slot *slot)
{
	return slot->seen.life == SLOT_LIVE ||
	       (slot->seen.life == SLOT_DEFINED && slot->s.created_ns <= states->now_ns);
}

int dwell_states_save(
	struct dwell_states *states, const struct dwell_task_state **out, size_t *count)
{
	size_t n = 0;

	if (states->now_ns && states_meet(states, states->now_ns - 1))
		return DWELL_ENOMEM;
	for (size_t page = 0; page < states->page_count; page++) {
		struct slot *slots = states_kept(states, page);

		for (size_t i = 0; slots && i < STATES_SLOTS; i++) {
			struct slot *slot = &slots[i];

			/* Created right now, without a row so far: the rows that follow begin it,
			 * wherever its definition stands. */
			if (!lives_now(states, slot) ||
				(slot->seen.life == SLOT_DEFINED &&
					slot->s.created_ns == states->now_ns))
				continue;
			if (!keep(states, n + 1))
				return DWELL_ENOMEM;
			if (slot->seen.life == SLOT_LIVE)
				states_settle(states, slot);
			states->saved[n] = slot->s;
			states_resolve_waker(states, &states->saved[n]);
			n++;
		}
	}
	*out = states->saved;
	*count = n;
	return DWELL_OK;
}

void dwell_states_sum_from(struct dwell_states *states, uint64_t from_ns)
{
	states->sum_from_ns = from_ns;
}

bool states_life(const struct slot *slot, struct dwell_life *out)
{
	const struct dwell_task_sums *sums = &slot->sums;

	if (!sums->intervals && !sums->switches && !sums->wakes)
		return false;
	*out = (struct dwell_life){
		.task = slot->s.task,
		.created_ns = slot->s.created_ns,
		.ended_ns = slot->seen.life == SLOT_ENDED ? slot->s.since_ns : DWELL_FOREVER,
		.sums = *sums,
	};
	out->sums.intervals += sums->switches + sums->wakes;
	return true;
}

int dwell_states_lives(const struct dwell_states *states,
	int (*visit)(void *context, const struct dwell_life *life), void *context)
{
	int stop = 0;

	for (size_t page = 0; page < states->page_count; page++) {
		const struct slot *slots = states_kept(states, page);
		struct dwell_life life;

		for (size_t i = 0; slots && i < STATES_SLOTS && !stop; i++)
			if (states_life(&slots[i], &life))
				stop = visit(context, &life);
	}
	return stop;
}

const struct dwell_task_state *dwell_states_get(const struct dwell_states *states, uint32_t task)
{
	const size_t page = task >> STATES_SLOT_BITS;
	struct slot *slot = states_find(states, task);

	/* It is as if it had been there. */
	if (!slot && page < states->page_count &&
		states_lives_unmet((struct dwell_states *)states, page, states->now_ns))
		slot = states_make_slot((struct dwell_states *)states, task);
	if (!slot || !lives_now(states, slot))
		return NULL;
	if (slot->seen.life == SLOT_LIVE)
		states_settle(states, slot);
	return &slot->s;
}

uint32_t dwell_states_end(const struct dwell_states *states)
{
	return (uint32_t)(states->page_count << STATES_SLOT_BITS);
}

static bool may_live(const struct dwell_states *states, size_t page)
{
	return states_kept(states, page) ||
	       (!states->pages[page] &&
		       states_lives_unmet((struct dwell_states *)states, page, states->now_ns));
}

uint32_t dwell_states_next(const struct dwell_states *states, uint32_t task)
{
	size_t page = task >> STATES_SLOT_BITS;

	if (page < states->page_count && may_live(states, page))
		return task;
	do {
		page++;
	} while (page < states->page_count && !may_live(states, page));
	return page < states->page_count ? (uint32_t)(page << STATES_SLOT_BITS)
					 : dwell_states_end(states);
}

uint32_t dwell_states_occupant(const struct dwell_states *states, uint32_t executor)
{
	if (executor >= states->occupant_count || !states->occupants[executor])
		return DWELL_NONE;

	const struct dwell_task_state *s = dwell_states_get(states, states->occupants[executor]);
	if (!s || states_known(s) != DWELL_RUNNING || s->executor != executor)
		return DWELL_NONE;
	return s->task;
}
