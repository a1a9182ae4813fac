#include "cfi.h"

#include <stdlib.h>
#include <string.h>

#include <dwarf.h>
#include <elfutils/libdwelf.h>
#include <gelf.h>

#include "cfi_private.h"
#include "dwell/error.h"
#include "ring/unwind.h"

enum {
	MOST_COMMON = 1024, /* bytes of instructions that every function begins with */
	MOST_SECTION = 1 << 27
};

/* --- entries of a section --- */

/* What a CIE says. */
struct common {
	uint64_t offset; /* of the entry, which is how functions name it */
	bool known;
	bool signal, augmented;
	uint8_t encoding; /* of addresses in its FDEs */
	uint64_t code_align;
	int64_t data_align;
	struct cfi_rules initial; /* what its instructions lead to */
};

/* An entry: its length, and what follows the length. */
struct entry {
	uint64_t offset, id_offset, next;
	uint64_t id;
	bool ends; /* the section says that no more follows */
	struct cfi_bytes rest;
};

static bool read_entry(
	const struct dwell_cfi_section *section, uint64_t offset, struct entry *entry)
{
	struct cfi_bytes bytes = { section->bytes + offset, section->bytes + section->size, false };
	uint64_t length = dwell_cfi_number(&bytes, 4);
	const bool wide = length == UINT32_MAX;

	*entry = (struct entry){ .offset = offset, .ends = length == 0 };
	if (wide)
		length = dwell_cfi_number(&bytes, 8);
	if (bytes.bad || length > (uint64_t)(bytes.end - bytes.at))
		return false;
	bytes.end = bytes.at + length;
	entry->id_offset = (uint64_t)(bytes.at - section->bytes);
	entry->next = entry->id_offset + length;
	if (length == 0)
		return true;
	entry->id = dwell_cfi_number(&bytes, wide && !section->eh ? 8 : 4);
	entry->rest = bytes;
	return !bytes.bad;
}

static bool is_common(const struct dwell_cfi_section *section, const struct entry *entry)
{
	if (section->eh)
		return entry->id == 0;
	return entry->id == UINT32_MAX || entry->id == UINT64_MAX;
}

/* An address by DW_EH_PE_*: absolute, or relative to where it stands. */
static uint64_t read_address(
	const struct dwell_cfi_section *section, struct cfi_bytes *bytes, unsigned encoding)
{
	const uint64_t here = section->address + (uint64_t)(bytes->at - section->bytes);
	uint64_t value;

	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		value = dwell_cfi_number(bytes, 8);
		break;
	case DW_EH_PE_udata4:
		value = dwell_cfi_number(bytes, 4);
		break;
	case DW_EH_PE_sdata4:
		value = (uint64_t)(int64_t)(int32_t)dwell_cfi_number(bytes, 4);
		break;
	case DW_EH_PE_udata2:
		value = dwell_cfi_number(bytes, 2);
		break;
	case DW_EH_PE_sdata2:
		value = (uint64_t)(int64_t)(int16_t)dwell_cfi_number(bytes, 2);
		break;
	case DW_EH_PE_uleb128:
		value = dwell_cfi_uleb(bytes);
		break;
	default:
		bytes->bad = true;
		return 0;
	}
	if ((encoding & 0x70) == DW_EH_PE_pcrel)
		return value + here;
	if ((encoding & 0x70) != DW_EH_PE_absptr)
		bytes->bad = true;
	return value;
}

/* "zR", "zPLR", "zRS": what follows in the order of the letters. */
static void read_augmentation(const struct dwell_cfi_section *section, const char *letters,
	struct cfi_bytes *bytes, struct common *out)
{
	struct cfi_bytes data = *bytes;
	const uint64_t size = dwell_cfi_uleb(&data);

	if (size > (uint64_t)(data.end - data.at)) {
		bytes->bad = true;
		return;
	}
	data.end = data.at + size;
	bytes->at = data.end;
	for (letters++; *letters && !data.bad; letters++) {
		if (*letters == 'R')
			out->encoding = (uint8_t)dwell_cfi_number(&data, 1);
		else if (*letters == 'P')
			(void)read_address(
				section, &data, (unsigned)dwell_cfi_number(&data, 1) & 0x0f);
		else if (*letters == 'L')
			(void)dwell_cfi_number(&data, 1);
		else if (*letters == 'S')
			out->signal = true;
		else
			data.bad = true;
	}
	bytes->bad = bytes->bad || data.bad;
}

static bool read_common(
	const struct dwell_cfi_section *section, const struct entry *entry, struct common *out)
{
	struct cfi_bytes bytes = entry->rest;
	const uint64_t version = dwell_cfi_number(&bytes, 1);
	const char *letters = (const char *)bytes.at;
	const uint8_t *end = memchr(bytes.at, 0, (size_t)(bytes.end - bytes.at));

	*out = (struct common){ .offset = entry->offset };
	if (!end || (version != 1 && version != 3 && version != 4))
		return false;
	bytes.at = end + 1;
	if (version == 4 && (dwell_cfi_number(&bytes, 1) != 8 || dwell_cfi_number(&bytes, 1) != 0))
		return false;
	out->code_align = dwell_cfi_uleb(&bytes);
	out->data_align = dwell_cfi_sleb(&bytes);
	if ((version == 1 ? dwell_cfi_number(&bytes, 1) : dwell_cfi_uleb(&bytes)) != 16)
		return false;
	out->augmented = *letters == 'z';
	if (out->augmented)
		read_augmentation(section, letters, &bytes, out);
	else if (*letters)
		return false;
	out->known = !bytes.bad && bytes.end - bytes.at <= MOST_COMMON;
	if (out->known)
		dwell_cfi_begin(&out->initial, &bytes, out->data_align);
	return out->known;
}

/* The CIEs that were met last: functions with and without clean-up code have one each. */
struct commons {
	struct common of[4];
};

/* The CIE that a function's entry names. */
static struct common *common_of(
	const struct dwell_cfi_section *section, const struct entry *entry, struct commons *commons)
{
	const uint64_t offset = section->eh ? entry->id_offset - entry->id : entry->id;
	struct common *common = &commons->of[offset >> 3 & 3];
	struct entry its;

	if (common->known && common->offset == offset)
		return common;
	common->known = false;
	if (offset >= section->size || !read_entry(section, offset, &its) || its.ends ||
		!is_common(section, &its) || !read_common(section, &its, common))
		return NULL;
	return common;
}

static int take_function(struct dwell_cfi *out, const struct dwell_cfi_section *section,
	const struct entry *entry, struct commons *commons)
{
	const struct common *common = common_of(section, entry, commons);
	struct cfi_bytes bytes = entry->rest;
	struct cfi_program program = { .start = 0 };
	uint64_t size;

	if (!common)
		return 0;
	program.start = read_address(section, &bytes, common->encoding);
	size = read_address(section, &bytes, common->encoding & 0x0f);
	program.end = program.start + size;
	if (common->augmented) {
		const uint64_t skip = dwell_cfi_uleb(&bytes);

		if (skip > (uint64_t)(bytes.end - bytes.at))
			return 0;
		bytes.at += skip;
	}
	/* Address 0: the linker dropped the function. */
	if (bytes.bad || size == 0 || program.start == 0 || program.end < program.start ||
		program.end > UINT32_MAX)
		return 0;
	program.initial = &common->initial;
	program.own = bytes;
	program.code_align = common->code_align;
	program.data_align = common->data_align;
	program.signal = common->signal;
	return dwell_cfi_run(out, &program);
}

/* Where each function begins, and its entry. */
static int list_functions(struct dwell_cfi *functions, const struct dwell_cfi_section *section,
	struct commons *commons)
{
	struct entry entry = { .next = 0 };
	int err = 0;

	while (!err && section->size - entry.next >= 4) {
		struct cfi_bytes bytes;
		const struct common *common;
		uint64_t start;

		if (!read_entry(section, entry.next, &entry))
			return DWELL_EFORMAT;
		if (entry.ends && section->eh)
			break;
		if (entry.ends || is_common(section, &entry))
			continue;
		common = common_of(section, &entry, commons);
		bytes = entry.rest;
		start = common ? read_address(section, &bytes, common->encoding) : 0;
		if (start != 0 && start <= UINT32_MAX && entry.offset <= UINT32_MAX)
			err = dwell_cfi_add(functions, start, (uint32_t)entry.offset);
	}
	return err;
}

/* Functions are sorted before they are run: there are far fewer of them than rows. */
int dwell_cfi_compile(struct dwell_cfi *out, const struct dwell_cfi_section *section)
{
	struct dwell_cfi functions = { .rows = NULL };
	struct commons commons = { .of = { { .known = false } } };
	const int fault = list_functions(&functions, section, &commons);
	int err = dwell_cfi_sort(&functions);

	for (size_t i = 0; i < functions.count && !err; i++) {
		struct entry entry;

		if (read_entry(section, functions.rows[i * CFI_ROW_WORDS + 1], &entry))
			err = take_function(out, section, &entry, &commons);
	}
	dwell_cfi_release(&functions);
	return err ? err : fault;
}

/* --- files --- */

static void read_segments(struct dwell_cfi *out, Elf *elf)
{
	size_t count = 0;

	if (elf_getphdrnum(elf, &count) != 0 || count > UINT16_MAX)
		return;
	for (size_t i = 0; i < count && out->segment_count < DWELL_CFI_SEGMENTS; i++) {
		GElf_Phdr header;

		if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_LOAD &&
			(header.p_flags & PF_X) != 0)
			out->segments[out->segment_count++] =
				(struct dwell_cfi_segment){ header.p_offset, header.p_filesz,
					header.p_vaddr };
	}
}

static Elf_Scn *find_section(Elf *elf, const char *wanted, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) != 0)
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		const char *name;

		if (!gelf_getshdr(section, header) || header->sh_type == SHT_NOBITS)
			continue;
		name = elf_strptr(elf, names, header->sh_name);
		if (name && strcmp(name, wanted) == 0)
			return section;
	}
	return NULL;
}

static int compile_section(struct dwell_cfi *out, Elf *elf, const char *name, bool eh)
{
	GElf_Shdr header;
	Elf_Scn *found = find_section(elf, name, &header);
	const Elf_Data *data;
	struct dwell_cfi_section section = { .eh = eh };

	if (!found)
		return DWELL_EUNSUPPORTED;
	if (header.sh_size > MOST_SECTION)
		return DWELL_ELIMIT;
	if ((header.sh_flags & SHF_COMPRESSED) != 0) {
		GElf_Chdr compressed;

		if (!gelf_getchdr(found, &compressed) || compressed.ch_size > MOST_SECTION)
			return DWELL_ELIMIT;
		if (elf_compress(found, 0, 0) < 0)
			return DWELL_EFORMAT;
	}
	data = elf_rawdata(found, NULL);
	if (!data || !data->d_buf)
		return DWELL_EFORMAT;
	section.bytes = data->d_buf;
	section.size = data->d_size;
	section.address = header.sh_addr;
	return dwell_cfi_compile(out, &section);
}

/* The program's first function has no caller, and not everyone's says so (the loader's). */
static int mark_entry(struct dwell_cfi *out, uint64_t entry)
{
	enum { MOST = 64 };
	size_t low = 0;
	uint32_t *row;

	while (low < out->count && out->rows[low * CFI_ROW_WORDS] <= entry)
		low++;
	if (entry == 0 || low == 0 || low == out->count)
		return 0;
	row = out->rows + (low - 1) * CFI_ROW_WORDS;
	if (row[1] != DWELL_UNWIND_GAP) {
		if (row[0] == entry)
			row[1] = DWELL_UNWIND_ROOT;
		return 0;
	}
	if (row[CFI_ROW_WORDS] - entry > MOST &&
		dwell_cfi_add(out, entry + MOST, DWELL_UNWIND_GAP) != 0)
		return DWELL_ENOMEM;
	if (dwell_cfi_add(out, entry, DWELL_UNWIND_ROOT) != 0)
		return DWELL_ENOMEM;
	return dwell_cfi_finish(out);
}

static void read_build_id(struct dwell_cfi *out, Elf *elf)
{
	const void *bytes = NULL;
	const ssize_t size = dwelf_elf_gnu_build_id(elf, &bytes);

	if (size <= 0 || (size_t)size > sizeof(out->build_id))
		return;
	memcpy(out->build_id, bytes, (size_t)size);
	out->build_id_size = (uint8_t)size;
}

static int compile_elf(struct dwell_cfi *out, Elf *elf)
{
	GElf_Ehdr header;
	GElf_Shdr go;
	int err;

	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header))
		return DWELL_EFORMAT;
	read_build_id(out, elf);
	if (header.e_machine != EM_X86_64 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
		header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_type == ET_REL)
		return DWELL_EUNSUPPORTED;
	read_segments(out, elf);
	out->is_go = find_section(elf, ".go.buildinfo", &go) != NULL;
	err = compile_section(out, elf, ".eh_frame", true);
	if (out->count == 0 && err != DWELL_ENOMEM)
		err = compile_section(out, elf, ".debug_frame", false);
	/* What came before a fault is of use. */
	if (dwell_cfi_finish(out) != 0)
		return DWELL_ENOMEM;
	return err ? err : mark_entry(out, header.e_entry);
}

int dwell_cfi_read(struct dwell_cfi *out, int fd)
{
	Elf *elf;
	int err;

	*out = (struct dwell_cfi){ .rows = NULL };
	elf_version(EV_CURRENT);
	/* By read(2): a mapped file could be cut short under our feet. */
	elf = elf_begin(fd, ELF_C_READ, NULL);
	err = compile_elf(out, elf);
	elf_end(elf);
	return err;
}

int dwell_cfi_read_memory(struct dwell_cfi *out, const void *image, size_t size)
{
	/* libelf wants to be able to write. */
	char *copy = malloc(size ? size : 1);
	Elf *elf;
	int err;

	*out = (struct dwell_cfi){ .rows = NULL };
	if (!copy)
		return DWELL_ENOMEM;
	memcpy(copy, image, size);
	elf_version(EV_CURRENT);
	elf = elf_memory(copy, size);
	err = compile_elf(out, elf);
	elf_end(elf);
	free(copy);
	return err;
}
