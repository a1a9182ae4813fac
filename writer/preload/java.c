/*
 * Java's methods and lines in stacks: the frames of HotSpot's interpreter and of what it compiled,
 * read by the thread that they belong to, where it waits.
 *
 * A thread's own frames stand still while it waits below them, and what they are of (code, methods)
 * stays as long as they are there. Nothing of Java's heap is read, which moves. Where all lies the
 * recorder found out (ring/hotspot.h); whether memory is there is asked before a page of it is read
 * for the first time in a walk: what lay there before may be gone. So a stack that is not as we
 * think ends the walk, and does no harm.
 */
#include "java.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "lib/interpreter.h"
#include "preload.h"
#include "ring/hotspot.h"

/* --- reading --- */

enum { PAGE_BITS = 12, PAGE = 1 << PAGE_BITS, PAGES_BITS = 4, ADDRESS_BITS = 47 };

/* Pages that were there in this walk. */
struct pages {
	uint64_t known[1 << PAGES_BITS];
};

/* As in python.c: the kernel reads a word there, and does nothing else. */
SELDOM static bool probe(uint64_t at)
{
	enum { NO_WAY = -1, SIZE = 8 };
	const int saved = errno;
	const long result = REAL(syscall)(SYS_rt_sigprocmask, NO_WAY, (long)at, 0, SIZE, 0, 0);
	const bool can = result == -1 && errno == EINVAL;

	errno = saved;
	return can;
}

static bool can_read(struct pages *pages, uint64_t at)
{
	const uint64_t page = at >> PAGE_BITS;
	uint64_t *known = &pages->known[page * UINT64_C(0x9e3779b97f4a7c15) >> (64 - PAGES_BITS)];

	if (__builtin_expect(*known == page && page != 0, 1))
		return true;
	if (page == 0 || at >> ADDRESS_BITS != 0 || dwell_exec_sandboxed || !probe(page * PAGE))
		return false;
	*known = page;
	return true;
}

static size_t read_memory(void *context, uint64_t at, void *out, size_t size)
{
	struct pages *pages = context;
	size_t got = 0;

	while (got < size && can_read(pages, at + got)) {
		size_t piece = PAGE - (at + got) % PAGE;

		piece = piece < size - got ? piece : size - got;
		memcpy((char *)out + got, (const void *)(at + got), piece);
		got += piece;
	}
	return got;
}

/* --- names --- */

/* What was found last for a method and a place in it; the second word proves that it belongs to the
 * first. */
enum { MEMO_BITS = 11 };
static struct memo {
	_Atomic uint64_t key, entry; /* << 32 | fold of the key */
} memos[1 << MEMO_BITS];

SELDOM static uint32_t name_anew(
	const struct dwell_hotspot_view *view, const struct dwell_hotspot_method *method)
{
	struct dwell_hotspot_name name;

	if (!dwell_hotspot_name(view, method, &name))
		return 0;
	return dwell_intern_frame(
		&dwell_lib.session, &(struct dwell_frame_name){ .function = name.function,
					    .file = name.file,
					    .function_size = name.function_size,
					    .file_size = name.file_size,
					    .line = name.line });
}

static uint32_t name_of(
	const struct dwell_hotspot_view *view, const struct dwell_hotspot_method *method)
{
	const uint64_t key = dwell_hotspot_key(view, method);
	struct memo *memo = &memos[key >> (64 - MEMO_BITS)];
	uint64_t found = atomic_load_explicit(&memo->entry, memory_order_relaxed);

	if (atomic_load_explicit(&memo->key, memory_order_relaxed) == key &&
		(uint32_t)found == (uint32_t)(key ^ key >> 32))
		return (uint32_t)(found >> 32);
	found = name_anew(view, method);
	if (found != 0) {
		atomic_store_explicit(&memo->key, key, memory_order_relaxed);
		atomic_store_explicit(&memo->entry, found << 32 | (uint32_t)(key ^ key >> 32),
			memory_order_relaxed);
	}
	return (uint32_t)found;
}

/* --- frames --- */

static const struct dwell_hotspot_code *published(void)
{
	const struct dwell_session *session = &dwell_lib.session;
	const struct dwell_process_slot *slot =
		dwell_session_process(session, dwell_lib.process_index);
	const uint64_t at = slot ? atomic_load_explicit(&slot->hotspot, memory_order_acquire) : 0;

	if (at == 0 || session->unwind_bytes < sizeof(struct dwell_hotspot_code) ||
		at > session->unwind_bytes - sizeof(struct dwell_hotspot_code) || at % 8 != 0)
		return NULL;
	return (const void *)((const uint8_t *)session->header + session->unwind_offset + at);
}

static uint32_t frames(struct dwell_unwind_frame *frame, const struct dwell_unwind_stack *stack,
	uint64_t *out, uint32_t most)
{
	struct pages pages = { .known = { 0 } };
	const struct dwell_hotspot_view view = {
		.code = published(), .read = read_memory, .context = &pages
	};
	struct dwell_hotspot_method methods[DWELL_HOTSPOT_METHODS];
	uint32_t count = 0;
	bool steps = view.code != NULL;

	while (steps && count < most &&
		frame->pc - view.code->low < view.code->high - view.code->low) {
		unsigned inside;

		steps = dwell_hotspot_step(&view, stack, frame, methods, &inside);
		if (count == 0 && inside == 1)
			dwell_hotspot_step_back(&view, &methods[0]);
		for (unsigned i = 0; i < inside && count < most; i++) {
			const uint32_t entry = name_of(&view, &methods[i]);

			if (entry == 0)
				steps = false;
			else
				out[count++] = DWELL_NAMED_FRAME | entry;
		}
	}
	if (!steps || count == most)
		frame->pc = 0;
	return count;
}

void dwell_java_begin(void)
{
	if (!dwell_lib_watched() && dwell_lib.session.minor >= DWELL_SESSION_NAMED_FRAMES)
		dwell_compiled = frames;
}
