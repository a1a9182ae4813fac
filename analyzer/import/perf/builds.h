#ifndef DWELL_IMPORT_PERF_BUILDS_H
#define DWELL_IMPORT_PERF_BUILDS_H

#include <stddef.h>
#include <stdint.h>

#include "import/perf/wire.h"

enum { PERF_BUILD_ID = 20 };

/* The build-ids of files, by path: perf notes them at the end for those that samples hit. */
struct perf_build {
	char *path;
	uint8_t id[PERF_BUILD_ID];
	uint8_t size;
};

struct perf_builds {
	struct perf_build *all;
	size_t count;
};

/* Read the section of build-ids; what is damaged is left out. DWELL_ENOMEM. */
int perf_builds_read(struct perf_builds *builds, struct perf_wire in);
void perf_builds_release(struct perf_builds *builds);

/* NULL: not known. */
const struct perf_build *perf_builds_find(
	const struct perf_builds *builds, const char *path, size_t size);

#endif
