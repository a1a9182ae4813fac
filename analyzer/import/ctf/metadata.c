/*
 * Are the packets of a trace's metadata whole? Asked before babeltrace2 (2.0) reads them: where
 * they end early, it never ends. Their form is in the specification of CTF 1.8, section 7.1.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "import/ctf/folder.h"

enum { HEADER = 37, CONTENT = 24, PACKET = 28, LARGEST = 1 << 26 };

static const uint8_t magic[4] = { 0x57, 0x1d, 0xd1, 0x75 };

static uint32_t word(const uint8_t *at, bool big)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value |= (uint32_t)at[i] << 8 * (big ? 3 - i : i);
	return value;
}

static int refuse(struct dwell_diag *diag, uint64_t offset, const char *what)
{
	return dwell_diag_set(diag, DWELL_EFORMAT, offset, 0, "CTF: metadata: %s", what);
}

static int check_packets(int fd, uint64_t size, struct dwell_diag *diag)
{
	uint8_t head[HEADER];

	for (uint64_t at = 0, packet; at < size; at += packet) {
		if (pread(fd, head, HEADER, (off_t)at) != HEADER)
			return refuse(diag, at, "it ends within a packet's header");

		const bool big = head[0] == magic[3];
		const uint64_t content = word(head + CONTENT, big) / 8;
		packet = word(head + PACKET, big) / 8;
		for (int i = 0; i < 4; i++)
			if (head[i] != magic[big ? 3 - i : i])
				return refuse(diag, at, "a packet without its mark");
		if (content < HEADER || packet < content)
			return refuse(diag, at, "a packet's size is wrong");
		if (packet > size - at)
			return refuse(diag, at, "its last packet is not whole");
	}
	return DWELL_OK;
}

int ctf_metadata_check(const char *folder, struct dwell_diag *diag)
{
	char path[4096];
	uint8_t head[4];
	struct stat about;
	int err = DWELL_OK, fd = -1;

	if (snprintf(path, sizeof(path), "%s/metadata", folder) < (int)sizeof(path))
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &about))
		err = DWELL_EIO;
	else if (about.st_size > LARGEST)
		err = dwell_diag_set(
			diag, DWELL_ELIMIT, UINT64_MAX, 0, "CTF: metadata of more than 64 MiB");
	else if (pread(fd, head, 4, 0) == 4 && head[0] != '/')
		err = check_packets(fd, (uint64_t)about.st_size, diag);
	if (fd >= 0)
		close(fd);
	return err;
}
