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
	THREAD_OBJECT,
	OBJECT_BASE,
	OBJECT_SHIFT,
	OBJECT_CLASS,
	CLASS_BASE,
	CLASS_SHIFT,
	CLASS_SUPER,
	CLASS_POOL,
	CLASS_FIELDS,
	CLASS_FIELD_COUNT,
	FLAGS,
	FLAG_COUNT,
	FLAG_NAME,
	FLAG_VALUE,
	HOTSPOT_FIELDS
};

/* Java's heap, as far as locks of java.util.concurrent need it. */
struct hotspot_heap {
	bool is_known, by_handle; /* by_handle: threads have handles of their objects */
	bool narrow_objects, narrow_classes;
	uint64_t object_base, class_base;
	unsigned object_shift, class_shift;
	uint64_t synchronizer; /* that class; 0: none was met so far */
	struct {
		uint64_t class;
		bool is_one;
	} met[16]; /* by address */
	uint32_t blocker_at,
		owner_at; /* fields of threads, of synchronizers; 0: not known so far */
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
	uint64_t const_size, pool_size, flag_size; /* of the structures */
	struct hotspot_heap heap;
	struct dwell_map frames; /* hash, pid -> number of the named frame */
	uint32_t named;
	struct java_thread *threads;
	size_t count;
};

/* 0 where nothing can be read. */
uint64_t hotspot_word(const struct dwell_hotspot *hotspot, uint64_t address);
uint32_t hotspot_half(const struct dwell_hotspot *hotspot, uint64_t address);

uint32_t hotspot_quarter(const struct dwell_hotspot *hotspot, uint64_t address);

/* How many bytes of a symbol; 0: it is none, or has no room. */
size_t hotspot_symbol(const struct dwell_hotspot *hotspot, uint64_t symbol, char *out, size_t room);
uint64_t hotspot_constant(const struct dwell_hotspot *hotspot, uint64_t pool, uint32_t index);

/* Once the fields are known. */
void hotspot_learn_heap(struct dwell_hotspot *hotspot);
/* Where in the heap a thread's object is; 0: not known. */
uint64_t hotspot_thread_object(
	const struct dwell_hotspot *hotspot, const struct java_thread *thread);
/*
 * The lock of java.util.concurrent that a thread, whose object is given, is parked for; 0: for
 * none. *owner: the object of the thread that owns it, 0: none alone.
 */
uint64_t hotspot_lock(struct dwell_hotspot *hotspot, uint64_t object, uint64_t *owner);

/* Learn where what lies in that process, unless it is the one that was looked at last. */
void hotspot_meet(
	struct dwell_hotspot *hotspot, const struct dwell_hotspot_tables *tables, uint32_t pid);

#endif
