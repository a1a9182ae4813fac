#ifndef DWELL_IMPORT_PERF_WIRE_H
#define DWELL_IMPORT_PERF_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A view of untrusted bytes in the byte order of the machine that wrote them. Reading never
 * moves past the end; a read that fails moves nothing and leaves *out alone.
 */
struct perf_wire {
	const uint8_t *at;
	size_t left;
	bool big;
};

static inline uint16_t perf_get16(const uint8_t *at, bool big)
{
	const uint16_t v = (uint16_t)(at[0] | at[1] << 8);

	return big ? __builtin_bswap16(v) : v;
}

static inline uint32_t perf_get32(const uint8_t *at, bool big)
{
	const uint32_t v = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
			   (uint32_t)at[3] << 24;

	return big ? __builtin_bswap32(v) : v;
}

static inline uint64_t perf_get64(const uint8_t *at, bool big)
{
	const uint64_t v = (uint64_t)perf_get32(at, false) | (uint64_t)perf_get32(at + 4, false)
								     << 32;

	return big ? __builtin_bswap64(v) : v;
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
