/* Two threads and one lock, recorded from within: then `dwell blocked dwell.trace`. */
#include <dwell/writer.h>
#include <pthread.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *work(void *name)
{
	dwell_thread_name(name);
	for (int i = 0; i < 20; i++) {
		struct dwell_wait_span wait;
		const uint64_t span = dwell_span_begin(dwell_text("turn"), 0);
		dwell_wait_begin(&wait, DWELL_WHY_MUTEX, DWELL_WHAT_MUTEX, &lock, 0);
		pthread_mutex_lock(&lock);
		dwell_wait_end(&wait, 0);
		dwell_acquired(DWELL_WHAT_MUTEX, &lock);
		usleep(2000);
		dwell_released(DWELL_WHAT_MUTEX, &lock);
		pthread_mutex_unlock(&lock);
		dwell_span_end(span);
	}
	return 0;
}

int main(void)
{
	pthread_t left, right;
	if (dwell_start(0) || pthread_create(&left, 0, work, "left") ||
		pthread_create(&right, 0, work, "right"))
		return 1;
	pthread_join(left, 0);
	pthread_join(right, 0);
	return dwell_stop() != 0;
}
