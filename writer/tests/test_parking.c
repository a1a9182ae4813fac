/* Waits in a parking lot like CPython's, and waits that look like them. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>

#include "preload/parking.h"

/* Which a sanitizer must not move away from the stack. */
#define FRAME __attribute__((noinline, no_sanitize("address"), no_sanitize("thread")))
/* A call must not become a jump. */
#define RETURNED __asm__ volatile("" ::: "memory")
#define OF_PARK __attribute__((section("parks")))

_Atomic int dwell_waiters[DWELL_WAITERS];
extern const char __start_parks[], __stop_parks[];

struct entry {
	void *argument;
	const void *address;
	sem_t semaphore;
	int more;
};

struct raw_entry {
	const void *next;
	sem_t semaphore;
	int more;
};

static struct entry *last;
static _Thread_local const void *waited_for, *posted_for, *its_semaphore;

/* --- what preload/sem.c does --- */

static FRAME void wait_told(sem_t *semaphore, bool timed)
{
	waited_for = dwell_parking_waits(semaphore, __builtin_return_address(0),
		(uintptr_t)__builtin_frame_address(0) + 2 * sizeof(uintptr_t), timed);
	its_semaphore = semaphore;
	RETURNED;
}

static FRAME void post_told(sem_t *semaphore)
{
	posted_for = dwell_parking_posts(semaphore, __builtin_return_address(0));
	RETURNED;
}

/* --- what CPython does --- */

static FRAME void semaphore_wait(sem_t *semaphore, int64_t timeout_ns)
{
	if (timeout_ns >= 0)
		wait_told(semaphore, true);
	else
		wait_told(semaphore, false);
	RETURNED;
}

static FRAME void semaphore_wake(sem_t *semaphore)
{
	post_told(semaphore);
	RETURNED;
}

static FRAME OF_PARK int park(const void *address, const void *expected, size_t size,
	int64_t timeout_ns, void *argument, int detach)
{
	struct entry entry = { .argument = argument, .address = address };

	(void)expected;
	(void)size;
	(void)detach;
	last = &entry;
	semaphore_wait(&entry.semaphore, timeout_ns);
	RETURNED;
	return entry.more;
}

/* Another function's, in a frame that is like it. */
static FRAME int park_elsewhere(const void *address, const void *expected, size_t size,
	int64_t timeout_ns, void *argument, int detach)
{
	struct entry entry = { .argument = argument, .address = address };

	(void)expected;
	(void)size;
	(void)detach;
	last = &entry;
	semaphore_wait(&entry.semaphore, timeout_ns);
	RETURNED;
	return entry.more;
}

static FRAME void raw_lock(const void *next)
{
	struct raw_entry entry = { .next = next };

	semaphore_wait(&entry.semaphore, -1);
	RETURNED;
}

static void unpark(
	const void *address, void (*told)(void *argument, void *parked, int more), void *argument)
{
	(void)address;
	told(argument, last->argument, 0);
	semaphore_wake(&last->semaphore);
}

/* Of another version: one word more. */
static FRAME OF_PARK int park_otherwise(const void *address, const void *expected, size_t size,
	int64_t timeout_ns, void *argument, int detach)
{
	struct {
		struct entry entry;
		sem_t semaphore;
	} other = { .entry = { .argument = argument, .address = address } };

	(void)expected;
	(void)size;
	(void)detach;
	last = &other.entry;
	semaphore_wait(&other.semaphore, timeout_ns);
	RETURNED;
	return other.entry.more;
}

/* What stands below its semaphore is not the address. */
static FRAME OF_PARK int park_swapped(const void *address, const void *expected, size_t size,
	int64_t timeout_ns, void *argument, int detach)
{
	struct entry entry = { .argument = argument, .address = argument };

	(void)address;
	(void)expected;
	(void)size;
	(void)detach;
	last = &entry;
	semaphore_wait(&entry.semaphore, timeout_ns);
	RETURNED;
	return entry.more;
}

/* --- --- */

static const uint8_t locks[2];

static bool find(int (*its_park)(const void *, const void *, size_t, int64_t, void *, int))
{
	const struct dwell_parking_lot lot = { its_park, unpark, 0 };
	struct dwell_parking_lot sized = lot;

	/* Whatever of the section comes after it. */
	sized.park_size = (uintptr_t)__stop_parks - (uintptr_t)its_park;
	return dwell_parking_find(&sized);
}

static FRAME void expect_waits(const uint8_t *lock)
{
	for (int64_t timeout_ns = -1; timeout_ns <= 0; timeout_ns++) {
		(void)park(lock, lock, 1, timeout_ns, NULL, 0);
		cr_expect(eq(ptr, (void *)waited_for, (void *)lock));
	}
}

static void *expect_from_thread(void *lock)
{
	char deeper[512];

	memset(deeper, 1, sizeof(deeper));
	expect_waits(lock);
	__asm__ volatile("" ::"r"(deeper) : "memory");
	return NULL;
}

Test(parking, tells_what_a_wait_is_for)
{
	pthread_t thread;

	cr_assert(find(park));
	expect_waits(&locks[0]);
	expect_waits(&locks[1]);
	cr_assert(eq(int, pthread_create(&thread, NULL, expect_from_thread, (void *)&locks[1]), 0));
	pthread_join(thread, NULL);
}

Test(parking, leaves_other_semaphores_of_the_same_caller)
{
	cr_assert(find(park));
	raw_lock(&locks[0]);
	cr_expect(eq(ptr, (void *)waited_for, (void *)its_semaphore));
	(void)park_elsewhere(&locks[0], &locks[0], 1, -1, NULL, 0);
	cr_expect(eq(ptr, (void *)waited_for, (void *)its_semaphore));
}

Test(parking, tells_what_a_post_is_for_while_it_is_waited)
{
	struct entry entry = { .address = &locks[0] };
	struct raw_entry raw = { .next = &locks[1] };

	cr_assert(find(park));
	semaphore_wake(&entry.semaphore);
	cr_expect(eq(ptr, (void *)posted_for, &entry.semaphore));
	dwell_parking_enter(&entry.semaphore);
	semaphore_wake(&entry.semaphore);
	cr_expect(eq(ptr, (void *)posted_for, (void *)&locks[0]));
	post_told(&entry.semaphore);
	cr_expect(eq(ptr, (void *)posted_for, &entry.semaphore), "by another caller");
	semaphore_wake(&raw.semaphore);
	cr_expect(eq(ptr, (void *)posted_for, &raw.semaphore));
	dwell_parking_leave(&entry.semaphore);
	semaphore_wake(&entry.semaphore);
	cr_expect(eq(ptr, (void *)posted_for, &entry.semaphore));
}

/* A fork's child has the table, and not who is in it. */
Test(parking, forgets_the_parents_threads)
{
	struct entry entry = { .address = &locks[0] };

	cr_assert(find(park));
	dwell_parking_enter(&entry.semaphore);
	dwell_lib.epoch_value++;
	semaphore_wake(&entry.semaphore);
	cr_expect(eq(ptr, (void *)posted_for, &entry.semaphore));
	dwell_parking_enter(&entry.semaphore);
	semaphore_wake(&entry.semaphore);
	cr_expect(eq(ptr, (void *)posted_for, (void *)&locks[0]));
}

Test(parking, takes_no_other_entry_for_one)
{
	cr_expect(not(find(park_swapped)));
	cr_expect(not(find(park_otherwise)));
	(void)park_otherwise(&locks[0], &locks[0], 1, -1, NULL, 0);
	cr_expect(eq(ptr, (void *)waited_for, (void *)its_semaphore));
}

Test(parking, knows_nothing_before_it_is_told)
{
	(void)park(&locks[0], &locks[0], 1, -1, NULL, 0);
	cr_expect(eq(ptr, (void *)waited_for, (void *)its_semaphore));
	semaphore_wake(&last->semaphore);
	cr_expect(eq(ptr, (void *)posted_for, &last->semaphore));
}
