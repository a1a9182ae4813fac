/* The kinds of traces that can be read. A new one is a file beside this one and a row here. */
#include "import/importer.h"

#include <string.h>
#include <sys/stat.h>

#include "dwell/reader.h"
#include "import/input.h"

static const struct importer *const importers[] = {
	&dwell_importer_native,
	&dwell_importer_go,
	&dwell_importer_perf,
	&dwell_importer_text,
	&dwell_importer_ftrace,
	&dwell_importer_chrome,
	&dwell_importer_ctf,
	&dwell_importer_dial9,
	&dwell_importer_tracecmd,
};

enum { IMPORTERS = sizeof(importers) / sizeof(importers[0]) };

static int take_folder(struct dwell_import *out, const char *path, struct dwell_diag *diag)
{
	for (size_t i = 0; i < IMPORTERS; i++) {
		const struct importer *importer = importers[i];

		if (!importer->recognizes_folder || !importer->recognizes_folder(path))
			continue;
		*out = (struct dwell_import){ .kind = importer->kind };
		return importer->open_folder(out, path, diag);
	}
	return dwell_diag_set(diag, DWELL_EUNSUPPORTED, UINT64_MAX, 0, "not a folder of a trace");
}

int dwell_import_open_bytes(
	struct dwell_import *out, struct dwell_bytes *bytes, struct dwell_diag *diag)
{
	uint8_t head[IMPORT_PEEK];
	size_t got = 0;
	int err = import_peek(bytes, head, sizeof(head), &got);

	for (size_t i = 0; i < IMPORTERS && !err; i++) {
		struct dwell_import found = { .kind = importers[i]->kind, .bytes = bytes->size };

		if (!importers[i]->recognizes || !importers[i]->recognizes(head, got))
			continue;
		err = importers[i]->open(&found, bytes, diag);
		if (!err)
			*out = found;
		return err;
	}
	bytes->ops->close(bytes);
	if (err)
		return err;
	return dwell_diag_set(diag, DWELL_EUNSUPPORTED, 0, 0,
		got ? "not a trace of a known kind (dwell, perf.data, Go, trace.dat, "
		      "ftrace's text, CTF, dial9, trace events in JSON)"
		    : "an empty file");
}

int dwell_import_open(struct dwell_import *out, const char *path, struct dwell_diag *diag)
{
	struct dwell_bytes *bytes = NULL;
	struct stat about;
	uint64_t stored = 0;

	if (strcmp(path, "-") && !stat(path, &about) && S_ISDIR(about.st_mode))
		return take_folder(out, path, diag);

	int err = import_input_open(&bytes, &stored, path, diag);
	if (err)
		return err;
	err = dwell_import_open_bytes(out, bytes, diag);
	if (!err)
		out->bytes = stored;
	return err;
}

void dwell_import_close(struct dwell_import *import)
{
	if (!import)
		return;
	dwell_source_close(import->source);
	dwell_reader_close(import->reader);
	*import = (struct dwell_import){ .source = NULL };
}
