#ifndef DWELL_IMPORT_PERF_STACKS_H
#define DWELL_IMPORT_PERF_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/sink.h"
#include "dwell/symbol.h"
#include "import/perf/table.h"
#include "import/perf/wire.h"

/* A file mapped into a process, as a record said it. */
struct perf_map {
	uint64_t start, end, file_offset;
	uint8_t build_id[20];
	uint8_t build_id_size;
	bool kernel;
	bool same_file; /* what lies at its path here is what was mapped */
	uint32_t path_size;
	char *path;
};

struct perf_mapped;

/* Where a location lies, to be symbolized at the end. */
struct perf_place {
	uint64_t address;
	uint32_t mapping;
	int32_t pid;
};

/* One address space at a time: a process's mappings, until one is added. */
struct perf_space {
	struct perf_mapped *maps; /* newest last */
	uint32_t count, room;
	uint32_t id;
};

/*
 * Call chains, mappings and what they become in the trace. A chain is interned as its record is
 * read; which stack it is depends on what was mapped at that time, and is found when its turn
 * comes.
 */
struct perf_stacks {
	uint64_t *frames; /* of all chains: count, addresses */
	size_t used, room;
	struct perf_table chains, stacks, locations;
	struct perf_space *spaces; /* by slot of the process's first thread; 0: the kernel */
	uint32_t space_count;
	uint32_t next_space;
	uint32_t mappings, location_ids, stack_ids;
	uint64_t refused; /* chains beyond the limit */
	struct dwell_symbol *symbol;
	struct perf_place *places; /* by location id - 1 */
	size_t place_room;
};

int perf_stacks_init(struct perf_stacks *stacks);
void perf_stacks_release(struct perf_stacks *stacks);

/* The number of a chain of `in.left / 8` addresses; 0: none, or beyond the limit. */
int perf_stacks_chain(struct perf_stacks *stacks, struct perf_wire in, uint32_t *out);

/* From now on mapped into the process (0: the kernel). Takes over map's path. */
int perf_stacks_map(struct perf_stacks *stacks, uint32_t process, struct perf_map *map);
/* The process runs another program, or is made as a copy of another. */
void perf_stacks_exec(struct perf_stacks *stacks, uint32_t process);
int perf_stacks_fork(struct perf_stacks *stacks, uint32_t child, uint32_t parent);

/* Whose address space a chain is of. */
struct perf_owner {
	uint32_t process; /* slot of its first thread */
	uint32_t id;      /* of the process in the trace */
	int32_t pid;
};

/* The stack that a chain is in a process now, defined with all it needs; 0 for chain 0. */
int perf_stacks_resolve(struct perf_stacks *stacks, uint32_t chain, struct perf_owner owner,
	struct dwell_sink *sink, uint32_t *out);

/* Tell again the locations of which the files are here, with their lines. */
int perf_stacks_symbolize(struct perf_stacks *stacks, struct dwell_sink *sink);

#endif
