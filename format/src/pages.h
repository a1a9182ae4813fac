#ifndef DWELL_PAGES_H
#define DWELL_PAGES_H

#include <stddef.h>
#include <stdint.h>

/*
 * Values of a fixed size by id, in pages: a hostile id costs a page and a pointer array, not all
 * ids before it. All zero is an empty one with size still to be set.
 */
struct dwell_pages {
	size_t size; /* of a value */
	uint8_t **pages;
	size_t count;
};

enum { PAGES_BITS = 8, PAGES_IDS = 1 << PAGES_BITS };

void dwell_pages_release(struct dwell_pages *pages);

/* Makes the value, of zeros, where there is none. NULL when out of memory. */
void *dwell_pages_make(struct dwell_pages *pages, uint32_t id);

/* Frees the page that id is in, with all its values. */
void dwell_pages_drop(struct dwell_pages *pages, uint32_t id);

/* NULL where there is none. */
static inline void *dwell_pages_find(const struct dwell_pages *pages, uint32_t id)
{
	const size_t page = id >> PAGES_BITS;

	if (page >= pages->count || !pages->pages[page])
		return NULL;
	return pages->pages[page] + (id & (PAGES_IDS - 1)) * pages->size;
}

#endif
