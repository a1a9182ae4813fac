#ifndef DWELL_BUFFER_H
#define DWELL_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/tables.h"

/*
 * Bytes that grow at the end. A failed allocation is remembered in `failed` and
 * everything after it is dropped, so that a writer checks once, at its end.
 */
struct dwell_buffer {
	uint8_t *at;
	size_t size, cap;
	bool failed;
};

void dwell_buffer_release(struct dwell_buffer *buffer);

/* Room for `more` bytes at the end, not counted in size; NULL when out of memory. */
uint8_t *dwell_buffer_room(struct dwell_buffer *buffer, size_t more);

void dwell_buffer_put(struct dwell_buffer *buffer, const void *at, size_t size);
void dwell_buffer_zeros(struct dwell_buffer *buffer, size_t size);
void dwell_buffer_byte(struct dwell_buffer *buffer, unsigned byte);
void dwell_buffer_u32(struct dwell_buffer *buffer, uint32_t value);
void dwell_buffer_u64(struct dwell_buffer *buffer, uint64_t value);
void dwell_buffer_varint(struct dwell_buffer *buffer, uint64_t value);
void dwell_buffer_signed(struct dwell_buffer *buffer, int64_t value);
/* Its length as a varint, then its bytes; cut at DWELL_MAX_STRING. */
void dwell_buffer_string(struct dwell_buffer *buffer, struct dwell_string string);

#endif
