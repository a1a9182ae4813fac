#include "filelocks.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "proc.h"

enum { PATH_SIZE = 64, LINK_SIZE = 512, TEXT_SIZE = 2048, RANGE_SIZE = 48 };

struct search {
	/* What is looked for. */
	uint32_t waiter;
	unsigned kinds;
	bool shared;
	struct stat file;
	char name[LINK_SIZE];
	/* What was found. */
	uint32_t holder;
	bool took_it; /* it is known to be who took the lock */
	bool unsure;
	char range[RANGE_SIZE];
};

/* The last part of the path behind a descriptor: it may have another one in another container. */
static bool name_of(uint32_t pid, const char *fd, char name[LINK_SIZE])
{
	char path[PATH_SIZE + 16], link[LINK_SIZE];
	const char *last;
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%u/fd/%.20s", pid, fd);
	size = readlink(path, link, sizeof(link) - 1);
	if (size <= 0 || link[0] != '/')
		return false;
	link[size] = '\0';
	last = strrchr(link, '/');
	memcpy(name, last, strlen(last) + 1);
	return true;
}

static bool is_the_file(const char *where, const struct stat *file)
{
	char *rest;
	const unsigned long major_number = strtoul(where, &rest, 16);
	unsigned long minor_number;

	if (*rest != ':')
		return false;
	minor_number = strtoul(rest + 1, &rest, 16);
	return *rest == ':' &&
	       makedev((unsigned)major_number, (unsigned)minor_number) == file->st_dev &&
	       strtoul(rest + 1, NULL, 10) == file->st_ino;
}

static unsigned kind_of(const char *type)
{
	if (strcmp(type, "FLOCK") == 0 || strcmp(type, "OFDLCK") == 0)
		return DWELL_FILELOCK_OPEN;
	return strcmp(type, "POSIX") == 0 ? DWELL_FILELOCK_PROCESS : 0;
}

/* "lock:\t1: FLOCK  ADVISORY  WRITE 359 00:13:11691 0 EOF", of one that the process has. */
static void take_lock(struct search *search, uint32_t pid, const char *line)
{
	char type[8], mode[8], where[64], range[RANGE_SIZE];
	int taker;

	if (sscanf(line, "lock: %*d: %7s %*s %7s %d %63s %47[^\n]", type, mode, &taker, where,
		    range) != 5 ||
		(search->kinds & kind_of(type)) == 0 ||
		(search->shared && strcmp(mode, "READ") == 0) || !is_the_file(where, &search->file))
		return;
	if (search->holder != 0 && strcmp(search->range, range) != 0)
		search->unsure = true;
	if (search->holder != 0 && (search->took_it || (uint32_t)taker != pid))
		return;
	search->holder = pid;
	search->took_it = taker > 0 && (uint32_t)taker == pid;
	memcpy(search->range, range, sizeof(range));
}

static void look_at_file(struct search *search, uint32_t pid, const char *fd)
{
	char path[PATH_SIZE + 16], name[LINK_SIZE], text[TEXT_SIZE];
	const char *line = text;

	if (!name_of(pid, fd, name) || strcmp(name, search->name) != 0)
		return;
	snprintf(path, sizeof(path), "/proc/%u/fdinfo/%.20s", pid, fd);
	if (dwell_proc_read(path, text, sizeof(text)) <= 0)
		return;
	while ((line = strstr(line, "lock:")) != NULL) {
		take_lock(search, pid, line);
		line++;
	}
}

/* Of the waiter's own, who took it is not known: one thread or another. */
static void look_at_process(void *context, uint32_t pid)
{
	struct search *search = context;
	char path[PATH_SIZE];
	struct dirent *entry;
	DIR *folder;

	if (pid == search->waiter)
		return;
	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	folder = opendir(path);
	while (folder && (entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.')
			look_at_file(search, pid, entry->d_name);
	if (folder)
		closedir(folder);
}

uint32_t dwell_filelocks_holder(uint32_t waiter, uint32_t fd, bool shared, unsigned kinds)
{
	struct search search = { .waiter = waiter, .kinds = kinds, .shared = shared };
	char path[PATH_SIZE], number[16];

	snprintf(number, sizeof(number), "%u", fd);
	snprintf(path, sizeof(path), "/proc/%u/fd/%u", waiter, fd);
	if (!name_of(waiter, number, search.name) || stat(path, &search.file) != 0)
		return 0;
	dwell_proc_each_process(look_at_process, &search);
	return search.unsure ? 0 : search.holder;
}
