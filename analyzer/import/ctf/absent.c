/* CTF where this program was built without babeltrace2's library. */
#include "import/ctf/folder.h"
#include "import/importer.h"

static bool recognizes_folder(const char *path)
{
	struct ctf_folders folders;
	const bool any = !ctf_folders_find(&folders, path, 1) && folders.count;

	ctf_folders_release(&folders);
	return any;
}

static int open_folder(struct dwell_import *out, const char *path, struct dwell_diag *diag)
{
	(void)out;
	(void)path;
	return dwell_diag_set(diag, DWELL_EUNSUPPORTED, UINT64_MAX, 0,
		"CTF: this dwell was built without libbabeltrace2, which reads it");
}

const struct importer dwell_importer_ctf = {
	.kind = "ctf",
	.recognizes_folder = recognizes_folder,
	.open_folder = open_folder,
};
