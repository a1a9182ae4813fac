#include "across.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "dwell/types.h"

/* Where in a file that processes share. */
struct spot {
	uint64_t device, inode, offset;
};

/* false: the line is of other memory, or of the process's own. */
static bool spot_in(const char *line, uint64_t address, struct spot *spot)
{
	uint64_t start, end, offset;
	unsigned major, minor;
	char rights[5];

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64, &start, &end,
		    rights, &offset, &major, &minor, &spot->inode) != 7)
		return false;
	if (address < start || address >= end || rights[3] != 's' || spot->inode == 0)
		return false;
	spot->device = (uint64_t)major << 20 | minor;
	spot->offset = offset + (address - start);
	return true;
}

static bool find_spot(pid_t pid, uint64_t address, struct spot *spot)
{
	char path[64], line[512];
	bool found = false;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	if (!maps)
		return false;
	/* The rest of a longer line begins with no address. */
	while (!found && fgets(line, sizeof(line), maps))
		found = spot_in(line, address, spot);
	fclose(maps);
	return found;
}

/* One number for the three; a collision takes two semaphores of 2^64 for one. */
static uint64_t native_of(const struct spot *spot)
{
	uint64_t mixed = (spot->device << 40 ^ spot->inode) * UINT64_C(0x9e3779b97f4a7c15);

	mixed ^= mixed >> 32;
	return (mixed ^ spot->offset) * UINT64_C(0xd6e8feb86659fd93);
}

uint32_t dwell_across_object(struct dwell_map *known, struct dwell_registry *registry, pid_t pid,
	uint32_t process, uint64_t address)
{
	uint32_t object = dwell_map_get(known, process, address);
	struct spot spot;

	if (object != 0)
		return object;
	if (find_spot(pid, address, &spot))
		object = dwell_registry_object(
			registry, 0, DWELL_OBJECT_SEMAPHORE, native_of(&spot));
	else
		object = dwell_registry_object(registry, process, DWELL_OBJECT_SEMAPHORE, address);
	/* Without memory it is looked for again. */
	(void)dwell_map_set(known, process, address, object);
	return object;
}
