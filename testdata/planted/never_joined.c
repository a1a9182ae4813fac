/* 1: threads of a loop. 2: one of several is forgotten. 3: by a helper.
 * Clean, 11: joined. 12: detached. 13: created detached. 14: still at work when main returns. */
#include "planted.h"

static void *job(void *argument)
{
	call_me("job");
	compute_us(500);
	if (argument)
		pause();
	return NULL;
}

static void *first_job(void *argument)
{
	return job(argument);
}

static void log_later(void)
{
	start(job, NULL); /* here:3 */
}

int main(int argc, char **argv)
{
	const int variant = VARIANT(argc, argv);
	pthread_attr_t attr;
	pthread_t threads[6], forgotten;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (variant == 2)
		forgotten = start(first_job, NULL); /* here:2 */
	for (int i = 0; i < 6; i++) {
		if (variant == 13)
			pthread_create(&threads[i], &attr, job, NULL);
		else if (variant == 3)
			log_later();
		else
			pthread_create(&threads[i], NULL, job, variant == 14 ? &attr : NULL); /* here:1 */
		if (variant == 12)
			pthread_detach(threads[i]);
	}
	if (variant == 2 || variant == 11)
		join_all(threads, 6);
	(void)forgotten;
	nap_ms(100);
	return 0;
}
