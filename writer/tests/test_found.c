/* What is read of threads that waited before a recording began: frame pointers by the begins of
 * functions, and what glibc's memory says. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>
#include <unistd.h>

#include "dwell/event.h"
#include "record/libc.h"
#include "record/prologue.h"
#include "record/python.h"

static const struct {
	const char *what;
	uint8_t code[20];
	size_t size;
	uint64_t depth;
} begins[] = {
	{ "sub rsp, 16", { 0x48, 0x83, 0xec, 0x10 }, 4, 16 },
	{ "sub rsp, 800", { 0x48, 0x81, 0xec, 0x20, 0x03, 0, 0 }, 7, 800 },
	{ "push rbx; sub rsp, 24", { 0x53, 0x48, 0x83, 0xec, 0x18 }, 5, 32 },
	{ "push r12; push rbx; call", { 0x41, 0x54, 0x53, 0xe8, 0, 0, 0, 0 }, 8, 16 },
	{ "push r12; mov r12, rdi; push rbx; xor eax, eax; call",
		{ 0x41, 0x54, 0x49, 0x89, 0xfc, 0x53, 0x31, 0xc0, 0xe8, 0, 0, 0, 0 }, 13, 16 },
	{ "push r14; mov r14, rdi; push rbx; mov r8, -1; sub rsp, 0x68",
		{ 0x41, 0x56, 0x49, 0x89, 0xfe, 0x53, 0x49, 0xc7, 0xc0, 0xff, 0xff, 0xff, 0xff,
			0x48, 0x83, 0xec, 0x68 },
		17, 120 },
	{ "mov eax, [rip+1]; test edi, edi; push rbx; lea rbx, [rsi+8]; sub rsp, 8",
		{ 0x8b, 0x05, 1, 0, 0, 0, 0x85, 0xff, 0x53, 0x48, 0x8d, 0x5e, 0x08, 0x48, 0x83,
			0xec, 0x08 },
		17, 16 },
	{ "mov fs:0x28 to rax; push rbx; ret",
		{ 0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0, 0x53, 0xc3 }, 11, 8 },
	{ "pxor xmm0, xmm0; movups [rbp-0x20], xmm0; sub rsp, 32",
		{ 0x66, 0x0f, 0xef, 0xc0, 0x0f, 0x11, 0x45, 0xe0, 0x48, 0x83, 0xec, 0x20 }, 12,
		32 },
	{ "and rsp, -32; push rbx", { 0x48, 0x83, 0xe4, 0xe0, 0x53 }, 5, 0 },
	{ "lea rsp, [rbp-8]; push rbx", { 0x48, 0x8d, 0x65, 0xf8, 0x53 }, 5, 0 },
	{ "cmp rsp, rax; push rbx", { 0x48, 0x39, 0xc4, 0x53 }, 4, 8 },
	{ "add rsp, rax; push rbx", { 0x48, 0x01, 0xc4, 0x53 }, 4, 0 },
	{ "pop rbx; push rbx", { 0x5b, 0x53 }, 2, 0 },
	{ "mov rsp, rax; push rbx", { 0x48, 0x89, 0xc4, 0x53 }, 4, 0 },
	{ "call", { 0xe8, 0, 0, 0, 0 }, 5, 0 },
	{ "half a sub", { 0x53, 0x48, 0x81, 0xec, 0x20 }, 5, 8 },
	{ "nothing", { 0 }, 0, 0 },
};

Test(found, depth_of_begins)
{
	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		cr_expect(eq(u64, dwell_prologue_depth(begins[i].code, begins[i].size),
				  begins[i].depth),
			"%s", begins[i].what);
}

static const struct {
	uint8_t code[7]; /* up to the address to return to */
	int kind;
	uint64_t target;
} calls[] = {
	{ { 0x90, 0x90, 0xe8, 0x10, 0, 0, 0 }, DWELL_CALL_DIRECT, 0x1010 },
	{ { 0x90, 0x90, 0xe8, 0xf0, 0xff, 0xff, 0xff }, DWELL_CALL_DIRECT, 0xff0 },
	{ { 0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0xd0 }, DWELL_CALL_INDIRECT, 0 }, /* rax */
	{ { 0x90, 0x90, 0x90, 0x90, 0xff, 0x50, 0x08 }, DWELL_CALL_INDIRECT, 0 }, /* 8(rax) */
	{ { 0x90, 0xff, 0x15, 0, 0x10, 0, 0 }, DWELL_CALL_INDIRECT, 0 },
	{ { 0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0xe0 }, DWELL_CALL_NONE, 0 }, /* a jump */
	{ { 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90 }, DWELL_CALL_NONE, 0 },
};

Test(found, calls)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		uint64_t target = 0;

		cr_expect(eq(int,
				  (int)dwell_prologue_call(
					  calls[i].code + 7, 7, UINT64_C(0x1000), &target),
				  calls[i].kind),
			"%zu", i);
		cr_expect(eq(u64, target, calls[i].target), "%zu", i);
	}
}

static uint8_t stack[64];

static struct dwell_libc_wait explain(
	const void *word, unsigned operation, uint64_t value, uint64_t until, unsigned role)
{
	const struct dwell_still still = { .pid = (uint32_t)getpid(),
		.call = { .arguments = { (uintptr_t)word, operation, value, until } },
		.stack = stack,
		.size = sizeof(stack) };
	struct dwell_libc_wait wait;

	dwell_libc_explain(&still, true, role, &wait);
	return wait;
}

enum { PLAIN = FUTEX_WAIT | FUTEX_PRIVATE_FLAG, BITS = FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG };

Test(found, mutex_has_its_owner)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	struct dwell_libc_wait wait;

	pthread_mutex_lock(&mutex);
	wait = explain(&mutex, PLAIN, 2, 0, DWELL_LIBC_MUTEX);
	cr_expect(eq(int, wait.reason, DWELL_REASON_MUTEX));
	cr_expect(eq(u64, wait.object, (uintptr_t)&mutex));
	cr_expect(eq(u32, wait.holder, (uint32_t)gettid()));
	cr_expect(eq(int, wait.flags, 0));
	cr_expect(not(wait.shared));
	/* With a time limit; and the same inside a wait for a condition. */
	wait = explain(&mutex, PLAIN, 2, 1, DWELL_LIBC_COND);
	cr_expect(eq(int, wait.reason, DWELL_REASON_MUTEX));
	cr_expect(eq(int, wait.flags, DWELL_EVENT_TIMED_OUT));
}

/* Before glibc 2.41, and since; the stack says which. */
Test(found, condition_is_found_by_either_group)
{
	static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
	const uint64_t address = (uintptr_t)&cond;

	for (int at = 32; at <= 44; at += 4) {
		struct dwell_libc_wait wait;

		memset(stack, 0, sizeof(stack));
		wait = explain((const char *)&cond + at, BITS, 0, 0, DWELL_LIBC_COND);
		cr_expect(eq(int, wait.reason, DWELL_REASON_COND));
		cr_expect(eq(u64, wait.object, 0));
		memcpy(stack + 24, &address, sizeof(address));
		wait = explain((const char *)&cond + at, BITS, 0, 0, DWELL_LIBC_COND);
		cr_expect(eq(u64, wait.object, address));
		cr_expect(eq(u32, wait.holder, 0));
	}
}

Test(found, rwlock_has_its_writer)
{
	static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
	const struct {
		const void *word;
		uint64_t value;
	} words[] = { { &lock.__data.__wrphase_futex, 3 }, { &lock.__data.__writers_futex, 1 },
		{ &lock.__data.__readers, 12 } };

	pthread_rwlock_wrlock(&lock);
	for (size_t i = 0; i < 3; i++) {
		const struct dwell_libc_wait wait =
			explain(words[i].word, BITS, words[i].value, 0, DWELL_LIBC_READ_LOCK);

		cr_expect(eq(int, wait.reason, DWELL_REASON_RWLOCK));
		cr_expect(eq(u64, wait.object, (uintptr_t)&lock));
		cr_expect(eq(u32, wait.holder, (uint32_t)gettid()));
		cr_expect(eq(int, wait.flags, DWELL_EVENT_SHARED));
	}
}

static void *nap(void *number)
{
	__atomic_store_n((pid_t *)number, gettid(), __ATOMIC_RELEASE);
	pause();
	return NULL;
}

Test(found, join_is_of_a_thread)
{
	pid_t number = 0;
	pthread_t thread;
	struct dwell_libc_wait wait;

	pthread_create(&thread, NULL, nap, &number);
	while (__atomic_load_n(&number, __ATOMIC_ACQUIRE) == 0)
		usleep(1000);
	wait = explain((const char *)thread + 0x2d0, FUTEX_WAIT_BITSET, (uint64_t)number, 0,
		DWELL_LIBC_NONE);
	cr_expect(eq(int, wait.reason, DWELL_REASON_JOIN));
	cr_expect(eq(u32, wait.holder, (uint32_t)number));
	cr_expect(not(wait.shared));
	/* Another word is no thread's number. */
	wait = explain((const char *)thread + 0x2d8, FUTEX_WAIT_BITSET, (uint64_t)number, 0,
		DWELL_LIBC_NONE);
	cr_expect(eq(int, wait.reason, 0));
}

Test(found, semaphore_is_known_by_its_waiters)
{
	static sem_t semaphore;
	struct dwell_libc_wait wait;
	uint32_t waiters = 1;

	sem_init(&semaphore, 0, 0);
	wait = explain(&semaphore, BITS, 0, 0, DWELL_LIBC_NONE);
	cr_expect(eq(int, wait.reason, 0));
	memcpy((char *)&semaphore + 4, &waiters, sizeof(waiters));
	wait = explain(&semaphore, BITS, 0, 0, DWELL_LIBC_NONE);
	cr_expect(eq(int, wait.reason, DWELL_REASON_SEMAPHORE));
	cr_expect(eq(u64, wait.object, (uintptr_t)&semaphore));
	/* A program's own futex is its own affair. */
	wait = explain(&semaphore, BITS, 0, 0, DWELL_LIBC_SYSCALL);
	cr_expect(eq(int, wait.reason, 0));
	/* So is one that other processes may wake, which is said. */
	wait = explain(&semaphore, FUTEX_WAIT_BITSET, 0, 0, DWELL_LIBC_SYSCALL);
	cr_expect(wait.shared);
}

/* Of CPython's functions, of which one waits for semaphores, for whoever calls it. */
Test(found, knows_a_parking_lot)
{
	enum { BIAS = 0x10000, WAIT = 0x100, PARK = 0x200, SIZE = 0x10, OTHER = 0x300 };
	const struct dwell_python_exports exports = {
		.wait = WAIT, .wait_size = SIZE, .park = PARK, .park_size = SIZE
	};
	const struct dwell_python_exports older = { .loop = 0 };
	const uint64_t at[] = { BIAS + OTHER, BIAS + WAIT + SIZE, BIAS + PARK + 1, BIAS + OTHER };
	const uint64_t within[] = { BIAS + WAIT + 1, BIAS + OTHER, BIAS + PARK + 1 };
	const uint64_t alone[] = { BIAS + PARK + 1, BIAS + OTHER };
	const uint64_t after[] = { BIAS + WAIT + 1, BIAS + PARK, BIAS + PARK + SIZE + 1 };

	cr_expect(dwell_python_is_parked(&exports, BIAS, at, 4));
	cr_expect(dwell_python_is_parked(&exports, BIAS, at, 3));
	cr_expect(not(dwell_python_is_parked(&exports, BIAS, at, 2)));
	cr_expect(not(dwell_python_is_parked(&exports, 0, at, 4)));
	cr_expect(not(dwell_python_is_parked(&exports, BIAS, within, 3)), "for a lock of the lot");
	cr_expect(not(dwell_python_is_parked(&exports, BIAS, alone, 2)));
	cr_expect(not(dwell_python_is_parked(&exports, BIAS, after, 3)), "beyond the functions");
	cr_expect(not(dwell_python_is_parked(&older, BIAS, at, 4)));
}
