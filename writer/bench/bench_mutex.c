/*
 * What the preload library adds to a lock and unlock that nobody contends, to a signal that nobody
 * waits for, and to a short read; beside LTTng's pthread wrapper with its tracing off.
 */
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "drain/drain.h"

enum { COUNT = 100000, RUNS = 200 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t sem;
static int zero;

static void mutexes(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
	}
}

static void rwlocks(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		pthread_rwlock_rdlock(&rwlock);
		pthread_rwlock_unlock(&rwlock);
	}
}

static void semaphores(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		sem_post(&sem);
		sem_wait(&sem);
	}
}

static void signals(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		pthread_cond_signal(&cond);
}

static void reads(unsigned count)
{
	char byte;

	for (unsigned i = 0; i < count; i++)
		if (read(zero, &byte, 1) != 1)
			abort();
}

static void *sleep_on(void *unused)
{
	while (pause() != 0)
		;
	return unused;
}

/* Where there is one thread only, glibc's own locks need no atomic instruction. */
static void mutexes_among_threads(unsigned count)
{
	static pthread_t other;

	if (!other && pthread_create(&other, NULL, sleep_on, NULL) != 0)
		abort();
	mutexes(count);
}

static const struct {
	const char *what;
	void (*body)(unsigned count);
	unsigned count;
} bodies[] = {
	{ "mutex lock + unlock, one thread", mutexes, COUNT },
	{ "mutex lock + unlock, two threads", mutexes_among_threads, COUNT },
	{ "rwlock rdlock + unlock", rwlocks, COUNT },
	{ "semaphore post + wait", semaphores, COUNT },
	{ "condition signal, nobody waits", signals, COUNT },
	{ "read of one byte of /dev/zero", reads, COUNT / 10 },
};

enum { BODIES = sizeof(bodies) / sizeof(*bodies) };

static int measure(void)
{
	zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	sem_init(&sem, 0, 0);
	for (size_t i = 0; i < BODIES; i++)
		printf("%.3f\n", bench_best(bodies[i].body, bodies[i].count, RUNS));
	return 0;
}

/* The figures of a run under a preload library (NULL: none). */
static int run(const char *self, const char *preload, const char *place, double out[BODIES])
{
	char command[8192], line[64];
	size_t got = 0;
	FILE *pipe;

	snprintf(command, sizeof(command), "LD_PRELOAD=%s DWELL_SESSION=%s %s measure 2>/dev/null",
		preload ? preload : "", place ? place : "", self);
	pipe = popen(command, "r");
	while (pipe && got < BODIES && fgets(line, sizeof(line), pipe))
		out[got++] = strtod(line, NULL);
	return pipe && pclose(pipe) == 0 && got == BODIES ? 0 : 1;
}

int main(int argc, char **argv)
{
	static struct dwell_session session;
	struct dwell_session_options options = { .flags = DWELL_SESSION_STACKS |
							  DWELL_SESSION_RELEASES };
	double plain[BODIES], ours[BODIES], theirs[BODIES];
	char place[64];
	int fd, lttng;

	if (argc > 1)
		return measure();
	if (dwell_session_make(&session, &fd, NULL, &options, 1000, 20000) != 0)
		return 1;
	snprintf(place, sizeof(place), "/proc/%d/fd/%d", (int)getpid(), fd);
	if (run(argv[0], NULL, NULL, plain) != 0 ||
		run(argv[0], DWELL_LIB "/libdwell-preload.so", place, ours) != 0)
		return 1;
	lttng = run(argv[0], "liblttng-ust-pthread-wrapper.so", NULL, theirs);
	if (dwell_session_process_count(&session) == 0) {
		fprintf(stderr, "bench_mutex: the preload library did not attach\n");
		return 1;
	}
	printf("%-34s %9s %16s %22s\n", "", "plain", "dwell", "LTTng wrapper, off");
	for (size_t i = 0; i < BODIES; i++) {
		printf("%-34s %6.2f ns %6.2f (%+6.2f) ns", bodies[i].what, plain[i], ours[i],
			ours[i] - plain[i]);
		if (lttng == 0)
			printf(" %12.2f (%+6.2f) ns", theirs[i], theirs[i] - plain[i]);
		printf("\n");
	}
	return 0;
}
