/* Frames of CPython in the memory of another process. */
#include "python_private.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "exports.h"
#include "proc.h"

enum { WORD = 8, LOWEST = 4096, ADDRESS_BITS = 47, SCANNED = 1 << 15 };

/* --- where it is --- */

static void take_symbol(void *context, const char *name, uint64_t address, uint64_t size)
{
	struct dwell_python_exports *exports = context;
	const struct {
		const char *name;
		uint64_t *at;
	} known[] = {
		{ "Py_Version", &exports->version },
		{ "_PyRuntime", &exports->runtime },
		{ "PyCode_Type", &exports->code_type },
		{ "PyUnicode_Type", &exports->text_type },
		{ "PyBytes_Type", &exports->bytes_type },
		{ "PyCFunction_Type", &exports->method_type },
		{ "_PyEval_EvalFrameDefault", &exports->loop },
		{ "_PySemaphore_Wait", &exports->wait },
		{ "_PyParkingLot_Park", &exports->park },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(name, known[i].name) == 0)
			*known[i].at = address;
	if (strcmp(name, "_PyEval_EvalFrameDefault") == 0)
		exports->loop_size = size;
	if (strcmp(name, "_PySemaphore_Wait") == 0)
		exports->wait_size = size;
	if (strcmp(name, "_PyParkingLot_Park") == 0)
		exports->park_size = size;
	exports->debug |= strcmp(name, "_Py_NegativeRefcount") == 0;
}

int dwell_python_read(struct dwell_python_exports **out, int fd)
{
	struct dwell_python_exports *exports = calloc(1, sizeof(*exports));

	*out = NULL;
	if (!exports)
		return DWELL_ENOMEM;
	dwell_exports_each(fd, take_symbol, exports);
	if (exports->version && exports->runtime && exports->code_type && exports->text_type &&
		exports->bytes_type && exports->method_type && exports->loop_size &&
		!exports->debug)
		*out = exports;
	else
		free(exports);
	return 0;
}

bool dwell_python_is_loop(const struct dwell_python_exports *exports, uint64_t address)
{
	return address - exports->loop < exports->loop_size;
}

/* To park, it also waits for other semaphores, in a function between. */
bool dwell_python_is_parked(const struct dwell_python_exports *exports, uint64_t bias,
	const uint64_t *frames, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (frames[i] - 1 - bias - exports->park < exports->park_size)
			return frames[i - 1] - 1 - bias - exports->wait < exports->wait_size;
	return false;
}

int dwell_python_new(struct dwell_python **out, struct dwell_registry *registry)
{
	struct dwell_python *python = calloc(1, sizeof(*python));

	if (!python)
		return DWELL_ENOMEM;
	python->registry = registry;
	*out = python;
	return 0;
}

void dwell_python_free(struct dwell_python *python)
{
	if (!python)
		return;
	dwell_map_release(&python->frames);
	free(python->held);
	free(python);
}

/* --- reading --- */

/* 0 where nothing can be read. */
uint64_t python_word(const struct python_process *process, uint64_t address)
{
	uint64_t word = 0;

	(void)dwell_memory_get(process->pid, address, &word, sizeof(word));
	return word;
}

static uint32_t half(const struct python_process *process, uint64_t address)
{
	uint32_t number = 0;

	(void)dwell_memory_get(process->pid, address, &number, sizeof(number));
	return number;
}

static bool may_be(uint64_t object)
{
	return object % WORD == 0 && object >= LOWEST && object >> ADDRESS_BITS == 0;
}

static bool is_a(const struct python_process *process, uint64_t object, uint64_t type)
{
	return may_be(object) &&
	       python_word(process, object + DWELL_PYTHON_OBJECT_TYPE) == type + process->bias;
}

size_t python_bytes(
	const struct python_process *process, uint64_t object, uint8_t *out, size_t room)
{
	const uint64_t size = python_word(process, object + DWELL_PYTHON_OBJECT_SIZE);

	if (!is_a(process, object, process->exports->bytes_type) || size > room ||
		!dwell_memory_get(process->pid, object + DWELL_PYTHON_BYTES_BEGIN, out, size))
		return 0;
	return size;
}

/* As preload's, where the bits of a text's state are told. */
static size_t read_text(
	struct dwell_python *python, uint64_t object, char *out, size_t room, bool last)
{
	enum { COMPACT = 1 << 5, ASCII = 1 << 6, WIDTH = 2, WIDTH_MASK = 7 };
	const struct python_process *process = &python->process;
	const uint64_t state = python_word(process, object + DWELL_PYTHON_TEXT_STATE);
	const uint64_t length = python_word(process, object + DWELL_PYTHON_TEXT_LENGTH);
	const unsigned width = state >> WIDTH & WIDTH_MASK;
	const uint64_t begin =
		object + (state & ASCII ? process->layout.text_ascii : process->layout.text_other);

	if (!is_a(process, object, process->exports->text_type) || !(state & COMPACT) ||
		(width != 1 && width != 2 && width != 4) ||
		length > sizeof(python->table) / width ||
		!dwell_memory_get(process->pid, begin, python->table, length * width))
		return 0;
	return dwell_python_text(out, room, python->table, length, width, last);
}

bool python_name(struct dwell_python *python, uint64_t code, struct dwell_line *line)
{
	const struct python_process *process = &python->process;
	const struct dwell_python_layout *layout = &process->layout;

	line->function = (struct dwell_string){ python->function,
		read_text(python, python_word(process, code + layout->code_name), python->function,
			sizeof(python->function), false) };
	line->file = (struct dwell_string){ python->file,
		read_text(python, python_word(process, code + layout->code_file), python->file,
			sizeof(python->file), true) };
	return line->function.size != 0;
}

static uint32_t line_of(struct dwell_python *python, uint64_t code, int64_t unit)
{
	const struct python_process *process = &python->process;
	const uint32_t first = half(process, code + process->layout.code_first);
	size_t size;

	if (unit < 0)
		return first;
	size = python_bytes(process, python_word(process, code + process->layout.code_lines),
		python->table, sizeof(python->table));
	return size ? dwell_python_line(python->table, size, first, (uint32_t)unit) : 0;
}

/* --- frames --- */

uint64_t python_current(const struct python_process *process, uint64_t thread)
{
	const uint64_t from = process->layout.thread_cframe
				      ? python_word(process, thread + process->layout.thread_cframe)
				      : thread;

	return may_be(from) ? python_word(process, from + process->layout.current) : 0;
}

bool python_frame(const struct python_process *process, uint64_t at, struct python_frame *out)
{
	const struct dwell_python_layout *layout = &process->layout;
	uint8_t bytes[DWELL_PYTHON_OFFSET_MAX];
	const size_t size = layout->frame_owner + 1;
	uint64_t instruction;

	*out = (struct python_frame){ .at = at };
	if (!may_be(at) || size > sizeof(bytes) || layout->frame_instruction + WORD > size ||
		layout->frame_previous + WORD > size || layout->frame_code + WORD > size ||
		!dwell_memory_get(process->pid, at, bytes, size))
		return false;
	memcpy(&out->previous, bytes + layout->frame_previous, WORD);
	memcpy(&out->code, bytes + layout->frame_code, WORD);
	memcpy(&instruction, bytes + layout->frame_instruction, WORD);
	out->is_shim = bytes[layout->frame_owner] == DWELL_PYTHON_OWNED_BY_C;
	if (out->is_shim)
		return true;
	out->unit = (int64_t)(instruction - out->code - layout->code_units) / DWELL_PYTHON_UNIT;
	return is_a(process, out->code, process->exports->code_type) && out->unit >= -1 &&
	       out->unit <= DWELL_PYTHON_UNITS_MAX;
}

/* A thread's state is known by its number, and by a frame of it that is one. */
static bool is_thread(const struct python_process *process, uint64_t thread, uint32_t number)
{
	struct python_frame frame;

	return python_word(process, thread + process->layout.thread_number) == number &&
	       python_frame(process, python_current(process, thread), &frame);
}

/* The loop is given it, and keeps it on the stack. */
static uint64_t find_thread(const struct python_process *process, const struct dwell_still *still)
{
	const size_t size = still->size < SCANNED ? still->size : SCANNED;
	const uint32_t number = dwell_proc_inside(still->tid);
	uint64_t last = 0;

	for (size_t at = 0; at + WORD <= size; at += WORD) {
		uint64_t word;

		memcpy(&word, still->stack + at, WORD);
		if (word == last || !may_be(word) || word - still->call.sp < still->size)
			continue;
		if (is_thread(process, word, number))
			return word;
		last = word;
	}
	return 0;
}

/* false: it is none that we know. */
static bool learn(struct python_process *process, const struct dwell_python_exports *exports,
	uint64_t bias, uint32_t pid)
{
	uint64_t told[DWELL_PYTHON_TOLD_WORDS];

	*process = (struct python_process){ .pid = pid, .bias = bias, .exports = exports };
	return dwell_memory_get(pid, exports->runtime + bias, told, sizeof(told)) &&
	       dwell_python_layout(
		       &process->layout, python_word(process, exports->version + bias), told) &&
	       python_word(process, exports->code_type + bias + DWELL_PYTHON_TYPE_BASIC_SIZE) ==
		       process->layout.code_units;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

/* The named frame that stands for it; 0: it has no name. Code may be made anew where another was.
 */
static uint64_t named(struct dwell_python *python, const struct python_frame *frame)
{
	struct dwell_line line = { .line = 0 };
	uint64_t key = mix(mix(1, frame->code), (uint64_t)frame->unit);
	uint32_t number;

	if (!python_name(python, frame->code, &line))
		return 0;
	for (size_t i = 0; i < line.function.size; i++)
		key = mix(key, (uint8_t)line.function.at[i]);
	number = dwell_map_get(&python->frames, key, python->process.pid);
	if (number != 0)
		return DWELL_NAMED_FRAME | number;
	number = ++python->count;
	line.line = line_of(python, frame->code, frame->unit);
	dwell_registry_name_frame(python->registry, DWELL_NAMED_FRAME | number, &line);
	return dwell_map_set(&python->frames, key, python->process.pid, number) == 0
		       ? DWELL_NAMED_FRAME | number
		       : 0;
}

bool dwell_python_frames(struct dwell_python *python, const struct dwell_python_exports *exports,
	uint64_t bias, const struct dwell_still *still, size_t at, struct dwell_maps_walk *walk)
{
	struct python_process *process = &python->process;
	uint64_t frames[DWELL_MAX_FRAMES], next;
	struct python_frame frame = { .at = 0 };
	size_t count = 0, steps = 0;

	if (process->pid != still->pid && !learn(process, exports, bias, still->pid)) {
		process->pid = 0;
		return false;
	}
	python->thread = find_thread(process, still);
	next = python->thread ? python_current(process, python->thread) : 0;
	for (; next != 0 && at + count < DWELL_MAX_FRAMES && steps < 2 * (size_t)DWELL_MAX_FRAMES;
		steps++, next = frame.previous) {
		if (!python_frame(process, next, &frame))
			return false;
		if (frame.is_shim)
			continue;
		frames[count] = named(python, &frame);
		if (frames[count++] == 0)
			return false;
	}
	if (count == 0)
		return false;
	memcpy(walk->frames + at, frames, count * sizeof(*frames));
	walk->count = at + count;
	walk->whole = next == 0;
	return true;
}
