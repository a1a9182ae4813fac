#include "maps.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drain/grow.h"
#include "dwell/error.h"
#include "hotspot_code.h"
#include "maps_private.h"
#include "python.h"

/* Addresses that lie nowhere must not make us read again and again: the pause doubles each time
 * that nothing new was found. */
#define PAUSE_LEAST_NS UINT64_C(25000000)
#define PAUSE_MOST_NS UINT64_C(1600000000)

enum { MOST_RANGES = 65536 };

int dwell_maps_new(
	struct dwell_maps **out, struct dwell_registry *registry, struct dwell_area *area)
{
	struct dwell_maps *maps = calloc(1, sizeof(*maps));

	if (!maps)
		return DWELL_ENOMEM;
	maps->registry = registry;
	maps->area = area;
	*out = maps;
	return dwell_files_new(&maps->files, area);
}

void dwell_maps_free(struct dwell_maps *maps)
{
	if (!maps)
		return;
	for (size_t i = 0; i < maps->process_room; i++)
		free(maps->processes[i].ranges);
	dwell_map_release(&maps->told);
	dwell_files_free(maps->files);
	dwell_homes_release(&maps->homes);
	free(maps->processes);
	free(maps);
}

struct maps_process *maps_process_of(struct dwell_maps *maps, uint32_t id)
{
	if (id == 0)
		return NULL;
	if (id > maps->process_room) {
		const size_t room = (size_t)id * 2;
		struct maps_process *larger = realloc(maps->processes, room * sizeof(*larger));

		if (!larger)
			return NULL;
		memset(larger + maps->process_room, 0,
			(room - maps->process_room) * sizeof(*larger));
		maps->processes = larger;
		maps->process_room = room;
	}
	return &maps->processes[id - 1];
}

static uint64_t hash_text(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return hash;
}

static void add_range(struct maps_process *process, const struct dwell_unwind_range *range)
{
	if (process->count < MOST_RANGES && dwell_grow((void **)&process->ranges, process->count,
						    &process->room, sizeof(*range), 32))
		process->ranges[process->count++] = *range;
}

static void tell_mapping(struct dwell_maps *maps, uint32_t id, const char *line,
	const struct dwell_files_mapping *mapping, const struct dwell_file *file)
{
	const uint64_t owner = id | (uint64_t)maps->processes[id - 1].epoch << 32;
	const uint64_t hash = hash_text(line);
	struct dwell_mapping definition = { .process = id,
		.start = mapping->start,
		.end = mapping->end,
		.file_offset = mapping->offset };

	if (dwell_map_get(&maps->told, owner, hash) != 0)
		return;
	if (file)
		definition.build_id =
			(struct dwell_string){ (const char *)file->build_id, file->build_id_size };
	definition.path = (struct dwell_string){ mapping->path, strlen(mapping->path) };
	(void)dwell_map_set(
		&maps->told, owner, hash, dwell_registry_mapping(maps->registry, &definition));
}

/* Four of five lines are no code, and are read no further. */
static bool is_code(const char *line)
{
	const char *permissions = strchr(line, ' ');

	return permissions && strnlen(permissions, 5) == 5 && permissions[3] == 'x';
}

/* One line of /proc/PID/maps. */
static void take_line(struct dwell_maps *maps, uint32_t pid, uint32_t id, const char *line)
{
	struct dwell_files_mapping mapping = { .pid = pid };
	struct dwell_unwind_range range;
	const struct dwell_file *file;
	int path_at = 0;

	if (!is_code(line) ||
		sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %*s %*s %n", &mapping.start,
			&mapping.end, &mapping.offset, &path_at) < 3 ||
		path_at == 0)
		return;
	mapping.path = line + path_at;
	/* Device, inode and path follow the offset. */
	mapping.identity = strchr(line, ' ') + 1;
	mapping.identity = strchr(mapping.identity, ' ') + 1;
	mapping.identity = strchr(mapping.identity, ' ') + 1;
	file = dwell_files_get(maps->files, &mapping);
	range = dwell_file_range(file, &mapping);
	add_range(&maps->processes[id - 1], &range);
	if (file && file->hotspot.fields != 0) {
		maps->hotspots = true;
		maps->processes[id - 1].hotspot =
			(struct dwell_hotspot_tables){ file->hotspot.fields + range.bias,
				file->hotspot.types + range.bias };
	}
	if (file && file->python && file->python->park != 0)
		maps->lots = maps->processes[id - 1].parks = true;
	if (mapping.path[0] != '/' && strncmp(mapping.path, "[v", 2) != 0)
		maps->processes[id - 1].compiles = true;
	tell_mapping(maps, id, line, &mapping, file);
}

static void read_lines(struct dwell_maps *maps, uint32_t pid, uint32_t id)
{
	/* Each read looks for its place anew, and a page is all that the kernel gives at once. */
	static char buffer[4096];
	char path[64];
	char *line = NULL;
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/maps", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	setvbuf(file, buffer, _IOFBF, sizeof(buffer));
	while (getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		take_line(maps, pid, id, line);
	}
	free(line);
	fclose(file);
}

/* The program's own walks go by it from now on. The number tells lists at one place apart. */
static void publish(const struct maps_process *process)
{
	struct dwell_process_slot *slot = process->slot;
	const uint64_t word =
		(uint64_t)process->number << DWELL_PROCESS_UNWIND_BITS | process->list.offset / 8;

	if (!slot || process->list.offset == 0 ||
		atomic_load_explicit(&slot->generation, memory_order_relaxed) !=
			process->slot_generation)
		return;
	if (process->java != 0)
		atomic_store_explicit(&slot->hotspot, process->java, memory_order_release);
	/* Release: the list was written before. */
	atomic_store_explicit(&slot->unwind, word, memory_order_release);
}

static bool same_ranges(const struct maps_process *a, const struct maps_process *b)
{
	return a->count == b->count &&
	       (a->count == 0 || memcmp(a->ranges, b->ranges, a->count * sizeof(*a->ranges)) == 0);
}

/* A list for what was read. */
static void renew_list(struct dwell_maps *maps, struct maps_process *process, uint64_t now_ns)
{
	const struct dwell_area_list list =
		dwell_area_list(maps->area, process->ranges, process->count, now_ns);

	if (list.offset == 0)
		return;
	if (!process->borrowed)
		dwell_area_retire(maps->area, process->list, now_ns);
	process->list = list;
	process->borrowed = false;
	process->number = ++maps->lists;
	publish(process);
}

/* How the program is to read Java's frames, once its machine has begun. true: that is new. */
static bool look_for_java(struct dwell_maps *maps, struct maps_process *process)
{
	struct dwell_hotspot_code code;
	int err;

	if (process->hotspot.fields == 0 || !process->compiles || !process->slot ||
		process->java != 0 || process->no_java)
		return false;
	err = dwell_hotspot_code_read(&code, &process->hotspot, process->pid);
	if (err == DWELL_END) {
		process->wanted = maps->wanted = true;
		process->pause_ns = PAUSE_LEAST_NS;
	} else if (err == 0) {
		process->java = dwell_area_put(maps->area, &code, sizeof(code));
	}
	process->no_java = err < 0;
	return process->java != 0;
}

/* Read anew; a list is made only where something changed. A process that is gone tells nothing. */
static void read_maps(struct dwell_maps *maps, uint32_t pid, uint32_t id, uint64_t now_ns)
{
	struct maps_process *process = maps_process_of(maps, id);
	struct maps_process former = *process;
	bool same, is_new;

	process->ranges = NULL;
	process->count = process->room = 0;
	process->hotspot = (struct dwell_hotspot_tables){ 0, 0 };
	process->parks = false;
	process->pid = pid;
	read_lines(maps, pid, id);
	if (process->compiles)
		dwell_homes_look(&maps->homes, pid);
	process->read = true;
	process->wanted = false;
	process->read_ns = now_ns > maps->now_ns ? now_ns : maps->now_ns;
	same = process->count == 0 || same_ranges(&former, process);
	process->pause_ns = !same ? PAUSE_LEAST_NS : former.pause_ns * 2;
	if (process->pause_ns < PAUSE_LEAST_NS || process->pause_ns > PAUSE_MOST_NS)
		process->pause_ns = same && former.pause_ns ? PAUSE_MOST_NS : PAUSE_LEAST_NS;
	if (process->count == 0) {
		process->ranges = former.ranges;
		process->count = former.count;
		process->room = former.room;
		return;
	}
	free(former.ranges);
	is_new = look_for_java(maps, process);
	if (!same || is_new || process->list.offset == 0 || process->borrowed)
		renew_list(maps, process, now_ns);
}

void dwell_maps_follow(struct dwell_maps *maps, uint32_t pid, uint32_t id,
	struct dwell_process_slot *slot, uint64_t started_ns, uint64_t now_ns)
{
	struct maps_process *process = maps_process_of(maps, id);

	if (!process)
		return;
	process->met_ns = now_ns;
	/* A stack of the kernel's may have asked since: what a program begins with was mapped. */
	if (!process->read || process->borrowed || process->read_ns <= started_ns) {
		/* Another one than before is another program's. */
		process->epoch += process->slot != NULL;
		process->read = false;
		process->java = 0;
		process->no_java = false;
	}
	process->slot = slot;
	process->slot_generation = atomic_load_explicit(&slot->generation, memory_order_relaxed);
	if (!process->read)
		read_maps(maps, pid, id, now_ns);
	/* A stack of the kernel's may have been the first to ask for what is mapped. */
	publish(process);
}

bool maps_holds(const struct maps_process *process, uint64_t address)
{
	size_t low = 0, high = process->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (process->ranges[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && address < process->ranges[low - 1].end;
}

bool maps_cover(struct dwell_maps *maps, uint32_t pid, uint32_t id, const uint64_t *addresses,
	size_t count, bool cut, uint64_t now_ns)
{
	struct maps_process *process = maps_process_of(maps, id);
	bool covered = !cut;

	if (!process)
		return false;
	process->pid = pid;
	for (size_t i = 0; i < count && covered; i++)
		covered = maps_holds(process, addresses[i]);
	if (process->read && covered)
		return false;
	/* The kernel's events are told somewhat late. */
	if (process->read && now_ns < process->read_ns + process->pause_ns) {
		process->wanted = maps->wanted = true;
		return false;
	}
	read_maps(maps, pid, id, now_ns);
	return true;
}

void dwell_maps_cover(struct dwell_maps *maps, uint32_t pid, uint32_t id, const uint64_t *addresses,
	size_t count, bool cut, uint64_t now_ns)
{
	(void)maps_cover(maps, pid, id, addresses, count, cut, now_ns);
}

bool maps_look_again(struct dwell_maps *maps, uint32_t pid, uint32_t id, uint64_t now_ns)
{
	struct maps_process *process = maps_process_of(maps, id);

	if (!process)
		return false;
	if (now_ns < process->read_ns + PAUSE_LEAST_NS) {
		process->pid = pid;
		process->wanted = maps->wanted = true;
		process->pause_ns = PAUSE_LEAST_NS;
		return false;
	}
	read_maps(maps, pid, id, now_ns);
	return true;
}

void dwell_maps_pass(struct dwell_maps *maps, uint64_t now_ns)
{
	maps->now_ns = now_ns;
	if (!maps->wanted)
		return;
	maps->wanted = false;
	for (size_t i = 0; i < maps->process_room; i++) {
		const struct maps_process *process = &maps->processes[i];

		if (!process->wanted)
			continue;
		if (now_ns < process->read_ns + process->pause_ns)
			maps->wanted = true;
		else
			read_maps(maps, process->pid, (uint32_t)i + 1, now_ns);
	}
}

void dwell_maps_fork(struct dwell_maps *maps, uint32_t parent, uint32_t child)
{
	struct maps_process *to = maps_process_of(maps, child);
	const struct maps_process *from = to ? maps_process_of(maps, parent) : NULL;

	/* The child's place may have moved. */
	to = maps_process_of(maps, child);
	if (!from || to == from || to->count > 0 || from->count == 0)
		return;
	to->ranges = malloc(from->count * sizeof(*to->ranges));
	if (!to->ranges)
		return;
	memcpy(to->ranges, from->ranges, from->count * sizeof(*to->ranges));
	to->count = to->room = from->count;
	to->list = from->list;
	to->number = from->number;
	to->borrowed = true;
}

void dwell_maps_exec(struct dwell_maps *maps, uint32_t id, uint64_t now_ns)
{
	struct maps_process *process = maps_process_of(maps, id);

	if (!process)
		return;
	/* The new program's own slot was met before the kernel told of it. */
	if (process->slot && process->met_ns > now_ns)
		return;
	process->epoch++;
	process->read = false;
	process->hotspot = (struct dwell_hotspot_tables){ 0, 0 };
	process->java = 0;
	process->no_java = process->parks = false;
	/* What the session's slot says may be of the new program already. */
	if (process->slot)
		return;
	if (!process->borrowed)
		dwell_area_retire(maps->area, process->list, now_ns);
	process->list = (struct dwell_area_list){ 0, 0 };
	process->borrowed = false;
	process->count = 0;
}

void dwell_maps_gone(struct dwell_maps *maps, uint32_t id, uint64_t now_ns)
{
	struct maps_process *process = id <= maps->process_room ? maps_process_of(maps, id) : NULL;

	if (!process)
		return;
	if (!process->borrowed)
		dwell_area_retire(maps->area, process->list, now_ns);
	free(process->ranges);
	*process = (struct maps_process){ .epoch = process->epoch };
}

bool dwell_maps_have_go(const struct dwell_maps *maps)
{
	return dwell_files_have_go(maps->files);
}

void dwell_maps_jit_path(const struct dwell_maps *maps, int64_t pid, char *out, size_t size)
{
	dwell_homes_jit_path(&maps->homes, pid, out, size);
}
