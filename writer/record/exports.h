#ifndef DWELL_RECORD_EXPORTS_H
#define DWELL_RECORD_EXPORTS_H

#include <stdint.h>

/* The functions and variables of an ELF file that have a name: libelf reads, since the file may be
 * anybody's. */
typedef void (*dwell_exports_tell)(
	void *context, const char *name, uint64_t address, uint64_t size);

void dwell_exports_each(int fd, dwell_exports_tell tell, void *context);

#endif
