#ifndef DWELL_RECORD_MAPS_PRIVATE_H
#define DWELL_RECORD_MAPS_PRIVATE_H

#include "drain/map.h"
#include "files.h"
#include "homes.h"
#include "maps.h"

struct maps_process {
	struct dwell_unwind_range *ranges; /* executable, ascending */
	size_t count, room;
	struct dwell_area_list list;     /* the same, for whoever walks */
	struct dwell_process_slot *slot; /* NULL: it writes to no session */
	uint32_t slot_generation;
	uint32_t number; /* of the list */
	bool borrowed;   /* the list is that of the process that made this one */
	uint32_t epoch;  /* how often it began another program */
	bool read;
	bool compiles; /* it has code that no file holds */
	bool wanted;   /* to be read again when the pause is over */
	uint32_t pid;
	struct dwell_hotspot_tables hotspot; /* in its memory; zero: it has none */
	uint64_t java;   /* offset in the area of how to read Java's frames; 0: not (yet) known */
	bool no_java;    /* it will not be */
	bool parks;      /* it has a parking lot of CPython's */
	uint64_t met_ns; /* when the slot was */
	uint64_t read_ns, pause_ns;
};

struct dwell_maps {
	struct dwell_registry *registry;
	struct dwell_area *area;
	struct dwell_files *files;
	struct dwell_homes homes;
	struct dwell_map told;          /* process and program, hash of the mapping -> its id */
	struct maps_process *processes; /* by id - 1 */
	size_t process_room;
	uint32_t lists;  /* ever made */
	bool wanted;     /* something of some process */
	bool hotspots;   /* there was a process that has one */
	bool lots;       /* and of CPython's parking lots */
	uint64_t now_ns; /* when the pass began: what is read now was not read before */
};

/* NULL: no memory. */
struct maps_process *maps_process_of(struct dwell_maps *maps, uint32_t id);

/* Whether it may be executed there. */
bool maps_holds(const struct maps_process *process, uint64_t address);

/* cut: the stack ended too early, maybe in code that was mapped since. true: what is mapped was
 * read again. */
bool maps_cover(struct dwell_maps *maps, uint32_t pid, uint32_t id, const uint64_t *addresses,
	size_t count, bool cut, uint64_t now_ns);

/* Code is there that was not when what is mapped was read. true: that was read again; else it will
 * be soon. */
bool maps_look_again(struct dwell_maps *maps, uint32_t pid, uint32_t id, uint64_t now_ns);

#endif
