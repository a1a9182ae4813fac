#ifndef DWELL_IMPORT_CTF_READ_H
#define DWELL_IMPORT_CTF_READ_H

#include <stdbool.h>

#include "import/ctf/folder.h"
#include "import/ctf/record.h"

/* Records on their way to the other process. */
struct ctf_writer {
	int fd;
	size_t used;
	uint8_t bytes[1 << 16];
};

/* write.c: DWELL_EIO: nobody listens any more. Texts longer than CTF_LONGEST_TEXT are cut. */
int ctf_writer_put(struct ctf_writer *writer, const struct ctf_record *record,
	const struct dwell_string texts[CTF_TEXTS]);
int ctf_writer_flush(struct ctf_writer *writer);

/* read.c: all of these traces, to the writer, the last record too. */
int ctf_read(const struct ctf_folders *folders, struct ctf_writer *writer);

#endif
