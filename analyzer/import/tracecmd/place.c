#include "import/tracecmd/place.h"

#include <string.h>

#include "import/perf/wire.h"

enum { LONGEST_WORD = 4096 };

int tracecmd_take(struct tracecmd_place *place, void *out, size_t size)
{
	size_t got = 0;
	int err;

	if (place->at > place->end || size > place->end - place->at)
		return DWELL_ETRUNCATED;
	err = place->bytes->ops->read(place->bytes, place->at, out, size, &got);
	if (err || got < size)
		return err ? err : DWELL_ETRUNCATED;
	place->at += size;
	return DWELL_OK;
}

int tracecmd_skip(struct tracecmd_place *place, uint64_t size)
{
	if (place->at > place->end || size > place->end - place->at)
		return DWELL_ETRUNCATED;
	place->at += size;
	return DWELL_OK;
}

int tracecmd_u16(struct tracecmd_place *place, uint16_t *out)
{
	uint8_t raw[2] = { 0 };
	const int err = tracecmd_take(place, raw, sizeof(raw));

	*out = perf_get16(raw, place->big);
	return err;
}

int tracecmd_u32(struct tracecmd_place *place, uint32_t *out)
{
	uint8_t raw[4] = { 0 };
	const int err = tracecmd_take(place, raw, sizeof(raw));

	*out = perf_get32(raw, place->big);
	return err;
}

int tracecmd_u64(struct tracecmd_place *place, uint64_t *out)
{
	uint8_t raw[8] = { 0 };
	const int err = tracecmd_take(place, raw, sizeof(raw));

	*out = perf_get64(raw, place->big);
	return err;
}

int tracecmd_word(struct tracecmd_place *place, char *out, size_t room)
{
	char piece[64];
	const uint64_t from = place->at;

	memset(out, 0, room);
	while (place->at - from < LONGEST_WORD) {
		const uint64_t left = place->end > place->at ? place->end - place->at : 0;
		const size_t want = left < sizeof(piece) ? (size_t)left : sizeof(piece);
		const size_t done = (size_t)(place->at - from);
		const int err = want ? tracecmd_take(place, piece, want) : DWELL_ETRUNCATED;
		const char *end = err ? NULL : memchr(piece, 0, want);
		const size_t size = end ? (size_t)(end - piece) : want;

		if (err) {
			place->at = from;
			return err;
		}
		if (done < room - 1)
			memcpy(out + done, piece, size < room - 1 - done ? size : room - 1 - done);
		if (end) {
			place->at = from + done + size + 1;
			return DWELL_OK;
		}
	}
	place->at = from;
	return DWELL_EFORMAT;
}
