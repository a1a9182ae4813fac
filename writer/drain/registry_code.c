#include <stdlib.h>
#include <string.h>

#include "dwell/limits.h"
#include "registry_private.h"
#include "ring/intern.h"

/* Where named frames are in the map of addresses, beside mappings and processes. */
#define NAMED_SPACE (UINT64_C(1) << 33)

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static uint64_t text_hash(uint64_t hash, struct dwell_string text)
{
	for (size_t i = 0; i < text.size; i++)
		hash = mix(hash, (unsigned char)text.at[i]);
	return mix(hash, text.size);
}

uint32_t dwell_registry_mapping(
	struct dwell_registry *registry, const struct dwell_mapping *mapping)
{
	struct dwell_mapping definition = *mapping;
	struct registry_mapping *kept;
	uint32_t id;

	if (!dwell_registry_grow((void **)&registry->mapping, &registry->mappings,
		    sizeof(*registry->mapping), DWELL_MAX_LOCATIONS))
		return 0;
	id = ++registry->mappings.count;
	kept = &registry->mapping[id - 1];
	*kept = (struct registry_mapping){ mapping->start, mapping->end, mapping->process,
		dwell_map_get(&registry->last_mapping, mapping->process, 0) };
	dwell_registry_note(
		registry, dwell_map_set(&registry->last_mapping, mapping->process, 0, id));
	definition.id = id;
	if (registry->sink->ops->mapping)
		dwell_registry_note(
			registry, registry->sink->ops->mapping(registry->sink, &definition));
	return id;
}

/* The latest mapping that holds the address: of the process, or of the one it was forked from. */
static uint32_t mapping_of(
	const struct dwell_registry *registry, uint32_t process, uint64_t address)
{
	enum { GENERATIONS_MAX = 64 };

	for (int i = 0; i < GENERATIONS_MAX && process != 0; i++) {
		uint32_t id = dwell_map_get(&registry->last_mapping, process, 0);
		for (; id != 0; id = registry->mapping[id - 1].before) {
			const struct registry_mapping *m = &registry->mapping[id - 1];
			if (address >= m->start && address < m->end)
				return id;
		}
		process = process <= registry->processes.count
				  ? registry->process[process - 1].parent
				  : 0;
	}
	return 0;
}

static void define_location(struct dwell_registry *registry, uint32_t id,
	const struct registry_location *location, const struct dwell_line *line)
{
	struct dwell_location definition = { .id = id,
		.mapping = location->mapping,
		.address = location->address,
		.lines = line,
		.line_count = line ? 1 : 0 };

	if (registry->sink->ops->location)
		dwell_registry_note(
			registry, registry->sink->ops->location(registry->sink, &definition));
}

static uint32_t new_location(struct dwell_registry *registry, uint64_t space, uint64_t key,
	const struct registry_location *location, const struct dwell_line *line)
{
	uint32_t id;

	if (!dwell_registry_grow((void **)&registry->location, &registry->locations,
		    sizeof(*registry->location), DWELL_MAX_LOCATIONS))
		return 0;
	id = ++registry->locations.count;
	registry->location[id - 1] = *location;
	dwell_registry_note(registry, dwell_map_set(&registry->by_address, space, key, id));
	define_location(registry, id, location, line);
	return id;
}

uint32_t dwell_registry_location(
	struct dwell_registry *registry, uint32_t process, uint64_t address)
{
	uint32_t mapping = mapping_of(registry, process, address);
	/* Processes that were forked from one share what it had mapped. */
	uint64_t space = mapping ? mapping : UINT64_C(1) << 32 | process;
	uint32_t id = dwell_map_get(&registry->by_address, space, address);
	const struct registry_location location = { address, process, mapping };

	return id != 0 ? id : new_location(registry, space, address, &location, NULL);
}

bool dwell_registry_has_frame(const struct dwell_registry *registry, uint64_t frame)
{
	return dwell_map_get(&registry->by_address, NAMED_SPACE, frame) != 0;
}

void dwell_registry_name_frame(
	struct dwell_registry *registry, uint64_t frame, const struct dwell_line *line)
{
	const struct registry_location nowhere = { 0, 0, 0 };

	if (!dwell_registry_has_frame(registry, frame))
		(void)new_location(registry, NAMED_SPACE, frame, &nowhere, line);
}

/* Of an address in a stack: that of the call, where it is the one returned to. */
static uint32_t location_of(
	struct dwell_registry *registry, uint32_t process, uint64_t address, bool call)
{
	if (dwell_is_named_frame(address))
		return dwell_map_get(&registry->by_address, NAMED_SPACE, address);
	return dwell_registry_location(registry, process, address - (call && address != 0));
}

void dwell_registry_each_location(const struct dwell_registry *registry,
	void (*tell)(void *context, uint32_t location, uint32_t process, uint32_t mapping,
		uint64_t address),
	void *context)
{
	for (uint32_t i = 0; i < registry->locations.count; i++) {
		const struct registry_location *location = &registry->location[i];
		tell(context, i + 1, location->process, location->mapping, location->address);
	}
}

static uint32_t stack_of(
	struct dwell_registry *registry, const uint32_t *locations, size_t count, bool truncated)
{
	struct dwell_stack definition = {
		.locations = locations, .count = count, .truncated = truncated
	};
	uint64_t hash = mix(truncated, count);
	uint32_t id;

	for (size_t i = 0; i < count; i++)
		hash = mix(hash, locations[i]);
	id = dwell_map_get(&registry->by_stack, hash, UINT64_MAX);
	if (id != 0 || registry->stacks >= DWELL_MAX_STACKS)
		return id;
	id = ++registry->stacks;
	definition.id = id;
	dwell_registry_note(registry, dwell_map_set(&registry->by_stack, hash, UINT64_MAX, id));
	if (registry->sink->ops->stack)
		dwell_registry_note(
			registry, registry->sink->ops->stack(registry->sink, &definition));
	return id;
}

uint32_t dwell_registry_stack(struct dwell_registry *registry, uint32_t process,
	const uint64_t *addresses, size_t count, bool returns, bool truncated)
{
	uint32_t locations[DWELL_MAX_FRAMES];
	uint64_t hash = mix((uint64_t)truncated << 1 | returns, count);
	uint32_t id;

	if (count > DWELL_MAX_FRAMES) {
		count = DWELL_MAX_FRAMES;
		truncated = true;
	}
	if (count == 0)
		return 0;
	for (size_t i = 0; i < count; i++)
		hash = mix(hash, addresses[i]);
	id = dwell_map_get(&registry->by_stack, hash, process);
	if (id != 0)
		return id;
	for (size_t i = 0; i < count; i++)
		locations[i] = location_of(registry, process, addresses[i], returns || i > 0);
	id = stack_of(registry, locations, count, truncated);
	if (id != 0)
		dwell_registry_note(
			registry, dwell_map_set(&registry->by_stack, hash, process, id));
	return id;
}

uint32_t dwell_registry_label(struct dwell_registry *registry, struct dwell_string text)
{
	uint64_t hash = text_hash(1, text);
	uint32_t id = dwell_map_get(&registry->by_label, hash, text.size);
	struct dwell_label definition;

	if (id != 0 || registry->labels >= DWELL_MAX_LABELS)
		return id;
	id = ++registry->labels;
	dwell_registry_note(registry, dwell_map_set(&registry->by_label, hash, text.size, id));
	definition = (struct dwell_label){ id, text };
	if (registry->sink->ops->label)
		dwell_registry_note(
			registry, registry->sink->ops->label(registry->sink, &definition));
	return id;
}

uint32_t dwell_registry_counter(struct dwell_registry *registry, uint8_t kind, int8_t exponent,
	struct dwell_string name, struct dwell_string unit)
{
	uint64_t a = text_hash(kind, name);
	uint64_t b = text_hash((uint8_t)exponent, unit);
	uint32_t id = dwell_map_get(&registry->by_counter, a, b);
	struct dwell_counter definition = { 0, kind, exponent, name, unit };

	if (id != 0 || registry->counters >= DWELL_MAX_COUNTERS)
		return id;
	id = ++registry->counters;
	definition.id = id;
	dwell_registry_note(registry, dwell_map_set(&registry->by_counter, a, b, id));
	if (registry->sink->ops->counter)
		dwell_registry_note(
			registry, registry->sink->ops->counter(registry->sink, &definition));
	return id;
}
