#include <alloca.h>
#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf.h"
#include "preload.h"

/*
 * A program that cannot bear our library is started without it, and so without being recorded.
 * Everything lies on the stack: after vfork nothing else may be touched.
 */
enum { PRELOAD_MAX = 4096 };

bool dwell_exec_sandboxed;

static const char variable[] = "LD_PRELOAD=";

static bool is_ours(const char *name, size_t length)
{
	static const char ours[] = "libdwell-preload.so";

	return length >= sizeof(ours) - 1 &&
	       memcmp(name + length - (sizeof(ours) - 1), ours, sizeof(ours) - 1) == 0;
}

/* LD_PRELOAD's value without us, into out, whole with its name. false: nothing is left. */
static bool without_us(const char *value, char out[PRELOAD_MAX])
{
	size_t used = sizeof(variable) - 1;
	bool any = false;

	memcpy(out, variable, used);
	while (*value) {
		size_t length = strcspn(value, ": ");
		if (length > 0 && !is_ours(value, length) && used + length + 2 < PRELOAD_MAX) {
			if (any)
				out[used++] = ':';
			memcpy(out + used, value, length);
			used += length;
			any = true;
		}
		value += length + (value[length] != '\0');
	}
	out[used] = '\0';
	return any;
}

static size_t count_of(char *const *list)
{
	size_t count = 0;

	while (list && list[count])
		count++;
	return count;
}

/* The environment without us, into an array as long as the old one. */
static char *const *clean(char *const *environment, char **out, char text[PRELOAD_MAX])
{
	size_t used = 0;

	for (; environment && *environment; environment++) {
		if (strncmp(*environment, variable, sizeof(variable) - 1) != 0)
			out[used++] = *environment;
		else if (without_us(*environment + sizeof(variable) - 1, text))
			out[used++] = text;
	}
	out[used] = NULL;
	return out;
}

/* What execvp would find, as far as we can see. false: not found. */
static bool search(const char *file, char path[PATH_MAX])
{
	const char *place = getenv("PATH");
	struct stat status;

	if (strchr(file, '/') || !place)
		return false;
	while (*place) {
		size_t length = strcspn(place, ":"), name = strlen(file);
		if (length + name + 2 < PATH_MAX) {
			memcpy(path, place, length);
			path[length] = '/';
			memcpy(path + length + 1, file, name + 1);
			if (stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
				(status.st_mode & 0111) != 0)
				return true;
		}
		place += length + (place[length] == ':');
	}
	return false;
}

static bool bears_us(const char *file, bool searched)
{
	char path[PATH_MAX];

	/* A sandbox forbids calls that the program would not make: as it is. */
	if (dwell_exec_sandboxed || !file)
		return true;
	if (searched && search(file, path))
		return dwell_elf_bears_us(path);
	return dwell_elf_bears_us(file);
}

#define CLEAN(environment)                                                                         \
	clean(environment, alloca((count_of(environment) + 1) * sizeof(char *)),                   \
		alloca(PRELOAD_MAX))

EXPORT int execve(const char *path, char *const *argv, char *const *environment)
{
	if (bears_us(path, false))
		return REAL(execve)(path, argv, environment);
	return REAL(execve)(path, argv, CLEAN(environment));
}

EXPORT int execv(const char *path, char *const *argv)
{
	return execve(path, argv, environ);
}

EXPORT int execvpe(const char *file, char *const *argv, char *const *environment)
{
	if (bears_us(file, true))
		return REAL(execvpe)(file, argv, environment);
	return REAL(execvpe)(file, argv, CLEAN(environment));
}

EXPORT int execvp(const char *file, char *const *argv)
{
	return execvpe(file, argv, environ);
}

static size_t count_list(va_list list)
{
	size_t count = 1;

	while (va_arg(list, char *))
		count++;
	return count;
}

/* The arguments of execl and its like as an array. */
#define GATHER(first, argv, list)                                                                  \
	do {                                                                                       \
		va_list twice_;                                                                    \
		size_t count_;                                                                     \
		va_start(list, first);                                                             \
		va_copy(twice_, list);                                                             \
		count_ = count_list(twice_);                                                       \
		va_end(twice_);                                                                    \
		(argv) = alloca((count_ + 1) * sizeof(char *));                                    \
		(argv)[0] = (char *)(uintptr_t)(first);                                            \
		for (size_t i_ = 1; i_ <= count_; i_++)                                            \
			(argv)[i_] = va_arg(list, char *);                                         \
	} while (0)

EXPORT int execl(const char *path, const char *first, ...)
{
	va_list list;
	char **argv;

	GATHER(first, argv, list);
	va_end(list);
	return execve(path, argv, environ);
}

EXPORT int execlp(const char *file, const char *first, ...)
{
	va_list list;
	char **argv;

	GATHER(first, argv, list);
	va_end(list);
	return execvpe(file, argv, environ);
}

EXPORT int execle(const char *path, const char *first, ...)
{
	char *const *environment;
	va_list list;
	char **argv;

	GATHER(first, argv, list);
	environment = va_arg(list, char *const *);
	va_end(list);
	return execve(path, argv, environment);
}

EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attr, char *const *argv, char *const *environment)
{
	if (bears_us(path, false))
		return REAL(posix_spawn)(pid, path, actions, attr, argv, environment);
	return REAL(posix_spawn)(pid, path, actions, attr, argv, CLEAN(environment));
}

EXPORT int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attr, char *const *argv, char *const *environment)
{
	if (bears_us(file, true))
		return REAL(posix_spawnp)(pid, file, actions, attr, argv, environment);
	return REAL(posix_spawnp)(pid, file, actions, attr, argv, CLEAN(environment));
}
