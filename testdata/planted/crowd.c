/* starvation, 1: one of least priority beside two hogs on its CPU. 2: beside three. 3: two starve.
 * oversubscription, 4: eight threads compute. 5: sixteen, in short pieces. 6: eight in a pool.
 * runnable-queue-grows, 7: one more hog each 60 ms. 8: two more each 120 ms. 9: three more each 180 ms.
 * Clean, 11: two compute. 12: eight, one at a time. 13: hogs that end as others begin. */
#include "planted.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int variant;
static atomic_int done;

static void *hog(void *unused)
{
	call_me("hog");
	if (variant <= 3)
		pin(0);
	while (!atomic_load(&done))
		compute_us(1000);
	return unused;
}

static void *starved(void *unused)
{
	call_me("starved");
	pin(0);
	/* Not by niceness, which means little where all of this runs nicely. */
	sched_setscheduler(0, SCHED_IDLE, &(const struct sched_param){ 0 });
	nap_ms(20);
	while (!atomic_load(&done))
		compute_us(1000);
	return unused;
}

static void *computes(void *unused)
{
	call_me("computes");
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

int main(int argc, char **argv)
{
	pthread_t threads[16], others[4];
	int count;

	variant = VARIANT(argc, argv);
	count = variant == 5 ? 16 : variant == 11 ? 2 : 8;
	if (variant <= 3) {
		count = variant == 2 ? 3 : 2;
		for (int i = 0; i < count; i++)
			others[i] = start(hog, NULL);
		for (int i = 0; i < (variant == 3 ? 2 : 1); i++)
			threads[i] = start(starved, NULL);
		nap_ms(1200);
		atomic_store(&done, 1);
		join_all(others, count);
		join_all(threads, variant == 3 ? 2 : 1);
	} else if ((variant >= 7 && variant <= 9) || variant == 13) {
		add_more();
	} else {
		for (int i = 0; i < count; i++)
			threads[i] = start(computes, NULL);
		join_all(threads, count);
	}
	return 0;
}
