#ifndef DWELL_FUZZ_IMPORTER_H
#define DWELL_FUZZ_IMPORTER_H

#include "import/importer.h"

/* Bytes of any content as a trace of one kind: an error, or rows in order of time. Returns 0. */
/* Drive it and close it: rows in order of time, or abort. */
void fuzz_source(struct dwell_source *source);
int fuzz_importer(const struct importer *importer, const uint8_t *data, size_t size);

#endif
