#include "tests/ctf_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static _Bool write_file(
	const struct ctf_folder *folder, const char *name, const void *at, size_t size)
{
	char path[512];
	FILE *file;
	_Bool whole;

	snprintf(path, sizeof(path), "%s/%s", folder->path, name);
	file = fopen(path, "w");
	if (!file)
		return 0;
	whole = fwrite(at, 1, size, file) == size;
	return !fclose(file) && whole;
}

_Bool ctf_folder_make(struct ctf_folder *folder, const void *metadata, size_t metadata_size,
	const void *stream, size_t stream_size)
{
	const char *above = getenv("TMPDIR");

	snprintf(folder->path, sizeof(folder->path), "%s/dwell-ctf-XXXXXX",
		above && *above ? above : "/tmp");
	return mkdtemp(folder->path) && write_file(folder, "metadata", metadata, metadata_size) &&
	       write_file(folder, "stream", stream, stream_size);
}

void ctf_folder_remove(const struct ctf_folder *folder)
{
	static const char *const names[] = { "metadata", "stream" };
	char path[512];

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder->path, names[i]);
		unlink(path);
	}
	rmdir(folder->path);
}
