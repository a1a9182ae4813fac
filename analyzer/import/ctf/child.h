#ifndef DWELL_IMPORT_CTF_CHILD_H
#define DWELL_IMPORT_CTF_CHILD_H

#include <sys/types.h>

#include "import/ctf/folder.h"
#include "import/ctf/record.h"

/*
 * A process of its own reads CTF with babeltrace2's library, which trusts its input: what kills
 * it there is an error here. It has limits of memory, and of CPU time between two events.
 */
struct ctf_child {
	pid_t pid; /* 0: there is none */
	int fd;
	size_t at, used;
	uint64_t malformed; /* set by the last record */
	uint8_t bytes[1 << 16];
};

/* DWELL_ENOMEM, DWELL_EIO. */
int ctf_child_start(
	struct ctf_child *child, const struct ctf_folders *folders, struct dwell_diag *diag);
/* The next record; its texts are good until the next call. DWELL_END, or what it died of. */
int ctf_child_next(struct ctf_child *child, struct ctf_record *out,
	struct dwell_string texts[CTF_TEXTS], struct dwell_diag *diag);
void ctf_child_end(struct ctf_child *child);

#endif
