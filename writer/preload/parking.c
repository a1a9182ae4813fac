#include "parking.h"

#include <pthread.h>

/* Of struct wait_entry, before the semaphore. */
enum { ADDRESS = 8, ARGUMENT = 16 };

static struct dwell_parking_site sites[2]; /* without and with a time limit */
static uintptr_t poster;

/* --- who is in the lot --- */

enum { EPOCHS = 512, TRIES = 4 };

/* Semaphores, each with some bits of its process's epoch: in a fork's child the parent's threads
 * are none. Of more that meet here than TRIES, it is not known what a post is for. */
static _Atomic uint64_t parked[DWELL_WAITERS];

static uint64_t key_of(const void *semaphore)
{
	return (uint64_t)(uintptr_t)semaphore / 8 * EPOCHS + dwell_lib.epoch_value % EPOCHS;
}

static _Atomic uint64_t *place_of(const void *semaphore, unsigned try)
{
	return &parked[(dwell_waiters_of(semaphore) - dwell_waiters + try) % DWELL_WAITERS];
}

void dwell_parking_enter(const void *semaphore)
{
	for (unsigned i = 0; i < TRIES; i++) {
		_Atomic uint64_t *place = place_of(semaphore, i);
		uint64_t entry = atomic_load_explicit(place, memory_order_relaxed);

		/* Of a process that forked: nobody here will clear it. */
		if (entry % EPOCHS != key_of(semaphore) % EPOCHS)
			atomic_compare_exchange_strong(place, &entry, 0);
		entry = 0;
		if (atomic_compare_exchange_strong(place, &entry, key_of(semaphore)))
			return;
	}
}

void dwell_parking_leave(const void *semaphore)
{
	for (unsigned i = 0; i < TRIES; i++) {
		uint64_t key = key_of(semaphore);

		if (atomic_compare_exchange_strong(place_of(semaphore, i), &key, 0))
			return;
	}
}

static bool is_parked(const void *semaphore)
{
	for (unsigned i = 0; i < TRIES; i++)
		if (atomic_load_explicit(place_of(semaphore, i), memory_order_acquire) ==
			key_of(semaphore))
			return true;
	return false;
}

/* --- learning --- */

static struct trial {
	const struct dwell_parking_lot *lot;
	pthread_t thread;
	uint8_t byte, argument;
	struct dwell_parking_site sites[2];
	uintptr_t posters[2];
	unsigned timed;
} * _Atomic current;

static struct trial *its_trial(void)
{
	struct trial *trial = atomic_load_explicit(&current, memory_order_relaxed);

	return __builtin_expect(trial != NULL, 0) && pthread_equal(trial->thread, pthread_self())
		       ? trial
		       : NULL;
}

static uintptr_t word(uintptr_t at)
{
	return *(const uintptr_t *)at;
}

/* The semaphore must be of an entry of ours, on this stack, below which park() is returned to. */
static void learn(
	struct trial *trial, uintptr_t semaphore, uintptr_t caller, uintptr_t stack, unsigned timed)
{
	enum { FAR = 1024 };
	const uintptr_t park = (uintptr_t)trial->lot->park;

	if (semaphore - stack > FAR || semaphore % sizeof(uintptr_t) != 0 ||
		semaphore - stack < ARGUMENT || stack % sizeof(uintptr_t) != 0 ||
		word(semaphore - ADDRESS) != (uintptr_t)&trial->byte ||
		word(semaphore - ARGUMENT) != (uintptr_t)&trial->argument)
		return;
	for (uintptr_t at = stack; at < semaphore - ARGUMENT; at += sizeof(uintptr_t))
		if (word(at) - park < trial->lot->park_size) {
			trial->sites[timed] = (struct dwell_parking_site){ caller, at - stack,
				semaphore - stack, word(at) };
			return;
		}
}

static void told(void *argument, void *parked_argument, int more)
{
	(void)argument;
	(void)parked_argument;
	(void)more;
}

/* Our own wait: it is over before it begins. */
static SELDOM void end_trial(
	struct trial *trial, const void *semaphore, uintptr_t caller, uintptr_t stack, bool timed)
{
	learn(trial, (uintptr_t)semaphore, caller, stack, timed);
	trial->timed = timed;
	dwell_waiters_add(semaphore, 1);
	trial->lot->unpark(&trial->byte, told, NULL);
	dwell_waiters_add(semaphore, -1);
}

bool dwell_parking_find(const struct dwell_parking_lot *lot)
{
	struct trial trial = { .lot = lot, .thread = pthread_self() };
	const uint8_t expected = 0;
	const int saved = errno;

	atomic_store(&current, &trial);
	/* One that waits for other things than semaphores comes back by itself. */
	(void)lot->park(&trial.byte, &expected, sizeof(expected), 0, &trial.argument, 0);
	if (trial.sites[1].caller != 0)
		(void)lot->park(&trial.byte, &expected, sizeof(expected), -1, &trial.argument, 0);
	atomic_store(&current, NULL);
	errno = saved;
	if (trial.sites[0].caller == 0 || trial.posters[0] == 0 ||
		trial.posters[0] != trial.posters[1])
		return false;
	poster = trial.posters[0];
	sites[0] = trial.sites[0];
	sites[1] = trial.sites[1];
	return true;
}

/* --- waits and posts --- */

const void *dwell_parking_waits(
	const void *semaphore, const void *caller, uintptr_t stack, bool timed)
{
	const struct dwell_parking_site *site = &sites[timed];
	struct trial *trial;

	if (__builtin_expect(site->caller == 0, 1)) {
		trial = its_trial();
		if (!trial)
			return semaphore;
		end_trial(trial, semaphore, (uintptr_t)caller, stack, timed);
		return NULL;
	}
	if ((uintptr_t)caller != site->caller ||
		(uintptr_t)semaphore - stack != site->semaphore_at ||
		word(stack + site->return_at) != site->parks)
		return semaphore;
	return (const void *)word((uintptr_t)semaphore - ADDRESS);
}

const void *dwell_parking_posts(const void *semaphore, const void *caller)
{
	struct trial *trial;

	if (__builtin_expect(poster == 0, 1)) {
		trial = its_trial();
		if (!trial)
			return semaphore;
		trial->posters[trial->timed] = (uintptr_t)caller;
		return NULL;
	}
	/* Who waits stays until it was posted: what it wrote before its semaphore is there. */
	return (uintptr_t)caller == poster && is_parked(semaphore)
		       ? (const void *)word((uintptr_t)semaphore - ADDRESS)
		       : semaphore;
}
