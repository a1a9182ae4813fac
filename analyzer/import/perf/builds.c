#include "import/perf/builds.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"

enum {
	/* Each mapping is compared with them one by one. */
	MOST_BUILDS = 4096,
	MISC_HAS_SIZE = 1 << 15
};

/* pid, 20 bytes of id, 1 of its size (in newer files) and 3 of nothing, path. */
static int add(struct perf_builds *builds, uint16_t misc, struct perf_wire in)
{
	struct perf_build *all, *build;
	struct perf_wire id;

	if (!perf_skip(&in, 4) || !perf_take(&in, 24, &id) || !in.left)
		return DWELL_OK;
	all = realloc(builds->all, (builds->count + 1) * sizeof(*all));
	if (!all)
		return DWELL_ENOMEM;
	builds->all = all;
	build = &all[builds->count];
	*build = (struct perf_build){ .size = PERF_BUILD_ID };
	if (misc & MISC_HAS_SIZE && id.at[PERF_BUILD_ID] <= PERF_BUILD_ID)
		build->size = id.at[PERF_BUILD_ID];
	memcpy(build->id, id.at, PERF_BUILD_ID);
	build->path = strndup((const char *)in.at, in.left);
	if (!build->path)
		return DWELL_ENOMEM;
	builds->count++;
	return DWELL_OK;
}

int perf_builds_read(struct perf_builds *builds, struct perf_wire in)
{
	struct perf_wire header, body;
	int err = DWELL_OK;

	while (!err && builds->count < MOST_BUILDS && perf_take(&in, 8, &header)) {
		const uint16_t size = perf_get16(header.at + 6, in.big);

		if (size < 8 || !perf_take(&in, size - 8u, &body))
			break;
		err = add(builds, perf_get16(header.at + 4, in.big), body);
	}
	return err;
}

void perf_builds_release(struct perf_builds *builds)
{
	for (size_t i = 0; i < builds->count; i++)
		free(builds->all[i].path);
	free(builds->all);
	*builds = (struct perf_builds){ .all = NULL };
}

const struct perf_build *perf_builds_find(
	const struct perf_builds *builds, const char *path, size_t size)
{
	for (size_t i = 0; i < builds->count; i++)
		if (!strncmp(builds->all[i].path, path, size) && !builds->all[i].path[size])
			return &builds->all[i];
	return NULL;
}
