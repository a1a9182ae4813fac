#ifndef DWELL_SYMBOL_H
#define DWELL_SYMBOL_H

#include <stddef.h>
#include <stdint.h>

#include "dwell/sink.h"
#include "dwell/tables.h"

/*
 * Addresses to functions, files and lines, of this machine's files: the mapped file itself, its
 * separate debug file by build-id, /tmp/perf-PID.map for compiled-at-run-time code, and
 * /proc/kallsyms; of Go programs their own table, which stripping leaves. Inlined functions are
 * told, names of C++ and Rust are demangled. Nothing is fetched from the network.
 *
 * A file whose build-id is not that of its mapping is not used. One thread at a time.
 */
struct dwell_symbol;

struct dwell_symbol_options {
	const char *debug_folder; /* NULL: /usr/lib/debug; must outlive the symbol */
	uint64_t most_ns; /* once so much CPU time was spent, only names from symbol tables are
			     told; after twice that, nothing. 0: no limit */
	/* Of a sink: debug files that lie apart, as a distribution's do, are read for lines where
	   that takes no more than this part of the trace's length (50: 2 %); else their
	   names are told. 0: always. */
	unsigned apart_part;
	/* Where the map of a process's compiled code is; NULL: /tmp/perf-PID.map. */
	void (*jit_path)(void *context, int64_t pid, char *out, size_t size);
	void *context;
};

/* options may be NULL. DWELL_ENOMEM. */
int dwell_symbol_new(struct dwell_symbol **out, const struct dwell_symbol_options *options);
/* NULL is allowed. */
void dwell_symbol_free(struct dwell_symbol *symbol);

/* A mapping, copied; pid of its process (-1: not known). DWELL_ENOMEM, DWELL_ELIMIT. */
int dwell_symbol_map(struct dwell_symbol *symbol, const struct dwell_mapping *mapping, int64_t pid);

/*
 * The lines of an instruction's address, innermost first; *count is 0 where nothing is known.
 * mapping: one that was told, or 0; then pid tells whose address it is. *lines is valid until the
 * next call. DWELL_ENOMEM.
 */
int dwell_symbol_find(struct dwell_symbol *symbol, uint32_t mapping, int64_t pid, uint64_t address,
	const struct dwell_line **lines, size_t *count);

/*
 * The name of the variable of a process's files at an address, as "table" or "table+40"; empty
 * where none is known, or where files that were mapped one after the other have different ones
 * there. *name is valid until the next call. DWELL_ENOMEM.
 */
int dwell_symbol_variable(
	struct dwell_symbol *symbol, int64_t pid, uint64_t address, struct dwell_string *name);

/*
 * A sink that hands everything on, and at the end tells again each location that had no lines, or a
 * function without its line, and has some now, and each lock without a name that is a variable.
 * next must outlive it. DWELL_ENOMEM.
 */
int dwell_symbol_sink_new(struct dwell_sink **out, struct dwell_sink *next,
	const struct dwell_symbol_options *options);
void dwell_symbol_sink_free(struct dwell_sink *sink);

#endif
