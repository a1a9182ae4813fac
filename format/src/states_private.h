#ifndef DWELL_STATES_PRIVATE_H
#define DWELL_STATES_PRIVATE_H

#include "dwell/limits.h"
#include "dwell/states.h"
#include "dwell/states_ask.h"

/*
 * Tables by id in pages, so that one hostile id allocates one page and a pointer array, not an
 * array of all ids before it.
 */
enum {
	STATES_SLOT_BITS = 6,
	STATES_SLOTS = 1 << STATES_SLOT_BITS, /* in a page */
	STATES_RELEASE_BITS = 8,
	STATES_RELEASES = 1 << STATES_RELEASE_BITS,
	/* Losses kept before all tasks are told of them; seen-counters have 16 bits. */
	STATES_LOSSES = 4096
};

enum slot_life {
	SLOT_NONE = 0,
	SLOT_DEFINED, /* known, but without a row so far: unknown since created_ns */
	SLOT_LIVE,
	SLOT_ENDED
};

/*
 * How many losses of either scope a task has been told of, its life, and whether it is plain
 * (states_slot.h): compared as one, so that most rows find out at once that there is nothing to do
 * first.
 */
union states_seen {
	struct {
		uint16_t all, executor;
		uint16_t life; /* enum slot_life */
		/* The state it is in, where that is known to be plain; 0: that was not looked at.
		 * Who changes a slot says 0, as states_touch does. */
		uint16_t plain;
	};
	uint64_t as_one;
};

/*
 * What most rows need lies in the first 64 bytes, a cache line. Of intervals the sums count what is
 * more than switches and wakes (or less): most of those end one, and are counted once.
 */
struct slot {
	union states_seen seen;
	struct dwell_task_state s;
	struct dwell_task_sums sums;
};

_Static_assert(offsetof(struct slot, s.created_ns) == 64, "the first cache line of a slot");
_Static_assert(sizeof(struct slot) == 192, "a slot is three cache lines");

struct states_loss {
	uint64_t start_ns, end_ns;
	uint32_t executor;
};

/* The last RELEASE of an object. */
struct states_release {
	uint64_t time_ns;
	uint32_t task, stack;
};

struct dwell_states {
	struct slot **pages;
	size_t page_count;
	uint32_t *made; /* pages that are not `gone`; in any order */
	size_t made_count, made_cap;
	size_t made_after; /* when tasks were last forgotten */
	struct slot *gone; /* the page of all that were: ended, and nothing else; NULL: none yet */
	uint32_t *occupants; /* task by executor */
	uint8_t *executor_kinds;
	size_t occupant_count; /* of both */
	uint64_t now_ns;
	uint64_t sum_from_ns;
	bool has_wakes;
	int err; /* of the row being applied */
	/* Both with SLOT_LIVE as life, so that they compare with a slot's. */
	union states_seen losses_told;
	union states_seen losses_open; /* those before have ended: an interval that begins now need
					  not see them */
	uint64_t ahead_ns;             /* the latest end of a loss told ahead */
	struct dwell_states_ops ops;
	void *context;
	struct dwell_told *told;   /* the batch that is being filled; NULL: one by one */
	struct dwell_interval *at; /* the next to be told: in the batch, or `one` */
	struct dwell_interval one;
	uint32_t row; /* of the batch */
	uint64_t loaded_ns;
	struct states_loss *losses[2]; /* of everything, of an executor: STATES_LOSSES each */
	struct states_release **releases;
	size_t release_pages;
	struct dwell_task_state *saved;
	size_t saved_cap;
	dwell_states_defined *defined; /* NULL: all are told */
	void *defined_context;
	size_t asked_page; /* the last that was asked for, and not made */
	uint64_t asked_ns; /* when the first of them was created that may live */
};

/* What a row says of the end of an interval. */
struct states_end {
	uint64_t time_ns;
	uint32_t executor; /* entered */
	uint32_t waker, waker_stack;
	uint8_t as;   /* the state it turns out to have been */
	uint8_t next; /* the state that follows */
	uint8_t flags;
	uint8_t interval_flags;
};

/* The slot of a task for a row of now; NULL if the row is to be ignored or states->err is set. */
struct slot *states_touch_slow(struct dwell_states *states, uint32_t task);
/* The same without making one: NULL where there is none. */
struct slot *states_find(const struct dwell_states *states, uint32_t task);
/* Note the losses that came since the slot's state began. */
void states_settle(const struct dwell_states *states, struct slot *slot);
/* Losses told ahead may have ended by now. */
void states_pass_losses(struct dwell_states *states);
uint32_t *states_occupant_slow(struct dwell_states *states, uint32_t executor);
void states_loss(struct dwell_states *states, const struct dwell_event *event);

/* Tell the open interval. What follows is to be put into the slot by the caller. */
void states_finish(struct dwell_states *states, struct slot *slot, const struct states_end *end);

/* One row, at states->now_ns. */
void states_apply(struct dwell_states *states, const struct dwell_event *event);
void states_wait_begin(struct dwell_states *states, const struct dwell_event *event);
void states_wait_end(struct dwell_states *states, const struct dwell_event *event);
void states_wait_exit(struct dwell_states *states, struct slot *slot);
void states_release_row(struct dwell_states *states, const struct dwell_event *event);
/* The waker of an open wait, as far as it is known now. */
void states_resolve_waker(const struct dwell_states *states, struct dwell_task_state *s);
/* Told: the task is in `state` from now on, on no executor that is known. */
void states_told(struct dwell_states *states, struct slot *slot, const struct dwell_event *event,
	unsigned state, unsigned as);

/* The state that is known: a loss ends what was. */
static inline unsigned states_known(const struct dwell_task_state *s)
{
	return s->lost_ns ? DWELL_UNKNOWN : s->state;
}

/* Live and aware of all losses? It is to be changed, so not known to be plain any more. As one
 * word: what is written in part and read as a whole is waited for. */
static inline bool states_aware(const struct dwell_states *states, struct slot *slot)
{
	union states_seen seen = slot->seen;

	seen.plain = 0;
	slot->seen.as_one = seen.as_one;
	return seen.as_one == states->losses_told.as_one;
}

/* The slot of task (not 0), live and aware of all losses, to be changed. */
static inline struct slot *states_touch(struct dwell_states *states, uint32_t task)
{
	const size_t page = task >> STATES_SLOT_BITS;

	if (page < states->page_count && states->pages[page]) {
		struct slot *slot = &states->pages[page][task & (STATES_SLOTS - 1)];

		if (__builtin_expect(states_aware(states, slot), 1))
			return slot;
	}
	return states_touch_slow(states, task);
}

/* Where the task on an executor (not 0) is kept; NULL: states->err is set. */
static inline uint32_t *states_occupant(struct dwell_states *states, uint32_t executor)
{
	if (executor < states->occupant_count)
		return &states->occupants[executor];
	return states_occupant_slow(states, executor);
}

/* Take a running task off its executor. */
static inline void states_off(struct dwell_states *states, const struct dwell_task_state *s)
{
	if (s->state == DWELL_RUNNING && s->executor < states->occupant_count &&
		states->occupants[s->executor] == s->task)
		states->occupants[s->executor] = DWELL_NONE;
}

#endif
