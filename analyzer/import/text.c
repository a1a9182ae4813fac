/* The text form of a trace (docs/text.md). Comments and empty lines may come before its first line.
 */
#include <string.h>

#include "dwell/text.h"
#include "import/importer.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool recognizes(const void *data, size_t size)
{
	static const char header[] = "dwell-text ";
	const char *at = data, *end = at + size;

	while (at < end && (is_space(*at) || *at == '#')) {
		const char *line = *at == '#' ? memchr(at, '\n', (size_t)(end - at)) : at;

		if (!line)
			return false;
		at = line + 1;
	}
	return (size_t)(end - at) >= sizeof(header) - 1 && !memcmp(at, header, sizeof(header) - 1);
}

static int open(struct dwell_import *out, struct dwell_bytes *bytes, struct dwell_diag *diag)
{
	return dwell_text_source_open(&out->source, bytes, diag);
}

const struct importer dwell_importer_text = {
	.kind = "text",
	.recognizes = recognizes,
	.open = open,
};
