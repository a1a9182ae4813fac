#include "maps.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>
#include <libelf.h>

#include "drain/map.h"
#include "dwell/error.h"

/* Addresses that lie nowhere (stacks without frame pointers have such) must not make us read
 * again and again. */
#define READ_AGAIN_NS UINT64_C(50000000)

enum { BUILD_ID_MAX = 20, PAGE_SHIFT = 12 };

struct dwell_maps {
	struct dwell_registry *registry;
	struct dwell_map pages;  /* process and program, page -> told */
	struct dwell_map told;   /* process and program, hash of the mapping -> its id */
	struct dwell_map reads;  /* process -> milliseconds of the last look + 1 */
	struct dwell_map epochs; /* process -> how often it began another program + 1 */
	struct dwell_map files;  /* hash of a file -> index of its build-id + 1 */
	struct build_id {
		uint8_t bytes[BUILD_ID_MAX];
		uint8_t size;
	} * ids;
	size_t id_count;
};

int dwell_maps_new(struct dwell_maps **out, struct dwell_registry *registry)
{
	struct dwell_maps *maps = calloc(1, sizeof(*maps));

	if (!maps)
		return DWELL_ENOMEM;
	maps->registry = registry;
	elf_version(EV_CURRENT);
	*out = maps;
	return 0;
}

void dwell_maps_free(struct dwell_maps *maps)
{
	if (!maps)
		return;
	dwell_map_release(&maps->pages);
	dwell_map_release(&maps->told);
	dwell_map_release(&maps->reads);
	dwell_map_release(&maps->epochs);
	dwell_map_release(&maps->files);
	free(maps->ids);
	free(maps);
}

static uint64_t hash_text(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return hash;
}

/* A process with the program that it runs now. */
static uint64_t owner_of(const struct dwell_maps *maps, uint32_t process)
{
	return process | (uint64_t)dwell_map_get(&maps->epochs, process, 0) << 32;
}

void dwell_maps_exec(struct dwell_maps *maps, uint32_t process)
{
	const uint32_t epoch = dwell_map_get(&maps->epochs, process, 0);

	(void)dwell_map_set(&maps->epochs, process, 0, epoch + 1);
	dwell_map_remove(&maps->reads, process, 0);
}

static void read_build_id(const char *path, struct build_id *out)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const void *bytes = NULL;
	ssize_t size = 0;
	Elf *elf;

	out->size = 0;
	if (fd < 0)
		return;
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf)
		size = dwelf_elf_gnu_build_id(elf, &bytes);
	if (size > 0 && size <= BUILD_ID_MAX) {
		memcpy(out->bytes, bytes, (size_t)size);
		out->size = (uint8_t)size;
	}
	elf_end(elf);
	close(fd);
}

/* The build-id of a file as this process sees it; `identity` tells files apart. */
static const struct build_id *build_id_of(
	struct dwell_maps *maps, uint32_t pid, const char *path, uint64_t identity)
{
	const uint32_t known = dwell_map_get(&maps->files, identity, 0);
	char through[4200];
	void *larger;

	if (known != 0)
		return &maps->ids[known - 1];
	if (path[0] != '/')
		return NULL;
	larger = realloc(maps->ids, (maps->id_count + 1) * sizeof(*maps->ids));
	if (!larger)
		return NULL;
	maps->ids = larger;
	/* Through its own root: it may live in a container. */
	snprintf(through, sizeof(through), "/proc/%u/root%s", pid, path);
	read_build_id(through, &maps->ids[maps->id_count]);
	(void)dwell_map_set(&maps->files, identity, 0, (uint32_t)++maps->id_count);
	return &maps->ids[maps->id_count - 1];
}

/* One line of /proc/PID/maps. */
static void tell_line(struct dwell_maps *maps, uint32_t pid, uint32_t process, char *line)
{
	struct dwell_mapping mapping = { .process = process };
	const uint64_t owner = owner_of(maps, process);
	const struct build_id *id;
	char permissions[8];
	int path_at = 0;
	uint64_t hash;
	char *path, *identity;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*s %n", &mapping.start,
		    &mapping.end, permissions, &mapping.file_offset, &path_at) < 4 ||
		path_at == 0 || !strchr(permissions, 'x'))
		return;
	hash = hash_text(line);
	if (dwell_map_get(&maps->told, owner, hash) != 0)
		return;
	path = line + path_at;
	/* Device, inode and path, which follow the offset. */
	identity = strchr(line, ' ') + 1;
	identity = strchr(identity, ' ') + 1;
	identity = strchr(identity, ' ') + 1;
	id = build_id_of(maps, pid, path, hash_text(identity));
	if (id)
		mapping.build_id = (struct dwell_string){ (const char *)id->bytes, id->size };
	mapping.path = (struct dwell_string){ path, strlen(path) };
	(void)dwell_map_set(
		&maps->told, owner, hash, dwell_registry_mapping(maps->registry, &mapping));
}

static void read_maps(struct dwell_maps *maps, uint32_t pid, uint32_t process)
{
	char path[64];
	char *line = NULL;
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	while (getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		tell_line(maps, pid, process, line);
	}
	free(line);
	fclose(file);
}

void dwell_maps_cover(struct dwell_maps *maps, uint32_t pid, uint32_t process,
	const uint64_t *addresses, size_t count, uint64_t now_ns)
{
	const uint64_t owner = owner_of(maps, process);
	const uint32_t now_ms = (uint32_t)(now_ns / 1000000) + 1;
	const uint32_t last = dwell_map_get(&maps->reads, process, 0);
	bool covered = true;

	for (size_t i = 0; i < count && covered; i++)
		covered = dwell_map_get(&maps->pages, owner, addresses[i] >> PAGE_SHIFT) != 0;
	if (covered || (last != 0 && now_ms - last < READ_AGAIN_NS / 1000000))
		return;
	(void)dwell_map_set(&maps->reads, process, 0, now_ms);
	read_maps(maps, pid, process);
	for (size_t i = 0; i < count; i++)
		(void)dwell_map_set(&maps->pages, owner, addresses[i] >> PAGE_SHIFT, 1);
}
