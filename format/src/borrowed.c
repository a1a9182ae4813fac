#include "src/borrowed.h"

static struct dwell_bytes *lender_of(struct dwell_bytes *bytes)
{
	return ((struct borrowed_bytes *)bytes)->lender;
}

static int borrowed_read(
	struct dwell_bytes *bytes, uint64_t offset, void *out, size_t size, size_t *got)
{
	struct dwell_bytes *lender = lender_of(bytes);

	return lender->ops->read(lender, offset, out, size, got);
}

static const uint8_t *borrowed_map(struct dwell_bytes *bytes, uint64_t offset, size_t size)
{
	struct dwell_bytes *lender = lender_of(bytes);

	return lender->ops->map(lender, offset, size);
}

static void borrowed_done(struct dwell_bytes *bytes, uint64_t offset, size_t size)
{
	struct dwell_bytes *lender = lender_of(bytes);

	if (lender->ops->done)
		lender->ops->done(lender, offset, size);
}

static void borrowed_close(struct dwell_bytes *bytes)
{
	(void)bytes;
}

struct dwell_bytes *dwell_bytes_borrow(struct borrowed_bytes *out, struct dwell_bytes *lender)
{
	static const struct dwell_bytes_ops ops = {
		.read = borrowed_read,
		.map = borrowed_map,
		.done = borrowed_done,
		.close = borrowed_close,
	};

	*out = (struct borrowed_bytes){ { &ops, lender->size }, lender };
	return &out->bytes;
}
