/*
 * Threads that wait below chains of calls that are known, each of another kind that is hard to
 * walk; built without frame pointers and recorded by testdata/e2e/stacks.sh, which knows the
 * chains. Uses nothing of dwell's.
 */
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_US = 20000, TIMES = 5, DEPTH = 40 };

/* Not inlined, not a tail call, and with a frame and a name of its own. */
#if defined(__clang__)
#	define LINK __attribute__((noinline)) static void
#else
#	define LINK __attribute__((noinline, noclone)) static void
#endif
#define BEHIND __asm__ volatile("" ::: "memory")

LINK s_leaf(void)
{
	usleep(WAIT_US);
	BEHIND;
}

static int compare(const void *a, const void *b)
{
	s_leaf();
	return *(const int *)a - *(const int *)b;
}

/* Through the C library. */
LINK s_sorts(void)
{
	int two[2] = { 2, 1 };

	qsort(two, 2, sizeof(*two), compare);
	BEHIND;
}

/* A frame whose size the compiler does not know. */
LINK s_variable(volatile size_t *size)
{
	volatile char *here = alloca(*size);

	here[0] = 1;
	s_leaf();
	here[*size - 1] = 1;
}

LINK s_varies(void)
{
	volatile size_t size = 1234;

	s_variable(&size);
	BEHIND;
}

/* A frame that begins at a multiple of 64, wherever the caller's ends. */
LINK s_aligned(volatile size_t *size)
{
	volatile char apart[64] __attribute__((aligned(64)));
	volatile char *here = alloca(*size);

	apart[0] = here[0] = 1;
	s_leaf();
	here[1] = apart[0];
}

LINK s_aligns(void)
{
	volatile size_t size = 100;

	s_aligned(&size);
	BEHIND;
}

static void s_handler(int number)
{
	(void)number;
	s_leaf();
	BEHIND;
}

LINK s_raises(void)
{
	raise(SIGUSR1);
	BEHIND;
}

LINK s_down(int depth)
{
	if (depth > 0)
		s_down(depth - 1);
	else
		s_leaf();
	BEHIND;
}

LINK s_deep(void)
{
	s_down(DEPTH);
	BEHIND;
}

/* A stack of more than is copied at first. */
LINK s_large(void)
{
	volatile char large[30000];

	memset((char *)large, 1, sizeof(large));
	s_leaf();
	large[0] = 2;
}

LINK s_enlarges(void)
{
	s_large();
	BEHIND;
}

/* What the child has meanwhile is the stack of the parent, which waits in the call. */
LINK s_vforks(void)
{
	const pid_t child = vfork();

	if (child == 0) {
		usleep(WAIT_US);
		_exit(0);
	}
	BEHIND;
}

LINK s_spawns(void)
{
	char *const arguments[] = { (char *)"true", NULL };

	(void)posix_spawnp(NULL, "true", NULL, NULL, arguments, arguments + 1);
	BEHIND;
}

static const struct {
	const char *name;
	void (*chain)(void);
} kinds[] = { { "k-sorts", s_sorts }, { "k-varies", s_varies }, { "k-aligns", s_aligns },
	{ "k-raises", s_raises }, { "k-deep", s_deep }, { "k-enlarges", s_enlarges },
	{ "k-vforks", s_vforks }, { "k-spawns", s_spawns } };

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

static void *s_thread(void *argument)
{
	const size_t kind = (size_t)argument;

	pthread_setname_np(pthread_self(), kinds[kind].name);
	for (int i = 0; i < TIMES; i++)
		kinds[kind].chain();
	return NULL;
}

/* So many stacks that those of 15 ms would fill the kernel's ring several times; between each two a
 * wait at the same place that is not worth one. */
LINK s_often(void)
{
	volatile char large[4000];

	memset((char *)large, 1, sizeof(large));
	for (int i = 0; i < 2; i++)
		usleep(i == 0 ? 1 : WAIT_US / 40);
	large[0] = 2;
}

static void *s_often_thread(void *argument)
{
	for (int i = 0; i < 1000; i++)
		s_often();
	return argument;
}

static int many(void)
{
	enum { MANY = 20 };
	pthread_t threads[MANY];

	for (size_t i = 0; i < MANY; i++)
		if (pthread_create(&threads[i], NULL, s_often_thread, NULL) != 0)
			return 1;
	for (size_t i = 0; i < MANY; i++)
		pthread_join(threads[i], NULL);
	return 42;
}

int main(int argc, char **argv)
{
	pthread_t threads[KINDS];
	struct sigaction action = { .sa_handler = s_handler };

	sigaction(SIGUSR1, &action, NULL);
	/* Time for a recorder to look at what is mapped. */
	usleep(10 * WAIT_US);
	if (argc > 1 && strcmp(argv[1], "many") == 0)
		return many();
	for (size_t i = 0; i < KINDS; i++)
		if (pthread_create(&threads[i], NULL, s_thread, (void *)i) != 0)
			return 1;
	for (size_t i = 0; i < KINDS; i++)
		pthread_join(threads[i], NULL);
	s_sorts();
	return 42;
}
