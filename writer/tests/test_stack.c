/* Stacks of calls made at random, against the return addresses that each of them noted. */
#include <alloca.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "drain/drain.h"
#include "lib/lib.h"
#include "lib/wait.h"
#include "record/area.h"
#include "record/maps.h"

enum { DEEPEST = 24, ROUNDS = 200000, WAYS = 4, INTERVAL_US = 300 };

static struct dwell_session session;

/* What a chain of calls has noted: where each returns to, the outermost first. */
struct noted {
	uintptr_t caller[DEEPEST];
	uint32_t count, stack, afresh;
};

static uint32_t stack_without_trails(const void *return_address, const void *frame)
{
	struct dwell_self *self = &dwell_self;

	dwell_trail_clear(&self->trails);
	return dwell_stack(self, return_address, frame);
}

/*
 * One of four calls of itself, by two bits of the path each; frames of two sizes, so that chains
 * of different calls end at one place. The stack is taken twice: as ever, and (where afresh is
 * asked for) by a walk.
 */
static __attribute__((noinline)) void down(struct noted *noted, unsigned left, uint64_t path)
{
	char *volatile room = alloca(16 + 64 * (path >> 1 & 1));

	*room = 0;
	noted->caller[noted->count++] = (uintptr_t)__builtin_return_address(0);
	if (left == 0) {
		noted->stack = dwell_stack(
			&dwell_self, __builtin_return_address(0), __builtin_frame_address(0));
		if (noted->afresh)
			noted->afresh = stack_without_trails(
				__builtin_return_address(0), __builtin_frame_address(0));
		return;
	}
	switch (path % WAYS) {
	case 0:
		down(noted, left - 1, path / WAYS);
		__asm__ volatile("# 0");
		break;
	case 1:
		down(noted, left - 1, path / WAYS);
		__asm__ volatile("# 1");
		break;
	case 2:
		down(noted, left - 1, path / WAYS);
		__asm__ volatile("# 2");
		break;
	default:
		down(noted, left - 1, path / WAYS);
		__asm__ volatile("# 3");
	}
}

/* The stack says what was noted, innermost first, and more callers beyond or not. */
static bool is_noted(const struct noted *noted)
{
	struct dwell_entry entry;

	if (!dwell_intern_get(&session, noted->stack, &entry) || entry.kind != DWELL_ENTRY_STACK ||
		entry.count < noted->count)
		return false;
	for (uint32_t i = 0; i < noted->count; i++)
		if (entry.words[i] != noted->caller[noted->count - 1 - i])
			return false;
	return noted->afresh == 0 || noted->afresh == noted->stack;
}

/* Few enough that stacks come again, many enough that each way to tell them apart is needed. */
static uint64_t some_path(unsigned *seed)
{
	return (uint64_t)(rand_r(seed) % 6) << 2 * (rand_r(seed) % 3);
}

static bool one(unsigned *seed, unsigned most)
{
	struct noted noted = { .count = 0, .afresh = rand_r(seed) % 16 == 0 };

	down(&noted, (unsigned)rand_r(seed) % 4 + (unsigned)(rand_r(seed) % 2) * most,
		some_path(seed));
	return is_noted(&noted);
}

static void set_up(void)
{
	struct dwell_session_options options = { .flags = DWELL_SESSION_STACKS };
	char name[] = "test_stack", *argv[] = { name, NULL };
	int fd;

	cr_assert(eq(int, dwell_session_make(&session, &fd, NULL, &options, 0, 0), 0));
	cr_assert(eq(int, (int)dwell_lib_adopt(&session, 1, argv), DWELL_ATTACH_OK));
	/* Deeper than what is kept, too. */
	atomic_store(&session.header->stack_depth, 48);
	cr_assert(ne(ptr, dwell_enter(), NULL));
}

#ifdef __x86_64__
enum { HAS_TABLES = 1 };
#else
enum { HAS_TABLES = 0 };
#endif

/* That the latest record, of two slots, has. */
static uint32_t stack_of_last(const struct dwell_self *self)
{
	const struct dwell_writer *writer = &self->writer;
	uint64_t words[2];

	dwell_slot_load(
		&writer->slots[(atomic_load(&writer->line->head) - 2) & writer->mask], words);
	return dwell_what_stack(words[1]);
}

/* From now on walks go by tables, as in a program that the recorder has met. */
static void use_tables(void)
{
	static const struct dwell_sink_ops ops = { .begin = NULL };
	static struct dwell_sink sink = { .ops = &ops };
	static struct dwell_area area;
	static struct dwell_registry *registry;
	static struct dwell_maps *maps;

	cr_assert(eq(int, dwell_registry_new(&registry, &sink), 0));
	cr_assert(eq(int, dwell_area_open(&area, NULL, -1), 0));
	area.at = (uint8_t *)session.header + session.unwind_offset;
	area.bytes = session.unwind_bytes;
	cr_assert(eq(int, dwell_maps_new(&maps, registry, &area), 0));
	dwell_maps_follow(maps, (uint32_t)getpid(), dwell_registry_process(registry, getpid()),
		dwell_session_process(&session, 0), 0, 0);
	cr_assert(ne(u64, atomic_load(&dwell_session_process(&session, 0)->unwind), 0));
}

static void many(void)
{
	unsigned seed = 1, wrong = 0;

	for (int i = 0; i < ROUNDS; i++)
		wrong += !one(&seed, DEEPEST - 4);
	cr_assert(eq(u32, wrong, 0));
}

/* Before the tables are there the caller is told, then the stack; when it ends it has that one. */
Test(stack, of_a_wait_that_lasts)
{
	const void *const caller = __builtin_return_address(0), *const frame =
									__builtin_frame_address(0);
	struct dwell_wait_note note = {
		.object = 1, .reason = DWELL_REASON_MUTEX, .caller = (uint64_t)(uintptr_t)caller
	};
	struct dwell_self *self;
	uint64_t told;

	set_up();
	self = dwell_enter();
	dwell_wait_enter(self, &note);
	dwell_wait_look(self, &note, caller, frame);
	told = atomic_load(&self->slot->line.state_caller);
	cr_assert(eq(u64, told, HAS_TABLES ? (uint64_t)(uintptr_t)caller : note.caller));
	use_tables();
	dwell_wait_look(self, &note, caller, frame);
	told = atomic_load(&self->slot->line.state_caller);
	cr_assert(eq(u64, told, DWELL_CALLER_STACK | dwell_stack(self, caller, frame)));
	dwell_wait_leave(self, &note, true, NULL, NULL);
	cr_assert(eq(u32, stack_of_last(self), (uint32_t)told));
}

Test(stack, frame_pointers)
{
	set_up();
	many();
}

Test(stack, tables)
{
	set_up();
	use_tables();
	many();
}

/* Two chains that differ in one call; a function, so that no loop around it is unrolled into calls
 * from other places. */
static __attribute__((noinline)) void two(struct noted *first, struct noted *other)
{
	first->count = other->count = 0;
	down(first, 6, 0x000);
	down(other, 6, 0x004);
	/* Not a tail call. */
	__asm__ volatile("");
}

/* One that is kept is found, or this file tests nothing. */
Test(stack, kept_and_told_apart)
{
	struct noted first = { .count = 0 }, other = { .count = 0 };
	uint32_t changes;

	set_up();
	/* No frame of the library that runs tests: its frame pointers are whatever they are. */
	atomic_store(&session.header->stack_depth, 7);
	for (int i = 0; i < 3; i++) {
		changes = dwell_self.trails.changes;
		two(&first, &other);
	}
	cr_assert(ne(u32, first.stack, other.stack));
	cr_assert(eq(u32, dwell_self.trails.changes, changes));
}

static volatile sig_atomic_t of_handler, wrong_of_handler;

static void handler(int number)
{
	static unsigned seed = 7;

	(void)number;
	of_handler++;
	wrong_of_handler += !one(&seed, 2);
}

/* A handler takes stacks while one is taken. */
static void interrupted(void)
{
	const struct itimerval often = { { 0, INTERVAL_US }, { 0, INTERVAL_US } };
	unsigned seed = 3, wrong = 0;

	cr_assert(ne(ptr, (void *)signal(SIGPROF, handler), (void *)SIG_ERR));
	cr_assert(eq(int, setitimer(ITIMER_PROF, &often, NULL), 0));
	for (int i = 0; i < ROUNDS || of_handler < 20; i++)
		wrong += !one(&seed, DEEPEST - 4);
	signal(SIGPROF, SIG_IGN);
	cr_assert(eq(u32, wrong, 0));
	cr_assert(eq(int, (int)wrong_of_handler, 0));
}

Test(stack, interrupted_frame_pointers)
{
	set_up();
	interrupted();
}

Test(stack, interrupted_tables)
{
	set_up();
	use_tables();
	interrupted();
}
