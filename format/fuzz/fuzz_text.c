/* Text that is read is written, and what is written is read as the same text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/text.h"
#include "tests/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* NULL: it is not text of ours. */
static char *again(const void *data, size_t size, size_t *out_size)
{
	struct dwell_source *source = NULL;
	struct dwell_sink *sink = NULL;
	struct dwell_diag diag;
	char *out = NULL;
	FILE *file = open_memstream(&out, out_size);
	int err = file ? dwell_text_sink_new(&sink, file) : DWELL_ENOMEM;

	if (!err)
		err = dwell_text_source_open(&source, memory_open(data, size, 64), &diag);
	if (!err)
		err = dwell_source_drive(source, NULL, sink);
	dwell_source_close(source);
	dwell_text_sink_free(sink);
	if (file)
		fclose(file);
	if (err) {
		free(out);
		return NULL;
	}
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t first_size, second_size = 0;
	char *first = again(data, size, &first_size), *second;

	if (!first)
		return 0;
	second = again(first, first_size, &second_size);
	if (!second || first_size != second_size || memcmp(first, second, first_size) != 0)
		abort();
	free(first);
	free(second);
	return 0;
}
