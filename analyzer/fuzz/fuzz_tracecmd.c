/* trace.dat of any content: an error or rows, never more. */
#include "fuzz/importer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_importer(&dwell_importer_tracecmd, data, size);
}
