#ifndef DWELL_BORROWED_H
#define DWELL_BORROWED_H

#include "dwell/bytes.h"

/* Bytes of somebody else's, for those who close what they are given. */
struct borrowed_bytes {
	struct dwell_bytes bytes;
	struct dwell_bytes *lender;
};

/* The result is in *out and lives as long as that and its lender. */
struct dwell_bytes *dwell_bytes_borrow(struct borrowed_bytes *out, struct dwell_bytes *lender);

#endif
