#include "analysis/sites.h"

#include <stdlib.h>

#include "dwell/error.h"
#include "dwell/interval.h"
#include "model/arena.h"

void sites_release(struct sites *sites)
{
	free(sites->at);
	*sites = (struct sites){ 0 };
}

static struct site *place_of(const struct sites *sites, uint64_t key)
{
	size_t i = key & (sites->cap - 1);

	while (sites->at[i].task && sites->at[i].key != key)
		i = (i + 1) & (sites->cap - 1);
	return &sites->at[i];
}

static int grow(struct sites *sites)
{
	const struct sites less = *sites;

	sites->cap = less.cap ? less.cap * 2 : 64;
	sites->at = calloc(sites->cap, sizeof(*sites->at));
	if (!sites->at) {
		*sites = less;
		return DWELL_ENOMEM;
	}
	for (size_t i = 0; i < less.cap; i++)
		if (less.at[i].task)
			*place_of(sites, less.at[i].key) = less.at[i];
	free(less.at);
	return DWELL_OK;
}

int sites_add(struct sites *sites, const struct dwell_wait *wait)
{
	const uint64_t what = hash_mix(hash_mix(wait->reason, wait->object), wait->stack);
	const uint64_t key = hash_mix(what, wait->stack ? 0 : wait->task);
	struct site *site;

	if (sites->count * 2 >= sites->cap && grow(sites))
		return DWELL_ENOMEM;
	site = place_of(sites, key);
	if (site->task && wait->start_ns >= site->first_ns)
		return DWELL_OK;
	sites->count += !site->task;
	*site = (struct site){ key, wait->start_ns, wait->task };
	return DWELL_OK;
}
