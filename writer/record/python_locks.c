/* Which locks CPython's threads are inside of: nothing in a lock tells who has it, but a `with`
 * keeps the method that will give it up on the stack of values of the function that it stands in.
 */
#include <string.h>

#include "proc.h"
#include "python_private.h"

enum {
	WORD = 8,
	VALUES = 72,
	METHOD_SELF = 24,
	TYPE_NAME = 24,
	LOCK_SEMAPHORE = 16,
	DEPTH_MAX = 64
};

/* The semaphore of the lock that a value is a method of; 0: of none. */
static uint64_t semaphore_of(const struct python_process *process, uint64_t value)
{
	static const char plain[] = "_thread.lock", again[] = "_thread.RLock";
	char name[sizeof(again)] = "";
	uint64_t lock, type;

	if (value < 4096 || python_word(process, value + DWELL_PYTHON_OBJECT_TYPE) !=
				    process->exports->method_type + process->bias)
		return 0;
	lock = python_word(process, value + METHOD_SELF);
	type = lock ? python_word(process, lock + DWELL_PYTHON_OBJECT_TYPE) : 0;
	if (type == 0)
		return 0;
	(void)dwell_memory_read(
		process->pid, python_word(process, type + TYPE_NAME), name, sizeof(name));
	if (memcmp(name, plain, sizeof(plain)) != 0 && memcmp(name, again, sizeof(again)) != 0)
		return 0;
	return python_word(process, lock + LOCK_SEMAPHORE);
}

/* Of one function: what it is inside of where it is now. */
static bool is_inside(
	struct dwell_python *python, const struct python_frame *frame, uint64_t semaphore)
{
	enum { EXCEPTIONS = 40 };
	const struct python_process *process = &python->process;
	const size_t size = python_bytes(process, python_word(process, frame->code + EXCEPTIONS),
		python->table, sizeof(python->table));
	uint64_t values[DEPTH_MAX];
	uint32_t locals = 0, depth;

	if (size == 0 || frame->unit < 0)
		return false;
	depth = dwell_python_depth(python->table, size, (uint32_t)frame->unit);
	depth = depth < DEPTH_MAX ? depth : DEPTH_MAX;
	if (depth == 0 ||
		!dwell_memory_get(process->pid, frame->code + process->layout.code_locals, &locals,
			sizeof(locals)) ||
		locals > DWELL_PYTHON_UNITS_MAX ||
		!dwell_memory_get(process->pid, frame->at + VALUES + (uint64_t)locals * WORD,
			values, (size_t)depth * WORD))
		return false;
	for (uint32_t i = 0; i < depth; i++)
		if (semaphore_of(process, values[i]) == semaphore)
			return true;
	return false;
}

/* A condition's wait gives up, for as long as it lasts, the lock that its caller is inside of. */
static bool gives_up(struct dwell_python *python, const struct python_frame *frame)
{
	static const char function[] = "Condition.wait", file[] = "/threading.py";
	const size_t length = sizeof(file) - 1;
	struct dwell_line line;

	return python_name(python, frame->code, &line) &&
	       line.function.size == sizeof(function) - 1 &&
	       memcmp(line.function.at, function, sizeof(function) - 1) == 0 &&
	       line.file.size >= length &&
	       memcmp(line.file.at + line.file.size - length, file, length) == 0;
}

static bool thread_is_inside(struct dwell_python *python, uint64_t thread, uint64_t semaphore)
{
	const struct python_process *process = &python->process;
	uint64_t next = python_current(process, thread);
	bool inside = false;

	for (int steps = 0; next != 0 && steps < DWELL_MAX_FRAMES; steps++) {
		struct python_frame frame;

		if (!python_frame(process, next, &frame))
			return false;
		if (!frame.is_shim && gives_up(python, &frame))
			return false;
		inside = inside || (!frame.is_shim && is_inside(python, &frame, semaphore));
		next = frame.previous;
	}
	return inside;
}

/* One of CPython's threads, if it stands still meanwhile. */
static bool holds(struct dwell_python *python, uint64_t thread, uint64_t semaphore, uint32_t number)
{
	const uint32_t pid = python->process.pid;
	struct dwell_still still;

	/* Numbers of another namespace are not asked for here. */
	return dwell_proc_is_thread(pid, number) && dwell_still_find(&still, pid, number) &&
	       thread_is_inside(python, thread, semaphore) && dwell_still_stands(&still);
}

uint32_t dwell_python_holder(
	struct dwell_python *python, const struct dwell_still *still, uint64_t semaphore)
{
	enum { PREVIOUS = 0, NEXT = 8, THREADS_MAX = 1 << 16 };
	const struct python_process *process = &python->process;
	uint64_t thread = python->thread, other;
	uint32_t found = 0;

	if (process->pid != still->pid || thread == 0 ||
		dwell_proc_inside(still->pid) != still->pid)
		return 0;
	for (int steps = 0; steps < THREADS_MAX; steps++, thread = other) {
		other = python_word(process, thread + PREVIOUS);
		if (other == 0)
			break;
	}
	for (int steps = 0; steps < THREADS_MAX && thread != 0; steps++) {
		const uint32_t number =
			(uint32_t)python_word(process, thread + process->layout.thread_number);

		if (number != still->tid && number != 0 &&
			holds(python, thread, semaphore, number)) {
			if (found != 0)
				return 0;
			found = number;
		}
		thread = python_word(process, thread + NEXT);
	}
	return found;
}
