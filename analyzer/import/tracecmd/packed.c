#include <zlib.h>
#include <zstd.h>

#include "import/tracecmd/file.h"

int tracecmd_unpack(enum tracecmd_packing packing, const void *packed, size_t packed_size,
	void *out, size_t size)
{
	uLongf inflated = size;

	if (packing == TRACECMD_ZSTD)
		return ZSTD_decompress(out, size, packed, packed_size) == size ? DWELL_OK
									       : DWELL_EFORMAT;
	if (packing == TRACECMD_ZLIB)
		return uncompress(out, &inflated, packed, packed_size) == Z_OK && inflated == size
			       ? DWELL_OK
			       : DWELL_EFORMAT;
	return DWELL_EFORMAT;
}
