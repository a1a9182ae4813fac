#include "homes.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drain/grow.h"
#include "proc.h"

enum { MOST_HOMES = 256 };

void dwell_homes_release(struct dwell_homes *homes)
{
	for (size_t i = 0; i < homes->count; i++)
		if (homes->all[i].folder >= 0)
			close(homes->all[i].folder);
	free(homes->all);
	dwell_map_release(&homes->by_pid);
	*homes = (struct dwell_homes){ .all = NULL };
}

static struct dwell_home *home_of(struct dwell_homes *homes, uint32_t pid)
{
	const uint32_t known = dwell_map_get(&homes->by_pid, pid, 0);

	if (known != 0)
		return &homes->all[known - 1];
	if (homes->count == MOST_HOMES)
		return NULL;
	if (!dwell_grow((void **)&homes->all, homes->count, &homes->room, sizeof(*homes->all), 8))
		return NULL;
	if (dwell_map_set(&homes->by_pid, pid, 0, (uint32_t)homes->count + 1) != 0)
		return NULL;
	homes->all[homes->count] = (struct dwell_home){ .folder = -1, .inside = pid };
	return &homes->all[homes->count++];
}

/* Keep the folder within reach, if it is not ours and not the one that is kept. */
static void keep(struct dwell_home *home, const char *path, const struct stat *about)
{
	if (home->folder >= 0 && home->device == about->st_dev && home->inode == about->st_ino)
		return;
	if (home->folder >= 0)
		close(home->folder);
	home->folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	home->device = about->st_dev;
	home->inode = about->st_ino;
}

void dwell_homes_look(struct dwell_homes *homes, uint32_t pid)
{
	const uint32_t inside = dwell_proc_inside(pid);
	struct stat ours, its;
	struct dwell_home *home;
	char path[64];
	bool away;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/root/tmp", pid);
	if (inside == 0 || stat(path, &its) != 0)
		return;
	away = stat("/tmp", &ours) != 0 || ours.st_dev != its.st_dev || ours.st_ino != its.st_ino;
	if (!away && inside == pid && dwell_map_get(&homes->by_pid, pid, 0) == 0)
		return;
	home = home_of(homes, pid);
	if (!home)
		return;
	home->inside = inside;
	if (away) {
		keep(home, path, &its);
	} else if (home->folder >= 0) {
		close(home->folder);
		home->folder = -1;
	}
}

void dwell_homes_jit_path(const struct dwell_homes *homes, int64_t pid, char *out, size_t size)
{
	const uint32_t known = dwell_map_get(&homes->by_pid, (uint64_t)pid, 0);
	const struct dwell_home *home = known ? &homes->all[known - 1] : NULL;

	if (home && home->folder >= 0)
		snprintf(out, size, "/proc/self/fd/%d/perf-%" PRIu32 ".map", home->folder,
			home->inside);
	else
		snprintf(out, size, "/tmp/perf-%" PRId64 ".map", home ? home->inside : pid);
}
