/* Two halves of one piece of work. */
#include "model/both.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "model/cpus.h"

struct half {
	void (*work)(void *context);
	void *context;
};

static void *work_half(void *context)
{
	const struct half *half = context;

	half->work(half->context);
	return NULL;
}

void in_both(void (*work)(void *context), void *a, void *b)
{
	struct half other = { work, b };
	pthread_t thread;
	const bool started =
		cpus_allowed() > 1 && !pthread_create(&thread, NULL, work_half, &other);

	work(a);
	if (started)
		pthread_join(thread, NULL);
	else
		work(b);
}
