#include "exports.h"

#include <stdbool.h>
#include <stddef.h>

#include <gelf.h>

enum { MOST_SYMBOLS = 1 << 17 };

static bool is_named(const GElf_Sym *symbol)
{
	const unsigned type = GELF_ST_TYPE(symbol->st_info);

	return symbol->st_shndx != SHN_UNDEF && (type == STT_FUNC || type == STT_OBJECT);
}

static void read_section(Elf *elf, Elf_Scn *section, dwell_exports_tell tell, void *context)
{
	GElf_Shdr header;
	Elf_Data *data;
	size_t count;

	if (!gelf_getshdr(section, &header) ||
		(header.sh_type != SHT_DYNSYM && header.sh_type != SHT_SYMTAB) ||
		header.sh_entsize == 0)
		return;
	data = elf_getdata(section, NULL);
	count = data ? data->d_size / header.sh_entsize : 0;
	for (size_t i = 0; i < count && i < MOST_SYMBOLS; i++) {
		const char *name;
		GElf_Sym symbol;

		if (!gelf_getsym(data, (int)i, &symbol) || !is_named(&symbol))
			continue;
		name = elf_strptr(elf, header.sh_link, symbol.st_name);
		if (name)
			tell(context, name, symbol.st_value, symbol.st_size);
	}
}

void dwell_exports_each(int fd, dwell_exports_tell tell, void *context)
{
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	Elf_Scn *section = NULL;

	while (elf && (section = elf_nextscn(elf, section)))
		read_section(elf, section, tell, context);
	if (elf)
		elf_end(elf);
}
