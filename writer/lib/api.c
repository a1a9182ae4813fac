#include <errno.h>
#include <string.h>

#include "api.h"
#include "dwell/types.h"
#include "dwell/writer.h"
#include "lib/wait.h"
#include "ring/first.h"

_Static_assert((int)DWELL_WHY_OTHER == (int)DWELL_REASON_OTHER, "one numbering");
_Static_assert((int)DWELL_WHY_GC == (int)DWELL_REASON_GC, "one numbering");
_Static_assert((int)DWELL_WHAT_POOL == (int)DWELL_OBJECT_POOL, "one numbering");
_Static_assert((int)DWELL_WHAT_CHANNEL == (int)DWELL_OBJECT_CHANNEL, "one numbering");
_Static_assert((int)DWELL_KIND_JOB == (int)DWELL_TASK_JOB, "one numbering");
_Static_assert((int)DWELL_COUNT_HISTOGRAM == (int)DWELL_COUNTER_HISTOGRAM, "one numbering");
_Static_assert((int)DWELL_POOL_USE_PUT == (int)DWELL_POOL_PUT, "one numbering");
_Static_assert(sizeof(struct dwell_wait_note) <= sizeof(struct dwell_wait_span), "it lies in it");

enum { SPAN_BLOCK = 1024 };

static _Atomic uint32_t last_task;
static _Atomic uint64_t last_span;

static bool wants_stacks(void)
{
	uint32_t flags =
		atomic_load_explicit(&dwell_lib.session.header->flags, memory_order_relaxed);

	return (flags & DWELL_SESSION_STACKS) != 0;
}

#define CALLER_STACK(self)                                                                         \
	(wants_stacks() ? dwell_stack(                                                             \
				  self, __builtin_return_address(0), __builtin_frame_address(0))   \
			: 0)

DWELL_API int dwell_recording(void)
{
	return dwell_lib.attached;
}

DWELL_API uint32_t dwell_text(const char *text)
{
	return dwell_lib.attached && text
		       ? dwell_intern_name(&dwell_lib.session, text, strlen(text))
		       : 0;
}

DWELL_API void dwell_thread_name(const char *name)
{
	dwell_thread_rename(name);
}

DWELL_API void dwell_object_name(enum dwell_what_kind kind, const void *object, uint32_t name)
{
	struct dwell_self *self = dwell_enter();

	if (self)
		dwell_ring_put2(&self->writer, dwell_now(), DWELL_RECORD_OBJECT,
			dwell_what(name, 0, kind, 0), 0, (uint64_t)(uintptr_t)object);
}

DWELL_API void dwell_wait_begin(struct dwell_wait_span *wait, enum dwell_why why,
	enum dwell_what_kind kind, const void *object, int32_t holder)
{
	struct dwell_wait_note *note = (struct dwell_wait_note *)wait;
	struct dwell_self *self = dwell_enter();

	*note = (struct dwell_wait_note){ .object = (uint64_t)(uintptr_t)object,
		.reason = (uint8_t)why,
		.kind = (uint8_t)kind,
		.holder = holder,
		.caller = (uint64_t)(uintptr_t)__builtin_return_address(0) };
	if (self)
		dwell_wait_enter(self, note);
}

DWELL_API void dwell_wait_end(struct dwell_wait_span *wait, int timed_out)
{
	struct dwell_wait_note *note = (struct dwell_wait_note *)wait;
	struct dwell_self *self = dwell_enter();

	if (!self || note->reason == 0 || self->wait != note)
		return;
	if (timed_out)
		note->flags |= DWELL_FLAG_TIMED_OUT;
	dwell_wait_leave(self, note, true, __builtin_return_address(0), __builtin_frame_address(0));
	note->reason = 0;
}

DWELL_API void dwell_acquired(enum dwell_what_kind kind, const void *object)
{
	struct dwell_self *self = dwell_enter();

	if (self)
		dwell_ring_put2(&self->writer, dwell_now(), DWELL_RECORD_ACQUIRE,
			dwell_what(0, 0, kind, 0), 0, (uint64_t)(uintptr_t)object);
}

DWELL_API void dwell_released(enum dwell_what_kind kind, const void *object)
{
	struct dwell_self *self = dwell_enter();

	if (self)
		dwell_ring_put2(&self->writer, dwell_now(), DWELL_RECORD_RELEASE,
			dwell_what(CALLER_STACK(self), 0, kind, 0), 0, (uint64_t)(uintptr_t)object);
}

DWELL_API uint32_t dwell_task_new(enum dwell_kind kind, uint32_t name, uint64_t number)
{
	struct dwell_self *self = dwell_enter();
	uint32_t task;

	if (!self)
		return 0;
	task = atomic_fetch_add_explicit(&last_task, 1, memory_order_relaxed) + 1;
	dwell_ring_put3(&self->writer, dwell_now(), DWELL_RECORD_TASK_CREATE,
		dwell_what(CALLER_STACK(self), kind, 0, 0), name, task, 0, number);
	return task;
}

DWELL_API void dwell_task_run(uint32_t task)
{
	struct dwell_self *self = dwell_enter();

	if (self && task)
		dwell_ring_put1(&self->writer, dwell_now_after(), DWELL_RECORD_TASK_RUN, task);
}

DWELL_API void dwell_task_block(
	uint32_t task, enum dwell_why why, enum dwell_what_kind kind, const void *object)
{
	struct dwell_self *self = dwell_enter();

	if (self && task)
		dwell_ring_put2(&self->writer, dwell_now(), DWELL_RECORD_TASK_LEAVE,
			dwell_what(CALLER_STACK(self), why, kind, DWELL_LEAVE_BLOCKED), task,
			(uint64_t)(uintptr_t)object);
}

DWELL_API void dwell_task_yield(uint32_t task)
{
	struct dwell_self *self = dwell_enter();

	if (self && task)
		dwell_ring_put2(&self->writer, dwell_now(), DWELL_RECORD_TASK_LEAVE,
			dwell_what(0, 0, 0, DWELL_LEAVE_RUNNABLE), task, 0);
}

DWELL_API void dwell_task_wake(uint32_t task)
{
	struct dwell_self *self = dwell_enter();

	if (self && task)
		dwell_ring_put1(&self->writer, dwell_now(), DWELL_RECORD_TASK_WAKE,
			task | (uint64_t)CALLER_STACK(self) << 32);
}

DWELL_API void dwell_task_end(uint32_t task)
{
	struct dwell_self *self = dwell_enter();

	if (self && task)
		dwell_ring_put2(&self->writer, dwell_now(), DWELL_RECORD_TASK_LEAVE,
			dwell_what(0, 0, 0, DWELL_LEAVE_EXITED), task, 0);
}

__attribute__((noinline)) static void mark_slow(uint32_t name)
{
	struct dwell_self *self = dwell_enter();

	if (self)
		dwell_ring_put1(&self->writer, dwell_now(), DWELL_RECORD_MARK, name);
}

/* The head was moved too far. */
__attribute__((noinline)) static void mark_beyond(uint32_t name, uint64_t head)
{
	struct dwell_place place;

	if (dwell_ring_take_back(&dwell_self.writer, head, &place))
		dwell_ring_commit(&place, dwell_now(), DWELL_RECORD_MARK, 0, name);
	else
		mark_slow(name);
}

/* Nothing is called but at the end, so that no register needs to be kept; and all is ready when
 * the clock is read: one event costs little more than that. */
DWELL_API void dwell_mark(uint32_t name)
{
	struct dwell_self *self = &dwell_self;
	struct dwell_place place;
	uint64_t head, word;
	struct dwell_slot *slot;

	if (!dwell_is_entered(self) || !dwell_clock_is_counter(dwell_lib.clock)) {
		mark_slow(name);
		return;
	}
	if (__builtin_expect(!dwell_ring_reserve_first(&self->writer, &place, &head), 0)) {
		mark_beyond(name, head);
		return;
	}
	slot = dwell_ring_slot(&place);
	word = dwell_slot_word(-dwell_lib.start_ticks, DWELL_RECORD_MARK, 0,
		dwell_ring_lap(place.position, place.mask));
	/* So that the compiler does not put it off. */
	__asm__ volatile("" : "+r"(slot), "+r"(word));
	dwell_slot_store(slot, word + (dwell_clock_counter() << DWELL_SLOT_TIME_SHIFT), name);
	DWELL_TESTPOINT("committed");
}

DWELL_API void dwell_mark_stack(uint32_t name)
{
	struct dwell_self *self = dwell_enter();
	uint64_t now;

	if (!self)
		return;
	/* The clock first: its latency hides behind the walk. */
	now = dwell_now();
	dwell_ring_put1(
		&self->writer, now, DWELL_RECORD_MARK, name | (uint64_t)CALLER_STACK(self) << 32);
}

/* Numbers are taken in blocks, so that threads do not meet on one counter. */
static uint64_t next_span(struct dwell_self *self)
{
	for (;;) {
		uint64_t next = atomic_load_explicit(&self->span, memory_order_relaxed);
		if (next % SPAN_BLOCK == 0)
			next = atomic_fetch_add_explicit(
				       &last_span, SPAN_BLOCK, memory_order_relaxed) +
			       1;
		else if (!dwell_head_move(&self->span, next, next + 1))
			continue;
		else
			return next;
		atomic_store_explicit(&self->span, next + 1, memory_order_relaxed);
		return next;
	}
}

DWELL_API uint64_t dwell_span_begin(uint32_t name, uint64_t parent)
{
	struct dwell_self *self = dwell_enter();
	uint64_t span;

	if (!self)
		return 0;
	span = next_span(self);
	dwell_ring_put2(&self->writer, dwell_now(), DWELL_RECORD_SPAN_BEGIN,
		name | (uint64_t)DWELL_SPAN_REGION << 32, parent, span);
	return span;
}

DWELL_API void dwell_span_end(uint64_t span)
{
	struct dwell_self *self = dwell_enter();

	if (self && span)
		dwell_ring_put1(&self->writer, dwell_now(), DWELL_RECORD_SPAN_END, span);
}

DWELL_API uint32_t dwell_counter_new(
	const char *name, const char *unit, enum dwell_count_kind kind, int exponent)
{
	enum { TEXT_WORDS = 64 };
	uint64_t words[TEXT_WORDS] = { 0 };
	char *text = (char *)words;
	size_t name_size, unit_size;

	if (!dwell_lib.attached || !name)
		return 0;
	name_size = strnlen(name, sizeof(words) / 2 - 1);
	unit_size = unit ? strnlen(unit, sizeof(words) / 2 - 1) : 0;
	memcpy(text, name, name_size);
	memcpy(text + name_size + 1, unit ? unit : "", unit_size);
	return dwell_intern(&dwell_lib.session, DWELL_ENTRY_COUNTER,
		(uint32_t)kind | (uint32_t)(uint8_t)exponent << 8 | (uint32_t)name_size << 16,
		words, (uint32_t)((name_size + unit_size + 2 + 7) / 8));
}

DWELL_API void dwell_count(uint32_t counter, int64_t value)
{
	struct dwell_self *self = dwell_enter();

	if (self && counter)
		dwell_ring_put2(&self->writer, dwell_now(), DWELL_RECORD_COUNTER, counter, 0,
			(uint64_t)value);
}

DWELL_API void dwell_pool(enum dwell_pool_use use, const void *pool, const void *item)
{
	struct dwell_self *self = dwell_enter();

	if (self)
		dwell_ring_put2(&self->writer, dwell_now(), DWELL_RECORD_POOL,
			dwell_what(CALLER_STACK(self), use, DWELL_OBJECT_POOL, 0),
			(uint64_t)(uintptr_t)pool, (uint64_t)(uintptr_t)item);
}
