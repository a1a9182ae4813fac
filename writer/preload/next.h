#ifndef DWELL_PRELOAD_NEXT_H
#define DWELL_PRELOAD_NEXT_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * dlsym(RTLD_NEXT) without what it does beside: it takes the loader's lock, checks versions by
 * their names and makes room for an error. Of the files that were mapped when the program started,
 * which stay; looking there needs no lock, in any thread and in handlers of signals.
 */

enum { DWELL_NEXT_MAX = 64 };

/* Who comes after us. */
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

/* Look who comes after the file that holds `ours`: in a constructor. false, and nobody: that is no
 * file, or somebody has no table of the kind that is looked into here. */
bool dwell_next_open(struct dwell_next *next, const void *ours);

/* The function's default version; NULL: ask dlsym. */
void *dwell_next_find(const struct dwell_next *next, const char *name);

#endif
