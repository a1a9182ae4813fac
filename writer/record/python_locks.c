/* Which locks CPython's threads are inside of: nothing in a lock tells who has it, but a `with`
 * keeps the method that will give it up on the stack of values of the function that it stands in.
 */
#include <stdlib.h>
#include <string.h>

#include "drain/grow.h"
#include "dwell/error.h"
#include "proc.h"
#include "python_private.h"

/* What was read of all threads goes for so long; whether the holder stood still since is asked. */
#define BELIEVED_NS UINT64_C(50000000)

enum {
	WORD = 8,
	VALUES = 72,
	METHOD_SELF = 24,
	TYPE_NAME = 24,
	LOCK_SEMAPHORE = 16, /* or the lock's byte itself, as of 3.13 */
	DEPTH_MAX = 64
};

/* The lock that a value is a method of; 0: of none. */
static uint64_t lock_of(const struct python_process *process, uint64_t value)
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
	return lock;
}

/* A byte and what is beside it is no semaphore's address: who has the one has not the other. */
static int keep(struct dwell_python *python, const struct dwell_still *still, uint64_t lock)
{
	if (!dwell_grow((void **)&python->held, python->held_count, &python->held_room,
		    sizeof(*python->held), 64))
		return DWELL_ENOMEM;
	python->held[python->held_count++] = (struct python_held){ lock + LOCK_SEMAPHORE,
		python_word(&python->process, lock + LOCK_SEMAPHORE), *still };
	return 0;
}

/* Of one function: what it is inside of where it is now. */
static void keep_frame(struct dwell_python *python, const struct dwell_still *still,
	const struct python_frame *frame)
{
	enum { EXCEPTIONS = 40 };
	const struct python_process *process = &python->process;
	const size_t size = python_bytes(process, python_word(process, frame->code + EXCEPTIONS),
		python->table, sizeof(python->table));
	uint64_t values[DEPTH_MAX];
	uint32_t locals = 0, depth;

	if (size == 0 || frame->unit < 0)
		return;
	depth = dwell_python_depth(python->table, size, (uint32_t)frame->unit);
	depth = depth < DEPTH_MAX ? depth : DEPTH_MAX;
	if (depth == 0 ||
		!dwell_memory_get(process->pid, frame->code + process->layout.code_locals, &locals,
			sizeof(locals)) ||
		locals > DWELL_PYTHON_UNITS_MAX ||
		!dwell_memory_get(process->pid, frame->at + VALUES + (uint64_t)locals * WORD,
			values, (size_t)depth * WORD))
		return;
	for (uint32_t i = 0; i < depth; i++) {
		const uint64_t lock = lock_of(process, values[i]);

		if (lock != 0 && keep(python, still, lock) != 0)
			return;
	}
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

/* One of CPython's threads, if it stands still meanwhile: else nothing of it is kept. */
static void keep_thread(struct dwell_python *python, uint64_t thread, uint32_t tid)
{
	const struct python_process *process = &python->process;
	const size_t before = python->held_count;
	uint64_t next = python_current(process, thread);
	struct dwell_still still;
	bool good = dwell_still_find(&still, process->pid, tid);

	for (int steps = 0; good && next != 0 && steps < DWELL_MAX_FRAMES; steps++) {
		struct python_frame frame;

		good = python_frame(process, next, &frame) &&
		       (frame.is_shim || !gives_up(python, &frame));
		if (good && !frame.is_shim)
			keep_frame(python, &still, &frame);
		next = frame.previous;
	}
	if (!good || !dwell_still_stands(&still))
		python->held_count = before;
}

/* Threads by the number that their process gives them. */
static void number_thread(void *context, uint32_t tid, uint32_t pid)
{
	(void)pid;
	(void)dwell_map_set(context, dwell_proc_inside(tid), 0, tid);
}

/* All that threads of the process are inside of. */
static void read_held(struct dwell_python *python)
{
	enum { PREVIOUS = 0, NEXT = 8, THREADS_MAX = 1 << 16 };
	const struct python_process *process = &python->process;
	const bool same = dwell_proc_inside(process->pid) == process->pid;
	struct dwell_map numbers = { 0 };
	uint64_t thread = python->thread, other;

	for (int steps = 0; steps < THREADS_MAX; steps++, thread = other) {
		other = python_word(process, thread + PREVIOUS);
		if (other == 0)
			break;
	}
	python->held_count = 0;
	python->held_pid = process->pid;
	if (!same)
		dwell_proc_each_thread(process->pid, number_thread, &numbers);
	for (int steps = 0; steps < THREADS_MAX && thread != 0; steps++) {
		const uint32_t number =
			(uint32_t)python_word(process, thread + process->layout.thread_number);
		const uint32_t tid = same ? number : dwell_map_get(&numbers, number, 0);

		if (tid != 0 && dwell_proc_is_thread(process->pid, tid))
			keep_thread(python, thread, tid);
		thread = python_word(process, thread + NEXT);
	}
	dwell_map_release(&numbers);
}

uint32_t dwell_python_holder(struct dwell_python *python, const struct dwell_still *still,
	uint64_t lock, uint64_t now_ns)
{
	const struct python_held *found = NULL;

	if (python->process.pid != still->pid || python->thread == 0)
		return 0;
	if (python->held_pid != still->pid || now_ns - python->held_ns > BELIEVED_NS) {
		read_held(python);
		python->held_ns = now_ns;
	}
	for (size_t i = 0; i < python->held_count; i++) {
		const struct python_held *held = &python->held[i];

		if ((held->byte != lock && held->semaphore != lock) ||
			held->still.tid == still->tid)
			continue;
		if (found && found->still.tid != held->still.tid)
			return 0;
		found = held;
	}
	return found && dwell_still_stands(&found->still) ? found->still.tid : 0;
}
