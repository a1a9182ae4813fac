#define _DEFAULT_SOURCE /* madvise */
#include "dwell/bytes.h"

#include "dwell/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Memory of the caller's, a mapping, or what a stream gave. */
struct memory {
	struct dwell_bytes bytes;
	const uint8_t *at;
	uint8_t *mapped, *owned;
};

/* A descriptor that cannot be mapped. */
struct file {
	struct dwell_bytes bytes;
	int fd;
};

static int memory_read(
	struct dwell_bytes *bytes, uint64_t offset, void *out, size_t size, size_t *got)
{
	struct memory *memory = (struct memory *)bytes;
	const uint64_t left = offset < bytes->size ? bytes->size - offset : 0;
	const size_t n = left < size ? (size_t)left : size;

	if (n)
		memcpy(out, memory->at + offset, n);
	*got = n;
	return DWELL_OK;
}

static const uint8_t *memory_map(struct dwell_bytes *bytes, uint64_t offset, size_t size)
{
	struct memory *memory = (struct memory *)bytes;

	if (offset > bytes->size || size > bytes->size - offset)
		return NULL;
	return memory->at + offset;
}

/*
 * Pages of a large file that were read count as memory of the process until somebody else wants
 * them: give them back. From well before, as the kernel maps some around each that is touched.
 */
static void memory_done(struct dwell_bytes *bytes, uint64_t offset, size_t size)
{
	enum { SMALL = 1 << 14, AROUND = 1 << 16, PAGE = 1 << 12 };
	struct memory *memory = (struct memory *)bytes;
	const uint64_t start = offset & ~(uint64_t)(AROUND - 1);
	const uint64_t end = (offset + size) & ~(uint64_t)(PAGE - 1);

	if (memory->mapped && size >= SMALL && end > start)
		(void)madvise(memory->mapped + start, (size_t)(end - start), MADV_DONTNEED);
}

static void memory_close(struct dwell_bytes *bytes)
{
	struct memory *memory = (struct memory *)bytes;

	if (memory->mapped)
		munmap(memory->mapped, (size_t)bytes->size);
	free(memory->owned);
	free(memory);
}

static const struct dwell_bytes_ops memory_ops = {
	.read = memory_read,
	.map = memory_map,
	.done = memory_done,
	.close = memory_close,
};

static int file_read(
	struct dwell_bytes *bytes, uint64_t offset, void *out, size_t size, size_t *got)
{
	struct file *file = (struct file *)bytes;
	uint8_t *at = out;

	*got = 0;
	while (*got < size) {
		const ssize_t n = pread(file->fd, at + *got, size - *got, (off_t)(offset + *got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return DWELL_EIO;
		if (n == 0)
			break;
		*got += (size_t)n;
	}
	return DWELL_OK;
}

static const uint8_t *file_map(struct dwell_bytes *bytes, uint64_t offset, size_t size)
{
	(void)bytes;
	(void)offset;
	(void)size;
	return NULL;
}

static void file_close(struct dwell_bytes *bytes)
{
	struct file *file = (struct file *)bytes;

	close(file->fd);
	free(file);
}

static const struct dwell_bytes_ops file_ops = {
	.read = file_read,
	.map = file_map,
	.close = file_close,
};

int dwell_bytes_open_memory(struct dwell_bytes **out, const void *at, size_t size)
{
	struct memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return DWELL_ENOMEM;
	memory->bytes = (struct dwell_bytes){ .ops = &memory_ops, .size = size };
	memory->at = at;
	*out = &memory->bytes;
	return DWELL_OK;
}

/* Map what fd is open on; takes over fd in any case. */
static int open_mapped(struct dwell_bytes **out, int fd, uint64_t size)
{
	void *at = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (at == MAP_FAILED) {
		struct file *file = calloc(1, sizeof(*file));

		if (!file) {
			close(fd);
			return DWELL_ENOMEM;
		}
		file->bytes = (struct dwell_bytes){ .ops = &file_ops, .size = size };
		file->fd = fd;
		*out = &file->bytes;
		return DWELL_OK;
	}
	close(fd);

	const int err = dwell_bytes_open_memory(out, at, (size_t)size);

	if (err)
		munmap(at, (size_t)size);
	else
		((struct memory *)*out)->mapped = at;
	return err;
}

int dwell_bytes_open_file(struct dwell_bytes **out, const char *path)
{
	struct stat status;
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return DWELL_EIO;
	if (fstat(fd, &status)) {
		const int err = errno;

		close(fd);
		errno = err;
		return DWELL_EIO;
	}
	if (S_ISDIR(status.st_mode)) {
		close(fd);
		errno = EISDIR;
		return DWELL_EIO;
	}
	if (S_ISREG(status.st_mode) && status.st_size > 0)
		return open_mapped(out, fd, (uint64_t)status.st_size);

	/* A pipe with a name, or a file of /proc, whose size is not known ahead. */
	const int err = dwell_bytes_open_stream(out, fd, SIZE_MAX / 2);

	close(fd);
	return err;
}

/* All that fd gives into *at, at most limit bytes. */
static int slurp(int fd, uint64_t limit, uint8_t **at, size_t *size)
{
	size_t cap = 0;

	for (;;) {
		if (*size == cap) {
			const size_t more = cap ? cap * 2 : 1 << 16;
			uint8_t *grown = more > cap ? realloc(*at, more) : NULL;

			if (!grown)
				return DWELL_ENOMEM;
			*at = grown;
			cap = more;
		}

		const ssize_t n = read(fd, *at + *size, cap - *size);

		if (n < 0 && errno != EINTR)
			return DWELL_EIO;
		if (n == 0)
			return DWELL_OK;
		*size += n > 0 ? (size_t)n : 0;
		if (*size > limit)
			return DWELL_ELIMIT;
	}
}

int dwell_bytes_open_stream(struct dwell_bytes **out, int fd, uint64_t limit)
{
	uint8_t *at = NULL;
	size_t size = 0;
	int err = slurp(fd, limit, &at, &size);

	if (!err)
		err = dwell_bytes_open_memory(out, at, size);
	if (err)
		free(at);
	else
		((struct memory *)*out)->owned = at;
	return err;
}

void dwell_bytes_close(struct dwell_bytes *bytes)
{
	if (bytes)
		bytes->ops->close(bytes);
}
