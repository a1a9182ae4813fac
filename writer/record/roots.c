#include "roots.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "drain/grow.h"
#include "dwell/error.h"
#include "proc.h"

/* Groups lie in groups: deeper than systemd's slices and a container's own can be. */
enum { DEEPEST = 32 };

struct family {
	struct member {
		uint32_t pid, parent;
		bool inside;
	} * members;
	size_t count, room;
};

static void add(void *context, uint32_t pid)
{
	struct family *family = context;

	if (!dwell_grow((void **)&family->members, family->count, &family->room,
		    sizeof(*family->members), 256))
		return;
	family->members[family->count++] =
		(struct member){ .pid = pid, .parent = dwell_proc_parent(pid) };
}

static bool is_inside(const struct family *family, uint32_t pid)
{
	for (size_t i = 0; i < family->count; i++)
		if (family->members[i].pid == pid)
			return family->members[i].inside;
	return false;
}

/* Those whose parent is found inside; false: none was added. */
static bool spread(struct family *family)
{
	bool more = false;

	for (size_t i = 0; i < family->count; i++) {
		struct member *member = &family->members[i];

		if (member->inside || !is_inside(family, member->parent))
			continue;
		member->inside = true;
		more = true;
	}
	return more;
}

void dwell_roots_tree(uint32_t pid, void (*tell)(void *context, uint32_t pid), void *context)
{
	struct family family = { 0 };

	tell(context, pid);
	dwell_proc_each_process(add, &family);
	for (size_t i = 0; i < family.count; i++)
		family.members[i].inside = family.members[i].pid == pid;
	while (spread(&family))
		;
	for (size_t i = 0; i < family.count; i++)
		if (family.members[i].inside && family.members[i].pid != pid)
			tell(context, family.members[i].pid);
	free(family.members);
}

static bool is_group(const char *path)
{
	char procs[PATH_MAX + 16];

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	return access(procs, R_OK) == 0;
}

int dwell_roots_find_cgroup(const char *name, char *out)
{
	static const char *const places[] = { "", "/sys/fs/cgroup/", "/sys/fs/cgroup/unified/" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (snprintf(out, PATH_MAX, "%s%s", places[i], name) < PATH_MAX && is_group(out))
			return 0;
	}
	return DWELL_EINVAL;
}

static size_t each_process(
	const char *path, void (*tell)(void *context, uint32_t pid), void *context)
{
	char procs[PATH_MAX + 16];
	size_t count = 0;
	unsigned pid;
	FILE *file;

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	file = fopen(procs, "re");
	if (!file)
		return 0;
	/* Processes of a namespace that we do not see are 0. */
	for (; fscanf(file, "%u", &pid) == 1; count += pid != 0)
		if (pid != 0)
			tell(context, pid);
	fclose(file);
	return count;
}

static size_t each_below(
	const char *path, unsigned depth, void (*tell)(void *context, uint32_t pid), void *context)
{
	size_t count = each_process(path, tell, context);
	DIR *folder = depth < DEEPEST ? opendir(path) : NULL;
	const struct dirent *entry;
	char below[PATH_MAX];

	while (folder && (entry = readdir(folder))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
			snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >=
				(int)sizeof(below))
			continue;
		count += each_below(below, depth + 1, tell, context);
	}
	if (folder)
		closedir(folder);
	return count;
}

size_t dwell_roots_cgroup(
	const char *path, void (*tell)(void *context, uint32_t pid), void *context)
{
	return each_below(path, 0, tell, context);
}
