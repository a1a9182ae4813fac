#include "report/flame.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "dwell/report.h"

int dwell_flame_new(struct dwell_flame **out)
{
	struct dwell_flame *flame = calloc(1, sizeof(*flame));

	if (!flame)
		return DWELL_ENOMEM;
	flame->nodes = calloc(64, sizeof(*flame->nodes));
	if (!flame->nodes) {
		free(flame);
		return DWELL_ENOMEM;
	}
	flame->node_capacity = 64;
	flame->node_count = 1;
	*out = flame;
	return 0;
}

void dwell_flame_free(struct dwell_flame *flame)
{
	if (!flame)
		return;
	free(flame->nodes);
	free(flame->names);
	free(flame->text);
	free(flame->by_name.slots);
	free(flame->by_place.slots);
	free(flame);
}

uint64_t dwell_flame_total(const struct dwell_flame *flame)
{
	return flame->nodes[0].weight;
}

struct dwell_string flame_name(const struct dwell_flame *flame, uint32_t node)
{
	const struct name *name = &flame->names[flame->nodes[node].name];

	return (struct dwell_string){ flame->text + name->offset, name->size };
}

static int reserve(void **at, size_t used, size_t more, size_t *capacity, size_t unit)
{
	if (used + more <= *capacity)
		return 0;

	const size_t wanted = (used + more) * 2;
	void *moved = wanted > SIZE_MAX / unit ? NULL : realloc(*at, wanted * unit);

	if (!moved)
		return DWELL_ENOMEM;
	*at = moved;
	*capacity = wanted;
	return 0;
}

static uint64_t mix(uint64_t hash)
{
	hash ^= hash >> 32;
	hash *= UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static uint64_t hash_text(const char *at, size_t size)
{
	uint64_t hash = size;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)at[i]) * UINT64_C(0x100000001b3);
	return mix(hash);
}

static uint64_t hash_place(uint32_t parent, uint32_t name)
{
	return mix((uint64_t)parent << 32 | name);
}

static uint64_t hash_of(const struct dwell_flame *flame, const struct table *table, uint32_t number)
{
	if (table == &flame->by_name)
		return flame->names[number].hash;
	return hash_place(flame->nodes[number].parent, flame->nodes[number].name);
}

static void put_slot(const struct table *table, uint64_t hash, uint32_t number)
{
	size_t i = hash & (table->capacity - 1);

	while (table->slots[i])
		i = (i + 1) & (table->capacity - 1);
	table->slots[i] = number + 1;
}

/* At most half of the slots are taken, so a search ends. */
static int table_add(
	const struct dwell_flame *flame, struct table *table, uint64_t hash, uint32_t number)
{
	if ((table->used + 1) * 2 > table->capacity) {
		const size_t capacity = table->capacity ? table->capacity * 2 : 64;
		struct table wider = { calloc(capacity, sizeof(uint32_t)), capacity, table->used };

		if (!wider.slots)
			return DWELL_ENOMEM;
		for (size_t i = 0; i < table->capacity; i++)
			if (table->slots[i])
				put_slot(&wider, hash_of(flame, table, table->slots[i] - 1),
					table->slots[i] - 1);
		free(table->slots);
		*table = wider;
	}
	put_slot(table, hash, number);
	table->used++;
	return 0;
}

static bool is_name(const struct dwell_flame *flame, uint32_t number, uint64_t hash,
	const struct dwell_string *text)
{
	const struct name *name = &flame->names[number];

	return name->hash == hash && name->size == text->size &&
	       (!text->size || !memcmp(flame->text + name->offset, text->at, text->size));
}

static int find_name(struct dwell_flame *flame, const struct dwell_string *text, uint32_t *out)
{
	const uint64_t hash = hash_text(text->at, text->size);
	const struct table *table = &flame->by_name;

	for (size_t i = hash; table->capacity; i++) {
		const uint32_t slot = table->slots[i & (table->capacity - 1)];

		if (!slot)
			break;
		if (is_name(flame, slot - 1, hash, text)) {
			*out = slot - 1;
			return 0;
		}
	}
	if (reserve((void **)&flame->names, flame->name_count, 1, &flame->name_capacity,
		    sizeof(*flame->names)) ||
		reserve((void **)&flame->text, flame->text_size, text->size, &flame->text_capacity,
			1))
		return DWELL_ENOMEM;
	if (text->size)
		memcpy(flame->text + flame->text_size, text->at, text->size);
	flame->names[flame->name_count] = (struct name){ flame->text_size, text->size, hash };
	flame->text_size += text->size;
	*out = (uint32_t)flame->name_count++;
	return table_add(flame, &flame->by_name, hash, *out);
}

static int find_child(struct dwell_flame *flame, uint32_t parent, uint32_t name, uint32_t *out)
{
	const uint64_t hash = hash_place(parent, name);
	const struct table *table = &flame->by_place;

	for (size_t i = hash; table->capacity; i++) {
		const uint32_t slot = table->slots[i & (table->capacity - 1)];
		const struct node *node;

		if (!slot)
			break;
		node = &flame->nodes[slot - 1];
		if (node->parent == parent && node->name == name) {
			*out = slot - 1;
			return 0;
		}
	}
	if (flame->node_count >= UINT32_MAX - 1 ||
		reserve((void **)&flame->nodes, flame->node_count, 1, &flame->node_capacity,
			sizeof(*flame->nodes)))
		return DWELL_ENOMEM;
	*out = (uint32_t)flame->node_count++;
	flame->nodes[*out] = (struct node){
		.name = name,
		.parent = parent,
		.next = flame->nodes[parent].first,
		.depth = flame->nodes[parent].depth + 1,
	};
	flame->nodes[parent].first = *out;
	return table_add(flame, &flame->by_place, hash, *out);
}

int dwell_flame_add(
	struct dwell_flame *flame, const struct dwell_string *frames, size_t count, uint64_t weight)
{
	uint32_t at = 0, name;

	if (count > DWELL_FLAME_DEPTH)
		count = DWELL_FLAME_DEPTH;
	for (size_t i = 0; i < count; i++)
		if (find_name(flame, &frames[i], &name) || find_child(flame, at, name, &at))
			return DWELL_ENOMEM;
	flame->nodes[at].self += weight;
	while (at) {
		flame->nodes[at].weight += weight;
		at = flame->nodes[at].parent;
	}
	flame->nodes[0].weight += weight;
	return 0;
}

static int compare_names(const struct dwell_flame *flame, uint32_t a, uint32_t b)
{
	const struct dwell_string x = flame_name(flame, a), y = flame_name(flame, b);
	const size_t least = x.size < y.size ? x.size : y.size;
	const int order = least ? memcmp(x.at, y.at, least) : 0;

	return order ? order : (x.size > y.size) - (x.size < y.size);
}

/* Merge two sorted lists of siblings. */
static uint32_t merge(struct dwell_flame *flame, uint32_t a, uint32_t b)
{
	uint32_t head = 0, *tail = &head;

	while (a && b) {
		uint32_t *least = compare_names(flame, a, b) <= 0 ? &a : &b;

		*tail = *least;
		tail = &flame->nodes[*least].next;
		*least = *tail;
	}
	*tail = a ? a : b;
	return head;
}

/* Merge sort of a list from the bottom up: runs[i] holds 2^i siblings or none. */
static uint32_t sort_list(struct dwell_flame *flame, uint32_t list)
{
	uint32_t runs[33] = { 0 }, sorted = 0;

	while (list) {
		uint32_t run = list;
		size_t i = 0;

		list = flame->nodes[list].next;
		flame->nodes[run].next = 0;
		for (; runs[i]; i++) {
			run = merge(flame, runs[i], run);
			runs[i] = 0;
		}
		runs[i] = run;
	}
	for (size_t i = 0; i < 33; i++)
		sorted = merge(flame, runs[i], sorted);
	return sorted;
}

void flame_sort(struct dwell_flame *flame)
{
	for (size_t i = 0; i < flame->node_count; i++)
		flame->nodes[i].first = sort_list(flame, flame->nodes[i].first);
}

uint32_t flame_next(const struct dwell_flame *flame, uint32_t node, bool below)
{
	if (below && flame->nodes[node].first)
		return flame->nodes[node].first;
	while (node && !flame->nodes[node].next)
		node = flame->nodes[node].parent;
	return node ? flame->nodes[node].next : 0;
}

static void put_folded_name(const struct dwell_style *style, struct dwell_string name)
{
	while (name.size) {
		const char *mark = memchr(name.at, ';', name.size);
		const size_t plain = mark ? (size_t)(mark - name.at) : name.size;

		dwell_print_escaped(style, name.at, plain);
		if (mark)
			putc(':', style->file);
		name.at += plain + (mark != NULL);
		name.size -= plain + (mark != NULL);
	}
}

static void put_folded_line(
	const struct dwell_flame *flame, uint32_t node, const struct dwell_style *style)
{
	uint32_t path[DWELL_FLAME_DEPTH];
	const size_t depth = flame->nodes[node].depth;

	for (size_t i = depth; i--; node = flame->nodes[node].parent)
		path[i] = node;
	for (size_t i = 0; i < depth; i++) {
		if (i)
			putc(';', style->file);
		put_folded_name(style, flame_name(flame, path[i]));
	}
}

void dwell_flame_folded(struct dwell_flame *flame, FILE *file)
{
	const struct dwell_style style = { .file = file };

	flame_sort(flame);
	for (uint32_t node = 0; (node = flame_next(flame, node, true));) {
		if (!flame->nodes[node].self)
			continue;
		put_folded_line(flame, node, &style);
		fprintf(file, " %" PRIu64 "\n", flame->nodes[node].self);
	}
}
