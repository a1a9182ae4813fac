/* Any bytes as a digest: what is accepted is written, read again and the same, and can be compared.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "digest/wire.h"
#include "dwell/compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(const struct dwell_digest *digest)
{
	const struct dwell_digest *runs[] = { digest, digest, digest, digest, digest };
	const struct dwell_side side = { runs, digest->count % 2 ? 5 : 3 };
	struct dwell_comparison *comparison;
	struct dwell_policy policy;

	dwell_policy_init(&policy);
	if (!dwell_compare(&comparison, &side, &side, &policy)) {
		/* A side is no worse than itself. */
		if (comparison->by_status[DWELL_ROW_REGRESSED])
			abort();
		dwell_comparison_free(comparison);
	}
	dwell_policy_release(&policy);
}

static void write_again(const struct dwell_digest *digest)
{
	struct dwell_digest *again;
	unsigned char *file, *more;
	size_t size, more_size;

	if (dwell_digest_encode(digest, &file, &size))
		return;
	if (size > DWELL_DIGEST_BYTES || dwell_digest_decode(&again, file, size, NULL))
		abort();
	if (!digest->omitted && again->omitted == digest->omitted) {
		if (dwell_digest_encode(again, &more, &more_size))
			abort();
		if (size != more_size || memcmp(file, more, size))
			abort();
		free(more);
	}
	dwell_digest_free(again);
	free(file);
}

static void try(const uint8_t *data, size_t size)
{
	struct dwell_digest *digest;

	if (dwell_digest_decode(&digest, data, size, NULL))
		return;
	write_again(digest);
	compare(digest);
	dwell_digest_free(digest);
}

/* The body as it is, in a frame that is right: else no fuzzer comes to it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t bound = ZSTD_compressBound(size);
	unsigned char *file = malloc(DIGEST_HEAD + bound);
	size_t got;

	try(data, size);
	if (!file)
		return 0;
	memcpy(file, DIGEST_MAGIC, 8);
	for (unsigned i = 0; i < 4; i++) {
		file[8 + i] = (unsigned char)(DIGEST_VERSION >> (8 * i));
		file[12 + i] = (unsigned char)(size >> (8 * i));
	}
	got = ZSTD_compress(file + DIGEST_HEAD, bound, data, size, 1);
	if (!ZSTD_isError(got))
		try(file, DIGEST_HEAD + got);
	free(file);
	return 0;
}
