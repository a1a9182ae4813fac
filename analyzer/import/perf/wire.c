#include "import/perf/wire.h"

#include <string.h>

bool perf_text(struct perf_wire *in, const char **at, size_t *size)
{
	const uint8_t *end = in->left ? memchr(in->at, 0, in->left) : NULL;

	if (!end)
		return false;
	*at = (const char *)in->at;
	*size = (size_t)(end - in->at);
	return perf_skip(in, *size + 1);
}
