/*
 * What most records are: marks, and waits that are told whole. They are told here, one after the
 * other, with what is the same for all of them kept at hand. rows.c says what is right.
 */
#include "drain_private.h"
#include "dwell/types.h"
#include "flags.h"

/* What is the same for all records of a ring that are read one after the other. */
struct plain {
	const struct drain_place *place;
	uint64_t base, ns; /* ticks, and the trace's time there */
	uint64_t rate;
	uint64_t most_ns;
	uint64_t last_ns;
	uint32_t task, running;
	uint8_t blocked, runs; /* states */
	uint64_t label_stack;  /* of a mark: of these are */
	uint32_t label, mark_stack;
	uint32_t entry, stack; /* of a wait */
};

/* False: times are not so simple. */
static bool begin(const struct drain_place *place, struct plain *p)
{
	const struct dwell_drain *drain = place->drain;
	const struct dwell_fit *fit = &drain->fit;
	const bool states = drain->options.states;

	*p = (struct plain){
		.place = place,
		.base = fit->base_ticks - drain->session->start_ticks,
		.ns = fit->base_ns - drain->options.zero_monotonic_ns,
		.rate = fit->rate,
		.most_ns = drain->pass_ns + DWELL_DRAIN_AHEAD_NS,
		.last_ns = place->thread->last_ns,
		.task = place->thread->task,
		.running = place->thread->running ? place->thread->running : place->thread->task,
		.blocked = states ? DWELL_BLOCKED : DWELL_STATE_SAME,
		.runs = states ? DWELL_RUNNING : DWELL_STATE_SAME,
	};
	return fit->clock != DWELL_CLOCK_MONOTONIC &&
	       place->process->clock != DWELL_CLOCK_MONOTONIC &&
	       fit->base_ticks >= drain->session->start_ticks &&
	       fit->base_ns >= drain->options.zero_monotonic_ns && !place->thread->overwritten;
}

/* As dwell_drain_stamp. */
static inline uint64_t stamp(const struct plain *p, uint64_t ticks)
{
	uint64_t ns;

	if (ticks >= p->base) {
		ns = p->ns + dwell_fit_scale(ticks - p->base, p->rate);
	} else {
		const uint64_t back = dwell_fit_scale(p->base - ticks, p->rate);

		ns = back < p->ns ? p->ns - back : 0;
	}
	return ns < p->most_ns ? ns : p->place->drain->pass_ns;
}

static inline void put_mark(struct plain *p, const uint64_t word[2])
{
	if (__builtin_expect(word[1] != p->label_stack, 0)) {
		p->label_stack = word[1];
		p->label = dwell_drain_label(p->place, (uint32_t)word[1]);
		p->mark_stack = dwell_drain_stack(p->place, (uint32_t)(word[1] >> 32));
	}

	const uint64_t time_ns = stamp(p, dwell_slot_time(word[0]));

	*dwell_drain_next(p->place->drain) = (struct dwell_event){
		.time_ns = time_ns,
		.task = p->running,
		.object = p->label,
		.stack = p->mark_stack,
		.kind = DWELL_EVENT_MARK,
	};
	p->last_ns = p->last_ns < time_ns ? time_ns : p->last_ns;
}

/* Its reason; 0: there is more to it than these words say. */
static inline unsigned plain_reason(
	const struct drain_thread *thread, uint64_t what, uint64_t since)
{
	const unsigned reason = dwell_what_reason(what);

	if (dwell_what_object(what) == DWELL_OBJECT_THREAD ||
		(dwell_what_flags(what) & DWELL_FLAG_DESCRIPTOR) != 0 ||
		thread->begun_since == since || thread->dropped_since == since ||
		reason == DWELL_REASON_SYSCALL || reason >= DWELL_REASON_COUNT)
		return 0;
	return reason;
}

/* False: it is not plain, and nothing was done. */
static inline bool put_wait(struct plain *p, const uint64_t word[2], const uint64_t more[2])
{
	struct dwell_drain *drain = p->place->drain;
	struct drain_thread *thread = p->place->thread;
	const uint64_t what = word[1], since = dwell_slot_time(more[0]);
	const unsigned reason = plain_reason(thread, what, since), flags = dwell_what_flags(what);

	if (!reason)
		return false;
	if (dwell_what_stack(what) != p->entry) {
		p->entry = dwell_what_stack(what);
		p->stack = dwell_drain_stack(p->place, p->entry);
	}

	const uint64_t end_ns = stamp(p, dwell_slot_time(word[0])), since_ns = stamp(p, since);
	*dwell_drain_next(drain) = (struct dwell_event){
		.time_ns = since_ns < end_ns ? since_ns : end_ns,
		.task = p->task,
		.object = dwell_drain_object(p->place, dwell_what_object(what), 0, more[1]),
		.stack = p->stack,
		.kind = DWELL_EVENT_WAIT_BEGIN,
		.state = p->blocked,
		.reason = (uint8_t)reason,
		.flags = dwell_drain_begin_flags(flags),
	};
	/* All else is as it began. */
	*dwell_drain_next(drain) = (struct dwell_event){
		.time_ns = end_ns,
		.task = p->task,
		.kind = DWELL_EVENT_WAIT_END,
		.state = p->runs,
		.reason = (uint8_t)reason,
		.flags = dwell_drain_row_flags(flags),
	};
	if (thread->ended_since < since)
		thread->ended_since = since;
	p->last_ns = p->last_ns < end_ns ? end_ns : p->last_ns;
	return true;
}

uint64_t dwell_drain_plain(
	const struct drain_place *place, struct dwell_ring_reader *reader, uint64_t stop)
{
	uint64_t position = reader->position, records = 0;
	uint64_t word[2], more[2];
	struct plain p;

	if (!begin(place, &p))
		return 0;
	for (; position < stop && dwell_ring_written(reader, position, word); records++) {
		const unsigned what = (unsigned)(word[0] >> 1 & 0x7f); /* kind and further slots */

		if (what == DWELL_RECORD_MARK << 2) {
			put_mark(&p, word);
			position++;
		} else if (what == (DWELL_RECORD_WAIT << 2 | 1) &&
			   dwell_ring_written(reader, position + 1, more) &&
			   put_wait(&p, word, more)) {
			position += 2;
		} else {
			break;
		}
	}
	reader->position = position;
	place->thread->last_ns = p.last_ns;
	return records;
}
