#include "maps.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drain/map.h"
#include "dwell/error.h"
#include "files.h"

/* Addresses that lie nowhere must not make us read again and again: the pause doubles each time
 * that nothing new was found. */
#define PAUSE_LEAST_NS UINT64_C(50000000)
#define PAUSE_MOST_NS UINT64_C(1600000000)

enum { MOST_RANGES = 65536 };

struct process {
	struct dwell_unwind_range *ranges; /* executable, ascending */
	size_t count, room;
	struct dwell_area_list list;     /* the same, for whoever walks */
	struct dwell_process_slot *slot; /* NULL: it writes to no session */
	uint32_t slot_generation;
	uint32_t number; /* of the list */
	uint32_t epoch;  /* how often it began another program */
	bool read;
	uint64_t read_ns, pause_ns;
};

struct dwell_maps {
	struct dwell_registry *registry;
	struct dwell_area *area;
	struct dwell_files *files;
	struct dwell_map told;     /* process and program, hash of the mapping -> its id */
	struct process *processes; /* by id - 1 */
	size_t process_room;
	uint32_t lists; /* ever made */
};

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
	free(maps->processes);
	free(maps);
}

static struct process *process_of(struct dwell_maps *maps, uint32_t id)
{
	if (id == 0)
		return NULL;
	if (id > maps->process_room) {
		const size_t room = (size_t)id * 2;
		struct process *larger = realloc(maps->processes, room * sizeof(*larger));

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

static void add_range(struct process *process, const struct dwell_unwind_range *range)
{
	if (process->count == process->room) {
		const size_t room = process->room ? process->room * 2 : 32;
		void *larger = room <= MOST_RANGES ? realloc(process->ranges, room * sizeof(*range))
						   : NULL;

		if (!larger)
			return;
		process->ranges = larger;
		process->room = room;
	}
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

/* One line of /proc/PID/maps. */
static void take_line(struct dwell_maps *maps, uint32_t pid, uint32_t id, const char *line)
{
	struct dwell_files_mapping mapping = { .pid = pid };
	struct dwell_unwind_range range;
	const struct dwell_file *file;
	char permissions[8];
	int path_at = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*s %n", &mapping.start,
		    &mapping.end, permissions, &mapping.offset, &path_at) < 4 ||
		path_at == 0 || !strchr(permissions, 'x'))
		return;
	mapping.path = line + path_at;
	/* Device, inode and path follow the offset. */
	mapping.identity = strchr(line, ' ') + 1;
	mapping.identity = strchr(mapping.identity, ' ') + 1;
	mapping.identity = strchr(mapping.identity, ' ') + 1;
	file = dwell_files_get(maps->files, &mapping);
	range = dwell_file_range(file, &mapping);
	add_range(&maps->processes[id - 1], &range);
	tell_mapping(maps, id, line, &mapping, file);
}

static void read_lines(struct dwell_maps *maps, uint32_t pid, uint32_t id)
{
	char path[64];
	char *line = NULL;
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/maps", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	while (getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		take_line(maps, pid, id, line);
	}
	free(line);
	fclose(file);
}

/* The program's own walks go by it from now on. The number tells lists at one place apart. */
static void publish(const struct process *process)
{
	struct dwell_process_slot *slot = process->slot;
	const uint64_t word =
		(uint64_t)process->number << DWELL_PROCESS_UNWIND_BITS | process->list.offset / 8;

	if (!slot || process->list.offset == 0 ||
		atomic_load_explicit(&slot->generation, memory_order_relaxed) !=
			process->slot_generation)
		return;
	/* Release: the list was written before. */
	atomic_store_explicit(&slot->unwind, word, memory_order_release);
}

/* Read anew; a list is made only where something changed. */
static void read_maps(struct dwell_maps *maps, uint32_t pid, uint32_t id, uint64_t now_ns)
{
	struct process *process = process_of(maps, id);
	struct process former = *process;
	struct dwell_area_list list;
	bool same;

	process->ranges = NULL;
	process->count = process->room = 0;
	process->read = true;
	process->read_ns = now_ns;
	read_lines(maps, pid, id);
	same = former.read && former.count == process->count &&
	       (former.count == 0 || memcmp(former.ranges, process->ranges,
					     former.count * sizeof(*former.ranges)) == 0);
	free(former.ranges);
	process->pause_ns = !same                             ? PAUSE_LEAST_NS
			    : former.pause_ns < PAUSE_MOST_NS ? former.pause_ns * 2
							      : PAUSE_MOST_NS;
	if (same || process->count == 0)
		return;
	list = dwell_area_list(maps->area, process->ranges, process->count, now_ns);
	if (list.offset == 0)
		return;
	dwell_area_retire(maps->area, process->list, now_ns);
	process->list = list;
	process->number = ++maps->lists;
	publish(process);
}

void dwell_maps_follow(struct dwell_maps *maps, uint32_t pid, uint32_t id,
	struct dwell_process_slot *slot, uint64_t now_ns)
{
	struct process *process = process_of(maps, id);

	if (!process)
		return;
	process->slot = slot;
	process->slot_generation = atomic_load_explicit(&slot->generation, memory_order_relaxed);
	process->read = false;
	read_maps(maps, pid, id, now_ns);
}

static bool holds(const struct process *process, uint64_t address)
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

/* true: what is mapped was read again. */
static bool cover(struct dwell_maps *maps, uint32_t pid, uint32_t id, const uint64_t *addresses,
	size_t count, uint64_t now_ns)
{
	const struct process *process = process_of(maps, id);
	bool covered = true;

	if (!process)
		return false;
	for (size_t i = 0; i < count && covered; i++)
		covered = holds(process, addresses[i]);
	/* The kernel's events are told somewhat late. */
	if (process->read && (covered || now_ns < process->read_ns + process->pause_ns))
		return false;
	read_maps(maps, pid, id, now_ns);
	return true;
}

void dwell_maps_cover(struct dwell_maps *maps, uint32_t pid, uint32_t id, const uint64_t *addresses,
	size_t count, uint64_t now_ns)
{
	(void)cover(maps, pid, id, addresses, count, now_ns);
}

static size_t walk(const struct dwell_maps *maps, uint32_t id,
	const struct dwell_unwind_frame *first, const struct dwell_unwind_stack *stack,
	uint64_t *out, size_t most, bool *whole)
{
	const struct process *process = &maps->processes[id - 1];
	const struct dwell_unwind_space space = { maps->area->at, maps->area->bytes,
		process->list.offset, process->number };
	struct dwell_unwind_frame frame = *first;
	uint32_t rule = dwell_unwind_recall(&space, frame.pc);
	size_t count = 0;

	*whole = false;
	out[count++] = frame.pc;
	while (count < most) {
		const bool guess = dwell_unwind_kind_of(rule) <= DWELL_UNWIND_GAP;

		*whole = dwell_unwind_kind_of(rule) == DWELL_UNWIND_ROOT;
		if (!dwell_unwind_step(rule, stack, &frame))
			break;
		rule = dwell_unwind_recall(&space, frame.pc - !frame.exact);
		/* What the register held was no frame pointer. */
		if (guess && rule == DWELL_UNWIND_NOWHERE)
			break;
		out[count++] = frame.pc + frame.exact;
	}
	return count;
}

size_t dwell_maps_walk(struct dwell_maps *maps, uint32_t pid, uint32_t id,
	const struct dwell_unwind_frame *frame, const struct dwell_unwind_stack *stack,
	uint64_t now_ns, uint64_t *out, size_t most, bool *whole)
{
	size_t count;

	*whole = false;
	if (!process_of(maps, id))
		return 0;
	(void)cover(maps, pid, id, &frame->pc, 1, now_ns);
	count = walk(maps, id, frame, stack, out, most, whole);
	/* Code that was mapped meanwhile. */
	if (!*whole && cover(maps, pid, id, out, count, now_ns))
		count = walk(maps, id, frame, stack, out, most, whole);
	return count;
}

void dwell_maps_exec(struct dwell_maps *maps, uint32_t id)
{
	struct process *process = process_of(maps, id);

	if (!process)
		return;
	process->epoch++;
	process->read = false;
}

void dwell_maps_gone(struct dwell_maps *maps, uint32_t id, uint64_t now_ns)
{
	struct process *process = id <= maps->process_room ? process_of(maps, id) : NULL;

	if (!process)
		return;
	dwell_area_retire(maps->area, process->list, now_ns);
	free(process->ranges);
	*process = (struct process){ .epoch = process->epoch };
}
