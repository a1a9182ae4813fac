/* Any bytes as a list of allowed leaks: read, or refused; what was read is held against leaks. */
#include <stdint.h>
#include <stdlib.h>

#include "cli/allow.h"
#include "cli/command.h"
#include "model/catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dwell_catalog *catalog = NULL;
	struct allow *allow = NULL;
	const int status = allow_read(&allow, "allow", (const char *)data, size);

	if (status ? status != STATUS_ASKED || allow : !allow)
		abort();
	if (catalog_new(&catalog))
		abort();
	/* Nobody is left by it, so conditions on tasks hold and those on places do not. */
	for (uint8_t kind = 0; !status && kind < DWELL_LEAK_KIND_COUNT; kind++) {
		const struct dwell_leak leak = { .kind = kind };

		allow_matches(allow, catalog, &leak);
	}
	catalog_free(catalog);
	allow_free(allow);
	return 0;
}
