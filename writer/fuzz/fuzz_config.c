#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "record/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every refusal says why. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dwell_config config = { .output = NULL };
	char why[200] = "";

	if (dwell_config_parse(&config, data, size, why, sizeof(why)) && !*why)
		__builtin_trap();
	dwell_config_release(&config);
	return 0;
}
