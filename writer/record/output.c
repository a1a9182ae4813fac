#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(struct dwell_output *output, const void *at, size_t size)
{
	struct dwell_file_output *file = (struct dwell_file_output *)output;
	const char *from = at;
	const uint64_t before = file->bytes;

	while (size > 0 && file->error == 0) {
		const ssize_t wrote = write(file->fd, from, size);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0) {
			file->error = wrote < 0 ? errno : EIO;
			break;
		}
		from += wrote;
		size -= (size_t)wrote;
		file->bytes += (uint64_t)wrote;
	}
	/* A part of what was to be written is of no use to a reader. */
	if (file->error && file->bytes > before && ftruncate(file->fd, (off_t)before) == 0)
		file->bytes = before;
	errno = file->error;
	return file->error ? DWELL_EIO : 0;
}

int dwell_file_output_open(struct dwell_file_output *file, const char *path)
{
	char old[PATH_MAX];
	struct stat status;

	*file = (struct dwell_file_output){ .output = { write_all }, .fd = -1 };
	/* Only a file is kept: /dev/null and pipes are written to. */
	if (lstat(path, &status) == 0 && S_ISREG(status.st_mode)) {
		if (snprintf(old, sizeof(old), "%s.old", path) >= (int)sizeof(old)) {
			errno = ENAMETOOLONG;
			return DWELL_EIO;
		}
		if (rename(path, old) != 0)
			return DWELL_EIO;
	}
	file->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	return file->fd < 0 ? DWELL_EIO : 0;
}

int dwell_file_output_memory(struct dwell_file_output *file)
{
	*file = (struct dwell_file_output){ .output = { write_all } };
	file->fd = memfd_create("dwell-flight", MFD_CLOEXEC);
	return file->fd < 0 ? DWELL_EIO : 0;
}

int dwell_file_output_close(struct dwell_file_output *file)
{
	const int fd = file->fd;

	file->fd = -1;
	if (fd < 0 || close(fd) == 0)
		return 0;
	if (file->error == 0)
		file->error = errno;
	return DWELL_EIO;
}
