#ifndef DWELL_IMPORT_UNPACK_H
#define DWELL_IMPORT_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum import_packing { IMPORT_PLAIN, IMPORT_GZIP, IMPORT_ZSTD };

enum import_packing import_packing_of(const void *at, size_t size);

/* Where unpacked bytes go. 0 or a negative enum dwell_error. */
struct import_target {
	int (*write)(struct import_target *target, const void *at, size_t size);
};

/* Where packed bytes come from: *got is 0 at the end only. */
struct import_origin {
	int (*read)(struct import_origin *origin, void *out, size_t size, size_t *got);
};

/*
 * Unpack (or copy) all of an origin into a target. A stream that ends early gives what it had and
 * DWELL_ETRUNCATED. DWELL_EFORMAT, DWELL_ENOMEM, and what read and write return.
 */
int import_unpack(
	enum import_packing packing, struct import_origin *origin, struct import_target *target);

#endif
