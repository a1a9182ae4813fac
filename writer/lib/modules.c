#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "lib.h"

enum {
	MODULE_PATH = 512,
	BUILD_ID = 32,
	MODULE_WORDS = 3 + (BUILD_ID + MODULE_PATH) / 8,
	NOTED_MAX = 64
};

/* What is told once: how many files had been mapped and unmapped when we looked last. */
static unsigned long long seen_adds, seen_subs;

static char program[MODULE_PATH + 1];

/* What was mapped at the start, which stays, and is told with the first stack. */
static struct {
	ElfW(Addr) base;
	const char *name;
	const ElfW(Phdr) * segments;
	uint16_t segment_count;
} noted[NOTED_MAX];
static unsigned noted_count;

_Atomic bool dwell_lib_modules_due;

struct sweep {
	struct dwell_self *self;
	bool looked;
};

/* The NT_GNU_BUILD_ID note in a PT_NOTE segment: at most BUILD_ID bytes into out. */
static size_t find_build_id(const char *at, size_t size, char *out)
{
	size_t used = 0;

	while (size - used >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const void *)(at + used);
		size_t name = ((size_t)note->n_namesz + 3) & ~(size_t)3;
		size_t text = ((size_t)note->n_descsz + 3) & ~(size_t)3;
		used += sizeof(*note);
		if (name > size - used || text > size - used - name)
			return 0;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
			memcmp(at + used, "GNU", 4) == 0 && note->n_descsz <= BUILD_ID) {
			memcpy(out, at + used + name, note->n_descsz);
			return note->n_descsz;
		}
		used += name + text;
	}
	return 0;
}

static size_t build_id_of(const struct dl_phdr_info *info, char *out)
{
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		size_t size;
		if (segment->p_type != PT_NOTE)
			continue;
		size = find_build_id(
			(const char *)(info->dlpi_addr + segment->p_vaddr), segment->p_memsz, out);
		if (size > 0)
			return size;
	}
	return 0;
}

static void tell(struct dwell_self *self, uint64_t time, const struct dl_phdr_info *info,
	const ElfW(Phdr) * segment, const char *build_id, size_t build_id_size)
{
	uint64_t words[MODULE_WORDS] = { 0 };
	/* The loader has no name for the program itself. */
	const char *name = info->dlpi_name[0] ? info->dlpi_name : program;
	size_t path = strnlen(name, MODULE_PATH);
	size_t id_words = (build_id_size + 7) / 8;
	uint32_t id;

	words[0] = info->dlpi_addr + segment->p_vaddr;
	words[1] = words[0] + segment->p_memsz;
	words[2] = segment->p_offset;
	memcpy(words + 3, build_id, build_id_size);
	memcpy(words + 3 + id_words, name, path);
	id = dwell_intern(&dwell_lib.session, DWELL_ENTRY_MODULE,
		(uint32_t)path | (uint32_t)build_id_size << 16, words,
		(uint32_t)(3 + id_words + (path + 7) / 8));
	if (id != 0)
		dwell_ring_put1(&self->writer, time, DWELL_RECORD_MODULE, id);
}

static void tell_code(struct dwell_self *self, uint64_t time, const struct dl_phdr_info *info)
{
	char build_id[BUILD_ID] = { 0 };
	const size_t build_id_size = build_id_of(info, build_id);

	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0)
			tell(self, time, info, segment, build_id, build_id_size);
	}
}

static int visit(struct dl_phdr_info *info, size_t size, void *context)
{
	struct sweep *sweep = context;

	if (!sweep->looked && size >= offsetof(struct dl_phdr_info, dlpi_subs) + 8) {
		/* The same for every file: nothing has changed since the last time. */
		if (info->dlpi_adds == seen_adds && info->dlpi_subs == seen_subs)
			return 1;
		seen_adds = info->dlpi_adds;
		seen_subs = info->dlpi_subs;
	}
	sweep->looked = true;
	tell_code(sweep->self, dwell_now(), info);
	return 0;
}

/* Whole, and of a script its interpreter: that is what is mapped. Asked for once, since a program
 * may forbid it later. */
static void find_program(void)
{
	const int saved = errno;
	ssize_t length;

	if (program[0])
		return;
	length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	program[length > 0 ? length : 0] = '\0';
	errno = saved;
}

void dwell_lib_modules(void)
{
	struct sweep sweep = { dwell_enter(), false };

	if (!sweep.self)
		return;
	find_program();
	(void)dl_iterate_phdr(visit, &sweep);
}

static int note(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size;
	(void)context;
	if (noted_count == NOTED_MAX)
		return 1;
	noted[noted_count].base = info->dlpi_addr;
	noted[noted_count].name = info->dlpi_name;
	noted[noted_count].segments = info->dlpi_phdr;
	noted[noted_count++].segment_count = info->dlpi_phnum;
	return 0;
}

void dwell_lib_modules_note(void)
{
	find_program();
	/* What a snapshot finds first in a ring says since when it is whole: so now. */
	if (dwell_lib.session.flight || dl_iterate_phdr(note, NULL) != 0)
		dwell_lib_modules();
	else
		atomic_store_explicit(&dwell_lib_modules_due, true, memory_order_relaxed);
}

void dwell_lib_modules_tell(struct dwell_self *self)
{
	/* One thread does it; no wait of its own began before. */
	if (!atomic_exchange_explicit(&dwell_lib_modules_due, false, memory_order_relaxed))
		return;
	for (unsigned i = 0; i < noted_count; i++)
		tell_code(self, self->slot->began,
			&(struct dl_phdr_info){ .dlpi_addr = noted[i].base,
				.dlpi_name = noted[i].name,
				.dlpi_phdr = noted[i].segments,
				.dlpi_phnum = noted[i].segment_count });
}
