#ifndef DWELL_DRAIN_REGISTRY_PRIVATE_H
#define DWELL_DRAIN_REGISTRY_PRIVATE_H

#include "map.h"
#include "registry.h"

struct dwell_registry_text {
	char *at;
	size_t size;
};

struct dwell_registry_count {
	uint32_t count, room;
};

enum { DWELL_REGISTRY_MEMO = 1024 };

struct dwell_registry {
	struct dwell_sink *sink;
	int error;
	struct dwell_registry_count processes, tasks, objects, mappings, locations;
	uint32_t executors, stacks, labels, counters;
	struct registry_process {
		int64_t pid;
		uint32_t parent;
		struct dwell_registry_text name, command;
		bool recorded;
		bool ended; /* and told as it was last */
	} * process;
	struct registry_task {
		struct dwell_registry_task what; /* its name is in `name` */
		uint8_t kind;
		int64_t tid;
		uint64_t native_id;
		struct dwell_registry_text name;
		bool begun;
	} * task;
	struct registry_object {
		uint64_t native_id;
		uint32_t process;
		uint8_t kind;
		bool named;
	} * object;
	struct registry_mapping {
		uint64_t start, end;
		uint32_t process;
		uint32_t before; /* the mapping of this process that was told before, or 0 */
	} * mapping;
	struct registry_location {
		uint64_t address;
		uint32_t process, mapping;
	} * location;
	struct dwell_map by_pid, by_tid, by_cpu, by_object, by_address, by_stack, by_label,
		by_counter, last_mapping;
	/* Objects that were asked for lately. */
	struct registry_memo {
		uint64_t native_id, space;
		uint32_t id; /* 0: none */
	} memo[DWELL_REGISTRY_MEMO];
};

/* Where it is kept which id an object has, if it was asked for lately; others may be kept there. */
static inline struct registry_memo *dwell_registry_memo(
	struct dwell_registry *registry, uint64_t space, uint64_t native_id)
{
	const uint64_t hash = (native_id ^ space << 48) * UINT64_C(0x9e3779b97f4a7c15);

	return &registry->memo[(hash >> 32) % DWELL_REGISTRY_MEMO];
}

/* Of which process and of what kind, in one number. */
static inline uint64_t dwell_registry_space(uint32_t process, uint8_t kind)
{
	return (uint64_t)process << 8 | kind;
}

/* As dwell_registry_object, for who asks often. */
static inline uint32_t dwell_registry_known(
	struct dwell_registry *registry, uint32_t process, uint8_t kind, uint64_t native_id)
{
	const uint64_t space = dwell_registry_space(process, kind);
	const struct registry_memo *memo = dwell_registry_memo(registry, space, native_id);

	return memo->id && memo->native_id == native_id && memo->space == space
		       ? memo->id
		       : dwell_registry_object(registry, process, kind, native_id);
}

/* Keep the first error. */
void dwell_registry_note(struct dwell_registry *registry, int err);

/* Room for one more element. */
bool dwell_registry_grow(
	void **array, struct dwell_registry_count *count, size_t size, uint32_t most);

/* Take over a text that is not empty; true when it is another one. */
bool dwell_registry_keep(struct dwell_registry_text *text, struct dwell_string value);

#endif
