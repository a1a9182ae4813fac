/* starvation, 1: one of least priority beside two hogs on its CPU. 2: beside three. 3: two starve.
 * oversubscription, 4: eight threads compute. 5: sixteen, in short pieces. 6: eight in a pool.
 * runnable-queue-grows, 7: one more hog each 60 ms. 8: two more each 120 ms. 9: three more each 180 ms.
 * Clean, 11: two compute. 12: eight, one at a time. 13: hogs that end as others begin. 14: the one of least priority has a CPU
 * of its own. 15: the hog on its CPU pauses. 16: two of one priority share a CPU. 17: eight that mostly sleep. 18: eight, for a
 * moment. 19: more hogs, then fewer. */
#include "planted.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int variant;
static atomic_int done;

static void *hog(void *unused)
{
	call_me("hog");
	if (variant <= 3 || variant == 15)
		pin(0);
	if (variant == 14)
		pin(1);
	while (!atomic_load(&done)) {
		compute_us(1000);
		if (variant == 15)
			usleep(3000);
	}
	return unused;
}

static void *starved(void *unused)
{
	call_me("starved");
	pin(0);
	/* Not by niceness, which means little where all of this runs nicely. */
	if (variant != 16)
		sched_setscheduler(0, SCHED_IDLE, &(const struct sched_param){ 0 });
	nap_ms(20);
	while (!atomic_load(&done))
		compute_us(1000);
	return unused;
}

static void *computes(void *unused)
{
	call_me("computes");
	if (variant == 17 || variant == 18) {
		for (int i = 0; i < (variant == 17 ? 60 : 1); i++) {
			compute_us(variant == 17 ? 200 : 6000);
			usleep(variant == 17 ? 10000 : 700000);
		}
		return unused;
	}
	for (int i = 0; i < (variant == 12 ? 40 : 100); i++) {
		if (variant == 12)
			pthread_mutex_lock(&lock);
		compute_us(variant == 12 ? 200 : 1500);
		if (variant == 12) {
			pthread_mutex_unlock(&lock);
			usleep(12000);
		}
		if (variant == 5)
			usleep(50);
	}
	return unused;
}

/* Up to four, then down to one again. */
static void *comes_and_goes(void *argument)
{
	const uint64_t end_ms = 7u * 80 - (uint64_t)(intptr_t)argument * 80;
	struct timespec begin, now;

	call_me("hog");
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		compute_us(1000);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < (long)end_ms);
	return NULL;
}

static void rise_and_fall(void)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++) {
		threads[i] = start(comes_and_goes, (void *)(intptr_t)(2 * i));
		nap_ms(80);
	}
	join_all(threads, 4);
}

static void *brief(void *unused)
{
	call_me("brief");
	compute_us(10000);
	return unused;
}

static void add_more(void)
{
	static pthread_t threads[64];
	int count = 0;

	for (int i = 0; i < 16; i++) {
		const int more = variant == 8 ? 2 : variant == 9 ? 3 : 1;

		for (int j = 0; j < more; j++)
			threads[count++] = start(variant == 13 ? brief : hog, NULL);
		nap_ms(60u * (unsigned)more);
		i += more - 1;
	}
	atomic_store(&done, 1);
	join_all(threads, count);
}

static void on_one_cpu(void)
{
	pthread_t threads[2], hogs[3];
	const int count = variant == 2 ? 3 : variant == 1 || variant == 3 ? 2 : variant == 16 ? 0 : 1;
	const int more = variant == 3 || variant == 16 ? 2 : 1;

	for (int i = 0; i < count; i++)
		hogs[i] = start(hog, NULL);
	for (int i = 0; i < more; i++)
		threads[i] = start(starved, NULL);
	nap_ms(variant <= 3 ? 1200 : 500);
	atomic_store(&done, 1);
	join_all(hogs, count);
	join_all(threads, more);
}

int main(int argc, char **argv)
{
	pthread_t threads[16];
	int count;

	variant = VARIANT(argc, argv);
	count = variant == 5 ? 16 : variant == 11 ? 2 : 8;
	if (variant <= 3 || (variant >= 14 && variant <= 16)) {
		on_one_cpu();
	} else if (variant == 19) {
		rise_and_fall();
	} else if ((variant >= 7 && variant <= 9) || variant == 13) {
		add_more();
	} else {
		for (int i = 0; i < count; i++)
			threads[i] = start(computes, NULL);
		join_all(threads, count);
	}
	return 0;
}
