#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "drain/registry.h"
#include "dwell/sink.h"
#include "record/hotspot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is this process's memory from here on, so that what is made up may point into it; the
 * first two words are where the tables are pointed to, the next ones the stack. The last word is
 * the number of the thread that waits, which no input can know. */
static const uintptr_t base = 0x300000000000; /* no sanitizer has it */
enum { ROOM = 1 << 16, STACK_AT = 16, STACK = 512 };

static uint8_t *room(void)
{
	static uint8_t *at;

	if (!at)
		at = mmap((void *)base, ROOM, PROT_READ | PROT_WRITE, /* NOLINT */
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (at == MAP_FAILED)
		__builtin_trap();
	return at;
}

static uint64_t word(const uint8_t *memory, size_t at)
{
	uint64_t value;

	memcpy(&value, memory + at, sizeof(value));
	return value;
}

/* Frame pointers are every eighth byte of the stack; so all of it is looked at as frames. */
static void walk_of(const uint8_t *memory, struct dwell_maps_walk *walk)
{
	walk->count = STACK / sizeof(uint64_t);
	for (size_t i = 0; i < walk->count; i++) {
		walk->frames[i] = word(memory, STACK_AT + i * sizeof(uint64_t));
		walk->pointers[i] = base + STACK_AT + (i + 1) * sizeof(uint64_t);
	}
}

static void look(const uint8_t *memory, struct dwell_hotspot *hotspot)
{
	static struct dwell_maps_walk walk;
	const struct dwell_hotspot_tables tables = { word(memory, 0), word(memory, 8) };
	struct dwell_still still = { .pid = (uint32_t)getpid(), .tid = (uint32_t)getpid() };
	struct dwell_hotspot_wait wait;

	still.call.sp = base + STACK_AT;
	still.size = STACK;
	still.stack = malloc(STACK);
	if (!still.stack)
		return;
	memcpy(still.stack, memory + STACK_AT, STACK);
	walk_of(memory, &walk);
	if (dwell_hotspot_find(hotspot, &tables, &still, &wait) !=
		dwell_hotspot_waits(hotspot, still.tid))
		__builtin_trap();
	dwell_hotspot_frames(hotspot, &tables, &still, memory[STACK_AT] & 1, &walk);
	free(still.stack);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dwell_sink_ops none;
	struct dwell_sink nobody = { &none };
	struct dwell_registry *registry = NULL;
	struct dwell_hotspot *hotspot = NULL;
	const uint64_t number = (uint64_t)getpid();
	uint8_t *memory = room();

	if (size > ROOM)
		return 0;
	memset(memory, 0, ROOM);
	if (size)
		memcpy(memory, data, size);
	memcpy(memory + ROOM - sizeof(number), &number, sizeof(number));
	if (!dwell_registry_new(&registry, &nobody) && !dwell_hotspot_new(&hotspot, registry))
		look(memory, hotspot);
	dwell_hotspot_free(hotspot);
	dwell_registry_free(registry);
	return 0;
}
