#ifndef DWELL_TESTS_CTF_FOLDER_H
#define DWELL_TESTS_CTF_FOLDER_H

#include <stddef.h>
#include <stdint.h>

/*
 * A trace in CTF in a folder of its own below TMPDIR: metadata and one stream, made from bytes.
 * Folder and files are gone after ctf_folder_remove. False where they cannot be made.
 */
struct ctf_folder {
	char path[256];
};

_Bool ctf_folder_make(struct ctf_folder *folder, const void *metadata, size_t metadata_size,
	const void *stream, size_t stream_size);
void ctf_folder_remove(const struct ctf_folder *folder);

#endif
