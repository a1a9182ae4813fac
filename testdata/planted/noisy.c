/* noisy-neighbours: who is recorded wants the CPUs that a neighbour has, who is not. The runner starts `noisy N neighbour` beside
 * `noisy N`. 1: one that computes on each CPU. 2: one after the other, each for a moment. 3: more urgent ones, on one CPU.
 * Clean, 11: the neighbour naps. 12: the victim hardly wants to run. 13: it is on the other CPU. */
#include "planted.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { RUNS_MS = 400 };

static int variant;

static void beside(void)
{
	for (;;) {
		if (variant == 2) {
			/* Both CPUs have one such at any time. */
			if (!fork()) {
				compute_us(10000);
				_exit(0);
			}
			wait(NULL);
		} else if (variant == 11) {
			nap_ms(20);
			compute_us(100);
		} else {
			compute_us(1000);
		}
	}
}

static int neighbour(void)
{
	prctl(PR_SET_NAME, "neighbour");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (variant == 3 || variant == 13)
		pin(0);
	if (variant == 3)
		setpriority(PRIO_PROCESS, 0, -10);
	for (int i = 0; i < (variant == 3 ? 1 : 2); i++)
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			beside();
		}
	for (;;)
		pause();
}

static void *victim(void *unused)
{
	call_me("victim");
	if (variant == 3)
		pin(0);
	if (variant == 13)
		pin(1);
	for (int i = 0; i < RUNS_MS / 2; i++) {
		compute_us(variant == 12 ? 50 : 2000);
		if (variant == 12)
			nap_ms(4);
	}
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[2];
	int count;

	variant = VARIANT(argc, argv);
	if (argc > 2)
		return neighbour();
	count = variant == 3 || variant == 13 ? 1 : 2;
	for (int i = 0; i < count; i++)
		threads[i] = start(victim, NULL);
	join_all(threads, count);
	return 0;
}
