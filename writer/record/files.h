#ifndef DWELL_RECORD_FILES_H
#define DWELL_RECORD_FILES_H

#include "area.h"
#include "dwell/tables.h"
#include "hotspot.h"
#include "libc.h"
#include "python.h"

/* The files that programs have mapped, each looked into once: its build-id, and how to find the
 * callers of its functions. */
struct dwell_files;

struct dwell_file {
	struct dwell_hotspot_tables hotspot; /* the same: zero */
	uint8_t build_id[20];
	uint8_t build_id_size;
	uint8_t segment_count;
	bool is_go;                          /* a program of Go's */
	bool is_preload;                     /* our library in the program */
	uint64_t table;                      /* offset in the area; 0: none */
	struct dwell_libc *libc;             /* NULL: it is none */
	struct dwell_python_exports *python; /* the same */
	struct dwell_cfi_segment segments[DWELL_CFI_SEGMENTS];
};

/* One mapping, as /proc/PID/maps has it. */
struct dwell_files_mapping {
	uint32_t pid;
	uint64_t start, end, offset;
	const char *identity; /* device, inode and path */
	const char *path;
};

/* area must outlive it; it is where tables are put. DWELL_ENOMEM. */
int dwell_files_new(struct dwell_files **out, struct dwell_area *area);
void dwell_files_free(struct dwell_files *files);

/* What is mapped there; NULL: no file. Valid until the next call. */
const struct dwell_file *dwell_files_get(
	struct dwell_files *files, const struct dwell_files_mapping *mapping);

/* The file whose table this is; NULL: none. */
const struct dwell_file *dwell_files_with(const struct dwell_files *files, uint64_t table);

/* Whether any of them is a program of Go's. */
bool dwell_files_have_go(const struct dwell_files *files);

/* How to find callers there. */
struct dwell_unwind_range dwell_file_range(
	const struct dwell_file *file, const struct dwell_files_mapping *mapping);

#endif
