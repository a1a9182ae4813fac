/*
 * Python functions and lines in stacks: the frames of CPython, read by the thread that they belong
 * to, where it waits.
 *
 * A thread's own frames stand still while it waits, and each holds on to its code object: so the
 * interpreter's lock is not needed, and no system call is made. What is read is checked for being
 * what it should be; that the structures are as they should be is found out once, by careful
 * reading. Read are only threads that wait below a function that the interpreter called: not in a
 * handler of a signal, which may have come amidst a change.
 *
 * Only the end of the interpreter takes away the frames of others, of daemon threads, who still
 * wait: `readers` tells who is at it, and munmap, by which they go, stays until nobody is.
 */
#include "python.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "lib/interpreter.h"
#include "parking.h"
#include "preload.h"
#include "ring/python.h"

/* Of CPython: absent from other programs. */
#define OF_PYTHON __attribute__((weak, visibility("default")))
extern OF_PYTHON const unsigned long Py_Version;
extern OF_PYTHON const char _PyRuntime[], PyCode_Type[], PyUnicode_Type[], PyBytes_Type[];
OF_PYTHON void *_PyEval_EvalFrameDefault(void *, void *, int);
OF_PYTHON void *PyGILState_GetThisThreadState(void);
OF_PYTHON int _Py_IsFinalizing(void);
OF_PYTHON int Py_IsFinalizing(void);
OF_PYTHON void _Py_NegativeRefcount(void); /* debug builds only */
OF_PYTHON int _PyParkingLot_Park(const void *, const void *, size_t, int64_t, void *, int);
OF_PYTHON void _PyParkingLot_Unpark(const void *, void (*)(void *, void *, int), void *);

static struct dwell_python_layout layout;

/* --- reading --- */

enum trust { UNTRIED, TRUSTED, REFUSED };
enum { FAILURES_MAX = 4 };

static _Atomic int trust;
static _Atomic unsigned failures;

/* Whether eight bytes can be read: the kernel says so, and does nothing else, since there is no
 * such way to set a mask. Every sandbox lets a program handle its signals. */
static bool probe(uint64_t at)
{
	enum { NO_WAY = -1, SIZE = 8 };
	const int saved = errno;
	const long result = REAL(syscall)(SYS_rt_sigprocmask, NO_WAY, (long)at, 0, SIZE, 0, 0);
	const bool can = result == -1 && errno == EINVAL;

	errno = saved;
	return can;
}

static bool probe_all(uint64_t at, uint64_t size)
{
	enum { PAGE = 4096, WORD = 8 };

	for (uint64_t i = 0; i < size; i += PAGE)
		if (!probe(at + i))
			return false;
	return size < WORD || probe(at + size - WORD);
}

/* Whether that may be an object of Python's, and, before we trust it, whether it is there. */
static bool can_read(uint64_t at, uint64_t size)
{
	enum { ALIGNMENT = 8, LOWEST = 4096, ADDRESS_BITS = 47 };

	if (at % ALIGNMENT != 0 || at < LOWEST || at >> ADDRESS_BITS != 0)
		return false;
	return __builtin_expect(trust == TRUSTED, 1) || probe_all(at, size);
}

static uint64_t word(uint64_t at)
{
	return *(const uint64_t *)at;
}

static bool is_a(uint64_t object, const char *type)
{
	return can_read(object, DWELL_PYTHON_TEXT_STATE + 8) &&
	       word(object + DWELL_PYTHON_OBJECT_TYPE) == (uintptr_t)type;
}

/* --- names --- */

/* What was found last for an instruction; as in ring/unwind.h, the second word proves that it
 * belongs to the first. */
enum { MEMO_BITS = 11 };
static struct memo {
	_Atomic uint64_t key, entry; /* << 32 | fold of the key */
} memos[1 << MEMO_BITS];

static uint32_t read_text(uint64_t object, char *out, size_t room, bool last)
{
	uint64_t state, length, begin;
	unsigned width;

	if (!is_a(object, PyUnicode_Type))
		return 0;
	/* interned (2 bits), width (3), compact (1), ASCII (1) */
	state = word(object + DWELL_PYTHON_TEXT_STATE);
	length = word(object + DWELL_PYTHON_TEXT_LENGTH);
	width = state >> 2 & 7;
	begin = object + (state & 1 << 6 ? layout.text_ascii : layout.text_other);
	if ((state & 1 << 5) == 0 || (width != 1 && width != 2 && width != 4) ||
		length > DWELL_PYTHON_TEXT_MAX || !can_read(begin, length * width))
		return 0;
	return (uint32_t)dwell_python_text(out, room, (const uint8_t *)begin, length, width, last);
}

static uint32_t read_line(uint64_t code, int64_t unit)
{
	const uint64_t table = word(code + layout.code_lines);
	uint32_t first;

	memcpy(&first, (const void *)(code + layout.code_first), sizeof(first));
	/* It was called, but has not begun. */
	if (unit < 0)
		return first;
	if (!is_a(table, PyBytes_Type) ||
		word(table + DWELL_PYTHON_OBJECT_SIZE) > DWELL_PYTHON_TEXT_MAX ||
		!can_read(table + DWELL_PYTHON_BYTES_BEGIN, word(table + DWELL_PYTHON_OBJECT_SIZE)))
		return 0;
	return dwell_python_line((const uint8_t *)(table + DWELL_PYTHON_BYTES_BEGIN),
		word(table + DWELL_PYTHON_OBJECT_SIZE), first, (uint32_t)unit);
}

SELDOM static uint32_t name_anew(uint64_t code, int64_t unit)
{
	char function[DWELL_FRAME_FUNCTION], file[DWELL_FRAME_FILE];
	struct dwell_frame_name name = { .function = function, .file = file };

	name.function_size =
		read_text(word(code + layout.code_name), function, sizeof(function), false);
	name.file_size = read_text(word(code + layout.code_file), file, sizeof(file), true);
	name.line = read_line(code, unit);
	if (name.function_size == 0)
		return 0;
	return dwell_intern_frame(&dwell_lib.session, &name);
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

/* Where a code object was, there may be another one by now: its texts are then elsewhere, too. */
static uint64_t key_of(uint64_t code, uint64_t instruction)
{
	uint64_t key = mix(instruction, word(code + layout.code_name));

	key = mix(key, word(code + layout.code_lines));
	key = mix(key, word(code + layout.code_file));
	return mix(key, word(code + layout.code_first)) | 1;
}

/* The entry that says where a frame is. 0: that is none that we know. */
static uint32_t name_of(uint64_t frame)
{
	const uint64_t code = word(frame + layout.frame_code);
	const uint64_t instruction = word(frame + layout.frame_instruction);
	uint64_t key, found;
	int64_t unit;

	if (!can_read(code, layout.code_units) ||
		word(code + DWELL_PYTHON_OBJECT_TYPE) != (uintptr_t)PyCode_Type)
		return 0;
	unit = (int64_t)(instruction - code - layout.code_units) / DWELL_PYTHON_UNIT;
	if (unit < -1 || unit > (int64_t)word(code + DWELL_PYTHON_OBJECT_SIZE) ||
		unit > DWELL_PYTHON_UNITS_MAX)
		return 0;
	key = key_of(code, instruction);
	struct memo *memo = &memos[key >> (64 - MEMO_BITS)];
	found = atomic_load_explicit(&memo->entry, memory_order_relaxed);
	if (atomic_load_explicit(&memo->key, memory_order_relaxed) == key &&
		(uint32_t)found == (uint32_t)(key ^ key >> 32))
		return (uint32_t)(found >> 32);
	found = name_anew(code, unit);
	if (found != 0) {
		atomic_store_explicit(&memo->key, key, memory_order_relaxed);
		atomic_store_explicit(&memo->entry, found << 32 | (uint32_t)(key ^ key >> 32),
			memory_order_relaxed);
	}
	return (uint32_t)found;
}

/* --- frames --- */

static _Atomic unsigned readers;

static bool is_ending(void)
{
	return Py_IsFinalizing ? Py_IsFinalizing() != 0 : _Py_IsFinalizing() != 0;
}

static uint64_t current_frame(uint64_t thread)
{
	if (!can_read(thread, DWELL_PYTHON_OFFSET_MAX / 8))
		return 0;
	if (layout.thread_cframe != 0)
		thread = word(thread + layout.thread_cframe);
	return can_read(thread, 2 * sizeof(uint64_t)) ? word(thread + layout.current) : 0;
}

static uint32_t walk(uint64_t frame, uint64_t *out, uint32_t most, bool *whole)
{
	uint32_t count = 0;

	for (uint32_t steps = 0; frame != 0 && count < most && steps <= 2 * most; steps++) {
		uint32_t entry;

		if (!can_read(frame, layout.frame_owner + 1))
			return 0;
		if (*(const uint8_t *)(frame + layout.frame_owner) != DWELL_PYTHON_OWNED_BY_C) {
			entry = name_of(frame);
			if (entry == 0)
				return 0;
			out[count++] = DWELL_NAMED_FRAME | entry;
		}
		frame = word(frame + layout.frame_previous);
	}
	*whole = frame == 0;
	return count;
}

/* The first walk that ends well is what proves the layout; if there is none, nothing is read. */
SELDOM static void judge(bool well)
{
	if (well)
		trust = TRUSTED;
	else if (++failures >= FAILURES_MAX)
		trust = REFUSED;
}

static uint32_t frames(uint64_t *out, uint32_t most, bool *whole)
{
	uint32_t count = 0;
	uint64_t frame;

	if (trust == REFUSED || (trust == UNTRIED && dwell_exec_sandboxed))
		return 0;
	/* Before it is looked whether the interpreter ends: who takes frames away sees the one, or
	 * we see the other. */
	atomic_fetch_add_explicit(&readers, 1, memory_order_seq_cst);
	if (!is_ending()) {
		const uint64_t thread = (uintptr_t)PyGILState_GetThisThreadState();

		frame = thread != 0 ? current_frame(thread) : 0;
		/* It was the thread's at a time when threads still were. */
		if (frame != 0 && !is_ending()) {
			count = walk(frame, out, most, whole);
			if (__builtin_expect(trust != TRUSTED, 0))
				judge(count > 0);
		}
	}
	atomic_fetch_sub_explicit(&readers, 1, memory_order_release);
	return count;
}

/* The interpreter ends and gives memory back: maybe frames that are being read. */
SELDOM static void let_readers_go(void)
{
	static const struct timespec pause = { 0, 100000 };
	enum { PAUSES = 1000 };
	static bool once;

	/* One that never comes back (a handler of a signal left by a jump) is waited for once. */
	for (int i = 0; i < PAUSES && readers != 0 && !once; i++)
		if (i == PAUSES - 1)
			once = true;
		else if (REAL(nanosleep)(&pause, NULL) != 0)
			sched_yield();
}

EXPORT int munmap(void *at, size_t size)
{
	if (__builtin_expect(readers != 0, 0) && is_ending()) {
		const int saved = errno;

		let_readers_go();
		errno = saved;
	}
	return REAL(munmap)(at, size);
}

/* --- the lock --- */

static uint32_t name_gil, name_mutex, name_turn;

/*
 * In _PyRuntime there are conditions and mutexes of one kind only, the GIL's: {..., who held it
 * last (8 bytes), whether it is held (8), how often it changed hands (8), condition, mutex,
 * condition and mutex of who gave it up and waits until another has it}. What stands there before
 * the second condition is a mutex's kind, which is 0.
 */
static uint32_t lock_name(uint64_t object, unsigned kind)
{
	enum { LAST_HOLDER = 24 };

	if (kind == DWELL_OBJECT_MUTEX)
		return name_mutex;
	if (kind != DWELL_OBJECT_COND || object % sizeof(uint64_t) != 0 ||
		object - dwell_interpreter.data < LAST_HOLDER)
		return 0;
	return word(object - LAST_HOLDER) != 0 ? name_gil : name_turn;
}

static uint32_t keep_name(const char *name)
{
	return dwell_intern_name(&dwell_lib.session, name, strlen(name));
}

/* --- finding --- */

/* How large that is, by the table of symbols that the loader has. */
static uint64_t size_of(const void *at)
{
	const ElfW(Sym) *symbol = NULL;
	Dl_info info;

	if (dladdr1(at, &info, (void **)&symbol, RTLD_DL_SYMENT) == 0 || !symbol ||
		info.dli_saddr != at)
		return 0;
	return symbol->st_size;
}

/* As released; not a build that counts references apart, which has larger objects. */
static bool is_known(void)
{
	if (!&Py_Version || !_PyRuntime || !PyCode_Type || !PyUnicode_Type || !PyBytes_Type ||
		!_PyEval_EvalFrameDefault || !PyGILState_GetThisThreadState ||
		(!Py_IsFinalizing && !_Py_IsFinalizing) || _Py_NegativeRefcount)
		return false;
	return dwell_python_layout(
		       &layout, Py_Version, (const uint64_t *)(const void *)_PyRuntime) &&
	       word((uintptr_t)PyCode_Type + DWELL_PYTHON_TYPE_BASIC_SIZE) == layout.code_units;
}

/* As of 3.13 locks are bytes, waited for in a lot. */
static void find_parking(void)
{
	enum { MINOR = 16, VERSION = 0x030d };
	const struct dwell_parking_lot lot = { .park = _PyParkingLot_Park,
		.unpark = _PyParkingLot_Unpark,
		.park_size = size_of((const void *)(uintptr_t)_PyParkingLot_Park) };

	if (Py_Version >> MINOR == VERSION && lot.park && lot.unpark && lot.park_size != 0)
		(void)dwell_parking_find(&lot);
}

/* Where walks go by tables, which tell what a signal interrupted. */
#ifdef __x86_64__
enum { KNOWN_MACHINE = 1 };
#else
enum { KNOWN_MACHINE = 0 };
#endif

void dwell_python_find(void)
{
	struct dwell_interpreter found = { .frames = frames, .lock_name = lock_name };
	void *(*const loop)(void *, void *, int) = _PyEval_EvalFrameDefault;

	if (!KNOWN_MACHINE || !is_known() || dwell_lib_watched() ||
		dwell_lib.session.minor < DWELL_SESSION_NAMED_FRAMES)
		return;
	memcpy(&found.loop, &loop, sizeof(found.loop));
	found.loop_size = size_of((const void *)found.loop);
	found.data = (uintptr_t)_PyRuntime;
	found.data_size = size_of(_PyRuntime);
	name_gil = keep_name("GIL");
	name_mutex = keep_name("mutex of the GIL");
	name_turn = keep_name("hand-over of the GIL");
	dwell_interpreter = found;
	find_parking();
}
