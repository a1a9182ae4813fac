/* Any bytes as a policy: read, or refused with a place in the text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dwell_policy_fault fault = { .line = 0 };
	struct dwell_policy policy;

	dwell_policy_init(&policy);
	if (dwell_policy_read(&policy, (const char *)data, size, &fault) == DWELL_EFORMAT &&
		(!fault.line || !fault.column || !*fault.what))
		abort();
	dwell_policy_release(&policy);
	return 0;
}
