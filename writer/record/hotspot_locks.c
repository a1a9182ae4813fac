/*
 * Locks of java.util.concurrent. A thread that parks says for what, in a field of its object; a
 * synchronizer that one thread alone can own says which has it. Where these fields are, their
 * classes say.
 */
#include <string.h>

#include "hotspot_private.h"

enum {
	WORD = 8,
	HALF = 4,
	FLAGS_MAX = 1 << 14,
	FLAG_SIZE_MAX = 1 << 10,
	SUPERS_MAX = 32,
	FIELDS_MAX = 1 << 12,
	SHIFT_MAX = 16,
	/* Of the numbers that stand for a field: */
	FIELD_SIZE = 12,
	FIELD_NAME = 2,
	FIELD_LOW = 8,
	FIELD_HIGH = 10,
	FIELD_TAG_BITS = 2,
	TEXT = 80
};

/* --- flags of the virtual machine --- */

static void take_flag(struct dwell_hotspot *hotspot, uint64_t at, bool *moves)
{
	const struct {
		const char *name;
		bool *is_set;
	} flags[] = {
		{ "UseCompressedOops", &hotspot->heap.narrow_objects },
		{ "UseCompressedClassPointers", &hotspot->heap.narrow_classes },
		{ "UseZGC", moves },
		{ "UseShenandoahGC", moves },
	};
	const uint64_t value = hotspot_word(hotspot, at + hotspot->fields[FLAG_VALUE]);
	char name[TEXT];
	uint8_t is_set = 0;
	size_t size = dwell_memory_read(hotspot->pid,
		hotspot_word(hotspot, at + hotspot->fields[FLAG_NAME]), name, sizeof(name) - 1);

	name[size] = '\0';
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (strcmp(name, flags[i].name) == 0 &&
			dwell_memory_get(hotspot->pid, value, &is_set, 1))
			*flags[i].is_set |= is_set != 0;
}

void hotspot_learn_heap(struct dwell_hotspot *hotspot)
{
	const uint64_t *fields = hotspot->fields;
	struct hotspot_heap *heap = &hotspot->heap;
	const uint64_t flags = hotspot_word(hotspot, fields[FLAGS]);
	const uint64_t count = hotspot_word(hotspot, fields[FLAG_COUNT]);
	bool moves = false;

	if (count > FLAGS_MAX || hotspot->flag_size == 0 || hotspot->flag_size > FLAG_SIZE_MAX)
		return;
	for (uint64_t i = 0; i < count; i++)
		take_flag(hotspot, flags + i * hotspot->flag_size, &moves);
	heap->object_base = hotspot_word(hotspot, fields[OBJECT_BASE]);
	heap->object_shift = hotspot_half(hotspot, fields[OBJECT_SHIFT]);
	heap->class_base = hotspot_word(hotspot, fields[CLASS_BASE]);
	heap->class_shift = hotspot_half(hotspot, fields[CLASS_SHIFT]);
	heap->is_known =
		!moves && heap->object_shift <= SHIFT_MAX && heap->class_shift <= SHIFT_MAX;
}

/* --- objects and classes --- */

static uint64_t reference(const struct dwell_hotspot *hotspot, uint64_t at, bool narrow,
	uint64_t base, unsigned shift)
{
	const uint64_t word = narrow ? hotspot_half(hotspot, at) : hotspot_word(hotspot, at);

	return narrow && word != 0 ? base + (word << shift) : word;
}

static uint64_t object_at(const struct dwell_hotspot *hotspot, uint64_t at)
{
	const struct hotspot_heap *heap = &hotspot->heap;

	return reference(hotspot, at, heap->narrow_objects, heap->object_base, heap->object_shift);
}

static uint64_t class_of(const struct dwell_hotspot *hotspot, uint64_t object)
{
	const struct hotspot_heap *heap = &hotspot->heap;

	return reference(hotspot, object + hotspot->fields[OBJECT_CLASS], heap->narrow_classes,
		heap->class_base, heap->class_shift);
}

static bool is_called(const struct dwell_hotspot *hotspot, uint64_t symbol, const char *name)
{
	char text[TEXT];
	const size_t size = hotspot_symbol(hotspot, symbol, text, sizeof(text));

	return size == strlen(name) && memcmp(text, name, size) == 0;
}

static uint64_t super_of(const struct dwell_hotspot *hotspot, uint64_t class)
{
	return hotspot_word(hotspot, class + hotspot->fields[CLASS_SUPER]);
}

/* A class of that name, it or one that it extends; 0: none. */
static uint64_t find_class(const struct dwell_hotspot *hotspot, uint64_t class, const char *name)
{
	for (int i = 0; i < SUPERS_MAX && class != 0; i++, class = super_of(hotspot, class))
		if (is_called(hotspot, hotspot_word(hotspot, class + hotspot->fields[CLASS_NAME]),
			    name))
			return class;
	return 0;
}

/* Where in its objects a field of the class is; 0: it has none of that name. */
static uint32_t find_field(const struct dwell_hotspot *hotspot, uint64_t class, const char *name)
{
	const uint64_t pool = hotspot_word(hotspot, class + hotspot->fields[CLASS_POOL]);
	const uint64_t list = hotspot_word(hotspot, class + hotspot->fields[CLASS_FIELDS]);
	const uint32_t count = hotspot_quarter(hotspot, class + hotspot->fields[CLASS_FIELD_COUNT]);

	for (uint32_t i = 0; i < count && i < FIELDS_MAX && list != 0; i++) {
		const uint64_t at = list + HALF + (uint64_t)i * FIELD_SIZE;
		const uint32_t low = hotspot_quarter(hotspot, at + FIELD_LOW),
			       high = hotspot_quarter(hotspot, at + FIELD_HIGH);

		if ((low & 1) != 0 && is_called(hotspot,
					      hotspot_constant(hotspot, pool,
						      hotspot_quarter(hotspot, at + FIELD_NAME)),
					      name))
			return (high << 16 | low) >> FIELD_TAG_BITS;
	}
	return 0;
}

/* --- locks --- */

uint64_t hotspot_thread_object(
	const struct dwell_hotspot *hotspot, const struct java_thread *thread)
{
	const uint64_t word = hotspot_word(hotspot, thread->at + hotspot->fields[THREAD_OBJECT]);

	return hotspot->heap.by_handle && word != 0 ? hotspot_word(hotspot, word) : word;
}

/* What such a thread parks for. */
static uint64_t blocker_of(struct dwell_hotspot *hotspot, uint64_t object)
{
	struct hotspot_heap *heap = &hotspot->heap;

	if (heap->blocker_at == 0)
		heap->blocker_at = find_field(hotspot,
			find_class(hotspot, class_of(hotspot, object), "java/lang/Thread"),
			"parkBlocker");
	return heap->blocker_at ? object_at(hotspot, object + heap->blocker_at) : 0;
}

static bool extends_synchronizer(struct dwell_hotspot *hotspot, uint64_t class)
{
	struct hotspot_heap *heap = &hotspot->heap;

	if (heap->synchronizer == 0) {
		heap->synchronizer = find_class(
			hotspot, class, "java/util/concurrent/locks/AbstractOwnableSynchronizer");
		if (heap->synchronizer != 0)
			heap->owner_at =
				find_field(hotspot, heap->synchronizer, "exclusiveOwnerThread");
		return heap->synchronizer != 0;
	}
	for (int i = 0; i < SUPERS_MAX && class != 0; i++, class = super_of(hotspot, class))
		if (class == heap->synchronizer)
			return true;
	return false;
}

/* Whether one thread alone may own it. */
static bool is_synchronizer(struct dwell_hotspot *hotspot, uint64_t object)
{
	struct hotspot_heap *heap = &hotspot->heap;
	const uint64_t class = class_of(hotspot, object);
	const size_t at = class / WORD % (sizeof(heap->met) / sizeof(*heap->met));

	if (class != 0 && heap->met[at].class != class) {
		heap->met[at].is_one = extends_synchronizer(hotspot, class);
		heap->met[at].class = class;
	}
	return class != 0 && heap->met[at].is_one;
}

uint64_t hotspot_lock(struct dwell_hotspot *hotspot, uint64_t object, uint64_t *owner)
{
	const uint64_t blocker = object ? blocker_of(hotspot, object) : 0;

	*owner = 0;
	if (blocker == 0 || !is_synchronizer(hotspot, blocker) || hotspot->heap.owner_at == 0)
		return 0;
	*owner = object_at(hotspot, blocker + hotspot->heap.owner_at);
	return *owner != 0 ? blocker : 0;
}
