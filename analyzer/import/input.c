#include "import/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "import/unpack.h"

/*
 * What unpacking may write. A small file can unpack to anything, so it is also the limit of
 * what a hostile one can do to the disk.
 */
static const uint64_t LARGEST_UNPACKED = (uint64_t)1 << 36;

struct fd_bytes {
	struct dwell_bytes base;
	int fd;
};

static int fd_read(struct dwell_bytes *bytes, uint64_t offset, void *out, size_t size, size_t *got)
{
	const struct fd_bytes *self = (const struct fd_bytes *)bytes;
	size_t done = 0;

	while (done < size) {
		const ssize_t n =
			pread(self->fd, (char *)out + done, size - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return DWELL_EIO;
		if (!n)
			break;
		done += (size_t)n;
	}
	*got = done;
	return DWELL_OK;
}

static const uint8_t *fd_map(struct dwell_bytes *bytes, uint64_t offset, size_t size)
{
	(void)bytes;
	(void)offset;
	(void)size;
	return NULL;
}

static void fd_close(struct dwell_bytes *bytes)
{
	struct fd_bytes *self = (struct fd_bytes *)bytes;

	close(self->fd);
	free(self);
}

static const struct dwell_bytes_ops fd_ops = { .read = fd_read, .map = fd_map, .close = fd_close };

int import_bytes_fd(struct dwell_bytes **out, int fd)
{
	struct fd_bytes *self = malloc(sizeof(*self));
	struct stat about;

	if (!self || fstat(fd, &about)) {
		const int err = self ? DWELL_EIO : DWELL_ENOMEM;
		free(self);
		close(fd);
		return err;
	}
	*self = (struct fd_bytes){ .base = { .ops = &fd_ops, .size = (uint64_t)about.st_size },
		.fd = fd };
	*out = &self->base;
	return DWELL_OK;
}

/* Reading from a descriptor, after the bytes that were peeked at. */
struct fd_origin {
	struct import_origin base;
	int fd;
	const uint8_t *peeked;
	size_t left;
	uint64_t taken;
};

static int origin_read(struct import_origin *origin, void *out, size_t size, size_t *got)
{
	struct fd_origin *self = (struct fd_origin *)origin;
	ssize_t n;

	if (self->left) {
		*got = self->left < size ? self->left : size;
		memcpy(out, self->peeked, *got);
		self->peeked += *got;
		self->left -= *got;
		return DWELL_OK;
	}
	do
		n = read(self->fd, out, size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return DWELL_EIO;
	*got = (size_t)n;
	self->taken += (size_t)n;
	return DWELL_OK;
}

struct fd_target {
	struct import_target base;
	int fd;
	uint64_t written;
};

static int target_write(struct import_target *target, const void *at, size_t size)
{
	struct fd_target *self = (struct fd_target *)target;

	if (size > LARGEST_UNPACKED - self->written)
		return DWELL_ELIMIT;
	for (size_t done = 0; done < size;) {
		const ssize_t n = write(self->fd, (const char *)at + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return DWELL_EIO;
		done += (size_t)n;
	}
	self->written += size;
	return DWELL_OK;
}

/* An unlinked file: gone with the descriptor, whatever becomes of us. */
static int temporary_file(void)
{
	const char *folder = getenv("TMPDIR");
	char path[4096];

	if (!folder || !*folder)
		folder = "/var/tmp";
	if (snprintf(path, sizeof(path), "%s/dwell-XXXXXX", folder) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}

	const int fd = mkstemp(path);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static int explain(struct dwell_diag *diag, int err)
{
	switch (err) {
	case DWELL_EFORMAT:
		return dwell_diag_set(diag, err, UINT64_MAX, 0, "compressed file: damaged");
	case DWELL_ELIMIT:
		return dwell_diag_set(
			diag, err, UINT64_MAX, 0, "compressed file: unpacks to more than 64 GiB");
	default:
		return err;
	}
}

/* Unpack what fd still has into a temporary file. A packed file that ends early gives what it had:
 * its importer then finds that it was cut. */
static int spool(struct dwell_bytes **out, struct fd_origin *origin, struct dwell_diag *diag)
{
	struct fd_target target = { .base = { target_write }, .fd = temporary_file() };
	const enum import_packing packing = import_packing_of(origin->peeked, origin->left);

	if (target.fd < 0)
		return DWELL_EIO;

	const int err = import_unpack(packing, &origin->base, &target.base);
	if (err && err != DWELL_ETRUNCATED) {
		const int why = errno;
		close(target.fd);
		errno = why;
		return explain(diag, err);
	}
	return import_bytes_fd(out, target.fd);
}

static int open_fd(struct dwell_bytes **out, uint64_t *stored, int fd, struct dwell_diag *diag)
{
	uint8_t head[16];
	struct fd_origin origin = { .base = { origin_read }, .fd = fd, .peeked = head };
	struct stat about;
	size_t got = 1;
	int err = DWELL_OK;

	while (origin.taken < sizeof(head) && got && !err)
		err = origin_read(
			&origin.base, head + origin.taken, sizeof(head) - origin.taken, &got);
	if (err || fstat(fd, &about)) {
		close(fd);
		return err ? err : DWELL_EIO;
	}
	if (S_ISREG(about.st_mode) && about.st_size > 0 &&
		lseek(fd, 0, SEEK_CUR) == (off_t)origin.taken &&
		import_packing_of(head, origin.taken) == IMPORT_PLAIN) {
		*stored = (uint64_t)about.st_size;
		return import_bytes_fd(out, fd);
	}
	origin.left = origin.taken;
	err = spool(out, &origin, diag);
	close(fd);
	*stored = origin.taken;
	return err;
}

int import_input_open(
	struct dwell_bytes **out, uint64_t *stored, const char *path, struct dwell_diag *diag)
{
	const int fd = !strcmp(path, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
					  : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return DWELL_EIO;
	return open_fd(out, stored, fd, diag);
}

int import_peek(struct dwell_bytes *bytes, void *out, size_t size, size_t *got)
{
	if (size > bytes->size)
		size = (size_t)bytes->size;
	return bytes->ops->read(bytes, 0, out, size, got);
}
