#ifndef DWELL_LIMITS_H
#define DWELL_LIMITS_H

/*
 * Every cap that readers enforce, each with its reason. A count or size from a
 * file is also capped by the bytes that are left to hold it, before anything is allocated.
 */
enum {
	/* A stack deeper than this tells nothing more; deeper ones are stored cut, flagged
	   truncated. */
	DWELL_MAX_FRAMES = 256,
	/* A C++ name of templates may be long; more is an attack or an error. */
	DWELL_MAX_STRING = 1 << 16,
	DWELL_MAX_INLINE_LINES = 64,
	/* Ids index arrays in every consumer: a hostile id must not allocate by itself. */
	DWELL_MAX_TASKS = 1 << 24,
	DWELL_MAX_EXECUTORS = 1 << 16,
	DWELL_MAX_OBJECTS = 1 << 26,
	DWELL_MAX_STACKS = 1 << 26,
	DWELL_MAX_LOCATIONS = 1 << 26,
	DWELL_MAX_LABELS = 1 << 24,
	DWELL_MAX_COUNTERS = 1 << 16,
	DWELL_MAX_PROCESSES = 1 << 24,
	/* Rows of one chunk: a reader holds its columns, at most 96 bytes a row. */
	DWELL_MAX_CHUNK_ROWS = 1 << 18,
	/* A chunk of tables or a keyframe, decompressed: beyond the largest definition there can
	   be. */
	DWELL_MAX_TABLES_BYTES = 1 << 26,
	/* An index, decompressed: some 10 bytes for 65,536 rows. */
	DWELL_MAX_INDEX_BYTES = 1 << 26
};

#endif
