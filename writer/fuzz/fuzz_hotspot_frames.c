#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ring/hotspot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is where what lies, the stack, and all memory that there is, in this order. */
enum { BASE = 0x100000, STACK = 0x7000000, STACK_BYTES = 512, STEPS = 64 };

struct memory {
	const uint8_t *at;
	size_t size;
};

static size_t read_memory(void *context, uint64_t at, void *out, size_t size)
{
	const struct memory *memory = context;

	if (at < BASE || at - BASE >= memory->size)
		return 0;
	size = size < memory->size - (at - BASE) ? size : memory->size - (at - BASE);
	memcpy(out, memory->at + (at - BASE), size);
	return size;
}

static void name(
	const struct dwell_hotspot_view *view, struct dwell_hotspot_method *method, unsigned count)
{
	struct dwell_hotspot_name out;

	if (count > DWELL_HOTSPOT_METHODS)
		__builtin_trap();
	for (unsigned i = 0; i < count; i++) {
		dwell_hotspot_step_back(view, &method[i]);
		(void)dwell_hotspot_key(view, &method[i]);
		if (dwell_hotspot_name(view, &method[i], &out) &&
			(out.function_size == 0 || out.function_size >= sizeof(out.function) ||
				out.file_size >= sizeof(out.file)))
			__builtin_trap();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dwell_hotspot_method methods[DWELL_HOTSPOT_METHODS];
	struct dwell_hotspot_code code;
	uint8_t words[STACK_BYTES];
	struct dwell_unwind_stack stack = { STACK, STACK + STACK_BYTES, words };
	struct dwell_unwind_frame frame;
	struct memory memory;
	const struct dwell_hotspot_view view = { &code, read_memory, &memory };
	bool steps = true;

	if (size < sizeof(code) + sizeof(words))
		return 0;
	memcpy(&code, data, sizeof(code));
	memcpy(words, data + sizeof(code), sizeof(words));
	memory = (struct memory){ data + sizeof(code) + sizeof(words),
		size - sizeof(code) - sizeof(words) };
	memcpy(&frame.pc, words, sizeof(frame.pc));
	memcpy(&frame.fp, words + sizeof(frame.pc), sizeof(frame.fp));
	frame.sp = STACK;
	for (int i = 0; i < STEPS && steps && dwell_hotspot_is_sane(&code); i++) {
		const uint64_t before = frame.sp;
		unsigned count;

		steps = dwell_hotspot_step(&view, &stack, &frame, methods, &count);
		if (steps && (frame.sp <= before || frame.sp > stack.high))
			__builtin_trap();
		name(&view, methods, count);
	}
	return 0;
}
