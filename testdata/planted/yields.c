/* busy-polling, two or three on one CPU: 1: look at a flag and give way. 2: so take a lock of their own. 3: a barrier of their own.
 * Clean, 11: as 1, but they work for 0.2 ms before they give way. 12: as 1, by a condition. 13: as 1, but each gives way 100 times only. 14: as 3,
 * by a futex: it is no lock that each holds in turn. */
#include "planted.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>

enum { TEAM = 3, ROUNDS = 100 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static atomic_int flag, word, came;
static int variant;

static void wait_politely(void)
{
	pthread_mutex_lock(&lock);
	while (!atomic_load(&flag))
		pthread_cond_wait(&cond, &lock);
	pthread_mutex_unlock(&lock);
}

static void *looker(void *unused)
{
	call_me("spinner");
	for (int i = 0; !atomic_load(&flag); i++) {
		if (variant == 11)
			compute_us(200);
		if (variant == 12 || (variant == 13 && i == 100))
			wait_politely();
		sched_yield(); /* here:1 */
	}
	return unused;
}

static void *locker(void *unused)
{
	call_me("spinner");
	for (int i = 0; i < ROUNDS; i++) {
		while (atomic_exchange(&word, 1))
			sched_yield(); /* here:2 */
		nap_ms(2);
		atomic_store(&word, 0);
		nap_ms(1);
	}
	return unused;
}

/* Whoever comes last lets all others go. */
static void meet_at_futex(void)
{
	const int seen = atomic_load(&word);

	if (atomic_fetch_add(&came, 1) % TEAM == TEAM - 1) {
		atomic_fetch_add(&word, 1);
		syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
	}
	while (atomic_load(&word) == seen)
		syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void *member(void *argument)
{
	const int me = (int)(intptr_t)argument;

	call_me("spinner");
	/* Each is the last one at its turn. */
	for (int round = 1; round <= ROUNDS; round++) {
		if (round % TEAM == me)
			nap_ms(6);
		if (variant == 14) {
			meet_at_futex();
			continue;
		}
		atomic_fetch_add(&came, 1);
		while (atomic_load(&came) < round * TEAM)
			sched_yield(); /* here:3 */
	}
	return NULL;
}

int main(int argc, char **argv)
{
	void *(*const run[])(void *) = { looker, locker, member };
	pthread_t team[TEAM];

	variant = VARIANT(argc, argv);
	pin(0);
	for (int i = 0; i < TEAM; i++)
		team[i] = start(run[variant == 14 ? 2 : variant <= 3 ? variant - 1 : 0], (void *)(intptr_t)i);
	nap_ms(600);
	pthread_mutex_lock(&lock);
	atomic_store(&flag, 1);
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&lock);
	join_all(team, TEAM);
	return 0;
}
