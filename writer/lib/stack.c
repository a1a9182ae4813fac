#include <pthread.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

#include "interpreter.h"
#include "lib.h"
#include "ring/unwind.h"
#include "thread.h"

enum { FRAME_ALIGN = 8, LOWEST_CODE = 4096, MAIN_STACK_DEFAULT = 8 << 20 };

struct dwell_interpreter dwell_interpreter;
uint32_t (*dwell_compiled)(struct dwell_unwind_frame *frame, const struct dwell_unwind_stack *stack,
	uint64_t *out, uint32_t most);

static uintptr_t main_low, main_high;

/* valgrind runs this program: it tells of words that are read and that nobody wrote. */
static bool watched;

static bool is_watched(void)
{
	static const char name[] = "LD_PRELOAD=";

	for (char *const *at = environ; at && *at; at++)
		if (strncmp(*at, name, sizeof(name) - 1) == 0 && strstr(*at, "/vgpreload_"))
			return true;
	return false;
}

bool dwell_lib_watched(void)
{
	return watched;
}

void dwell_stack_init(void)
{
	struct rlimit limit;
	uintptr_t size = MAIN_STACK_DEFAULT;

	if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		size = (uintptr_t)limit.rlim_cur;
	/* The kernel's own bytes above the first frame. */
	main_high = (uintptr_t)getauxval(AT_RANDOM);
	main_low = main_high > size ? main_high - size : 0;
	watched = is_watched();
}

/*
 * glibc keeps a thread's control block at the upper end of its stack, so pthread_self() is the
 * upper bound, and its size gives the lower: an eighth is left out, which holds guard pages
 * and whatever else the size includes. The main thread's lies where the kernel put it.
 */
void dwell_thread_set_bounds(struct dwell_self *self, size_t stack_size)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	if (here >= main_low && here < main_high) {
		self->stack_low = main_low;
		self->stack_high = main_high;
		return;
	}
#ifdef __GLIBC__
	uintptr_t high = (uintptr_t)pthread_self();
	uintptr_t low = high - (stack_size - stack_size / 8);
	if (stack_size > 0 && stack_size < high && here >= low && here < high) {
		self->stack_low = low;
		self->stack_high = high;
	}
#else
	(void)stack_size;
#endif
}

void dwell_thread_ask_bounds(void)
{
	pthread_attr_t attr;
	void *low;
	size_t size;

	if (dwell_self.stack_high != 0)
		return;
	if (pthread_getattr_np(pthread_self(), &attr) != 0)
		return;
	if (pthread_attr_getstack(&attr, &low, &size) == 0) {
		dwell_self.stack_low = (uintptr_t)low;
		dwell_self.stack_high = (uintptr_t)low + size;
	}
	pthread_attr_destroy(&attr);
}

static bool inside(const struct dwell_self *self, uintptr_t frame, uintptr_t above)
{
	return frame > above && frame <= self->stack_high - 2 * sizeof(uintptr_t) &&
	       frame % FRAME_ALIGN == 0;
}

/* Follow saved frame pointers. A thread of ours is whole at our start routine, whose address is not
 * the program's; or at the zero that a thread begins with. */
DWELL_ANY_WORD static uint32_t follow_pointers(const struct dwell_self *self,
	const struct dwell_unwind_frame *from, struct dwell_trail *trail, uint64_t *out,
	bool *whole)
{
	uintptr_t sp = from->sp, fp = from->fp, root = self->root;
	uint32_t count = 1, most = trail->key.most;

	/* Where a register was no frame pointer, that is found out by reading. */
	if (watched)
		most = 1;
	while (count < most && fp != root && inside(self, fp, sp - 1)) {
		const uintptr_t *saved = (const uintptr_t *)fp;

		dwell_trail_read(trail, fp, saved[0]);
		dwell_trail_read(trail, fp + sizeof(uintptr_t), saved[1]);
		if (saved[1] < LOWEST_CODE)
			break;
		out[count++] = saved[1];
		sp = fp + 2 * sizeof(uintptr_t);
		fp = saved[0];
	}
	/* Where nothing was followed, the register may be an outer function's. */
	*whole = count > 1 && (fp == 0 || fp == root);
	return *whole && fp != 0 ? count - 1 : count;
}

#ifdef __x86_64__

enum { HAS_TABLES = 1 };

/* The words that a step by this rule has read: those just below where it came to, in nearly all
 * cases. A step that found nothing has read none where there is no caller. */
static void note_step(
	struct dwell_trail *trail, uint32_t rule, const struct dwell_unwind_frame *at, bool stepped)
{
	const unsigned kind = dwell_unwind_kind_of(rule);
	unsigned rbp = rule >> 4 & 0xff;

	if (kind == DWELL_UNWIND_ROOT)
		return;
	if (!stepped || kind == DWELL_UNWIND_RSP_DEREF || kind == DWELL_UNWIND_RBP_DEREF ||
		kind >= DWELL_UNWIND_SIGNAL || rbp == DWELL_UNWIND_RBP_AT_RBP) {
		dwell_trail_spoil(trail);
		return;
	}
	if (kind <= DWELL_UNWIND_GAP)
		rbp = 2;
	dwell_trail_read(trail, at->sp - 8, at->pc);
	if (rbp != DWELL_UNWIND_RBP_KEPT && rbp < DWELL_UNWIND_RBP_LOST)
		dwell_trail_read(trail, at->sp - rbp * 8, at->fp);
}

/* From code that no table tells of on, by who knows it; on copies, as above. */
__attribute__((noinline)) static uint32_t follow_compiled(const struct dwell_unwind_stack *stack,
	struct dwell_unwind_frame *frame, uint64_t *out, uint32_t most)
{
	const struct dwell_unwind_stack its = *stack;
	struct dwell_unwind_frame copy = *frame;
	const uint32_t count = dwell_compiled(&copy, &its, out, most);

	if (count > 0)
		*frame = copy;
	return count;
}

/* By the recorder's tables; by the frame pointer where they have a gap. */
static uint32_t follow_tables(const struct dwell_self *self, const struct dwell_unwind_frame *from,
	struct dwell_trail *trail, uint64_t *out, bool *whole)
{
	const uint64_t unwind = trail->key.unwind;
	const struct dwell_session *session = &dwell_lib.session;
	const struct dwell_unwind_space space = {
		.area = (const uint8_t *)session->header + session->unwind_offset,
		.bytes = session->unwind_bytes,
		.list = (unwind & UINT32_MAX) * 8,
		.number = unwind >> DWELL_PROCESS_UNWIND_BITS,
	};
	const struct dwell_unwind_stack stack = { from->sp, self->stack_high,
		(const uint8_t *)from->sp };
	struct dwell_unwind_frame frame = *from;
	const uint32_t most = trail->key.most;
	uint32_t rule = dwell_unwind_recall(&space, frame.pc - 1), count = 1;
	bool stepped;
	/* What a signal interrupted may be half-way through a change of its frames. */
	bool asks = true;

	while (count < most) {
		const unsigned kind = dwell_unwind_kind_of(rule);

		if (__builtin_expect(dwell_in_loop(frame.pc - 1), 0) && asks) {
			const uint32_t more =
				dwell_interpreter.frames(out + count, most - count, whole);
			dwell_trail_spoil(trail);
			if (more > 0)
				return count + more;
			asks = false;
		}
		if (__builtin_expect(kind <= DWELL_UNWIND_GAP, 0) && dwell_compiled && asks) {
			/* Its names come in the place of its address. */
			const uint32_t more =
				follow_compiled(&stack, &frame, out + count - 1, most - count + 1);

			dwell_trail_spoil(trail);
			if (more > 0) {
				count += more - 1;
				*whole = false;
				if (frame.pc == 0 || count == most)
					break;
				rule = dwell_unwind_recall(&space, frame.pc - 1);
				out[count++] = frame.pc;
				continue;
			}
		}
		asks &= kind != DWELL_UNWIND_SIGNAL;
		*whole = kind == DWELL_UNWIND_ROOT;
		stepped = dwell_unwind_step(rule, &stack, &frame);
		note_step(trail, rule, &frame, stepped);
		if (!stepped)
			break;
		/* Past our own start routine, which is not the program's. */
		if (self->root != 0 && frame.sp > self->root) {
			*whole = true;
			return count > 1 ? count - 1 : count;
		}
		rule = dwell_unwind_recall(&space, frame.pc - !frame.exact);
		/* What the register held was no frame pointer. */
		if (kind <= DWELL_UNWIND_GAP && dwell_unwind_kind_of(rule) == DWELL_UNWIND_NOWHERE)
			break;
		out[count++] = frame.pc + frame.exact;
	}
	return count;
}

/* Where the recorder put this process's list; 0: nowhere (yet). */
static uint64_t list_of_process(void)
{
	const struct dwell_process_slot *slot =
		dwell_session_process(&dwell_lib.session, dwell_lib.process_index);

	return slot ? atomic_load_explicit(&slot->unwind, memory_order_acquire) : 0;
}

#else

enum { HAS_TABLES = 0 };

/* Other machines' libraries are built with frame pointers. */
static uint32_t follow_tables(const struct dwell_self *self, const struct dwell_unwind_frame *from,
	struct dwell_trail *trail, uint64_t *out, bool *whole)
{
	return follow_pointers(self, from, trail, out, whole);
}

static uint64_t list_of_process(void)
{
	return 0;
}

#endif

static bool on_own_stack(const struct dwell_self *self, uintptr_t frame)
{
	return frame >= self->stack_low && frame + 2 * sizeof(uintptr_t) < self->stack_high;
}

/*
 * The callers, innermost first. Every address read lies between the stack pointer and the upper
 * end of the thread's own stack, which is mapped throughout, so a register that holds something
 * else than a frame can end the walk early but not fault.
 */
static uint32_t walk(
	const struct dwell_self *self, struct dwell_trail *trail, uint64_t *out, bool *whole)
{
	const uintptr_t frame = trail->key.frame;
	struct dwell_unwind_frame at = { .pc = trail->key.pc,
		.sp = frame + 2 * sizeof(uintptr_t),
		.fp = *(const uintptr_t *)frame };

	out[0] = at.pc;
	*whole = false;
	dwell_trail_read(trail, frame, at.fp);
	if (trail->key.unwind != 0)
		return follow_tables(self, &at, trail, out, whole);
	return follow_pointers(self, &at, trail, out, whole);
}

__attribute__((noinline)) static uint32_t walk_and_keep(
	struct dwell_self *self, const struct dwell_trail_key *key)
{
	const struct dwell_session *session = &dwell_lib.session;
	uint64_t pcs[DWELL_STACK_MAX];
	struct dwell_trail trail;
	uint32_t count;
	bool whole;

	dwell_lib_modules_before(self);
	trail.key = *key;
	trail.count = 0;
	count = walk(self, &trail, pcs, &whole);
	trail.stack = dwell_intern(session, DWELL_ENTRY_STACK, whole ? 0 : 1, pcs, count);
	if (trail.stack != 0 && !watched)
		dwell_trail_keep(&self->trails, &trail);
	return trail.stack;
}

bool dwell_stack_by(uint64_t *unwind)
{
	*unwind = list_of_process();
	return !HAS_TABLES || *unwind != 0;
}

uint32_t dwell_stack(struct dwell_self *self, const void *return_address, const void *frame)
{
	const struct dwell_session *session = &dwell_lib.session;
	uint32_t most = atomic_load_explicit(&session->header->stack_depth, memory_order_relaxed);
	struct dwell_trail_key key = { .frame = (uintptr_t)frame, .pc = (uintptr_t)return_address };
	uint32_t stack;

	if (!on_own_stack(self, key.frame)) {
		dwell_lib_modules_before(self);
		return dwell_intern(session, DWELL_ENTRY_STACK, 1, &(uint64_t){ key.pc }, 1);
	}
	key.most = most > DWELL_STACK_MAX ? DWELL_STACK_MAX : most;
	key.unwind = list_of_process();
	stack = dwell_trail_find(&self->trails, &key);
	return stack != 0 ? stack : walk_and_keep(self, &key);
}
