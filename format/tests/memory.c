#include "tests/memory.h"

#include <stdlib.h>
#include <string.h>

struct memory {
	struct dwell_bytes bytes;
	const uint8_t *at;
	size_t most;
};

static int on_read(struct dwell_bytes *bytes, uint64_t offset, void *out, size_t size, size_t *got)
{
	const struct memory *memory = (const struct memory *)bytes;
	uint64_t n = offset < bytes->size ? bytes->size - offset : 0;

	n = n < size ? n : size;
	n = n < memory->most ? n : memory->most;
	if (n)
		memcpy(out, memory->at + offset, (size_t)n);
	*got = (size_t)n;
	return 0;
}

static void on_close(struct dwell_bytes *bytes)
{
	free(bytes);
}

struct dwell_bytes *memory_open(const void *at, size_t size, size_t most)
{
	static const struct dwell_bytes_ops ops = { .read = on_read, .close = on_close };
	struct memory *memory = malloc(sizeof(*memory));

	if (!memory)
		return NULL;
	*memory = (struct memory){ { &ops, size }, at, most };
	return &memory->bytes;
}
