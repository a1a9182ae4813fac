#ifndef DWELL_RECORD_HOTSPOT_PRIVATE_H
#define DWELL_RECORD_HOTSPOT_PRIVATE_H

#include "drain/map.h"
#include "hotspot.h"

/* What its own tables say: addresses of what is static, offsets of what is not. */
enum hotspot_field {
	THREAD_LIST,
	LIST_LENGTH,
	LIST_THREADS,
	THREAD_SYSTEM,
	THREAD_PENDING,
	THREAD_STACK_BASE,
	THREAD_STACK_SIZE,
	SYSTEM_NUMBER,
	MONITOR_OWNER,
	VERSION,
	INTERPRETER,
	QUEUE_BUFFER,
	QUEUE_LIMIT,
	METHOD_CONST,
	CONST_POOL,
	CONST_NAME,
	CONST_SIZE,
	CONST_FLAGS,
	POOL_HOLDER,
	POOL_FILE,
	CLASS_NAME,
	SYMBOL_LENGTH,
	SYMBOL_BODY,
	HOTSPOT_FIELDS
};

struct java_thread {
	uint64_t at;
	uint32_t number;  /* as its process has it */
	uint32_t tid;     /* once it was found to wait; as we have it */
	uint64_t monitor; /* for which */
};

struct dwell_hotspot {
	struct dwell_registry *registry;
	uint32_t pid; /* of the process that is looked at */
	bool knows_monitors, knows_frames;
	uint64_t fields[HOTSPOT_FIELDS];
	uint64_t const_size, pool_size; /* of the structures */
	struct dwell_map frames;        /* hash, pid -> number of the named frame */
	uint32_t named;
	struct java_thread *threads;
	size_t count;
};

/* 0 where nothing can be read. */
uint64_t hotspot_word(const struct dwell_hotspot *hotspot, uint64_t address);
uint32_t hotspot_half(const struct dwell_hotspot *hotspot, uint64_t address);

/* Learn where what lies in that process, unless it is the one that was looked at last. */
void hotspot_meet(
	struct dwell_hotspot *hotspot, const struct dwell_hotspot_tables *tables, uint32_t pid);

#endif
