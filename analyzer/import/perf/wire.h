#ifndef DWELL_IMPORT_PERF_WIRE_H
#define DWELL_IMPORT_PERF_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A view of untrusted bytes in the byte order of the machine that wrote them. Reading never
 * moves past the end; a read that fails moves nothing and leaves *out alone.
 */
struct perf_wire {
	const uint8_t *at;
	size_t left;
	bool big;
};

static const bool perf_host_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

static inline uint16_t perf_get16(const uint8_t *at, bool big)
{
	uint16_t v;

	memcpy(&v, at, sizeof(v));
	return big != perf_host_big ? __builtin_bswap16(v) : v;
}

static inline uint32_t perf_get32(const uint8_t *at, bool big)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return big != perf_host_big ? __builtin_bswap32(v) : v;
}

static inline uint64_t perf_get64(const uint8_t *at, bool big)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return big != perf_host_big ? __builtin_bswap64(v) : v;
}

static inline bool perf_take(struct perf_wire *in, uint64_t size, struct perf_wire *out)
{
	if (size > in->left)
		return false;
	*out = (struct perf_wire){ .at = in->at, .left = (size_t)size, .big = in->big };
	in->at += size;
	in->left -= (size_t)size;
	return true;
}

static inline bool perf_skip(struct perf_wire *in, uint64_t size)
{
	struct perf_wire skipped;

	return perf_take(in, size, &skipped);
}

static inline bool perf_u32(struct perf_wire *in, uint32_t *out)
{
	struct perf_wire field;

	if (!perf_take(in, 4, &field))
		return false;
	*out = perf_get32(field.at, in->big);
	return true;
}

static inline bool perf_u64(struct perf_wire *in, uint64_t *out)
{
	struct perf_wire field;

	if (!perf_take(in, 8, &field))
		return false;
	*out = perf_get64(field.at, in->big);
	return true;
}

/* Bytes up to a NUL, which is taken too. */
bool perf_text(struct perf_wire *in, const char **at, size_t *size);

#endif
