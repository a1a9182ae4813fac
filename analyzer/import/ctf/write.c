#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "import/ctf/limits.h"

int ctf_writer_flush(struct ctf_writer *writer)
{
	size_t at = 0;

	while (at < writer->used) {
		const ssize_t put = write(writer->fd, writer->bytes + at, writer->used - at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return DWELL_EIO;
		at += (size_t)put;
	}
	writer->used = 0;
	return DWELL_OK;
}

int ctf_writer_put(struct ctf_writer *writer, const struct ctf_record *record,
	const struct dwell_string texts[CTF_TEXTS])
{
	struct ctf_record out = *record;
	size_t at;

	if (writer->used > sizeof(writer->bytes) - CTF_LONGEST_RECORD && ctf_writer_flush(writer))
		return DWELL_EIO;
	if (!writer->used)
		ctf_limits_renew();
	at = writer->used + sizeof(out);
	for (int i = 0; i < CTF_TEXTS; i++) {
		const size_t size =
			texts[i].size < CTF_LONGEST_TEXT ? texts[i].size : CTF_LONGEST_TEXT;

		if (size)
			memcpy(writer->bytes + at, texts[i].at, size);
		out.sizes[i] = (uint16_t)size;
		at += size;
	}
	memcpy(writer->bytes + writer->used, &out, sizeof(out));
	/* Last: a process that dies between two records has whole ones to tell. */
	writer->used = at;
	return DWELL_OK;
}
