#ifndef DWELL_IMPORT_TRACECMD_PLACE_H
#define DWELL_IMPORT_TRACECMD_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/bytes.h"
#include "dwell/error.h"

/*
 * A place in a file, from which numbers are taken in the byte order of the machine that wrote
 * them. Each call returns 0, DWELL_EIO, or DWELL_ETRUNCATED where `end` comes first; then
 * nothing has moved.
 */
struct tracecmd_place {
	struct dwell_bytes *bytes;
	uint64_t at, end;
	bool big;
};

int tracecmd_take(struct tracecmd_place *place, void *out, size_t size);
int tracecmd_skip(struct tracecmd_place *place, uint64_t size);
int tracecmd_u16(struct tracecmd_place *place, uint16_t *out);
int tracecmd_u32(struct tracecmd_place *place, uint32_t *out);
int tracecmd_u64(struct tracecmd_place *place, uint64_t *out);
/* A text and its NUL, cut to what there is room for. DWELL_EFORMAT: longer than any is. */
int tracecmd_word(struct tracecmd_place *place, char *out, size_t room);

#endif
