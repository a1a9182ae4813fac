/* Our own files (docs/format.md). */
#include "dwell/reader.h"
#include "import/importer.h"

static int open(struct dwell_import *out, struct dwell_bytes *bytes, struct dwell_diag *diag)
{
	const int err = dwell_reader_open(&out->reader, bytes, diag);

	if (!err)
		out->source = dwell_reader_source(out->reader);
	return err;
}

const struct importer dwell_importer_native = {
	.kind = "dwell",
	.recognizes = dwell_reader_recognizes,
	.open = open,
};
