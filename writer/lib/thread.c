#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib.h"
#include "thread.h"

__thread struct dwell_self dwell_self __attribute__((tls_model("initial-exec")));

int (*dwell_lib_lock)(pthread_mutex_t *mutex) = pthread_mutex_lock;
int (*dwell_lib_unlock)(pthread_mutex_t *mutex) = pthread_mutex_unlock;

void (*dwell_lib_on_register)(struct dwell_self *self);

enum { GROWTH_SHIFT = 3 };

int32_t dwell_lib_tid(void)
{
#ifdef __GLIBC__
	pthread_mutex_t mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
	int32_t tid = 0;

	if (dwell_lib_lock(&mutex) == 0) {
		tid = mutex.__data.__owner;
		dwell_lib_unlock(&mutex);
	}
	if (tid > 0)
		return tid;
#endif
	return (int32_t)syscall(SYS_gettid);
}

static void count_refused(struct dwell_ring_line *line, uint64_t time)
{
	uint64_t refused = atomic_load_explicit(&line->refused, memory_order_relaxed);
	uint64_t told = atomic_load_explicit(&line->refused_told, memory_order_relaxed);

	if (refused == told)
		atomic_store_explicit(&line->refused_since, time, memory_order_relaxed);
	atomic_store_explicit(&line->refused, refused + 1, memory_order_relaxed);
}

/* A LOST record for what was refused since the last one. There is room: the caller looked. */
static void tell_refused(struct dwell_writer *writer)
{
	struct dwell_ring_line *line = writer->line;
	uint64_t refused = atomic_load_explicit(&line->refused, memory_order_relaxed);
	uint64_t told = atomic_load_explicit(&line->refused_told, memory_order_relaxed);
	uint64_t since = atomic_load_explicit(&line->refused_since, memory_order_relaxed);

	if (refused == told)
		return;
	if (dwell_ring_put2(writer, dwell_now(), DWELL_RECORD_LOST, refused - told, since, 0))
		atomic_store_explicit(&line->refused_told, refused, memory_order_relaxed);
}

/*
 * Leave a full ring for the next of the chain. Handlers may interrupt anywhere: until `limit` is of
 * the new ring, every attempt to reserve ends in slow(), which refuses while busy.
 */
static bool grow(struct dwell_self *self)
{
	struct dwell_writer *writer = &self->writer;
	const struct dwell_session *session = &dwell_lib.session;
	uint64_t head = atomic_load_explicit(&writer->line->head, memory_order_relaxed);
	uint64_t limit = atomic_load_explicit(&writer->limit, memory_order_relaxed);
	uint64_t index = (head >> DWELL_RING_INDEX_SHIFT) + 1;
	uint64_t size = (atomic_load_explicit(&writer->mask, memory_order_relaxed) + 1)
			<< GROWTH_SHIFT;
	struct dwell_slot *slots;
	uint64_t offset, word, mask;

	if (index >= DWELL_RING_CHAIN || size > session->ring_most)
		return false;
	/* This is a handler, and what it interrupted has moved the head too far. */
	if (head > limit && limit >> DWELL_RING_INDEX_SHIFT == index - 1)
		head = limit;
	offset = dwell_session_take_ring(session, size * DWELL_SLOT_BYTES);
	if (offset == UINT64_MAX)
		return false;
	word = offset / 64 << 8 | (unsigned)__builtin_ctzll(size);
	if (!dwell_session_ring(session, word, &slots, &mask))
		return false;
	atomic_store_explicit(&self->slot->ring[index], word, memory_order_relaxed);
	DWELL_TESTPOINT("ring taken");
	/* Release: the reader of `left` finds the next ring. */
	atomic_store_explicit(&writer->tail->left[index - 1], (head & DWELL_RING_POSITION) + 1,
		memory_order_release);
	DWELL_TESTPOINT("ring left");
	atomic_store_explicit(&writer->slots, slots, memory_order_relaxed);
	atomic_store_explicit(&writer->mask, mask, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	atomic_store_explicit(
		&writer->line->head, index << DWELL_RING_INDEX_SHIFT, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	DWELL_TESTPOINT("ring entered");
	return dwell_ring_refresh(writer) > 0;
}

bool dwell_thread_slow(struct dwell_writer *writer, unsigned slots, uint64_t time)
{
	enum { LOST_SLOTS = 2 };
	struct dwell_self *self = writer->owner;
	bool room = false;

	if (atomic_load_explicit(&dwell_lib.session.header->stopped, memory_order_relaxed))
		return false;
	if (!writer->busy) {
		writer->busy = true;
		atomic_signal_fence(memory_order_seq_cst);
		room = dwell_ring_refresh(writer) >= slots + LOST_SLOTS || grow(self);
		if (room)
			tell_refused(writer);
		atomic_signal_fence(memory_order_seq_cst);
		writer->busy = false;
	}
	if (!room)
		count_refused(writer->line, time);
	return room;
}

static void fill_slot(struct dwell_self *self, struct dwell_thread_slot *slot)
{
	slot->process = dwell_lib.process_index;
	slot->process_generation = dwell_lib.process_generation;
	slot->tid = self->tid;
	slot->parent_tid = self->parent_tid;
	slot->creation_stack = self->creation_stack;
	slot->start_function = self->start_function;
	slot->began = dwell_now();
	slot->created = self->created ? self->created : slot->began;
	slot->handle = (uint64_t)(uintptr_t)pthread_self();
	slot->flags = self->created ? 1 : 0;
	atomic_store_explicit(&slot->closed, 0, memory_order_relaxed);
	memset(slot->name, 0, sizeof(slot->name));
	dwell_ring_state(&slot->line, 0, 0, 0);
}

static bool take_ring(struct dwell_self *self, struct dwell_thread_slot *slot)
{
	struct dwell_writer *writer = &self->writer;
	uint64_t head = atomic_load_explicit(&slot->line.head, memory_order_relaxed);
	uint64_t index = head >> DWELL_RING_INDEX_SHIFT;
	struct dwell_slot *slots;
	uint64_t mask;

	if (index >= DWELL_RING_CHAIN ||
		!dwell_session_ring(&dwell_lib.session,
			atomic_load_explicit(&slot->ring[index], memory_order_relaxed), &slots,
			&mask))
		return false;
	writer->line = &slot->line;
	writer->tail = &slot->tail;
	writer->slow = dwell_thread_slow;
	writer->owner = self;
	writer->busy = false;
	writer->flight = dwell_lib.session.flight;
	atomic_store_explicit(&writer->slots, slots, memory_order_relaxed);
	atomic_store_explicit(&writer->mask, mask, memory_order_relaxed);
	/* No limit yet: the first record refreshes it. */
	atomic_store_explicit(&writer->limit, 0, memory_order_relaxed);
	return true;
}

static bool register_thread(struct dwell_self *self, uint64_t epoch)
{
	struct dwell_thread_slot *slot;
	uint32_t index;

	self->tid = dwell_lib_tid();
	if (self->stack_high == 0)
		dwell_thread_set_bounds(self, 0);
	slot = dwell_session_claim_thread(&dwell_lib.session, &index);
	if (!slot || !take_ring(self, slot)) {
		self->deaf = epoch;
		return false;
	}
	fill_slot(self, slot);
	self->slot = slot;
	self->wait = NULL;
	dwell_trail_clear(&self->trails);
	/* Release: the drain may read the slot now. */
	atomic_store_explicit(&slot->state, DWELL_SLOT_LIVE, memory_order_release);
	atomic_signal_fence(memory_order_seq_cst);
	self->epoch = dwell_epoch_mark(epoch);
	if (dwell_lib_on_register)
		dwell_lib_on_register(self);
	return true;
}

struct dwell_self *dwell_enter_slow(struct dwell_self *self)
{
	uint64_t epoch;
	bool done;

	if (!dwell_lib.attached || self->quiet != 0 ||
		atomic_load_explicit(&dwell_lib.session.header->stopped, memory_order_relaxed))
		return NULL;
	/* A handler that interrupts from here on records nothing. */
	self->quiet++;
	atomic_signal_fence(memory_order_seq_cst);
	epoch = atomic_load_explicit(dwell_lib.epoch, memory_order_acquire);
	if (epoch == 0) {
		/* The thread that called fork has another number now, and no creator here. */
		self->created = 0;
		self->parent_tid = 0;
		if (dwell_lib_child())
			epoch = dwell_lib.epoch_value;
	}
	done = epoch != 0 && epoch != UINT64_MAX &&
	       (self->epoch == dwell_epoch_mark(epoch) ||
		       (self->deaf != epoch && register_thread(self, epoch)));
	atomic_signal_fence(memory_order_seq_cst);
	self->quiet--;
	return done ? self : NULL;
}

void dwell_thread_begin(const struct dwell_birth *birth)
{
	struct dwell_self *self = &dwell_self;

	self->parent_tid = birth->parent_tid;
	self->creation_stack = birth->creation_stack;
	self->start_function = birth->start_function;
	self->created = birth->created;
	self->root = birth->root;
	dwell_thread_set_bounds(self, birth->stack_size);
	(void)dwell_enter();
}

void dwell_thread_end(void)
{
	struct dwell_self *self = &dwell_self;
	struct dwell_thread_slot *slot = self->slot;

	if (!slot || self->epoch != dwell_epoch_mark(atomic_load_explicit(
					    dwell_lib.epoch, memory_order_relaxed)))
		return;
	self->quiet++;
	atomic_signal_fence(memory_order_seq_cst);
	atomic_store_explicit(&slot->closed, dwell_now(), memory_order_relaxed);
	/* Release: all records were written before. The slot may have another owner at once. */
	atomic_store_explicit(&slot->state, DWELL_SLOT_CLOSED, memory_order_release);
	self->slot = NULL;
}

void dwell_thread_rename(const char *name)
{
	struct dwell_self *self = dwell_enter();
	uint32_t label;

	if (!self)
		return;
	label = dwell_intern_name(&dwell_lib.session, name, strnlen(name, DWELL_THREAD_NAME));
	dwell_ring_put1(&self->writer, dwell_now(), DWELL_RECORD_RENAME, label);
}

void dwell_thread_rename_other(uint64_t handle, const char *name)
{
	struct dwell_self *self = dwell_enter();
	uint32_t label;

	if (!self)
		return;
	label = dwell_intern_name(&dwell_lib.session, name, strnlen(name, DWELL_THREAD_NAME));
	dwell_ring_put2(&self->writer, dwell_now(), DWELL_RECORD_RENAME, label, 0, handle);
}
