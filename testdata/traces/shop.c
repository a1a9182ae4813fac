/* A small shop: four workers serve requests, one lock guards the stock, the clerk writes the
 * journal while he holds it. */
#define _GNU_SOURCE
#include <dwell/writer.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t stock = PTHREAD_MUTEX_INITIALIZER;
static int journal;
static volatile int closed;

static void work_for(unsigned rounds)
{
	for (volatile unsigned i = 0; i < rounds * 1000; i++)
		;
}

static void write_journal(void)
{
	for (int i = 0; i < 3; i++) {
		if (write(journal, "sold\n", 5) == 5)
			fdatasync(journal);
	}
}

static void take_stock(void)
{
	pthread_mutex_lock(&stock);
	work_for(40);
	pthread_mutex_unlock(&stock);
}

static void *clerk(void *unused)
{
	pthread_setname_np(pthread_self(), "clerk");
	while (!closed) {
		pthread_mutex_lock(&stock);
		write_journal();
		pthread_mutex_unlock(&stock);
		usleep(9000);
	}
	return unused;
}

static void serve(void)
{
	const uint64_t span = dwell_span_begin(dwell_text("request"), 0);

	work_for(150);
	take_stock();
	work_for(80);
	dwell_span_end(span);
}

static void *worker(void *number)
{
	char name[16];

	snprintf(name, sizeof(name), "worker-%d", (int)(intptr_t)number);
	pthread_setname_np(pthread_self(), name);
	for (int i = 0; i < 60; i++) {
		serve();
		usleep(1500);
	}
	return 0;
}

int main(void)
{
	pthread_t all[5];

	dwell_start(0);
	journal = open("/var/tmp/shop.journal", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	pthread_create(&all[0], 0, clerk, 0);
	for (int i = 1; i < 5; i++)
		pthread_create(&all[i], 0, worker, (void *)(intptr_t)i);
	for (int i = 1; i < 5; i++)
		pthread_join(all[i], 0);
	closed = 1;
	pthread_join(all[0], 0);
	unlink("/var/tmp/shop.journal");
	return dwell_stop() != 0;
}
