#ifndef DWELL_LITTLE_H
#define DWELL_LITTLE_H

#include <stdint.h>

/* Little-endian integers, on machines of either order. */
static inline uint16_t dwell_get_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t dwell_get_u32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static inline uint64_t dwell_get_u64(const uint8_t *at)
{
	return dwell_get_u32(at) | (uint64_t)dwell_get_u32(at + 4) << 32;
}

static inline void dwell_put_u16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

static inline void dwell_put_u32(uint8_t *at, uint32_t value)
{
	dwell_put_u16(at, (uint16_t)value);
	dwell_put_u16(at + 2, (uint16_t)(value >> 16));
}

static inline void dwell_put_u64(uint8_t *at, uint64_t value)
{
	dwell_put_u32(at, (uint32_t)value);
	dwell_put_u32(at + 4, (uint32_t)(value >> 32));
}

static inline uint64_t dwell_zigzag(int64_t value)
{
	return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t dwell_unzigzag(uint64_t value)
{
	return (int64_t)((value >> 1) ^ (0 - (value & 1)));
}

#endif
