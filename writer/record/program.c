#include "program.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <gelf.h>
#include <libelf.h>

enum { SCRIPTS_MAX = 4 };

/* As execvp looks for it. */
static bool find(const char *command, char out[PATH_MAX])
{
	const char *path = getenv("PATH");

	if (strchr(command, '/'))
		return snprintf(out, PATH_MAX, "%s", command) < PATH_MAX;
	for (path = path ? path : "/bin:/usr/bin"; *path; path += *path == ':') {
		const size_t length = strcspn(path, ":");

		if (snprintf(out, PATH_MAX, "%.*s%s%s", (int)length, path, length ? "/" : "",
			    command) < PATH_MAX &&
			access(out, X_OK) == 0)
			return true;
		path += length;
	}
	return false;
}

/* The interpreter of a script in place of its path; false when it is none. */
static bool follow_script(int fd, char path[PATH_MAX])
{
	char line[256] = "";
	const ssize_t size = pread(fd, line, sizeof(line) - 1, 0);
	char *at = line + 2, *end;

	if (size < 3 || line[0] != '#' || line[1] != '!')
		return false;
	at += strspn(at, " \t");
	end = at + strcspn(at, " \t\n");
	/* Most say `env NAME`. */
	if (end - at >= 4 && strncmp(end - 4, "/env", 4) == 0 && *end == ' ') {
		at = end + strspn(end, " \t");
		at[strcspn(at, " \t\n")] = '\0';
		return find(at, path);
	}
	*end = '\0';
	snprintf(path, PATH_MAX, "%s", at);
	return true;
}

static Elf64_Word own_class(void)
{
	return sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
}

static unsigned own_machine(void)
{
#if defined(__x86_64__)
	return EM_X86_64;
#elif defined(__aarch64__)
	return EM_AARCH64;
#else
	return EM_NONE;
#endif
}

/* The file offset of an address, by the program headers. */
static bool offset_of(Elf *elf, size_t count, GElf_Addr address, GElf_Off *out)
{
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr header;

		if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_LOAD &&
			address >= header.p_vaddr && address - header.p_vaddr < header.p_filesz) {
			*out = address - header.p_vaddr + header.p_offset;
			return true;
		}
	}
	return false;
}

/* A needed library that must be the first of all. */
static void look_at_needed(
	Elf *elf, size_t count, const GElf_Phdr *dynamic, int fd, struct dwell_program *out)
{
	Elf_Data *data =
		elf_getdata_rawchunk(elf, (int64_t)dynamic->p_offset, dynamic->p_filesz, ELF_T_DYN);
	GElf_Addr strings = 0;
	GElf_Off at;
	GElf_Dyn entry;

	for (int i = 0; data && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++)
		if (entry.d_tag == DT_STRTAB)
			strings = entry.d_un.d_ptr;
	if (!data || !offset_of(elf, count, strings, &at))
		return;
	for (int i = 0; gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++) {
		char name[sizeof(out->sanitizer)] = "";

		if (entry.d_tag != DT_NEEDED ||
			pread(fd, name, sizeof(name) - 1, (off_t)(at + entry.d_un.d_val)) <= 0)
			continue;
		if (strncmp(name, "libasan.so", 10) == 0 || strncmp(name, "libtsan.so", 10) == 0)
			snprintf(out->sanitizer, sizeof(out->sanitizer), "%s", name);
	}
}

static void look_at_headers(Elf *elf, int fd, struct dwell_program *out)
{
	char loader[PATH_MAX] = "";
	GElf_Ehdr header;
	GElf_Phdr dynamic = { 0 };
	size_t count = 0;

	out->kind = DWELL_PROGRAM_UNKNOWN;
	if (!gelf_getehdr(elf, &header) || elf_getphdrnum(elf, &count) != 0)
		return;
	if (header.e_ident[EI_CLASS] != own_class() || header.e_machine != own_machine()) {
		out->kind = DWELL_PROGRAM_OTHER_CLASS;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr part;

		if (!gelf_getphdr(elf, (int)i, &part))
			continue;
		if (part.p_type == PT_INTERP && part.p_filesz < sizeof(loader))
			(void)!pread(fd, loader, part.p_filesz, (off_t)part.p_offset);
		if (part.p_type == PT_DYNAMIC)
			dynamic = part;
	}
	if (loader[0] == '\0')
		out->kind = DWELL_PROGRAM_STATIC;
	else if (!strstr(loader, "/ld-linux") && !strstr(loader, "/ld64.so"))
		out->kind = DWELL_PROGRAM_OTHER_LOADER;
	else
		out->kind = DWELL_PROGRAM_LOADS;
	if (dynamic.p_filesz > 0)
		look_at_needed(elf, count, &dynamic, fd, out);
}

static bool privileged(int fd)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return false;
	if ((status.st_mode & S_ISUID) && status.st_uid != geteuid())
		return true;
	if ((status.st_mode & S_ISGID) && status.st_gid != getegid())
		return true;
	return geteuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0;
}

void dwell_program_look(const char *command, struct dwell_program *out)
{
	char path[PATH_MAX];
	int fd = -1;
	Elf *elf;

	*out = (struct dwell_program){ .kind = DWELL_PROGRAM_UNKNOWN };
	if (!find(command, path))
		return;
	for (int depth = 0; depth < SCRIPTS_MAX; depth++) {
		if (fd >= 0)
			close(fd);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0 || !follow_script(fd, path))
			break;
	}
	if (fd < 0)
		return;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		look_at_headers(elf, fd, out);
	elf_end(elf);
	if (privileged(fd))
		out->kind = DWELL_PROGRAM_PRIVILEGED;
	close(fd);
}

const char *dwell_program_why(const struct dwell_program *program)
{
	switch (program->kind) {
	case DWELL_PROGRAM_LOADS:
		return NULL;
	case DWELL_PROGRAM_STATIC:
		return "it is a static program";
	case DWELL_PROGRAM_OTHER_LOADER:
		return "it is linked against another C library than glibc";
	case DWELL_PROGRAM_OTHER_CLASS:
		return "it is a program of another machine or word size";
	case DWELL_PROGRAM_PRIVILEGED:
		return "it gains rights when it starts (setuid, setgid or capabilities)";
	default:
		return "it cannot be read";
	}
}
