/*
 * Where a Go program has its table, and what the table counts from. That is told by the runtime's
 * description of the module, which has no name once a file is stripped: it begins with the
 * table's address, and repeats where the table's parts are.
 */
#include "symbol/go.h"

#include <string.h>

#include <gelf.h>

enum {
	WORDS = 52, /* of the description; what is looked for stands among them */
	NAMES = 1,
	FUNCTIONS = 16,
	FUNCTIONS_COUNT = 17,
	FIRST = 20, /* its lowest address */
	TEXT = 22,
	TREES_LEAST = 30 /* from here on; which one depends on Go's version */
};

struct go_file {
	Elf *elf;
	uint64_t address; /* of the table */
	struct symbol_bytes table;
};

static bool is_readable(Elf *elf)
{
	const char *identity = elf_getident(elf, NULL);

	return identity && identity[EI_CLASS] == ELFCLASS64 && identity[EI_DATA] == ELFDATA2LSB;
}

/* A section of that name whose bytes are in the file. */
static Elf_Scn *section_of(Elf *elf, const char *name, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;
	size_t names = 0;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		const char *its = gelf_getshdr(section, header)
					  ? elf_strptr(elf, names, header->sh_name)
					  : NULL;

		if (its && header->sh_type == SHT_PROGBITS && !strcmp(its, name))
			return section;
	}
	return NULL;
}

/* The table in a section: at its start, or anywhere. */
static bool find_in(struct go_file *file, const char *name, bool anywhere)
{
	GElf_Shdr header;
	Elf_Scn *section = section_of(file->elf, name, &header);
	Elf_Data *data = section ? elf_rawdata(section, NULL) : NULL;

	for (size_t i = 0; data && data->d_buf && i < data->d_size; i += 8) {
		struct symbol_go go;

		file->address = header.sh_addr + i;
		file->table =
			(struct symbol_bytes){ (const uint8_t *)data->d_buf + i, data->d_size - i };
		if (symbol_go_read(&go, file->table))
			return true;
		if (!anywhere)
			break;
	}
	return false;
}

/* Up to Go 1.25 other linkers, which cgo uses, mix it with other data of a file that may be loaded
 * anywhere. */
static bool find_table(struct go_file *file)
{
	GElf_Shdr header;

	return find_in(file, ".gopclntab", false) ||
	       find_in(file, ".data.rel.ro.gopclntab", false) ||
	       (section_of(file->elf, ".go.buildinfo", &header) &&
		       find_in(file, ".data.rel.ro", true));
}

/* What the file has from an address to the end of what is loaded there. */
static struct symbol_bytes bytes_at(Elf *elf, uint64_t address)
{
	size_t count = 0;

	if (elf_getphdrnum(elf, &count))
		count = 0;
	for (size_t i = 0; i < count && i < INT32_MAX; i++) {
		Elf_Data *data;
		GElf_Phdr header;
		uint64_t within;

		if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_LOAD ||
			address < header.p_vaddr || address - header.p_vaddr >= header.p_filesz)
			continue;
		within = address - header.p_vaddr;
		data = elf_getdata_rawchunk(elf, (int64_t)(header.p_offset + within),
			header.p_filesz - within, ELF_T_BYTE);
		if (data && data->d_buf)
			return (struct symbol_bytes){ data->d_buf, data->d_size };
	}
	return (struct symbol_bytes){ NULL, 0 };
}

static bool is_relative(const Elf64_Rela *entry)
{
	const uint64_t type = ELF64_R_TYPE(entry->r_info);

	return type == R_X86_64_RELATIVE || type == R_AARCH64_RELATIVE;
}

/* Hand each place that the loader will write an address to, and that address, to `take` until it
 * says true. */
static bool each_relocation(
	Elf *elf, bool (*take)(void *context, uint64_t place, uint64_t value), void *context)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		const Elf64_Rela *entries;
		Elf_Data *data;
		GElf_Shdr header;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_RELA ||
			!(data = elf_getdata(section, NULL)) || data->d_type != ELF_T_RELA)
			continue;
		entries = data->d_buf;
		for (size_t i = 0; i < data->d_size / sizeof(*entries); i++)
			if (is_relative(&entries[i]) &&
				take(context, entries[i].r_offset, (uint64_t)entries[i].r_addend))
				return true;
	}
	return false;
}

struct description {
	uint64_t address, words[WORDS];
};

static bool put_word(void *context, uint64_t place, uint64_t value)
{
	struct description *description = context;
	const uint64_t within = place - description->address;

	if (place >= description->address && within < sizeof(description->words) && within % 8 == 0)
		description->words[within / 8] = value;
	return false;
}

static bool read_description(Elf *elf, uint64_t address, struct description *out)
{
	const struct symbol_bytes bytes = bytes_at(elf, address);

	if (bytes.size < sizeof(out->words))
		return false;
	out->address = address;
	memcpy(out->words, bytes.at, sizeof(out->words));
	(void)each_relocation(elf, put_word, out);
	return true;
}

/* Does it tell the same as the table of where the parts are, and how many functions? */
static bool is_of(const struct symbol_go *go, const struct go_file *file, const uint64_t *words)
{
	const uint64_t names = (uint64_t)(go->names.at - file->table.at);
	const uint64_t functions = (uint64_t)(go->functions.at - file->table.at);

	return words[0] == file->address && words[NAMES] == file->address + names &&
	       words[FUNCTIONS] == file->address + functions &&
	       words[FUNCTIONS_COUNT] == (uint64_t)go->count + 1 && words[TEXT] <= words[FIRST];
}

/*
 * The trees' address stands before the list of the code's parts, of which there is one (where there
 * are more, the table alone does not tell addresses); since Go 1.26 the table's end is between.
 */
static bool find_trees(struct symbol_go *go, const struct go_file *file, const uint64_t *words)
{
	for (size_t i = TREES_LEAST; i + 3 < WORDS; i++) {
		const bool is_end =
			words[i] > file->address && words[i] <= file->address + file->table.size;

		if (words[i + 2] != 1 || words[i + 3] != 1)
			continue;
		go->trees = bytes_at(file->elf, words[is_end ? i - 1 : i]);
		return go->trees.size > 0;
	}
	return false;
}

struct search {
	struct symbol_go *go;
	const struct go_file *file;
};

static bool try_at(const struct search *search, uint64_t address)
{
	struct description found;

	if (!read_description(search->file->elf, address, &found) ||
		!is_of(search->go, search->file, found.words) ||
		!find_trees(search->go, search->file, found.words))
		return false;
	search->go->text = found.words[TEXT];
	return true;
}

static bool try_relocation(void *context, uint64_t place, uint64_t value)
{
	const struct search *search = context;

	return value == search->file->address && try_at(search, place);
}

static bool search_data(const struct search *search, const GElf_Shdr *header, Elf_Data *data)
{
	const uint8_t *bytes = data->d_buf;

	for (size_t i = 0; bytes && i + 8 <= data->d_size; i += 8) {
		uint64_t word;

		memcpy(&word, bytes + i, sizeof(word));
		if (word == search->file->address && try_at(search, header->sh_addr + i))
			return true;
	}
	return false;
}

/* In what the program writes to; in a file that may be loaded anywhere the loader fills it in. */
static bool search_all(struct search *search)
{
	Elf *elf = search->file->elf;
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		Elf_Data *data;

		if (gelf_getshdr(section, &header) && header.sh_type == SHT_PROGBITS &&
			header.sh_flags & SHF_WRITE && (data = elf_rawdata(section, NULL)) &&
			search_data(search, &header, data))
			return true;
	}
	return each_relocation(elf, try_relocation, search);
}

bool symbol_go_open(struct symbol_go *go, void *elf)
{
	struct go_file file = { .elf = elf };
	struct search search = { go, &file };

	return is_readable(elf) && find_table(&file) && symbol_go_read(go, file.table) &&
	       search_all(&search);
}
