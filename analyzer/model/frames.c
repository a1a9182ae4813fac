/* Which places are a program's own. */
#include <string.h>

#include "dwell/model.h"

struct dwell_string dwell_base_name(struct dwell_string path)
{
	for (size_t i = path.size; i--;)
		if (path.at[i] == '/')
			return (struct dwell_string){ path.at + i + 1, path.size - i - 1 };
	return path;
}

static bool starts_with(struct dwell_string text, const char *prefix)
{
	const size_t size = strlen(prefix);

	return text.size >= size && !memcmp(text.at, prefix, size);
}

static bool is_word(struct dwell_string text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text.size == strlen(words[i]) && !memcmp(text.at, words[i], text.size))
			return true;
	return false;
}

/* The C library's ways to wait, which lie in a static program itself. */
static bool is_of_static_libc(struct dwell_string function)
{
	static const char *const plain[] = { "accept", "clock_nanosleep", "connect", "epoll_pwait",
		"epoll_wait", "fcntl", "fdatasync", "flock", "fsync", "lockf", "nanosleep", "pause",
		"poll", "ppoll", "pread64", "pselect", "pwrite64", "read", "readv", "recv",
		"recvfrom", "recvmsg", "select", "sem_clockwait", "sem_timedwait", "sem_wait",
		"send", "sendmsg", "sendto", "sigsuspend", "sleep", "start_thread", "syscall",
		"usleep", "wait4", "waitid", "waitpid", "write", "writev" };
	static const char *const starts[] = { "__lll_", "__futex_", "__internal_syscall_",
		"__pthread_", "___pthread_", "pthread_", "__new_sem_", "__sem_", "__libc_", "__GI_",
		"__clone", "__syscall_cp", "__timedwait", "__nptl_", "_IO_" };
	/* Of the plain ones as the library itself calls them. */
	const struct dwell_string inner = { function.at + 2, function.size - 2 };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (starts_with(function, starts[i]))
			return true;
	return is_word(function, plain, sizeof(plain) / sizeof(plain[0])) ||
	       (starts_with(function, "__") &&
		       is_word(inner, plain, sizeof(plain) / sizeof(plain[0])));
}

bool dwell_frame_is_of_libc(const struct dwell_frame *frame)
{
	static const char *const modules[] = { "libc.so", "libc-", "libpthread", "ld-linux",
		"ld-musl", "libdwell", "[vdso]" };
	const struct dwell_string module = dwell_base_name(frame->module);

	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (starts_with(module, modules[i]))
			return true;
	return module.size && is_of_static_libc(frame->function);
}

static bool contains(struct dwell_string text, const char *part)
{
	const size_t size = strlen(part);

	for (size_t i = 0; i + size <= text.size; i++)
		if (!memcmp(text.at + i, part, size))
			return true;
	return false;
}

/* Also what the library does for a type of the language: <i32 as core::iter::Sum>::sum. */
static bool is_of_rust(const struct dwell_frame *frame)
{
	return (starts_with(frame->file, "/rustc/") && contains(frame->file, "/library/")) ||
	       contains(frame->file, "/rustlib/src/rust/library/");
}

bool dwell_frame_is_common(const struct dwell_frame *frame)
{
	static const char *const modules[] = { "libstdc++", "libgcc", "[kernel" };
	static const char *const functions[] = { "runtime.", "sync.", "internal/", "syscall.",
		"std::", "core::", "alloc::", "parking_lot", "__glibcxx_",
		"lock_api::", "<std::", "<core::", "<parking_lot", "<lock_api::", "__gthread",
		"os::", "Parker::", "PyThread_",
		/* PostgreSQL's own ways to wait */
		"WaitEventSetWait", "WaitLatch", "PGSemaphoreLock", "LWLockAcquire",
		/* what libraries put around pthread's */
		"uv_mutex_", "uv_rwlock_", "uv_cond_", "uv_sem_", "uv__sem_", "uv_barrier_",
		"rb_native_", "v8::base::", "absl::Mutex", "absl::CondVar",
		"absl::synchronization_internal", "boost::mutex", "boost::unique_lock",
		"boost::condition_variable", "QMutex", "QBasicMutex", "QReadWriteLock",
		"QWaitCondition", "QSemaphore", "g_mutex_", "g_rec_mutex_", "g_rw_lock_", "g_cond_",
		"apr_thread_mutex_", "apr_thread_cond_", "apr_thread_rwlock_", "PR_Lock", "PR_Wait",
		"SDL_LockMutex", "SDL_CondWait" };
	const struct dwell_string module = dwell_base_name(frame->module);

	if (dwell_frame_is_of_libc(frame) || is_of_rust(frame))
		return true;
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (starts_with(module, modules[i]))
			return true;
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (starts_with(frame->function, functions[i]))
			return true;
	return false;
}

/* What comes with Python: .../python3.11/queue.py, but not what was installed below that. */
static bool is_of_python(const struct dwell_frame *frame)
{
	return starts_with(frame->file, "<frozen ") ||
	       (contains(frame->file, "/lib/python3.") &&
		       !contains(frame->file, "/site-packages/") &&
		       !contains(frame->file, "/dist-packages/"));
}

/* What comes with Java or with Node, as their compilers name it. */
static bool is_of_runtime(const struct dwell_frame *frame)
{
	static const char *const packages[] = { "java.", "jdk.", "sun." };
	static const char *const files[] = { "node:", "internal/" };

	for (size_t i = 0; i < sizeof(packages) / sizeof(packages[0]); i++)
		if (starts_with(frame->function, packages[i]))
			return true;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (starts_with(frame->file, files[i]))
			return true;
	return false;
}

/* Code between a compiled program and its runtime, and interpreters that do not tell what they run.
 */
static bool is_stub(const struct dwell_frame *frame)
{
	static const char *const words[] = { "Interpreter", "StubRoutines", " stub",
		"Builtin:", "Stub:", "BytecodeHandler:" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (contains(frame->function, words[i]))
			return true;
	return false;
}

static bool is_named(const struct dwell_frame *frame)
{
	return !frame->address && !frame->module.size && frame->function.size;
}

/* Compiled at run time, and the compiler wrote down what it is. */
static bool is_compiled(const struct dwell_frame *frame)
{
	return frame->address && !frame->module.size && frame->function.size;
}

bool dwell_frame_is_code(const struct dwell_frame *frame)
{
	return frame->module.size || frame->function.size;
}

/* Where a runtime's own frames end, and those of the program that it runs begin. */
static size_t find_program(const struct dwell_frame *frames, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if ((is_named(&frames[i]) && frames[i - 1].address) ||
			(is_compiled(&frames[i]) && frames[i - 1].module.size))
			return i;
	return count;
}

size_t dwell_frames_site(const struct dwell_frame *frames, size_t count)
{
	const size_t program = find_program(frames, count);
	size_t library = count, at;

	for (at = program; at < count; at++) {
		if (frames[at].module.size || is_stub(&frames[at]))
			continue;
		if (!is_of_python(&frames[at]) && !is_of_runtime(&frames[at]))
			return at;
		if (library == count)
			library = at;
	}
	if (library < count)
		return library;
	for (at = 0; at < count; at++)
		if (dwell_frame_is_code(&frames[at]) && !dwell_frame_is_common(&frames[at]))
			break;
	return at;
}
