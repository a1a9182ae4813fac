#include "src/buffer.h"

#include "dwell/limits.h"
#include "src/wire.h"

#include <stdlib.h>
#include <string.h>

enum { VARINT_MAX = 10 };

void dwell_buffer_release(struct dwell_buffer *buffer)
{
	free(buffer->at);
	*buffer = (struct dwell_buffer){ 0 };
}

uint8_t *dwell_buffer_room(struct dwell_buffer *buffer, size_t more)
{
	if (buffer->failed)
		return NULL;
	if (buffer->at && more <= buffer->cap - buffer->size)
		return buffer->at + buffer->size;

	size_t cap = buffer->cap ? buffer->cap : 256;

	while (cap - buffer->size < more && cap <= SIZE_MAX / 2)
		cap *= 2;

	uint8_t *at = cap - buffer->size < more ? NULL : realloc(buffer->at, cap);

	if (!at) {
		buffer->failed = true;
		return NULL;
	}
	buffer->at = at;
	buffer->cap = cap;
	return at + buffer->size;
}

void dwell_buffer_put(struct dwell_buffer *buffer, const void *at, size_t size)
{
	uint8_t *room = dwell_buffer_room(buffer, size);

	if (!room || !size)
		return;
	memcpy(room, at, size);
	buffer->size += size;
}

void dwell_buffer_zeros(struct dwell_buffer *buffer, size_t size)
{
	uint8_t *room = dwell_buffer_room(buffer, size);

	if (!room || !size)
		return;
	memset(room, 0, size);
	buffer->size += size;
}

void dwell_buffer_byte(struct dwell_buffer *buffer, unsigned byte)
{
	const uint8_t value = (uint8_t)byte;

	dwell_buffer_put(buffer, &value, 1);
}

void dwell_buffer_u32(struct dwell_buffer *buffer, uint32_t value)
{
	uint8_t bytes[4];

	dwell_put_u32(bytes, value);
	dwell_buffer_put(buffer, bytes, sizeof(bytes));
}

void dwell_buffer_u64(struct dwell_buffer *buffer, uint64_t value)
{
	uint8_t bytes[8];

	dwell_put_u64(bytes, value);
	dwell_buffer_put(buffer, bytes, sizeof(bytes));
}

void dwell_buffer_varint(struct dwell_buffer *buffer, uint64_t value)
{
	uint8_t *room = dwell_buffer_room(buffer, VARINT_MAX);

	if (!room)
		return;
	while (value > 0x7f) {
		*room++ = (uint8_t)(value | 0x80);
		value >>= 7;
		buffer->size++;
	}
	*room = (uint8_t)value;
	buffer->size++;
}

void dwell_buffer_signed(struct dwell_buffer *buffer, int64_t value)
{
	dwell_buffer_varint(buffer, dwell_zigzag(value));
}

void dwell_buffer_string(struct dwell_buffer *buffer, struct dwell_string string)
{
	const size_t size = string.size < DWELL_MAX_STRING ? string.size : DWELL_MAX_STRING;

	dwell_buffer_varint(buffer, size);
	dwell_buffer_put(buffer, string.at, size);
}
