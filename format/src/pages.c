#include "src/pages.h"

#include <stdlib.h>
#include <string.h>

void dwell_pages_release(struct dwell_pages *pages)
{
	for (size_t i = 0; i < pages->count; i++)
		free(pages->pages[i]);
	free(pages->pages);
	pages->pages = NULL;
	pages->count = 0;
}

void *dwell_pages_make(struct dwell_pages *pages, uint32_t id)
{
	const size_t page = id >> PAGES_BITS;

	if (page >= pages->count) {
		size_t count = pages->count ? pages->count : 16;

		while (count <= page)
			count *= 2;

		uint8_t **grown = realloc(pages->pages, count * sizeof(*grown));

		if (!grown)
			return NULL;
		memset(grown + pages->count, 0, (count - pages->count) * sizeof(*grown));
		pages->pages = grown;
		pages->count = count;
	}
	if (!pages->pages[page])
		pages->pages[page] = calloc(PAGES_IDS, pages->size);
	return dwell_pages_find(pages, id);
}

void dwell_pages_drop(struct dwell_pages *pages, uint32_t id)
{
	const size_t page = id >> PAGES_BITS;

	if (page >= pages->count)
		return;
	free(pages->pages[page]);
	pages->pages[page] = NULL;
}
