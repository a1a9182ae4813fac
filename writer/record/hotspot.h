#ifndef DWELL_RECORD_HOTSPOT_H
#define DWELL_RECORD_HOTSPOT_H

#include <stdbool.h>
#include <stdint.h>

#include "drain/registry.h"
#include "maps.h"
#include "memory.h"

/*
 * Who has the lock that a thread of HotSpot's waits for, read from outside: a monitor (Java's
 * `synchronized`), or one of java.util.concurrent that knows its owner. Where what lies the virtual
 * machine says itself, for its own debuggers: a table of its structures' fields (JDK 10 and later;
 * of java.util.concurrent up to 20, and not with collectors that move objects while Java runs).
 */

/* Where its tables of fields and types are pointed to; 0: it is none. */
struct dwell_hotspot_tables {
	uint64_t fields, types;
};

/* In a file. */
void dwell_hotspot_read(struct dwell_hotspot_tables *out, int fd);

struct dwell_hotspot;

/* The registry gets the names of frames; it must outlive it. DWELL_ENOMEM. */
int dwell_hotspot_new(struct dwell_hotspot **out, struct dwell_registry *registry);
void dwell_hotspot_free(struct dwell_hotspot *hotspot);

struct dwell_hotspot_wait {
	uint64_t lock;
	uint64_t at;             /* a word that is `lock` while it waits, of a monitor */
	uint32_t thread, holder; /* numbers in the process's namespace; 0: not known */
	bool is_monitor;
};

/* Does the thread wait for one? tables: in the process. */
bool dwell_hotspot_find(struct dwell_hotspot *hotspot, const struct dwell_hotspot_tables *tables,
	const struct dwell_still *still, struct dwell_hotspot_wait *out);

/* Frames of the interpreter become those of Java's methods, one each. waits: to enter a monitor. */
void dwell_hotspot_frames(struct dwell_hotspot *hotspot, const struct dwell_hotspot_tables *tables,
	const struct dwell_still *still, bool waits, struct dwell_maps_walk *walk);

/* The thread was found to wait for a monitor: and waits still. */
bool dwell_hotspot_waits(const struct dwell_hotspot *hotspot, uint32_t tid);

/* All threads that wait for one, without holders; *out is to be freed. DWELL_ENOMEM. */
int dwell_hotspot_survey(struct dwell_hotspot *hotspot, const struct dwell_hotspot_tables *tables,
	uint32_t pid, struct dwell_hotspot_wait **out, size_t *count);

#endif
