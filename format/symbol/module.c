/* ELF files and their debug files. libdwfl finds its way in them; where they lie is told here. */
#include "symbol/private.h"

#include "symbol/go.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <gelf.h>

struct symbol_module {
	Dwfl *dwfl;
	Dwfl_Module *module;
	Elf *elf;       /* libdwfl's */
	GElf_Addr bias; /* from addresses in the file to libdwfl's */
	const char *debug_folder;
	struct symbol_table table;
	uint64_t apart; /* bytes of its debug file, once that was found */
	struct symbol_go go;
	bool is_go;
};

/* Where a debug file of that build lies; false: the path is too long. */
static bool build_id_path(
	char *out, size_t size, const char *folder, const unsigned char *id, size_t id_size)
{
	int at = snprintf(out, size, "%s/.build-id/%02x/", folder, id[0]);

	for (size_t i = 1; i < id_size && at > 0 && (size_t)at < size; i++)
		at += snprintf(out + at, size - (size_t)at, "%02x", id[i]);
	return at > 0 && (size_t)at + 7 <= size && snprintf(out + at, 7, ".debug") == 6;
}

static int open_by_build_id(
	const char *folder, const unsigned char *id, int id_size, char *path, size_t size)
{
	if (id_size < 2 || !build_id_path(path, size, folder, id, (size_t)id_size))
		return -1;
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool same_build(int fd, const unsigned char *id, int id_size)
{
	Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	const void *its = NULL;
	const ssize_t size = elf ? dwelf_elf_gnu_build_id(elf, &its) : -1;
	const bool same = size > 0 && size == id_size && !memcmp(its, id, (size_t)size);

	elf_end(elf);
	return same;
}

/* A debug file that the file names (.gnu_debuglink): in the debug folder, beside it, in .debug. */
static int open_by_link(const char *folder, const char *file, const char *link, char *path,
	size_t size, const unsigned char *id, int id_size)
{
	const char *slash = file ? strrchr(file, '/') : NULL;

	if (!slash || !link || strchr(link, '/') || id_size <= 0)
		return -1;
	for (int i = 0; i < 3; i++) {
		const int n = snprintf(path, size, "%s%.*s%s/%s", i == 0 ? folder : "",
			(int)(slash - file), file, i == 2 ? "/.debug" : "", link);
		const int fd = n > 0 && (size_t)n < size ? open(path, O_RDONLY | O_CLOEXEC) : -1;

		if (fd >= 0 && same_build(fd, id, id_size))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}

/* libdwfl's own search may ask a server (debuginfod); this one never does. */
static int find_debug_file(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr base,
	const char *file, const char *link, GElf_Word crc, char **out)
{
	struct symbol_module *self = *userdata;
	struct stat about;
	const unsigned char *id = NULL;
	GElf_Addr at;
	char path[4096];
	const int id_size = dwfl_module_build_id(module, &id, &at);
	int fd;

	(void)name;
	(void)base;
	(void)crc; /* the build-id tells more */
	if (!self)
		return -1;
	fd = open_by_build_id(self->debug_folder, id, id_size, path, sizeof(path));
	if (fd < 0)
		fd = open_by_link(self->debug_folder, file, link, path, sizeof(path), id, id_size);
	if (fd >= 0)
		*out = strdup(path);
	if (fd >= 0 && fstat(fd, &about) == 0)
		self->apart = (uint64_t)about.st_size;
	return fd;
}

static const Dwfl_Callbacks callbacks = {
	.find_debuginfo = find_debug_file,
	.section_address = dwfl_offline_section_address,
};

static bool report(struct symbol_module *self, const char *path)
{
	void **userdata = NULL;

	self->dwfl = dwfl_begin(&callbacks);
	if (!self->dwfl)
		return false;
	dwfl_report_begin(self->dwfl);
	self->module = dwfl_report_offline(self->dwfl, path, path, -1);
	dwfl_report_end(self->dwfl, NULL, NULL);
	if (!self->module)
		return false;
	dwfl_module_info(self->module, &userdata, NULL, NULL, NULL, NULL, NULL, NULL);
	*userdata = self;
	self->elf = dwfl_module_getelf(self->module, &self->bias);
	self->is_go = self->elf && symbol_go_open(&self->go, self->elf);
	return self->elf != NULL;
}

static bool is_build(const struct symbol_module *self, struct dwell_string build_id)
{
	const void *its = NULL;
	const ssize_t size = dwelf_elf_gnu_build_id(self->elf, &its);

	if (!build_id.size)
		return true;
	return size > 0 && (size_t)size == build_id.size &&
	       !memcmp(its, build_id.at, build_id.size);
}

void symbol_module_close(struct symbol_module *module)
{
	if (!module)
		return;
	if (module->dwfl)
		dwfl_end(module->dwfl);
	symbol_table_release(&module->table);
	free(module);
}

static struct symbol_module *open_one(
	const char *path, struct dwell_string build_id, const char *debug_folder)
{
	struct symbol_module *self;
	struct stat about;

	/* A trace may name anything: a pipe or a device would never end. */
	if (stat(path, &about) || !S_ISREG(about.st_mode))
		return NULL;
	self = calloc(1, sizeof(*self));
	if (!self)
		return NULL;
	self->debug_folder = debug_folder;
	if (report(self, path) && is_build(self, build_id))
		return self;
	symbol_module_close(self);
	return NULL;
}

struct symbol_module *symbol_module_open(
	const char *path, struct dwell_string build_id, const char *debug_folder)
{
	struct symbol_module *self = open_one(path, build_id, debug_folder);
	char debug[4096];

	/* The file was replaced since (an update), but its debug file is there. */
	if (!self && build_id.size > 1 &&
		build_id_path(debug, sizeof(debug), debug_folder,
			(const unsigned char *)build_id.at, build_id.size))
		self = open_one(debug, build_id, debug_folder);
	return self;
}

/* The address that the file's own headers give to an offset; false: it is not loaded. */
static bool address_of(const struct symbol_module *module, uint64_t offset, uint64_t *out)
{
	size_t count = 0;

	if (elf_getphdrnum(module->elf, &count))
		return false;
	for (size_t i = 0; i < count && i < INT32_MAX; i++) {
		GElf_Phdr header;

		if (!gelf_getphdr(module->elf, (int)i, &header) || header.p_type != PT_LOAD ||
			offset < header.p_offset || offset - header.p_offset >= header.p_filesz)
			continue;
		*out = offset - header.p_offset + header.p_vaddr;
		return true;
	}
	return false;
}

uint64_t symbol_module_apart_ns(struct symbol_module *module)
{
	/* Most of it is inflating: 70 ms for the 4 MB of Debian's C library. */
	enum { BYTE_NS = 17 };

	/* Whose symbols are missing, its debug file is looked for. */
	symbol_table_read(&module->table, module->module);
	return module->apart * BYTE_NS;
}

/* Tells what the debug information does, which many programs lack, and which is to be inflated.
 * False also where it knows no line, as of C within a Go program. */
static bool find_go(
	const struct symbol_module *module, uint64_t address, struct symbol_found *found)
{
	if (!module->is_go || !symbol_go_find(&module->go, address, found))
		return false;
	if (found->lines[0].line)
		return true;
	symbol_found_clear(found);
	return false;
}

void symbol_module_find(
	struct symbol_module *module, uint64_t offset, bool deep, struct symbol_found *found)
{
	uint64_t address, within, size;
	const char *name;
	unsigned type;

	if (!address_of(module, offset, &address))
		return;
	if (find_go(module, address, found))
		return;
	address += module->bias;
	if (deep && symbol_lines(module->module, address, found))
		return;
	if (found->count && found->lines[0].function.size)
		return;
	name = symbol_table_find(&module->table, module->module, address, &within, &size, &type);
	if (!name) {
		if (module->is_go)
			(void)symbol_go_find(&module->go, address - module->bias, found);
		return;
	}

	/* The debug information may have told where, and not in what. */
	const struct dwell_line where =
		found->count ? found->lines[0] : (struct dwell_line){ .line = 0 };
	found->count = 0;
	symbol_found_add(found, name, NULL, 0);
	found->lines[0].file = where.file;
	found->lines[0].line = where.line;
}

/* What must be added to the addresses in the file to have those in the process. */
static bool shift_of(
	const struct symbol_module *module, const struct symbol_image *image, uint64_t *out)
{
	const uint64_t size = image->end - image->start;
	size_t count = 0;

	if (elf_getphdrnum(module->elf, &count))
		return false;
	for (size_t i = 0; i < count && i < INT32_MAX; i++) {
		GElf_Phdr header;

		/* What is mapped begins at the start of a page. */
		if (!gelf_getphdr(module->elf, (int)i, &header) || header.p_type != PT_LOAD ||
			!(header.p_flags & PF_X) || image->file_offset > header.p_offset ||
			header.p_offset - image->file_offset >= size)
			continue;
		*out = image->start + (header.p_offset - image->file_offset) - header.p_vaddr;
		return true;
	}
	return false;
}

/* Does the address lie in what the file lets the program write to? */
static bool is_data(const struct symbol_module *module, uint64_t address)
{
	size_t count = 0;

	if (elf_getphdrnum(module->elf, &count))
		return false;
	for (size_t i = 0; i < count && i < INT32_MAX; i++) {
		GElf_Phdr header;

		if (gelf_getphdr(module->elf, (int)i, &header) && header.p_type == PT_LOAD &&
			header.p_flags & PF_W && address >= header.p_vaddr &&
			address - header.p_vaddr < header.p_memsz)
			return true;
	}
	return false;
}

bool symbol_module_variable(struct symbol_module *module, const struct symbol_image *image,
	uint64_t address, struct symbol_found *found, uint64_t *within)
{
	uint64_t shift, size;
	const char *name;
	unsigned type;

	if (!shift_of(module, image, &shift) || !is_data(module, address - shift))
		return false;
	name = symbol_table_find(&module->table, module->module, address - shift + module->bias,
		within, &size, &type);
	if (!name || type != STT_OBJECT || *within >= size)
		return false;
	symbol_found_add(found, name, NULL, 0);
	return true;
}
