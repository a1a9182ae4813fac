#ifndef DWELL_IMPORT_IMPORTER_H
#define DWELL_IMPORT_IMPORTER_H

#include <stdbool.h>
#include <stddef.h>

#include "dwell/importer.h"

/* One kind of trace: a row of the table in registry.c. */
struct importer {
	const char *kind;
	/* Do the first bytes of a file (size: IMPORT_PEEK or all) say so? NULL: it is no file. */
	bool (*recognizes)(const void *at, size_t size);
	/* Sets source, and reader where there is one. Takes over bytes, on failure too. */
	int (*open)(struct dwell_import *out, struct dwell_bytes *bytes, struct dwell_diag *diag);
	/* For kinds that are folders, else NULL: is this one, and open it. */
	bool (*recognizes_folder)(const char *path);
	int (*open_folder)(struct dwell_import *out, const char *path, struct dwell_diag *diag);
};

enum {
	/* What recognizing a trace may look at: long enough for the first lines of a text. */
	IMPORT_PEEK = 4096
};

extern const struct importer dwell_importer_chrome;
extern const struct importer dwell_importer_ctf;
extern const struct importer dwell_importer_dial9;
extern const struct importer dwell_importer_ftrace;
extern const struct importer dwell_importer_native;
extern const struct importer dwell_importer_go;
extern const struct importer dwell_importer_perf;
extern const struct importer dwell_importer_text;
extern const struct importer dwell_importer_tracecmd;

#endif
