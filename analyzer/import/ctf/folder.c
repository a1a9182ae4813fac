#include "import/ctf/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dwell/error.h"

enum { DEPTH = 5, PATH = 4096, ENTRIES = 4096 };

static bool is_metadata(const char *path)
{
	static const uint8_t packed[2][4] = { { 0x57, 0x1d, 0xd1, 0x75 },
		{ 0x75, 0xd1, 0x1d, 0x57 } };
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char head[16] = "";
	struct stat about;
	ssize_t got = -1;

	if (fd < 0)
		return false;
	if (!fstat(fd, &about) && S_ISREG(about.st_mode))
		got = read(fd, head, sizeof(head));
	close(fd);
	return (got >= 4 && (!memcmp(head, packed[0], 4) || !memcmp(head, packed[1], 4))) ||
	       (got >= 8 && !memcmp(head, "/* CTF 1", 8));
}

bool ctf_folder_is(const char *path)
{
	char file[PATH];

	return snprintf(file, sizeof(file), "%s/metadata", path) < (int)sizeof(file) &&
	       is_metadata(file);
}

static uint64_t size_of(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	uint64_t bytes = 0;
	struct stat about;

	while (folder && (entry = readdir(folder)))
		if (!fstatat(dirfd(folder), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) &&
			S_ISREG(about.st_mode))
			bytes += (uint64_t)about.st_size;
	if (folder)
		closedir(folder);
	return bytes;
}

static int add(struct ctf_folders *folders, const char *path)
{
	char **wider = realloc(folders->paths, (folders->count + 1) * sizeof(*wider));

	if (!wider)
		return DWELL_ENOMEM;
	folders->paths = wider;
	wider[folders->count] = strdup(path);
	if (!wider[folders->count])
		return DWELL_ENOMEM;
	folders->count++;
	folders->bytes += size_of(path);
	return DWELL_OK;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* LTTng puts its traces into kernel, ust/uid/NUMBER/BITS and ust/pid/NAME: not all of a disk is
 * looked through for them. */
static bool may_hold(const char *name, int depth)
{
	if (depth == 0)
		return !strcmp(name, "kernel") || !strcmp(name, "ust");
	return depth > 1 || !strcmp(name, "uid") || !strcmp(name, "pid");
}

static int find(struct ctf_folders *folders, const char *path, size_t limit, int depth)
{
	struct dirent **entries = NULL;
	char inner[PATH];
	int err = DWELL_OK, count;

	if (folders->count >= limit)
		return DWELL_OK;
	if (ctf_folder_is(path))
		return add(folders, path);
	if (depth == DEPTH || (count = scandir(path, &entries, visible, by_name)) < 0)
		return DWELL_OK;
	for (int i = 0; i < count; i++) {
		struct stat about;

		if (!err && i < ENTRIES && may_hold(entries[i]->d_name, depth) &&
			snprintf(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name) <
				(int)sizeof(inner) &&
			!lstat(inner, &about) && S_ISDIR(about.st_mode))
			err = find(folders, inner, limit, depth + 1);
		free(entries[i]);
	}
	free(entries);
	return err;
}

int ctf_folders_find(struct ctf_folders *folders, const char *path, size_t limit)
{
	*folders = (struct ctf_folders){ .paths = NULL };
	return find(folders, path, limit, 0);
}

void ctf_folders_release(struct ctf_folders *folders)
{
	for (size_t i = 0; i < folders->count; i++)
		free(folders->paths[i]);
	free(folders->paths);
	*folders = (struct ctf_folders){ .paths = NULL };
}
