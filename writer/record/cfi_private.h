#ifndef DWELL_RECORD_CFI_PRIVATE_H
#define DWELL_RECORD_CFI_PRIVATE_H

#include "cfi.h"

/* Bytes that are read from the front; reading beyond their end sets `bad`. */
struct cfi_bytes {
	const uint8_t *at, *end;
	bool bad;
};

/* One byte: most of the information is read so. */
static inline uint8_t dwell_cfi_byte(struct cfi_bytes *bytes)
{
	if (__builtin_expect(bytes->at < bytes->end, 1))
		return *bytes->at++;
	bytes->bad = true;
	return 0;
}

/* Little-endian. Where the size is known, one load. */
static inline uint64_t dwell_cfi_number(struct cfi_bytes *bytes, unsigned size)
{
	const uint8_t *at = bytes->at;
	uint64_t value = 0;

	if (__builtin_expect((size_t)(bytes->end - at) < size, 0)) {
		bytes->bad = true;
		bytes->at = bytes->end;
		return 0;
	}
	bytes->at += size;
	if (size == 4)
		return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
		       (uint32_t)at[3] << 24;
	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

uint64_t dwell_cfi_long_uleb(struct cfi_bytes *bytes, uint8_t first);
int64_t dwell_cfi_sleb(struct cfi_bytes *bytes);

static inline uint64_t dwell_cfi_uleb(struct cfi_bytes *bytes)
{
	const uint8_t first = dwell_cfi_byte(bytes);

	return first < 0x80 ? first : dwell_cfi_long_uleb(bytes, first);
}

/* How what is of use of the caller's registers is found. */
struct cfi_rules {
	uint8_t kind;         /* of the CFA: enum dwell_unwind_kind */
	uint8_t rbp, returns; /* enum saved (cfi_run.c) */
	bool lost;      /* something that is not understood here: nothing from here on is true */
	int64_t offset; /* of the CFA */
	int64_t rbp_at, return_at; /* from the CFA */
};

/* What one function's instructions are run with. */
struct cfi_program {
	const struct cfi_rules *initial; /* what the CIE's lead to */
	struct cfi_bytes own;            /* of the FDE */
	uint64_t code_align;
	int64_t data_align;
	uint64_t start, end; /* addresses */
	bool signal;
};

/* Run the CIE's: a file has a few, for all of its functions. */
void dwell_cfi_begin(struct cfi_rules *initial, const struct cfi_bytes *code, int64_t data_align);

/* Run it: one row for each address where the rule changes, and one at its end. DWELL_ENOMEM,
 * DWELL_ELIMIT; what cannot be understood becomes STOP. */
int dwell_cfi_run(struct dwell_cfi *out, const struct cfi_program *program);

enum { CFI_ROW_WORDS = 2 };

/* DWELL_ENOMEM, DWELL_ELIMIT. */
int dwell_cfi_add(struct dwell_cfi *out, uint64_t address, uint32_t rule);

/* By address; rows of the same stay in order. DWELL_ENOMEM. */
int dwell_cfi_sort(struct dwell_cfi *cfi);

#endif
