#include "trail.h"

#include <stdatomic.h>
#include <string.h>

static struct dwell_trail *set_of(struct dwell_trails *trails, const struct dwell_trail_key *key)
{
	return trails->kept[(key->frame >> 4 ^ key->frame >> 8 ^ key->pc) % DWELL_TRAIL_SETS];
}

static bool same_key(const struct dwell_trail_key *a, const struct dwell_trail_key *b)
{
	return ((a->frame ^ b->frame) | (a->pc ^ b->pc) | (a->unwind ^ b->unwind) |
		       (a->most ^ b->most)) == 0;
}

DWELL_ANY_WORD static inline uint64_t change(const struct dwell_trail *trail, uint32_t index)
{
	const uintptr_t at = trail->key.frame + trail->offset[index];

	return *(const uint64_t *)at ^ trail->word[index];
}

/* Which word differs, for the next time. */
DWELL_ANY_WORD static bool differs(struct dwell_trail *trail)
{
	for (uint32_t i = 0; i < trail->count; i++)
		if (change(trail, i) != 0) {
			trail->telling = i;
			break;
		}
	return false;
}

DWELL_ANY_WORD static inline bool leads_on(struct dwell_trail *trail)
{
	uint64_t changed = 0;

	if (change(trail, trail->telling) != 0)
		return false;
	for (uint32_t i = 0; i < trail->count; i++)
		changed |= change(trail, i);
	return __builtin_expect(changed == 0, 1) || differs(trail);
}

uint32_t dwell_trail_find(struct dwell_trails *trails, const struct dwell_trail_key *key)
{
	struct dwell_trail *set = set_of(trails, key);
	const volatile uint32_t *changes = &trails->changes;
	const uint32_t before = *changes;

	for (unsigned way = 0; way < DWELL_TRAIL_WAYS; way++) {
		struct dwell_trail *trail = &set[way];
		const uint32_t stack = trail->stack;

		if (stack == 0 || !same_key(&trail->key, key) || !leads_on(trail))
			continue;
		/* A handler may have put another here meanwhile. */
		atomic_signal_fence(memory_order_seq_cst);
		return *changes == before ? stack : 0;
	}
	return 0;
}

void dwell_trail_keep(struct dwell_trails *trails, const struct dwell_trail *trail)
{
	struct dwell_trail *kept = set_of(trails, &trail->key) + trails->next % DWELL_TRAIL_WAYS;

	if (trail->count == 0 || trail->count > DWELL_TRAIL_WORDS || trails->keeping)
		return;
	trails->keeping = true;
	trails->changes++;
	trails->next++;
	kept->stack = 0;
	atomic_signal_fence(memory_order_seq_cst);
	kept->key = trail->key;
	kept->telling = trail->count - 1;
	kept->count = trail->count;
	memcpy(kept->offset, trail->offset, trail->count * sizeof(*trail->offset));
	memcpy(kept->word, trail->word, trail->count * sizeof(*trail->word));
	atomic_signal_fence(memory_order_seq_cst);
	kept->stack = trail->stack;
	atomic_signal_fence(memory_order_seq_cst);
	trails->keeping = false;
}

void dwell_trail_clear(struct dwell_trails *trails)
{
	for (unsigned set = 0; set < DWELL_TRAIL_SETS; set++)
		for (unsigned way = 0; way < DWELL_TRAIL_WAYS; way++)
			trails->kept[set][way].stack = 0;
	trails->changes++;
	trails->keeping = false;
}
