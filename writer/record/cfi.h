#ifndef DWELL_RECORD_CFI_H
#define DWELL_RECORD_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * From call frame information (.eh_frame, or .debug_frame where there is only that; DWARF 5 6.4)
 * to rows of ring/unwind.h. Files are those that recorded programs have mapped, so hostile:
 * libelf and libdw read them, never through a mapping that somebody could cut short, and every
 * size has a limit. Of what the rules can say, that is taken over which compilers for x86-64 do.
 */
enum { DWELL_CFI_SEGMENTS = 8 };

/* An executable part of the file. */
struct dwell_cfi_segment {
	uint64_t offset, size;
	uint64_t address;
};

struct dwell_cfi {
	uint32_t *rows; /* address, rule; ascending by address */
	size_t count, room;
	struct dwell_cfi_segment segments[DWELL_CFI_SEGMENTS];
	size_t segment_count;
	uint8_t build_id[20]; /* also of a file that cannot be compiled */
	uint8_t build_id_size;
	bool is_go; /* a program of Go's says so */
};

/*
 * Compile a file, or an image of one in memory. Returns 0, DWELL_EUNSUPPORTED (another machine, no
 * such section), DWELL_EFORMAT, DWELL_ELIMIT or DWELL_ENOMEM; *out is to be released in any case.
 * What came before a fault in a section is kept.
 */
int dwell_cfi_read(struct dwell_cfi *out, int fd);
int dwell_cfi_read_memory(struct dwell_cfi *out, const void *image, size_t size);
void dwell_cfi_release(struct dwell_cfi *cfi);

/* The contents of one section that lies at `address`; adds to *out, unsorted. eh: .eh_frame. */
struct dwell_cfi_section {
	const uint8_t *bytes;
	size_t size;
	uint64_t address;
	bool eh;
};
int dwell_cfi_compile(struct dwell_cfi *out, const struct dwell_cfi_section *section);

/* Sort rows, and drop those that say what the one before says. DWELL_ENOMEM: none is left. */
int dwell_cfi_finish(struct dwell_cfi *cfi);

#endif
