#include <stdlib.h>

#include "drain_private.h"
#include "dwell/error.h"
#include "lib/clock.h"

enum { TURNS_MAX = 2 };
#define HOLE_PATIENCE_NS UINT64_C(100000000)
/* A thread reads the clock some time before others can see what it writes; and a call that turns
 * out too short to be recorded must not be taken for a wait. */
#define SLACK_NS UINT64_C(500000)
/* No trace may run farther ahead of the clock. */
#define AHEAD_NS UINT64_C(1000000000)

int dwell_drain_new(struct dwell_drain **out, const struct dwell_session *session,
	struct dwell_registry *registry, struct dwell_sink *sink,
	const struct dwell_drain_options *options)
{
	struct dwell_drain *drain = calloc(1, sizeof(*drain));

	if (!drain)
		return DWELL_ENOMEM;
	drain->process = calloc(session->process_max, sizeof(*drain->process));
	drain->thread = calloc(session->thread_max, sizeof(*drain->thread));
	drain->fresh = calloc(session->process_max, sizeof(*drain->fresh));
	if (!drain->process || !drain->thread || !drain->fresh ||
		dwell_descriptors_new(&drain->descriptors, registry) != 0) {
		dwell_drain_free(drain);
		return DWELL_ENOMEM;
	}
	drain->session = session;
	drain->registry = registry;
	drain->sink = sink;
	drain->options = *options;
	drain->made = drain->row;
	dwell_fit_init(&drain->fit, session->clock, session->start_ticks,
		session->start_monotonic_ns, dwell_clock_rate(session->clock));
	(void)dwell_fit_update(&drain->fit);
	*out = drain;
	return 0;
}

void dwell_drain_free(struct dwell_drain *drain)
{
	if (!drain)
		return;
	free(drain->process);
	free(drain->thread);
	free(drain->fresh);
	dwell_map_release(&drain->by_native);
	dwell_map_release(&drain->by_handle);
	free(drain->birth);
	dwell_descriptors_free(drain->descriptors);
	dwell_map_release(&drain->across);
	free(drain);
}

void dwell_drain_tell(struct dwell_drain *drain)
{
	int err = 0;

	if (drain->rows > 0 && drain->sink->ops->events)
		err = drain->sink->ops->events(drain->sink, drain->made, drain->rows);
	if (err < 0 && drain->error == 0)
		drain->error = err;
	drain->rows = 0;
	drain->made = drain->row;
}

uint64_t dwell_drain_time_ns(struct dwell_drain *drain, uint64_t ticks)
{
	return dwell_drain_since_zero(
		drain, dwell_fit_ns(&drain->fit, drain->session->start_ticks + ticks));
}

uint64_t dwell_drain_now_ns(struct dwell_drain *drain)
{
	return dwell_drain_time_ns(
		drain, dwell_clock_read(drain->session->clock) - drain->session->start_ticks);
}

/* A pass takes long where who drains has no CPU: then the record was written meanwhile. Else it is
 * made up. */
uint64_t dwell_drain_doubt(struct dwell_drain *drain, uint64_t ns)
{
	const uint64_t now_ns = dwell_drain_now_ns(drain);

	drain->latest_ns = now_ns + AHEAD_NS;
	return ns < drain->latest_ns ? ns : now_ns;
}

bool dwell_drain_hears(const struct dwell_drain *drain, int64_t host_tid)
{
	const uint32_t count = dwell_session_thread_count(drain->session);

	for (uint32_t i = 0; i < count; i++)
		if (drain->thread[i].generation != 0 && drain->thread[i].host_tid == host_tid)
			return true;
	return false;
}

static struct dwell_ring_reader open_ring(const struct dwell_drain *drain,
	const struct dwell_thread_slot *slot, unsigned index, uint64_t position)
{
	struct dwell_ring_reader reader = { NULL, 0, position };
	uint64_t word = atomic_load_explicit(&slot->ring[index], memory_order_acquire);

	if (!dwell_session_ring(drain->session, word, &reader.slots, &reader.mask))
		reader.slots = NULL;
	return reader;
}

/* Everything that is written from the reader's position on; at most two turns, since a hostile
 * writer can write for ever. */
static void read_ring(const struct drain_place *place, struct dwell_ring_reader *reader)
{
	struct dwell_record record;
	uint64_t stop = reader->position + TURNS_MAX * (reader->mask + 1);

	while (reader->position < stop) {
		place->drain->counts.records += dwell_drain_plain(place, reader, stop);
		enum dwell_ring_found found = dwell_ring_next(reader, &record);
		if (found == DWELL_RING_EMPTY)
			break;
		if (found == DWELL_RING_SKIPPED)
			continue;
		place->drain->counts.records++;
		dwell_drain_record(place, &record);
	}
}

/* An unwritten slot that the head has passed: somebody was interrupted there. Wait a while, then go
 * on behind it. */
static bool pass_hole(
	const struct drain_place *place, struct dwell_ring_reader *reader, uint64_t end, bool last)
{
	struct drain_thread *thread = place->thread;
	uint64_t now = place->drain->pass_ns;
	uint64_t passed;

	if (end <= reader->position)
		return false;
	if (!last) {
		if (thread->hole_at != reader->position + 1) {
			thread->hole_at = reader->position + 1;
			thread->hole_since_ns = now;
			return false;
		}
		if (now - thread->hole_since_ns < HOLE_PATIENCE_NS)
			return false;
	}
	passed = dwell_ring_skip_hole(reader, end);
	if (passed == 0 && last)
		place->drain->counts.holes += dwell_ring_give_up(reader, end);
	place->drain->counts.holes += passed;
	return passed > 0;
}

/* One ring of the chain. Returns true when its writer has left it and all of it was read. */
static bool drain_ring(const struct drain_place *place, struct dwell_thread_slot *slot, bool last)
{
	struct drain_thread *thread = place->thread;
	unsigned index = thread->ring;
	struct dwell_ring_reader reader = open_ring(place->drain, slot, index, thread->position);
	uint64_t head, left, end;

	if (!reader.slots)
		return false;
	left = atomic_load_explicit(&slot->tail.left[index], memory_order_acquire);
	head = atomic_load_explicit(&slot->line.head, memory_order_relaxed);
	end = left != 0                                 ? left - 1
	      : head >> DWELL_RING_INDEX_SHIFT == index ? head & DWELL_RING_POSITION
							: reader.position;
	do
		read_ring(place, &reader);
	while (pass_hole(place, &reader, end, last));
	thread->position = reader.position;
	/* Release: we are done with the slots before it. */
	atomic_store_explicit(&slot->tail.position[index], reader.position, memory_order_release);
	return left != 0 && reader.position >= end;
}

static void drain_flight(const struct drain_place *place, struct dwell_thread_slot *slot)
{
	struct dwell_ring_reader reader = open_ring(place->drain, slot, 0, 0);
	uint64_t floor = atomic_load_explicit(&slot->tail.position[0], memory_order_acquire);
	struct dwell_slot *copy;
	uint64_t from, to;

	if (!reader.slots)
		return;
	copy = aligned_alloc(sizeof(*copy), (reader.mask + 1) * sizeof(*copy));
	if (!copy)
		return;
	dwell_ring_snapshot(reader.slots, reader.mask, &slot->line.head, copy, &from, &to);
	if (from < floor && floor <= to)
		from = floor;
	else if (from > floor)
		place->thread->overwritten = true;
	reader.slots = copy;
	reader.position = from;
	do
		read_ring(place, &reader);
	while (reader.position < to && dwell_ring_skip_hole(&reader, to) > 0);
	free(copy);
}

/* What stands beside the state word may be of the wait after it: then the word has changed. */
static void load_word(struct dwell_ring_line *line, struct drain_word *word)
{
	uint64_t again[2];

	dwell_slot_load(&line->state, word->state);
	word->what = atomic_load_explicit(&line->state_what, memory_order_acquire);
	word->holder = atomic_load_explicit(&line->state_holder, memory_order_acquire);
	word->caller = atomic_load_explicit(&line->state_caller, memory_order_acquire);
	dwell_slot_load(&line->state, again);
	if (again[0] != word->state[0]) {
		word->holder = 0;
		word->caller = 0;
	}
}

void dwell_drain_rings(struct dwell_drain *drain, uint32_t index, bool last)
{
	struct dwell_thread_slot *slot = dwell_session_thread(drain->session, index);
	struct drain_thread *thread = &drain->thread[index];
	struct drain_place place = { drain, thread, &drain->process[thread->process] };
	struct drain_word word;

	/* The state word first: a wait that ended since has its record in the ring. */
	load_word(&slot->line, &word);
	if (drain->session->flight)
		drain_flight(&place, slot);
	else
		while (drain_ring(&place, slot, last) && thread->ring + 1 < DWELL_RING_CHAIN) {
			thread->ring++;
			thread->position = 0;
		}
	dwell_drain_state(&place, &word);
}

/* What was refused at the end and never told by the ring itself. */
static void tell_refused(struct dwell_drain *drain, uint32_t index)
{
	struct dwell_thread_slot *slot = dwell_session_thread(drain->session, index);
	struct drain_thread *thread = &drain->thread[index];
	uint64_t refused = atomic_load_explicit(&slot->line.refused, memory_order_relaxed);
	uint64_t told = atomic_load_explicit(&slot->line.refused_told, memory_order_relaxed);
	struct dwell_event row = { .time_ns = drain->pass_ns,
		.value = refused - told,
		.extra = thread->last_ns,
		.task = thread->task,
		.kind = DWELL_EVENT_LOSS,
		.reason = DWELL_LOSS_FULL };

	if (refused == told || drain->session->flight)
		return;
	atomic_store_explicit(&slot->line.refused_told, refused, memory_order_relaxed);
	drain->counts.lost += refused - told;
	dwell_drain_put(drain, &row);
}

uint32_t dwell_drain_meet_thread(struct dwell_drain *drain, uint32_t index)
{
	struct dwell_thread_slot *slot = dwell_session_thread(drain->session, index);
	uint32_t state = atomic_load_explicit(&slot->state, memory_order_acquire);

	if ((state == DWELL_SLOT_LIVE || state == DWELL_SLOT_CLOSED) &&
		drain->thread[index].generation !=
			atomic_load_explicit(&slot->generation, memory_order_relaxed))
		dwell_drain_thread_begin(drain, index);
	return state;
}

bool dwell_drain_meet(struct dwell_drain *drain)
{
	const uint32_t count = dwell_session_thread_count(drain->session);

	if (drain->met_ns == drain->pass_ns)
		return false;
	drain->met_ns = drain->pass_ns;
	for (uint32_t i = 0; i < count; i++)
		dwell_drain_meet_thread(drain, i);
	return true;
}

static void visit(struct dwell_drain *drain, uint32_t index)
{
	struct dwell_thread_slot *slot = dwell_session_thread(drain->session, index);
	const uint32_t state = dwell_drain_meet_thread(drain, index);

	if (state != DWELL_SLOT_LIVE && state != DWELL_SLOT_CLOSED)
		return;
	dwell_drain_rings(drain, index, state == DWELL_SLOT_CLOSED);
	if (state != DWELL_SLOT_CLOSED)
		return;
	tell_refused(drain, index);
	dwell_drain_thread_end(drain, index,
		dwell_drain_stamp(drain, &drain->process[drain->thread[index].process],
			atomic_load_explicit(&slot->closed, memory_order_relaxed)));
}

static void begin_pass(struct dwell_drain *drain)
{
	uint64_t before_ns = drain->pass_ns;

	if (dwell_fit_update(&drain->fit) && drain->sink->ops->clock) {
		unsigned last = (drain->fit.pairs - 1) % DWELL_FIT_PAIRS;
		struct dwell_clock_pair pair = { { "tsc", 3 }, drain->fit.pair[last].ticks,
			dwell_drain_since_zero(drain, drain->fit.pair[last].ns) };
		int err = drain->sink->ops->clock(drain->sink, &pair);
		if (err < 0 && drain->error == 0)
			drain->error = err;
	}
	drain->pass_ns = dwell_drain_now_ns(drain);
	drain->before_ns = before_ns;
	dwell_descriptors_pass(drain->descriptors, drain->pass_ns);
	drain->latest_ns = drain->pass_ns + AHEAD_NS;
	drain->watermark_ns = drain->pass_ns > SLACK_NS ? drain->pass_ns - SLACK_NS : 0;
	if (before_ns < drain->watermark_ns)
		drain->watermark_ns = before_ns;
}

static int end_pass(struct dwell_drain *drain)
{
	dwell_drain_tell(drain);
	return drain->error ? drain->error : dwell_registry_error(drain->registry);
}

/* When it ended is not known: some time after it was last seen to live, without a word. */
static void tell_silence(struct dwell_drain *drain, uint32_t index)
{
	const struct drain_thread *thread = &drain->thread[index];
	const uint64_t alive_ns = drain->process[thread->process].alive_ns;
	const struct dwell_event row = { .time_ns = alive_ns > thread->last_ns ? alive_ns
									       : thread->last_ns,
		.task = thread->task,
		.kind = DWELL_EVENT_STATE,
		.state = DWELL_UNKNOWN };

	if (drain->options.states && thread->task != 0)
		dwell_drain_put(drain, &row);
}

static void bury(struct dwell_drain *drain, uint32_t process, uint64_t time_ns)
{
	uint32_t count = dwell_session_thread_count(drain->session);
	const int64_t pid = drain->process[process].host_pid;

	for (uint32_t i = 0; i < count; i++) {
		/* Some may have come since they were last looked for. */
		dwell_drain_meet_thread(drain, i);
		if (drain->thread[i].generation == 0 || drain->thread[i].process != process)
			continue;
		dwell_drain_rings(drain, i, true);
		tell_refused(drain, i);
		tell_silence(drain, i);
		dwell_drain_thread_end(drain, i, time_ns);
	}
	drain->process[process].gone = true;
	drain->process[process].generation = 0;
	dwell_session_free_process(drain->session, process);
	dwell_registry_end_process(drain->registry, pid);
}

static void bury_dead(struct dwell_drain *drain)
{
	const uint32_t count = dwell_session_process_count(drain->session);

	for (uint32_t i = 0; drain->options.lives && i < count; i++) {
		struct drain_process *process = &drain->process[i];
		if (process->generation == 0)
			continue;
		if (drain->options.lives(drain->options.context, process->host_pid))
			process->alive_ns = drain->pass_ns;
		else
			bury(drain, i, drain->pass_ns);
	}
}

int dwell_drain_pass(struct dwell_drain *drain, uint64_t *watermark_ns)
{
	uint32_t count;

	begin_pass(drain);
	dwell_drain_processes(drain);
	count = dwell_session_thread_count(drain->session);
	for (uint32_t i = 0; i < count; i++)
		visit(drain, i);
	bury_dead(drain);
	*watermark_ns = drain->watermark_ns;
	return end_pass(drain);
}

int dwell_drain_process_gone(struct dwell_drain *drain, int64_t host_pid, uint64_t time_ns)
{
	uint32_t count = dwell_session_process_count(drain->session);
	uint64_t watermark_ns;
	int err = dwell_drain_pass(drain, &watermark_ns);

	for (uint32_t i = 0; i < count; i++)
		if (drain->process[i].generation != 0 && drain->process[i].host_pid == host_pid)
			bury(drain, i, time_ns);
	dwell_registry_end_process(drain->registry, host_pid);
	return err ? err : end_pass(drain);
}

int dwell_drain_finish(struct dwell_drain *drain, uint64_t *end_ns)
{
	uint64_t watermark_ns;
	uint32_t count;
	int err = dwell_drain_pass(drain, &watermark_ns);

	count = dwell_session_thread_count(drain->session);
	for (uint32_t i = 0; i < count; i++) {
		if (drain->thread[i].generation == 0)
			continue;
		if (!drain->session->flight)
			dwell_drain_rings(drain, i, true);
		tell_refused(drain, i);
	}
	*end_ns = drain->pass_ns;
	for (int i = 0; i < DWELL_SESSION_LOSS_COUNT; i++)
		drain->counts.session_losses[i] = atomic_load_explicit(
			&drain->session->header->losses[i], memory_order_relaxed);
	return err ? err : end_pass(drain);
}

void dwell_drain_counts(const struct dwell_drain *drain, struct dwell_drain_counts *out)
{
	*out = drain->counts;
	out->other_version =
		atomic_load_explicit(&drain->session->header->other_version, memory_order_relaxed);
}
