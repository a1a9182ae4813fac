#include "import/ctf/limits.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

enum { CPU_SECONDS = 20 };

static const uint64_t memory_limit = UINT64_C(4) << 30;
static struct ctf_writer *writer_of_process;

/* The rest of what was read; then die as it would have. */
static void on_fault(int signal)
{
	ctf_writer_flush(writer_of_process);
	raise(signal);
}

static void set_signals(void)
{
	static const int faults[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGXCPU };
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int i = 1; i <= SIGRTMAX; i++)
		sigaction(i, &action, NULL); /* some cannot be */
	action.sa_handler = on_fault;
	action.sa_flags = (int)(SA_RESETHAND | SA_NODEFER);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigaction(faults[i], &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void limit(int what, uint64_t value)
{
	struct rlimit now;

	if (getrlimit(what, &now))
		return;
	if (now.rlim_max == RLIM_INFINITY || value < now.rlim_max)
		now.rlim_cur = (rlim_t)value;
	setrlimit(what, &now);
}

/* Above what is used: a sanitizer maps terabytes before main. */
static void limit_memory(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long long data;
	const long page = sysconf(_SC_PAGESIZE);

	if (!file)
		return;
	if (fscanf(file, "%*u %*u %*u %*u %*u %llu", &data) == 1)
		limit(RLIMIT_DATA, data * (uint64_t)page + memory_limit);
	fclose(file);
}

static void silence(void)
{
	const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; i < 3 && nothing >= 0; i++)
		dup2(nothing, i);
}

void ctf_limits_set(struct ctf_writer *writer)
{
	writer_of_process = writer;
	silence();
	set_signals();
	limit(RLIMIT_CORE, 0);
	limit_memory();
	ctf_limits_renew();
}

void ctf_limits_renew(void)
{
	struct rusage used;

	if (!getrusage(RUSAGE_SELF, &used))
		limit(RLIMIT_CPU, (uint64_t)used.ru_utime.tv_sec + (uint64_t)used.ru_stime.tv_sec +
					  1 + CPU_SECONDS);
}
