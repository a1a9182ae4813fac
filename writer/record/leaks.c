#include "leaks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record.h"

extern char **environ;

enum { LEAKS = 1 };

/* The program `dwell` beside this one. */
static void find_dwell(char out[PATH_MAX])
{
	const ssize_t length = readlink("/proc/self/exe", out, PATH_MAX - sizeof("dwell"));
	char *slash;

	out[length > 0 ? length : 0] = '\0';
	slash = strrchr(out, '/');
	memcpy(slash ? slash + 1 : out, "dwell", sizeof("dwell"));
}

/* Its exit status, or -1 with errno. What we block, it must not. */
static int run(char *const *words, bool quiet)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none;
	pid_t child;
	int status, error;

	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawn_file_actions_init(&files);
	if (quiet)
		posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	else
		posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
	error = posix_spawn(&child, words[0], &files, &attributes, words, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	errno = error;
	if (error != 0)
		return -1;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : DWELL_EXIT_REFUSED;
}

int dwell_leak_check(const char *path, bool quiet, int status)
{
	char program[PATH_MAX], command[] = "leaks", end[] = "--", file[PATH_MAX];
	char *const words[] = { program, command, end, file, NULL };
	int found;

	find_dwell(program);
	snprintf(file, sizeof(file), "%s", path);
	found = run(words, quiet);
	if (found < 0)
		(void)dwell_complain(0, program, "%s: nobody looks for leaks", strerror(errno));
	if (status != 0 || found == 0)
		return status;
	return found == LEAKS ? LEAKS : DWELL_EXIT_REFUSED;
}
