#ifndef DWELL_BYTES_H
#define DWELL_BYTES_H

#include <stddef.h>
#include <stdint.h>

/*
 * Where a reader's input comes from: a file, a mapping, memory, a fuzzer's
 * buffer. `map` gives a pointer to [offset, offset + size) that stays valid until
 * close, or NULL where the source cannot (then `read` is used).
 */
struct dwell_bytes;

struct dwell_bytes_ops {
	/* Copy up to size bytes from offset; *got < size only at the end. 0 or DWELL_EIO. */
	int (*read)(
		struct dwell_bytes *bytes, uint64_t offset, void *out, size_t size, size_t *got);
	const uint8_t *(*map)(struct dwell_bytes *bytes, uint64_t offset, size_t size);
	/* May be NULL. What was mapped is not needed any more for now; it stays valid, and may be
	 * slower to read again. */
	void (*done)(struct dwell_bytes *bytes, uint64_t offset, size_t size);
	void (*close)(struct dwell_bytes *bytes);
};

struct dwell_bytes {
	const struct dwell_bytes_ops *ops;
	uint64_t size; /* of the whole input */
};

/* A file by mmap, by pread where it cannot be mapped. DWELL_EIO (errno), DWELL_ENOMEM. */
int dwell_bytes_open_file(struct dwell_bytes **out, const char *path);

/* Memory of the caller's, which must outlive the bytes. DWELL_ENOMEM. */
int dwell_bytes_open_memory(struct dwell_bytes **out, const void *at, size_t size);

/* All of a descriptor (a pipe, stdin), into memory up to limit bytes. DWELL_EIO, DWELL_ELIMIT,
 * DWELL_ENOMEM. */
int dwell_bytes_open_stream(struct dwell_bytes **out, int fd, uint64_t limit);

/* NULL is allowed. */
void dwell_bytes_close(struct dwell_bytes *bytes);

#endif
