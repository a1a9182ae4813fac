#include "import/perf/stacks.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "dwell/limits.h"

/* All chains of a trace may take this many words; then waits are told without their stack. */
enum { MOST_WORDS = 1 << 25 };

/* Of a process's mappings: more are an attack, or tell nothing more. */
enum { MOST_MAPS = 1 << 16 };

static const uint64_t CONTEXT_FIRST = (uint64_t)-4095; /* addresses from here are marks */
static const uint64_t CONTEXT_KERNEL = (uint64_t)-128;
static const uint64_t CONTEXT_USER = (uint64_t)-512;

struct perf_mapped {
	struct perf_map map;
	uint32_t id; /* in the trace; 0: no stack uses it yet */
};

/* Every command symbolizes anew what it reads: beyond this, names of functions only. */
static const struct dwell_symbol_options symbol_options = { .most_ns = 1000000000 };

int perf_stacks_init(struct perf_stacks *stacks)
{
	*stacks = (struct perf_stacks){ .used = 1, .room = 1024 };
	stacks->frames = calloc(stacks->room, sizeof(*stacks->frames));
	return stacks->frames ? dwell_symbol_new(&stacks->symbol, &symbol_options) : DWELL_ENOMEM;
}

static void empty_space(struct perf_space *space)
{
	for (uint32_t i = 0; i < space->count; i++)
		free(space->maps[i].map.path);
	space->count = 0;
}

void perf_stacks_release(struct perf_stacks *stacks)
{
	for (uint32_t i = 0; i < stacks->space_count; i++) {
		empty_space(&stacks->spaces[i]);
		free(stacks->spaces[i].maps);
	}
	free(stacks->spaces);
	free(stacks->frames);
	free(stacks->chains.entries);
	free(stacks->stacks.entries);
	free(stacks->locations.entries);
	free(stacks->places);
	dwell_symbol_free(stacks->symbol);
	*stacks = (struct perf_stacks){ .frames = NULL };
}

static int reserve(struct perf_stacks *stacks, size_t words)
{
	size_t room = stacks->room;

	while (room < stacks->used + words)
		room *= 2;
	if (room == stacks->room)
		return DWELL_OK;

	uint64_t *frames = realloc(stacks->frames, room * sizeof(*frames));
	if (!frames)
		return DWELL_ENOMEM;
	stacks->frames = frames;
	stacks->room = room;
	return DWELL_OK;
}

/* Put the chain behind the others, without counting it in; its hash. */
static uint64_t lay(struct perf_stacks *stacks, struct perf_wire in)
{
	uint64_t *at = stacks->frames + stacks->used;
	uint64_t hash = in.left, address;
	size_t n = 0;

	while (n < DWELL_MAX_FRAMES && perf_u64(&in, &address)) {
		at[++n] = address;
		hash = (hash ^ address) * 0x9e3779b97f4a7c15;
		hash ^= hash >> 29;
	}
	at[0] = n;
	return hash;
}

int perf_stacks_chain(struct perf_stacks *stacks, struct perf_wire in, uint32_t *out)
{
	size_t at = 0;
	int err = DWELL_OK;

	*out = 0;
	if (in.left < 8)
		return DWELL_OK;
	if (stacks->used + DWELL_MAX_FRAMES + 1 > MOST_WORDS) {
		stacks->refused++;
		return DWELL_OK;
	}
	err = reserve(stacks, DWELL_MAX_FRAMES + 1);
	if (err)
		return err;

	const uint64_t hash = lay(stacks, in);
	const uint64_t *mine = stacks->frames + stacks->used;
	const size_t words = 1 + (size_t)mine[0];

	for (const struct perf_entry *entry;
		(entry = perf_table_next(&stacks->chains, hash, 0, &at));) {
		if (memcmp(stacks->frames + entry->value, mine, words * sizeof(*mine)))
			continue;
		*out = entry->value;
		return DWELL_OK;
	}
	*out = (uint32_t)stacks->used;
	stacks->used += words;
	return perf_table_put(&stacks->chains, hash, 0, *out);
}

static int space_of(struct perf_stacks *stacks, uint32_t process, struct perf_space **out)
{
	if (process >= stacks->space_count) {
		const uint32_t count = 2 * process + 64;
		struct perf_space *spaces =
			realloc(stacks->spaces, count * sizeof(*stacks->spaces));

		if (!spaces)
			return DWELL_ENOMEM;
		memset(spaces + stacks->space_count, 0,
			(count - stacks->space_count) * sizeof(*spaces));
		stacks->spaces = spaces;
		stacks->space_count = count;
	}
	*out = &stacks->spaces[process];
	if (!(*out)->id)
		(*out)->id = ++stacks->next_space;
	return DWELL_OK;
}

static int add(struct perf_space *space, struct perf_map *map)
{
	if (space->count == MOST_MAPS) {
		free(map->path);
		return DWELL_OK;
	}
	if (space->count == space->room) {
		const uint32_t room = space->room ? 2 * space->room : 16;
		struct perf_mapped *maps = realloc(space->maps, room * sizeof(*maps));

		if (!maps) {
			free(map->path);
			return DWELL_ENOMEM;
		}
		space->maps = maps;
		space->room = room;
	}
	space->maps[space->count++] = (struct perf_mapped){ .map = *map };
	return DWELL_OK;
}

int perf_stacks_map(struct perf_stacks *stacks, uint32_t process, struct perf_map *map)
{
	struct perf_space *space;
	const int err = space_of(stacks, process, &space);

	if (err) {
		free(map->path);
		return err;
	}
	space->id = ++stacks->next_space;
	return add(space, map);
}

void perf_stacks_exec(struct perf_stacks *stacks, uint32_t process)
{
	if (process >= stacks->space_count)
		return;
	empty_space(&stacks->spaces[process]);
	stacks->spaces[process].id = 0;
}

int perf_stacks_fork(struct perf_stacks *stacks, uint32_t child, uint32_t parent)
{
	struct perf_space *to = NULL;
	int err = space_of(stacks, child, &to);

	perf_stacks_exec(stacks, child);
	if (parent >= stacks->space_count)
		return err;
	for (uint32_t i = 0; i < stacks->spaces[parent].count && !err; i++) {
		struct perf_map copy = stacks->spaces[parent].maps[i].map;

		copy.path = strndup(copy.path, copy.path_size);
		err = copy.path ? add(to, &copy) : DWELL_ENOMEM;
	}
	return err;
}

struct where {
	struct perf_space *space;
	struct perf_owner owner;
	struct dwell_sink *sink;
};

/* A file whose build is not known may be another one by now: it is not looked into. */
static bool may_symbolize(const struct perf_map *map)
{
	return map->kernel || map->build_id_size || map->same_file || *map->path != '/' ||
	       map->path[1] == '/';
}

static int tell_mapping(
	struct perf_stacks *stacks, struct perf_mapped *mapped, const struct where *where)
{
	const struct perf_map *map = &mapped->map;
	const struct dwell_mapping mapping = {
		.id = mapped->id = ++stacks->mappings,
		.process = map->kernel ? DWELL_NONE : where->owner.id,
		.start = map->start,
		.end = map->end,
		.file_offset = map->file_offset,
		.path = { map->path, map->path_size },
		.build_id = { (const char *)map->build_id, map->build_id_size },
	};
	const int err = may_symbolize(map)
				? dwell_symbol_map(stacks->symbol, &mapping, where->owner.pid)
				: DWELL_OK;

	if (err)
		return err;
	return where->sink->ops->mapping ? where->sink->ops->mapping(where->sink, &mapping)
					 : DWELL_OK;
}

static int mapping_at(
	struct perf_stacks *stacks, const struct where *where, uint64_t address, uint32_t *out)
{
	*out = 0;
	for (uint32_t i = where->space->count; i-- > 0;) {
		struct perf_mapped *mapped = &where->space->maps[i];
		int err = DWELL_OK;

		if (address < mapped->map.start || address >= mapped->map.end)
			continue;
		if (!mapped->id)
			err = tell_mapping(stacks, mapped, where);
		*out = mapped->id;
		return err;
	}
	return DWELL_OK;
}

static int keep_place(struct perf_stacks *stacks, const struct where *where,
	const struct dwell_location *location)
{
	if (stacks->location_ids == stacks->place_room) {
		const size_t room = stacks->place_room ? 2 * stacks->place_room : 256;
		struct perf_place *places = realloc(stacks->places, room * sizeof(*places));

		if (!places)
			return DWELL_ENOMEM;
		stacks->places = places;
		stacks->place_room = room;
	}
	stacks->places[stacks->location_ids] =
		(struct perf_place){ location->address, location->mapping, where->owner.pid };
	return DWELL_OK;
}

/* Locations are of a mapping, or of an address space where nothing is known to be mapped. */
static int location_at(
	struct perf_stacks *stacks, const struct where *where, uint64_t address, uint32_t *out)
{
	struct dwell_location location = { .address = address };
	int err;

	*out = perf_table_get(&stacks->locations, address, where->space->id);
	if (*out)
		return DWELL_OK;
	err = mapping_at(stacks, where, address, &location.mapping);
	if (err || stacks->location_ids == DWELL_MAX_LOCATIONS)
		return err ? err : DWELL_ELIMIT;
	err = keep_place(stacks, where, &location);
	if (err)
		return err;
	location.id = *out = ++stacks->location_ids;
	if (where->sink->ops->location)
		err = where->sink->ops->location(where->sink, &location);
	return err ? err : perf_table_put(&stacks->locations, address, where->space->id, *out);
}

static int tell_stack(
	struct perf_stacks *stacks, uint32_t chain, struct where *where, uint32_t *out)
{
	uint32_t locations[DWELL_MAX_FRAMES];
	const uint64_t *frames = stacks->frames + chain;
	struct perf_space *user = where->space, *kernel = &stacks->spaces[0];
	size_t count = 0;
	bool returns = false; /* after the first of each part, these are return addresses */
	int err = DWELL_OK;

	for (size_t i = 1; i <= frames[0] && !err; i++) {
		if (frames[i] >= CONTEXT_FIRST) {
			returns = false;
			if (frames[i] == CONTEXT_KERNEL)
				where->space = kernel;
			else if (frames[i] == CONTEXT_USER)
				where->space = user;
			continue;
		}
		err = location_at(stacks, where, frames[i] - (returns && frames[i] ? 1 : 0),
			&locations[count++]);
		returns = true;
	}
	if (err || !count)
		return err;
	if (stacks->stack_ids == DWELL_MAX_STACKS)
		return DWELL_ELIMIT;

	const struct dwell_stack stack = {
		.id = *out = ++stacks->stack_ids, .locations = locations, .count = count
	};
	return where->sink->ops->stack ? where->sink->ops->stack(where->sink, &stack) : DWELL_OK;
}

int perf_stacks_resolve(struct perf_stacks *stacks, uint32_t chain, struct perf_owner owner,
	struct dwell_sink *sink, uint32_t *out)
{
	struct where where = { .owner = owner, .sink = sink };
	int err;

	*out = 0;
	if (!chain)
		return DWELL_OK;
	err = space_of(stacks, 0, &where.space);
	if (!err) /* may move the kernel's */
		err = space_of(stacks, owner.process, &where.space);
	if (err)
		return err;

	const uint32_t space = where.space->id;
	*out = perf_table_get(&stacks->stacks, chain, space);
	if (*out)
		return DWELL_OK;
	err = tell_stack(stacks, chain, &where, out);
	if (err || !*out)
		return err;
	return perf_table_put(&stacks->stacks, chain, space, *out);
}

int perf_stacks_symbolize(struct perf_stacks *stacks, struct dwell_sink *sink)
{
	int err = DWELL_OK;

	for (uint32_t i = 0; i < stacks->location_ids && !err && sink->ops->location; i++) {
		const struct perf_place *place = &stacks->places[i];
		struct dwell_location location = {
			.id = i + 1, .mapping = place->mapping, .address = place->address
		};

		err = dwell_symbol_find(stacks->symbol, place->mapping, place->pid, place->address,
			&location.lines, &location.line_count);
		if (!err && location.line_count)
			err = sink->ops->location(sink, &location);
	}
	return err;
}
