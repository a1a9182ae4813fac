#ifndef DWELL_PRELOAD_NEXT_H
#define DWELL_PRELOAD_NEXT_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * dlsym(RTLD_NEXT) for a hundred functions at once, in a third of its instructions: it takes a
 * lock, checks versions by their names and makes room for an error at each. Only in a constructor,
 * where nothing is mapped or unmapped meanwhile.
 */

enum { DWELL_NEXT_MAX = 64 };

/* Who comes after us. Some 2 kB, for the stack: another page of our own data would cost a fault. */
struct dwell_next {
	struct dwell_next_object {
		uintptr_t base;
		const uint32_t *hash; /* DT_GNU_HASH */
		const ElfW(Sym) * symbols;
		const char *names;
		const uint16_t *versions; /* NULL: they have none */
	} object[DWELL_NEXT_MAX];
	unsigned count;
};

/* Look who comes after the file that holds `ours`. false, and nobody: that is no file, or somebody
 * has no table of the kind that is looked into here. */
bool dwell_next_open(struct dwell_next *next, const void *ours);

/* The function's default version; NULL: ask dlsym. */
void *dwell_next_find(const struct dwell_next *next, const char *name);

#endif
