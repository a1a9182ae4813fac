#include "src/wire.h"

#include "dwell/error.h"

#include <string.h>
#include <xxhash.h>

static const uint8_t magic[8] = { 0x89, 'D', 'W', 'E', 'L', 'L', '\n', 0x1a };

uint64_t dwell_checksum(const void *at, size_t size)
{
	return XXH3_64bits(at, size);
}

void dwell_sync_marker(uint8_t sync[WIRE_SYNC_SIZE], const void *at, size_t size)
{
	const XXH128_hash_t hash = XXH3_128bits(at, size);

	dwell_put_u64(sync, hash.low64);
	dwell_put_u64(sync + 8, hash.high64);
}

void dwell_prologue_write(uint8_t out[WIRE_PROLOGUE_SIZE], const uint8_t sync[WIRE_SYNC_SIZE])
{
	memset(out, 0, WIRE_PROLOGUE_SIZE);
	memcpy(out, magic, sizeof(magic));
	dwell_put_u16(out + 8, WIRE_PROLOGUE_SIZE);
	dwell_put_u16(out + 10, WIRE_VERSION_MAJOR);
	dwell_put_u16(out + 12, WIRE_VERSION_MINOR);
	dwell_put_u64(out + 16, WIRE_BY_ROW);
	memcpy(out + 32, sync, WIRE_SYNC_SIZE);
	dwell_put_u64(out + 56, dwell_checksum(out, 56));
}

bool dwell_magic_is(const uint8_t *at, size_t size)
{
	return size >= sizeof(magic) && !memcmp(at, magic, sizeof(magic));
}

int dwell_prologue_read(
	struct wire_prologue *out, const uint8_t *at, size_t size, const char **what)
{
	*what = "not a dwell trace";
	if (!dwell_magic_is(at, size))
		return DWELL_EFORMAT;
	*what = "file header cut off";
	if (size < WIRE_PROLOGUE_SIZE)
		return DWELL_ETRUNCATED;

	const uint16_t header_size = dwell_get_u16(at + 8);

	*what = "file header: size out of range";
	if (header_size < WIRE_PROLOGUE_SIZE || header_size % WIRE_ALIGN)
		return DWELL_EFORMAT;
	*what = "file header cut off";
	if (header_size > size)
		return DWELL_ETRUNCATED;
	*what = "file header: checksum differs";
	if (dwell_get_u64(at + header_size - 8) != dwell_checksum(at, header_size - 8u))
		return DWELL_EFORMAT;
	*what = "file header: a newer version";
	if (dwell_get_u16(at + 10) != WIRE_VERSION_MAJOR)
		return DWELL_EVERSION;
	*what = "file header: a feature that this version does not know";
	if (dwell_get_u64(at + 16) & ~(uint64_t)WIRE_BY_ROW)
		return DWELL_EVERSION;
	memcpy(out->sync, at + 32, WIRE_SYNC_SIZE);
	out->header_size = header_size;
	out->minor = dwell_get_u16(at + 12);
	return DWELL_OK;
}

void dwell_header_write(uint8_t out[WIRE_HEADER_SIZE], const uint8_t sync[WIRE_SYNC_SIZE],
	const struct wire_chunk *chunk)
{
	memset(out, 0, WIRE_HEADER_SIZE);
	memcpy(out, sync, WIRE_SYNC_SIZE);
	dwell_put_u16(out + 16, WIRE_HEADER_SIZE);
	out[18] = chunk->kind;
	out[19] = chunk->flags;
	dwell_put_u32(out + 20, chunk->generation);
	dwell_put_u32(out + 24, chunk->serial);
	dwell_put_u32(out + 28, chunk->body_size);
	dwell_put_u32(out + 32, chunk->count);
	dwell_put_u64(out + 40, chunk->row);
	dwell_put_u64(out + 48, chunk->first_ns);
	dwell_put_u64(out + 56, chunk->last_ns);
	dwell_put_u64(out + 64, chunk->body_checksum);
	dwell_put_u64(out + 72, dwell_checksum(out, 72));
}

/* The fields of a header whose checksum is right. */
static void header_fields(struct wire_chunk *out, const uint8_t *at)
{
	*out = (struct wire_chunk){
		.header_size = dwell_get_u16(at + 16),
		.kind = at[18],
		.flags = at[19],
		.generation = dwell_get_u32(at + 20),
		.serial = dwell_get_u32(at + 24),
		.body_size = dwell_get_u32(at + 28),
		.count = dwell_get_u32(at + 32),
		.row = dwell_get_u64(at + 40),
		.first_ns = dwell_get_u64(at + 48),
		.last_ns = dwell_get_u64(at + 56),
		.body_checksum = dwell_get_u64(at + 64),
	};
}

int dwell_header_read(struct wire_chunk *out, const uint8_t *at, size_t size, const uint8_t *sync,
	const char **what)
{
	*what = "chunk header cut off";
	if (size < WIRE_HEADER_SIZE)
		return DWELL_ETRUNCATED;
	*what = "chunk header: sync marker differs";
	if (sync && memcmp(at, sync, WIRE_SYNC_SIZE) != 0)
		return DWELL_EFORMAT;

	const uint16_t header_size = dwell_get_u16(at + 16);

	*what = "chunk header: size out of range";
	if (header_size < WIRE_HEADER_SIZE || header_size % WIRE_ALIGN)
		return DWELL_EFORMAT;
	*what = "chunk header cut off";
	if (header_size > size)
		return DWELL_ETRUNCATED;
	*what = "chunk header: checksum differs";
	if (dwell_get_u64(at + header_size - 8) != dwell_checksum(at, header_size - 8u))
		return DWELL_EFORMAT;
	*what = "chunk header: first time after the last";
	if (dwell_get_u64(at + 48) > dwell_get_u64(at + 56))
		return DWELL_EFORMAT;
	header_fields(out, at);
	return DWELL_OK;
}
