/* Walks by tables: each kind of step, hostile memory, and what the C library's unwinder says. */
#include <alloca.h>
#include <criterion/criterion.h>
#include <execinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "record/area.h"
#include "record/maps.h"
#include "record/proc.h"
#include "ring/unwind.h"

#define RULE(kind, rbp, offset) RULE_OF(DWELL_UNWIND_##kind, rbp, offset)
#define RULE_OF(kind, rbp, offset)                                                                 \
	((uint32_t)(kind) | (uint32_t)(rbp) << 4 | (uint32_t)(int32_t)(offset) << 12)

/* --- frames --- */

enum { LOW = 0x7000, WORDS = 64 };

static uint64_t words[WORDS];

static const struct {
	const char *name;
	uint32_t rule;
	struct dwell_unwind_frame from;
	bool found;
	struct dwell_unwind_frame to;
} steps[] = {
	{ "rsp", RULE(RSP, 0, 16), { 1, LOW, 5, false }, true, { 0x10001, LOW + 16, 5, false } },
	{ "rsp, rbp saved", RULE(RSP, 2, 16), { 1, LOW, 5, false }, true,
		{ 0x10001, LOW + 16, 0x10000, false } },
	{ "rbp", RULE(RBP, 2, 16), { 1, LOW, LOW + 32, false }, true,
		{ 0x10005, LOW + 48, 0x10004, false } },
	{ "rbp lost", RULE(RSP, DWELL_UNWIND_RBP_LOST, 8), { 1, LOW, 5, false }, true,
		{ 0x10000, LOW + 8, 0, false } },
	{ "rbp at rbp", RULE(RSP, DWELL_UNWIND_RBP_AT_RBP, 8), { 1, LOW, LOW + 80, false }, true,
		{ 0x10000, LOW + 8, 0x1000a, false } },
	{ "rbp at a bad rbp", RULE(RSP, DWELL_UNWIND_RBP_AT_RBP, 8), { 1, LOW, 8, false }, false,
		{ 0 } },
	{ "linkage table, before the push", RULE(PLT, 0, 11), { 0x2005, LOW, 5, false }, true,
		{ 0x10000, LOW + 8, 5, false } },
	{ "linkage table, behind it", RULE(PLT, 0, 11), { 0x200b, LOW, 5, false }, true,
		{ 0x10001, LOW + 16, 5, false } },
	{ "pointer", DWELL_UNWIND_GAP, { 1, LOW, LOW + 32, false }, true,
		{ 0x10005, LOW + 48, 0x10004, false } },
	{ "pointer below the stack pointer", DWELL_UNWIND_GAP, { 1, LOW + 40, LOW + 32, false },
		false, { 0 } },
	{ "pointer that is not aligned", DWELL_UNWIND_GAP, { 1, LOW, LOW + 33, false }, false,
		{ 0 } },
	{ "pointer at the end", DWELL_UNWIND_GAP, { 1, LOW, LOW + WORDS * 8 - 8, false }, false,
		{ 0 } },
	{ "pointer nowhere", DWELL_UNWIND_NOWHERE, { 1, LOW, 0xfffffffffffffff8, false }, false,
		{ 0 } },
	{ "the outermost", DWELL_UNWIND_ROOT, { 1, LOW, LOW + 32, false }, false, { 0 } },
	{ "not told", DWELL_UNWIND_STOP, { 1, LOW, LOW + 32, false }, false, { 0 } },
	{ "no such rule", 15, { 1, LOW, LOW + 32, false }, false, { 0 } },
	{ "a frame that does not rise", RULE(RSP, 0, 0), { 1, LOW + 16, 5, false }, false, { 0 } },
	{ "a frame that goes back", RULE(RSP, 0, -8), { 1, LOW + 16, 5, false }, false, { 0 } },
	{ "beyond the stack", RULE(RSP, 0, WORDS * 8 + 8), { 1, LOW, 5, false }, false, { 0 } },
	{ "the last word", RULE(RSP, 0, WORDS * 8), { 1, LOW, 5, false }, true,
		{ 0x1003f, LOW + WORDS * 8, 5, false } },
	{ "realigned", RULE(RBP_DEREF, DWELL_UNWIND_RBP_KEPT, 0), { 1, LOW, LOW + 504, false },
		false, { 0 } },
	{ "a signal", DWELL_UNWIND_SIGNAL, { 1, LOW, 5, false }, true,
		{ 0x10015, 0x10014, 0x1000f, true } },
	{ "a signal at the end", DWELL_UNWIND_SIGNAL, { 1, LOW + 400, 5, false }, false, { 0 } },
};

Test(unwind, steps)
{
	const struct dwell_unwind_stack stack = { LOW, LOW + sizeof(words), (uint8_t *)words };

	for (uint64_t i = 0; i < WORDS; i++)
		words[i] = 0x10000 + i;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct dwell_unwind_frame frame = steps[i].from;
		struct dwell_unwind_frame slow = steps[i].from;
		const bool found = dwell_unwind_step(steps[i].rule, &stack, &frame);

		cr_expect(found == dwell_unwind_apply(steps[i].rule, &stack, &slow) &&
				  (!found || memcmp(&frame, &slow, sizeof(slow)) == 0),
			"%s: another way", steps[i].name);
		cr_expect(found == steps[i].found, "%s", steps[i].name);
		if (!found || !steps[i].found)
			continue;
		cr_expect(frame.pc == steps[i].to.pc && frame.sp == steps[i].to.sp &&
				  frame.fp == steps[i].to.fp && frame.exact == steps[i].to.exact,
			"%s: pc %#lx sp %#lx fp %#lx", steps[i].name, (unsigned long)frame.pc,
			(unsigned long)frame.sp, (unsigned long)frame.fp);
	}
}

Test(unwind, dereferenced)
{
	const struct dwell_unwind_stack stack = { LOW, LOW + sizeof(words), (uint8_t *)words };
	struct dwell_unwind_frame frame = { .pc = 1, .sp = LOW, .fp = LOW + 16 };

	for (uint64_t i = 0; i < WORDS; i++)
		words[i] = 0x10000 + i;
	words[1] = LOW + 64; /* at rbp - 8: the CFA */
	cr_assert(dwell_unwind_apply(RULE(RBP_DEREF, DWELL_UNWIND_RBP_AT_RBP, -8), &stack, &frame));
	cr_expect(frame.pc == 0x10007 && frame.sp == LOW + 64 && frame.fp == 0x10002);
	frame = (struct dwell_unwind_frame){ .pc = 1, .sp = LOW, .fp = 3 };
	cr_assert(dwell_unwind_apply(RULE(RSP_DEREF, 0, 8), &stack, &frame));
	cr_expect(frame.pc == 0x10008 && frame.sp == LOW + 72 && frame.fp == 3);
}

/* --- the area --- */

Test(unwind, area_as_hostile_memory)
{
	static _Alignas(64) uint8_t area[4096];
	const struct dwell_unwind_range range = { 0x1000, 0x2000, 0, 512 };
	struct dwell_unwind_space space = { area, sizeof(area), 256, 1 };
	static const uint64_t counts[] = { 0, 1, 2, 119, 120, 121, UINT64_MAX / 32,
		UINT64_MAX / 32 + 1, UINT64_MAX };
	static const uint32_t rows[] = { 0, 1, 447, 448, 449, 0x20000000, 0xffffffff };
	const uint64_t one = 1;

	memcpy(area + 264, &range, sizeof(range));
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		memcpy(area + 256, &counts[i], 8);
		(void)dwell_unwind_find(&space, 0x1800);
	}
	memcpy(area + 256, &one, 8);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		memcpy(area + 512, &rows[i], 4);
		(void)dwell_unwind_find(&space, 0x1800);
	}
	for (space.list = 4000; space.list < 4200; space.list++)
		(void)dwell_unwind_find(&space, 0x1800);
	space.list = UINT64_MAX - 7;
	cr_expect(dwell_unwind_find(&space, 0x1800) == DWELL_UNWIND_NOWHERE);
}

Test(unwind, area_lists_rest_before_they_are_used_again)
{
	const struct dwell_unwind_range range = { 1, 2, 0, 0 };
	const uint64_t second = 1000000000;
	struct dwell_area area;
	struct dwell_area_list first, list;

	cr_assert(dwell_area_open(&area, NULL, -1) == 0);
	first = dwell_area_list(&area, &range, 1, 0);
	dwell_area_retire(&area, first, second);
	list = dwell_area_list(&area, &range, 1, 2 * second);
	cr_expect(first.offset != 0 && list.offset != 0 && list.offset != first.offset);
	list = dwell_area_list(&area, &range, 1, 12 * second);
	cr_expect(list.offset == first.offset);
	/* Until it is full; then it says so. */
	for (int i = 0; i < 1 << 20 && list.offset != 0; i++)
		list = dwell_area_list(&area, &range, 1, 0);
	cr_expect(list.offset == 0 && area.full);
	dwell_area_close(&area);
}

/* --- this very process, and what glibc says of it --- */

#ifdef __x86_64__

enum { DEEP = 24, COPIED = 16384 };

static struct dwell_maps *maps;
static struct dwell_maps_walk ours;
static void *theirs[128];
static size_t their_count;
static uint8_t copy[COPIED];

/* AddressSanitizer keeps stacks' redzones from everyone else. */
__attribute__((noinline, no_sanitize("address"))) static void take_copy(uint64_t low, uint64_t high)
{
	for (uint64_t at = low; at < high; at++)
		copy[at - low] = *(volatile const uint8_t *)(uintptr_t)at;
}

__attribute__((noinline)) static void look(void)
{
	struct dwell_unwind_frame frame = { .exact = true };
	struct dwell_unwind_stack stack = { .bytes = copy };
	static const uint32_t process = 1;

	__asm__ volatile("lea 0f(%%rip), %0\n0:\tmov %%rsp, %1\n\tmov %%rbp, %2"
			 : "=r"(frame.pc), "=r"(frame.sp), "=r"(frame.fp));
	stack.low = frame.sp;
	stack.high = frame.sp + COPIED;
	if (stack.high > getauxval(AT_RANDOM))
		stack.high = getauxval(AT_RANDOM);
	take_copy(stack.low, stack.high);
	dwell_maps_walk(maps, (uint32_t)getpid(), process, &frame, &stack, 1, &ours);
	their_count = (size_t)backtrace(theirs, 128);
}

/* Through the C library, which keeps no frame pointers. */
static int compare(const void *a, const void *b)
{
	if (ours.count == 0)
		look();
	return *(const int *)a - *(const int *)b;
}

__attribute__((noinline)) static int down(int depth, volatile char *above)
{
	/* Of a size that the compiler does not know: a frame that only its rbp finds. */
	volatile char *here = alloca(64 + (size_t)depth * 8);
	int two[2] = { 2, 1 };

	here[0] = here[1] = *above;
	if (depth > 0)
		return down(depth - 1, here) + here[1];
	qsort(two, 2, sizeof(*two), compare);
	return two[0];
}

static int ignore(struct dwell_sink *sink, const struct dwell_mapping *mapping)
{
	(void)sink;
	(void)mapping;
	return 0;
}

static struct dwell_registry *registry;
static struct dwell_area its_area;

static void set_up(void)
{
	static const struct dwell_sink_ops ops = { .mapping = ignore };
	static struct dwell_sink sink = { .ops = &ops };

	cr_assert(dwell_registry_new(&registry, &sink) == 0);
	cr_assert(dwell_registry_process(registry, getpid()) == 1);
	cr_assert(dwell_area_open(&its_area, NULL, -1) == 0);
	cr_assert(dwell_maps_new(&maps, registry, &its_area) == 0);
}

static void tear_down(void)
{
	dwell_maps_free(maps);
	dwell_area_close(&its_area);
	dwell_registry_free(registry);
}

/* A table that does not say that the stack is another by now leads to any word. */
Test(unwind, no_caller_where_nothing_runs)
{
	const uint64_t bogus[] = { UINT64_C(0x1fffffffffff8bf), (uintptr_t)&words,
		(uintptr_t)&ours };
	const struct dwell_unwind_frame frame = {
		.pc = (uintptr_t)down, .sp = LOW, .fp = LOW, .exact = true
	};

	set_up();
	for (size_t i = 0; i < sizeof(bogus) / sizeof(bogus[0]); i++) {
		const uint64_t at[WORDS] = { bogus[i] };
		const struct dwell_unwind_stack stack = { LOW, LOW + sizeof(at),
			(const uint8_t *)at };

		dwell_maps_walk(maps, (uint32_t)getpid(), 1, &frame, &stack, 1, &ours);
		cr_expect(ours.count == 1 && !ours.whole, "%#lx: %zu frames",
			(unsigned long)bogus[i], ours.count);
	}
	tear_down();
}

/* Compiled since what is mapped was read: it is a caller all the same. */
Test(unwind, a_caller_in_new_code)
{
	static const uint64_t later_ns = UINT64_C(10000000000);
	const struct dwell_unwind_frame frame = {
		.pc = (uintptr_t)down, .sp = LOW, .fp = LOW, .exact = true
	};
	uint64_t at[WORDS] = { (uintptr_t)&ours };
	const struct dwell_unwind_stack stack = { LOW, LOW + sizeof(at), (const uint8_t *)at };
	void *code;

	set_up();
	dwell_maps_walk(maps, (uint32_t)getpid(), 1, &frame, &stack, 1, &ours);
	cr_assert(ours.count == 1);
	code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert(code != MAP_FAILED);
	at[0] = (uintptr_t)code + 16;
	/* At once only where the kernel tells of one address. */
	if (dwell_proc_code_at((uint32_t)getpid(), at[0]) != DWELL_PROC_CODE_UNKNOWN) {
		dwell_maps_walk(maps, (uint32_t)getpid(), 1, &frame, &stack, 2, &ours);
		cr_expect(ours.count == 2 && ours.frames[1] == at[0], "%zu frames", ours.count);
		cr_expect(dwell_proc_code_at((uint32_t)getpid(), (uintptr_t)&ours) ==
			  DWELL_PROC_NO_CODE);
	}
	dwell_maps_walk(maps, (uint32_t)getpid(), 1, &frame, &stack, later_ns, &ours);
	cr_expect(ours.count == 2 && ours.frames[1] == at[0], "%zu frames", ours.count);
	munmap(code, 4096);
	tear_down();
}

Test(unwind, as_the_c_library_sees_it)
{
	volatile char above = 1;

	set_up();
	(void)down(DEEP, &above);
	cr_expect(ours.whole, "the stack ends after %zu frames", ours.count);
	/* Under AddressSanitizer, backtrace() is its own and counts itself: so from the outer end.
	 */
	cr_expect(ours.count > DEEP + 5 && ours.count <= their_count && their_count < 128,
		"%zu frames, %zu by glibc", ours.count, their_count);
	/* The innermost is the place in look() itself. */
	for (size_t i = 1; i < ours.count && i <= their_count; i++) {
		const uint64_t our = ours.frames[ours.count - i];
		const uint64_t their = (uint64_t)(uintptr_t)theirs[their_count - i];

		cr_expect(our == their, "frame %zu from the end: %#lx, not %#lx", i,
			(unsigned long)our, (unsigned long)their);
	}
	tear_down();
}

#endif
