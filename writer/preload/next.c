#include "next.h"

#include <string.h>

enum { WORD_BITS = sizeof(ElfW(Addr)) * 8, HIDDEN = 0x8000 };

struct search {
	struct dwell_next *next;
	uintptr_t ours;
	bool passed, strange;
};

static bool holds(const struct dl_phdr_info *info, uintptr_t address)
{
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		if (segment->p_type == PT_LOAD &&
			address - (info->dlpi_addr + segment->p_vaddr) < segment->p_memsz)
			return true;
	}
	return false;
}

static const ElfW(Dyn) * dynamic_of(const struct dl_phdr_info *info)
{
	for (unsigned i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			return (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
	return NULL;
}

/* The loader makes most of them addresses; not those of a section that it may not write to. */
static const void *pointer(const struct dwell_next_object *object, ElfW(Addr) value)
{
	return (const void *)(value < object->base ? value + object->base : value); /* NOLINT */
}

static bool read_dynamic(struct dwell_next_object *object, const ElfW(Dyn) * entry)
{
	for (; entry && entry->d_tag != DT_NULL; entry++) {
		const void *at = pointer(object, entry->d_un.d_ptr);

		if (entry->d_tag == DT_GNU_HASH)
			object->hash = at;
		else if (entry->d_tag == DT_SYMTAB)
			object->symbols = at;
		else if (entry->d_tag == DT_STRTAB)
			object->names = at;
		else if (entry->d_tag == DT_VERSYM)
			object->versions = at;
	}
	return object->hash && object->symbols && object->names;
}

static int visit(struct dl_phdr_info *info, size_t size, void *context)
{
	struct search *search = context;
	struct dwell_next *next = search->next;
	struct dwell_next_object *object = &next->object[next->count];

	(void)size;
	if (!search->passed) {
		search->passed = holds(info, search->ours);
		return 0;
	}
	*object = (struct dwell_next_object){ .base = info->dlpi_addr };
	search->strange =
		!read_dynamic(object, dynamic_of(info)) || ++next->count == DWELL_NEXT_MAX;
	return search->strange;
}

bool dwell_next_open(struct dwell_next *next, const void *ours)
{
	struct search search = { .next = next, .ours = (uintptr_t)ours };

	next->count = 0;
	(void)dl_iterate_phdr(visit, &search);
	if (search.strange)
		next->count = 0;
	return next->count > 0;
}

static uint32_t hash_of(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (uint8_t)*name;
	return hash;
}

static bool fits(const struct dwell_next_object *object, uint32_t index, const char *name)
{
	const ElfW(Sym) *symbol = &object->symbols[index];

	return symbol->st_shndx != SHN_UNDEF && symbol->st_value != 0 &&
	       (!object->versions || (object->versions[index] & HIDDEN) == 0) &&
	       strcmp(object->names + symbol->st_name, name) == 0;
}

/* Header, a filter that says of most names that they are not there, buckets, chains. */
static const ElfW(Sym) *
	look_up(const struct dwell_next_object *object, const char *name, uint32_t hash)
{
	const uint32_t buckets = object->hash[0], first = object->hash[1];
	const uint32_t words = object->hash[2], shift = object->hash[3];
	const ElfW(Addr) *filter = (const void *)(object->hash + 4);
	const uint32_t *bucket = (const void *)(filter + words);
	const uint32_t *chain = bucket + buckets;
	const ElfW(Addr) word = filter[hash / WORD_BITS & (words - 1)];
	uint32_t index;

	if ((word >> hash % WORD_BITS & word >> (hash >> shift) % WORD_BITS & 1) == 0)
		return NULL;
	index = buckets ? bucket[hash % buckets] : 0;
	if (index < first || index == 0)
		return NULL;
	for (;; index++) {
		const uint32_t here = chain[index - first];

		if ((here ^ hash) < 2 && fits(object, index, name))
			return &object->symbols[index];
		if ((here & 1) != 0)
			return NULL;
	}
}

void *dwell_next_find(const struct dwell_next *next, const char *name)
{
	const uint32_t hash = hash_of(name);

	for (unsigned i = 0; i < next->count; i++) {
		const struct dwell_next_object *object = &next->object[i];
		const ElfW(Sym) *symbol = look_up(object, name, hash);

		/* One that chooses between several is left to dlsym. */
		if (symbol && ELF64_ST_TYPE(symbol->st_info) == STT_FUNC)
			return (void *)(object->base + symbol->st_value); /* NOLINT */
		if (symbol)
			return NULL;
	}
	return NULL;
}
