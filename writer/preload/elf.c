#include "elf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "real.h"

enum {
	SEGMENTS_MAX = 32,
	DYNAMIC_MAX = 128,
	NAME_MAX_ = 64,
	INTERPRETERS_MAX = 4,
	LINE_MAX_ = 256
};

struct program {
	int fd;
	ElfW(Ehdr) header;
	ElfW(Phdr) segment[SEGMENTS_MAX];
	unsigned segments;
};

static ssize_t read_at(const struct program *program, void *to, size_t size, uint64_t at)
{
	return REAL(pread64)(program->fd, to, size, (off64_t)at);
}

static bool same_machine(const ElfW(Ehdr) * header)
{
	unsigned char class = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;

#if defined(__x86_64__)
	return header->e_ident[EI_CLASS] == class && header->e_machine == EM_X86_64;
#elif defined(__aarch64__)
	return header->e_ident[EI_CLASS] == class && header->e_machine == EM_AARCH64;
#else
	return header->e_ident[EI_CLASS] == class;
#endif
}

static bool read_segments(struct program *program)
{
	size_t size;

	program->segments = program->header.e_phnum;
	if (program->header.e_phentsize != sizeof(ElfW(Phdr)))
		return false;
	if (program->segments > SEGMENTS_MAX)
		program->segments = SEGMENTS_MAX;
	size = program->segments * sizeof(ElfW(Phdr));
	return read_at(program, program->segment, size, program->header.e_phoff) == (ssize_t)size;
}

static const ElfW(Phdr) * segment_of(const struct program *program, unsigned type)
{
	for (unsigned i = 0; i < program->segments; i++)
		if (program->segment[i].p_type == type)
			return &program->segment[i];
	return NULL;
}

static bool wants_musl(const struct program *program)
{
	const ElfW(Phdr) *interpreter = segment_of(program, PT_INTERP);
	char name[NAME_MAX_] = "";

	if (!interpreter || read_at(program, name, sizeof(name) - 1, interpreter->p_offset) <= 0)
		return false;
	return strstr(name, "ld-musl") != NULL;
}

/* Where in the file an address of the program lies; 0: nowhere. */
static uint64_t offset_of(const struct program *program, uint64_t address)
{
	for (unsigned i = 0; i < program->segments; i++) {
		const ElfW(Phdr) *segment = &program->segment[i];
		if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
			address - segment->p_vaddr < segment->p_filesz)
			return segment->p_offset + (address - segment->p_vaddr);
	}
	return 0;
}

static bool needs_asan(const struct program *program)
{
	const ElfW(Phdr) *segment = segment_of(program, PT_DYNAMIC);
	ElfW(Dyn) entry[DYNAMIC_MAX];
	uint64_t strings = 0;
	char name[NAME_MAX_];
	ssize_t size;

	if (!segment)
		return false;
	size = read_at(program, entry,
		segment->p_filesz < sizeof(entry) ? segment->p_filesz : sizeof(entry),
		segment->p_offset);
	for (ssize_t i = 0; i < size / (ssize_t)sizeof(*entry); i++)
		if (entry[i].d_tag == DT_STRTAB)
			strings = offset_of(program, entry[i].d_un.d_ptr);
	for (ssize_t i = 0; strings != 0 && i < size / (ssize_t)sizeof(*entry); i++) {
		if (entry[i].d_tag != DT_NEEDED)
			continue;
		memset(name, 0, sizeof(name));
		if (read_at(program, name, sizeof(name) - 1, strings + entry[i].d_un.d_val) > 0 &&
			strncmp(name, "libasan.", 8) == 0)
			return true;
	}
	return false;
}

/* The interpreter that a script's first line names, into the same buffer. */
static bool script_interpreter(const struct program *program, char line[LINE_MAX_])
{
	char *from = line + 2;
	size_t length;

	memset(line, 0, LINE_MAX_);
	if (read_at(program, line, LINE_MAX_ - 1, 0) < 3 || line[0] != '#' || line[1] != '!')
		return false;
	from += strspn(from, " \t");
	length = strcspn(from, " \t\n");
	memmove(line, from, length);
	line[length] = '\0';
	return length > 0;
}

/* 1: it does, 0: it does not, -1: look at the interpreter in line. */
static int judge(struct program *program, char line[LINE_MAX_])
{
	if (read_at(program, &program->header, sizeof(program->header), 0) <
			(ssize_t)sizeof(program->header) ||
		memcmp(program->header.e_ident, ELFMAG, SELFMAG) != 0)
		return script_interpreter(program, line) ? -1 : 1;
	if (!same_machine(&program->header))
		return 0;
	if (!read_segments(program))
		return 1;
	return !wants_musl(program) && !needs_asan(program);
}

bool dwell_elf_bears_us(const char *path)
{
	char line[LINE_MAX_];
	struct program program;
	int saved = errno, verdict = -1;

	for (int i = 0; i < INTERPRETERS_MAX && verdict < 0; i++) {
		program.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (program.fd < 0)
			break;
		verdict = judge(&program, line);
		close(program.fd);
		path = line;
	}
	errno = saved;
	return verdict != 0;
}
