#ifndef DWELL_IMPORT_CTF_FOLDER_H
#define DWELL_IMPORT_CTF_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/error.h"

enum { CTF_TRACES = 64 };

/* A folder that is a trace (it has a file `metadata`), or those of LTTng in it. */
struct ctf_folders {
	char **paths;
	size_t count;
	uint64_t bytes; /* of the files in them */
};

/* At most `limit` of them. DWELL_ENOMEM. */
int ctf_folders_find(struct ctf_folders *folders, const char *path, size_t limit);
void ctf_folders_release(struct ctf_folders *folders);
/* Is it one? A file that begins as CTF's metadata does, packed or as text. */
bool ctf_folder_is(const char *path);
/* metadata.c: DWELL_EFORMAT: what it is made of is not whole; DWELL_ELIMIT, DWELL_EIO. */
int ctf_metadata_check(const char *folder, struct dwell_diag *diag);

#endif
