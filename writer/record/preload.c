#include "preload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dwell/error.h"
#include "program.h"

/* A wait that lasted this long gets a stack; a call that lasted less is not recorded. */
#define STACK_NS UINT64_C(10000)
#define CALL_NS UINT64_C(5000)

static const char *const library_places[] = { "../lib/libdwell-preload.so",
	"../lib/dwell/libdwell-preload.so", "../" DWELL_LIBDIR "/dwell/libdwell-preload.so" };

static const char link_folder[] = "/tmp/dwell-XXXXXX";
static const char sessions[] = "/dev/shm";

bool dwell_preload_library(char *out)
{
	char self[PATH_MAX], path[PATH_MAX + 64];
	const ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (size <= 0)
		return false;
	self[size] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < sizeof(library_places) / sizeof(*library_places); i++) {
		snprintf(path, sizeof(path), "%s/%s", self, library_places[i]);
		if (realpath(path, out))
			return true;
	}
	return false;
}

/* The loader splits its list at spaces and colons: then a link stands for the library. */
static bool name_library(struct dwell_preload *preload, const char *path)
{
	if (!strpbrk(path, " :") && strlen(path) < sizeof(preload->library)) {
		snprintf(preload->library, sizeof(preload->library), "%.255s", path);
		return true;
	}
	memcpy(preload->link_folder, link_folder, sizeof(link_folder));
	if (!mkdtemp(preload->link_folder)) {
		preload->link_folder[0] = '\0';
		return false;
	}
	(void)chmod(preload->link_folder, 0755);
	snprintf(preload->library, sizeof(preload->library), "%.63s/libdwell-preload.so",
		preload->link_folder);
	return symlink(path, preload->library) == 0;
}

/* Remove a folder of ours and the session in it. */
static void remove_session(const char *name)
{
	char folder[PATH_MAX], path[PATH_MAX];
	const struct dirent *entry;
	DIR *open;

	snprintf(folder, sizeof(folder), "%s/%s", sessions, name);
	open = opendir(folder);
	while (open && (entry = readdir(open)))
		if (entry->d_name[0] != '.' && snprintf(path, sizeof(path), "%s/%s", folder,
						       entry->d_name) < (int)sizeof(path))
			(void)unlink(path);
	if (open)
		closedir(open);
	(void)rmdir(folder);
}

/* A recorder that was killed leaves its session behind, and that is memory. */
static void sweep(void)
{
	DIR *folder = opendir(sessions);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		struct stat status;
		char *end;
		long pid;

		if (strncmp(entry->d_name, "dwell-", 6) != 0)
			continue;
		pid = strtol(entry->d_name + 6, &end, 10);
		if (pid <= 0 || *end != '-' || kill((pid_t)pid, 0) == 0 || errno != ESRCH)
			continue;
		if (fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISDIR(status.st_mode) && status.st_uid == geteuid())
			remove_session(entry->d_name);
	}
	if (folder)
		closedir(folder);
}

/*
 * Programs that run as other users may not open our descriptors: for them the session is a file.
 * Its folder cannot be listed and its name cannot be guessed, so it is open to whom we told it.
 */
static const char *make_place(struct dwell_preload *preload)
{
	uint64_t random[2];

	sweep();
	snprintf(preload->folder, sizeof(preload->folder), "%s/dwell-%ld-XXXXXX", sessions,
		(long)getpid());
	if (getrandom(random, sizeof(random), 0) != sizeof(random) || !mkdtemp(preload->folder) ||
		chmod(preload->folder, 0711) != 0) {
		preload->folder[0] = '\0';
		return NULL;
	}
	snprintf(preload->place, sizeof(preload->place), "%.63s/%016llx%016llx", preload->folder,
		(unsigned long long)random[0], (unsigned long long)random[1]);
	return preload->place;
}

static int make_session(struct dwell_preload *preload, const struct dwell_preload_options *options)
{
	struct dwell_session_options session = { 0 };
	const char *path = options->other_users ? make_place(preload) : NULL;
	int err;

	session.flags |= options->machine ? DWELL_SESSION_TASKS : DWELL_SESSION_RELEASES;
	if (options->stacks)
		session.flags |= DWELL_SESSION_STACKS;
	if (options->all_locks)
		session.flags |= DWELL_SESSION_ALL_LOCKS;
	err = dwell_session_make(&preload->session, &preload->fd, path, &session,
		options->stack_wait_ns ? options->stack_wait_ns : STACK_NS,
		options->call_wait_ns ? options->call_wait_ns : CALL_NS);
	if (err)
		return err;
	if (path)
		return fchmod(preload->fd, 0666) == 0 ? 0 : DWELL_EIO;
	snprintf(preload->place, sizeof(preload->place), "/proc/%ld/fd/%d", (long)getpid(),
		preload->fd);
	return 0;
}

static void make_environment(struct dwell_preload *preload, const char *first)
{
	const char *theirs = getenv("LD_PRELOAD");

	snprintf(preload->preload_text, sizeof(preload->preload_text), "LD_PRELOAD=%s%s%s%s%s",
		first, *first ? ":" : "", preload->library, theirs && *theirs ? ":" : "",
		theirs ? theirs : "");
	snprintf(preload->session_text, sizeof(preload->session_text), DWELL_SESSION_ENV "=%s",
		preload->place);
	preload->environment[0] = preload->preload_text;
	preload->environment[1] = preload->session_text;
}

int dwell_preload_open(struct dwell_preload *preload, const struct dwell_preload_options *options)
{
	char path[PATH_MAX];
	struct dwell_program program;
	const char *why;
	int err;

	*preload = (struct dwell_preload){ .fd = -1 };
	dwell_program_look(options->command, &program);
	why = dwell_program_why(&program);
	if (!why && !dwell_preload_library(path))
		why = "libdwell-preload.so is not where it should be";
	if (!why && !name_library(preload, path))
		why = "its path cannot be given to the loader";
	if (why) {
		snprintf(preload->why, sizeof(preload->why), "%s: %s", options->command, why);
		return 0;
	}
	errno = 0;
	err = make_session(preload, options);
	if (err) {
		snprintf(preload->why, sizeof(preload->why), "shared memory: %s", strerror(errno));
		return 0;
	}
	make_environment(preload, program.sanitizer);
	return 0;
}

void dwell_preload_close(struct dwell_preload *preload)
{
	dwell_session_unmap(&preload->session);
	if (preload->fd > 0)
		close(preload->fd);
	if (preload->folder[0]) {
		(void)unlink(preload->place);
		(void)rmdir(preload->folder);
	}
	if (preload->link_folder[0]) {
		(void)unlink(preload->library);
		(void)rmdir(preload->link_folder);
	}
}
