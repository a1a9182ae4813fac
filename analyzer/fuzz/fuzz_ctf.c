/*
 * A folder in CTF of any content: an error or rows in order, never more. The input is the size of
 * the metadata (two bytes, little-endian), that, and one stream.
 */
#include <stdlib.h>

#include "dwell/importer.h"
#include "fuzz/importer.h"
#include "tests/ctf_folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);

/* In the process that reads, the library may ask for more than its limit: no memory, as outside of
 * a sanitizer, where it aborts. */
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dwell_import import = { .kind = NULL };
	struct ctf_folder folder;
	size_t metadata;

	if (size < 2)
		return 0;
	metadata = data[0] | (size_t)data[1] << 8;
	if (metadata > size - 2)
		metadata = size - 2;
	if (!ctf_folder_make(&folder, data + 2, metadata, data + 2 + metadata, size - 2 - metadata))
		abort();
	if (dwell_importer_ctf.recognizes_folder(folder.path) &&
		!dwell_importer_ctf.open_folder(&import, folder.path, NULL))
		fuzz_source(import.source);
	ctf_folder_remove(&folder);
	return 0;
}
