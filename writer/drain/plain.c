/*
 * What most records are: marks, and waits that are told whole. They are told here, one after the
 * other, with what is the same for all of them kept at hand. rows.c says what is right.
 */
#include "drain_private.h"
#include "dwell/types.h"
#include "flags.h"
#include "memo.h"
#include "registry_private.h"

#include <string.h>

/* What is the same for all records of a ring that are read one after the other. */
struct plain {
	const struct drain_place *place;
	struct dwell_drain *drain;
	struct dwell_registry *registry;
	uint32_t process;
	uint64_t base, ns; /* ticks, and the trace's time there */
	uint64_t rate;
	uint64_t latest_ns; /* the drain's */
	uint64_t last_ns;
	uint64_t begun_since, dropped_since, ended_since; /* of the thread's waits */
	uint32_t task, running;
	uint8_t blocked, runs; /* states */
	uint64_t label_stack;  /* of a mark: of these are */
	uint32_t label, mark_stack;
	uint32_t entry, stack; /* of a wait */
	/* What is the same for all waits of one how. */
	uint32_t how;        /* reason, object's kind, flags */
	bool whole;          /* there is no more to them than their words say */
	unsigned kind;       /* of their objects */
	uint32_t begin, end; /* kind, state, reason, flags of their rows */
};

/* False: times are not so simple. */
static bool begin(const struct drain_place *place, struct plain *p)
{
	struct dwell_drain *drain = place->drain;
	const struct dwell_fit *fit = &drain->fit;
	const bool states = drain->options.states;

	*p = (struct plain){
		.place = place,
		.drain = drain,
		.registry = drain->registry,
		.process = place->process->id,
		.base = fit->base_ticks - drain->session->start_ticks,
		.ns = fit->base_ns - drain->options.zero_monotonic_ns,
		.rate = fit->rate,
		.latest_ns = drain->latest_ns,
		.last_ns = place->thread->last_ns,
		.task = place->thread->task,
		.running = place->thread->running ? place->thread->running : place->thread->task,
		.blocked = states ? DWELL_BLOCKED : DWELL_STATE_SAME,
		.runs = states ? DWELL_RUNNING : DWELL_STATE_SAME,
		.begun_since = place->thread->begun_since,
		.dropped_since = place->thread->dropped_since,
		.ended_since = place->thread->ended_since,
	};
	return fit->clock != DWELL_CLOCK_MONOTONIC &&
	       place->process->clock != DWELL_CLOCK_MONOTONIC &&
	       fit->base_ticks >= drain->session->start_ticks &&
	       fit->base_ns >= drain->options.zero_monotonic_ns && !place->thread->overwritten;
}

__attribute__((noinline)) static uint64_t doubt(struct plain *p, uint64_t ns)
{
	ns = dwell_drain_doubt(p->drain, ns);
	p->latest_ns = p->drain->latest_ns;
	return ns;
}

/* As dwell_drain_stamp. */
static inline uint64_t stamp(struct plain *p, uint64_t ticks)
{
	uint64_t ns;

	if (ticks >= p->base) {
		ns = p->ns + dwell_fit_scale(ticks - p->base, p->rate);
	} else {
		const uint64_t back = dwell_fit_scale(p->base - ticks, p->rate);

		ns = back < p->ns ? p->ns - back : 0;
	}
	return __builtin_expect(ns < p->latest_ns, 1) ? ns : doubt(p, ns);
}

/* Rows follow each other: the next are made where the sink keeps them, if it has room. Nobody else
 * may tell it rows before these are told. */
__attribute__((noinline)) static void tell_and_borrow(struct dwell_drain *drain)
{
	struct dwell_event *room;

	dwell_drain_tell(drain);
	room = drain->sink->ops->room ? drain->sink->ops->room(drain->sink, DWELL_DRAIN_ROWS)
				      : NULL;
	drain->made = room ? room : drain->row;
}

static inline struct dwell_event *next(struct dwell_drain *drain)
{
	if (drain->rows == DWELL_DRAIN_ROWS)
		tell_and_borrow(drain);
	return &drain->made[drain->rows++];
}

/* Before anybody is called who may tell rows. */
static inline void give_back(struct dwell_drain *drain)
{
	if (drain->made != drain->row)
		dwell_drain_tell(drain);
}

static inline void put_mark(struct plain *p, const uint64_t word[2])
{
	if (__builtin_expect(word[1] != p->label_stack, 0)) {
		give_back(p->drain);
		p->label_stack = word[1];
		p->label = dwell_drain_label(p->place, (uint32_t)word[1]);
		p->mark_stack = dwell_drain_stack(p->place, (uint32_t)(word[1] >> 32));
	}

	const uint64_t time_ns = stamp(p, dwell_slot_time(word[0]));

	*next(p->drain) = (struct dwell_event){
		.time_ns = time_ns,
		.task = p->running,
		.object = p->label,
		.stack = p->mark_stack,
		.kind = DWELL_EVENT_MARK,
	};
	p->last_ns = p->last_ns < time_ns ? time_ns : p->last_ns;
}

/* Kind, state, reason, flags, as they stand in a row. */
static uint32_t word_of(struct dwell_event row)
{
	uint32_t word;

	memcpy(&word, &row.kind, sizeof(word));
	return word;
}

__attribute__((noinline)) static void know_how(struct plain *p, uint64_t what)
{
	const unsigned reason = dwell_what_reason(what), kind = dwell_what_object(what),
		       flags = dwell_what_flags(what);

	p->how = (uint32_t)(what >> 32);
	p->kind = kind < DWELL_OBJECT_KIND_COUNT ? kind : (unsigned)DWELL_OBJECT_OTHER;
	p->whole = kind != DWELL_OBJECT_THREAD &&
		   !(flags & (DWELL_FLAG_DESCRIPTOR | DWELL_FLAG_ACROSS)) && reason &&
		   reason != DWELL_REASON_SYSCALL && reason < DWELL_REASON_COUNT;
	p->begin = word_of((struct dwell_event){
		.kind = DWELL_EVENT_WAIT_BEGIN,
		.state = p->blocked,
		.reason = (uint8_t)reason,
		.flags = dwell_drain_begin_flags(flags),
	});
	/* All else is as it began. */
	p->end = word_of((struct dwell_event){
		.kind = DWELL_EVENT_WAIT_END,
		.state = p->runs,
		.reason = (uint8_t)reason,
		.flags = dwell_drain_row_flags(flags),
	});
}

static inline uint32_t stack_of(const struct plain *p, uint32_t entry)
{
	const uint32_t known = entry ? dwell_drain_memo(p->drain, entry, p->process)->id : 0;

	if (known || !entry)
		return known;
	give_back(p->drain);
	return dwell_drain_stack(p->place, entry);
}

static inline uint32_t object_of(const struct plain *p, uint64_t native)
{
	return native ? dwell_registry_known(p->registry, p->process, (uint8_t)p->kind, native) : 0;
}

/* False: it is not plain, and nothing was done. */
static inline bool put_wait(struct plain *p, const uint64_t word[2], const uint64_t more[2])
{
	struct dwell_drain *drain = p->drain;
	const uint64_t what = word[1], since = dwell_slot_time(more[0]);

	if (__builtin_expect((uint32_t)(what >> 32) != p->how, 0))
		know_how(p, what);
	if (!p->whole || since == p->begun_since || since == p->dropped_since)
		return false;
	if (dwell_what_stack(what) != p->entry) {
		p->entry = dwell_what_stack(what);
		p->stack = stack_of(p, p->entry);
	}

	const uint32_t object = object_of(p, more[1]);
	const uint64_t end_ns = stamp(p, dwell_slot_time(word[0]));
	const uint64_t since_ns = dwell_drain_after(stamp(p, since), p->last_ns);
	struct dwell_event *begin = next(drain), *end;

	*begin = (struct dwell_event){
		.time_ns = since_ns < end_ns ? since_ns : end_ns,
		.task = p->task,
		.object = object,
		.stack = p->stack,
	};
	memcpy(&begin->kind, &p->begin, sizeof(p->begin));
	end = next(drain);
	*end = (struct dwell_event){ .time_ns = end_ns, .task = p->task };
	memcpy(&end->kind, &p->end, sizeof(p->end));
	p->ended_since = p->ended_since < since ? since : p->ended_since;
	p->last_ns = p->last_ns < end_ns ? end_ns : p->last_ns;
	return true;
}

uint64_t dwell_drain_plain(
	const struct drain_place *place, struct dwell_ring_reader *reader, uint64_t stop)
{
	/* Not the reader's own: for all that the compiler knows, a look at a slot changes that. */
	const struct dwell_ring_reader ring = *reader;
	uint64_t position = ring.position, records = 0;
	uint64_t word[2], more[2];
	struct plain p;

	if (!begin(place, &p))
		return 0;
	for (; position < stop && dwell_ring_written(&ring, position, word); records++) {
		const unsigned what = (unsigned)(word[0] >> 1 & 0x7f); /* kind and further slots */

		if (what == DWELL_RECORD_MARK << 2) {
			put_mark(&p, word);
			position++;
		} else if (what == (DWELL_RECORD_WAIT << 2 | 1) &&
			   dwell_ring_written(&ring, position + 1, more) &&
			   put_wait(&p, word, more)) {
			position += 2;
		} else {
			break;
		}
	}
	give_back(p.drain);
	reader->position = position;
	place->thread->last_ns = p.last_ns;
	place->thread->ended_since = p.ended_since;
	return records;
}
