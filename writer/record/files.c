#include "files.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libelf.h>

#include "drain/grow.h"
#include "drain/map.h"
#include "dwell/error.h"

struct dwell_files {
	struct dwell_area *area;
	struct dwell_map known; /* hash of the identity -> index + 1 */
	struct dwell_file *all;
	size_t count, room;
};

int dwell_files_new(struct dwell_files **out, struct dwell_area *area)
{
	struct dwell_files *files = calloc(1, sizeof(*files));

	if (!files)
		return DWELL_ENOMEM;
	files->area = area;
	elf_version(EV_CURRENT);
	*out = files;
	return 0;
}

void dwell_files_free(struct dwell_files *files)
{
	if (!files)
		return;
	dwell_map_release(&files->known);
	for (size_t i = 0; i < files->count; i++) {
		dwell_libc_free(files->all[i].libc);
		free(files->all[i].python);
	}
	free(files->all);
	free(files);
}

static uint64_t hash_text(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return hash;
}

/* What is mapped, even if its path leads elsewhere by now; else by its path, through the process's
 * own root: it may live in a container. */
static int open_mapped(const struct dwell_files_mapping *mapping)
{
	char path[4200];
	struct stat about;
	int fd;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/map_files/%" PRIx64 "-%" PRIx64,
		mapping->pid, mapping->start, mapping->end);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		snprintf(path, sizeof(path), "/proc/%" PRIu32 "/root%s", mapping->pid,
			mapping->path);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	}
	if (fd >= 0 && (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))) {
		close(fd);
		return -1;
	}
	return fd;
}

static void take_table(struct dwell_files *files, struct dwell_file *file, struct dwell_cfi *cfi)
{
	file->table = dwell_area_table(files->area, cfi);
	file->build_id_size = cfi->build_id_size;
	memcpy(file->build_id, cfi->build_id, sizeof(file->build_id));
	file->is_go = cfi->is_go;
	file->segment_count = (uint8_t)cfi->segment_count;
	memcpy(file->segments, cfi->segments, sizeof(file->segments));
	dwell_cfi_release(cfi);
}

static bool begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

/* Files whose memory we know our way in, by their names, of whatever version. */
static void look_for_known(struct dwell_file *file, const char *path, int fd)
{
	const char *name = strrchr(path, '/');

	if (!name)
		return;
	if (begins(name, "/libc.so") || begins(name, "/libc-") || begins(name, "/libpthread"))
		(void)dwell_libc_read(&file->libc, fd);
	else if (begins(name, "/libpython3") || begins(name, "/python3"))
		(void)dwell_python_read(&file->python, fd);
	else if (strcmp(name, "/libjvm.so") == 0)
		dwell_hotspot_read(&file->hotspot, fd);
	else
		file->is_preload = strcmp(name, "/libdwell-preload.so") == 0;
}

static void look_into(struct dwell_files *files, struct dwell_file *file,
	const struct dwell_files_mapping *mapping)
{
	struct dwell_cfi cfi = { .rows = NULL };
	int fd;

	/* The kernel's own page of code is the same in every process, and ours. */
	if (strcmp(mapping->path, "[vdso]") == 0) {
		const void *vdso = (const void *)getauxval(AT_SYSINFO_EHDR); /* NOLINT */

		if (vdso)
			(void)dwell_cfi_read_memory(
				&cfi, vdso, (size_t)(mapping->end - mapping->start));
		take_table(files, file, &cfi);
		return;
	}
	fd = mapping->path[0] == '/' ? open_mapped(mapping) : -1;
	if (fd < 0)
		return;
	(void)dwell_cfi_read(&cfi, fd);
	take_table(files, file, &cfi);
	look_for_known(file, mapping->path, fd);
	close(fd);
}

const struct dwell_file *dwell_files_get(
	struct dwell_files *files, const struct dwell_files_mapping *mapping)
{
	const uint64_t identity = hash_text(mapping->identity);
	const uint32_t known = dwell_map_get(&files->known, identity, 0);

	if (known != 0)
		return &files->all[known - 1];
	if (mapping->path[0] != '/' && strcmp(mapping->path, "[vdso]") != 0)
		return NULL;
	if (!dwell_grow((void **)&files->all, files->count, &files->room, sizeof(*files->all), 64))
		return NULL;
	files->all[files->count] = (struct dwell_file){ .table = 0 };
	look_into(files, &files->all[files->count], mapping);
	(void)dwell_map_set(&files->known, identity, 0, (uint32_t)++files->count);
	return &files->all[files->count - 1];
}

const struct dwell_file *dwell_files_with(const struct dwell_files *files, uint64_t table)
{
	for (size_t i = 0; table != 0 && i < files->count; i++)
		if (files->all[i].table == table)
			return &files->all[i];
	return NULL;
}

bool dwell_files_have_go(const struct dwell_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		if (files->all[i].is_go)
			return true;
	return false;
}

struct dwell_unwind_range dwell_file_range(
	const struct dwell_file *file, const struct dwell_files_mapping *mapping)
{
	struct dwell_unwind_range range = { .start = mapping->start, .end = mapping->end };

	for (size_t i = 0; file && i < file->segment_count; i++) {
		const struct dwell_cfi_segment *segment = &file->segments[i];

		/* A mapping begins at a whole page. */
		if (mapping->offset + (mapping->end - mapping->start) <= segment->offset ||
			mapping->offset >= segment->offset + segment->size)
			continue;
		range.bias =
			mapping->start - (mapping->offset - segment->offset + segment->address);
		range.table = file->table;
		break;
	}
	return range;
}
