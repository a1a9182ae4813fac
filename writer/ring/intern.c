#include "intern.h"

#include <string.h>

enum { HEADER_WORDS = 2, TEXT_MAX = 1024, PROBES_MAX = 64 };

static _Atomic uint32_t *index_of(const struct dwell_session *session)
{
	return (_Atomic uint32_t *)((char *)session->header + session->index_offset);
}

static uint64_t *arena_of(const struct dwell_session *session)
{
	return (uint64_t *)((char *)session->header + session->arena_offset);
}

/* Every bit of the word on every bit of the result (two rounds of multiply and shift). */
static inline uint64_t mix(uint64_t word)
{
	word *= UINT64_C(0x9e3779b97f4a7c15);
	word ^= word >> 32;
	word *= UINT64_C(0xbf58476d1ce4e5b9);
	return word ^ word >> 29;
}

/* Each word is mixed with its place, and then they are added: none waits for the one before, which
 * for eight frames is half of what a stack costs. */
uint64_t dwell_intern_hash(
	enum dwell_entry_kind kind, uint32_t extra, const uint64_t *words, uint32_t count)
{
	uint64_t hash = mix(kind | (uint64_t)count << 8 | (uint64_t)extra << 32);
	uint64_t place = UINT64_C(0x2545f4914f6cdd1d);

	for (uint32_t i = 0; i < count; i++) {
		hash += mix(words[i] ^ place);
		place += UINT64_C(0xd1342543de82ef95);
	}
	return mix(hash);
}

static uint64_t meta_word(enum dwell_entry_kind kind, uint32_t extra, uint32_t count)
{
	return (uint64_t)kind | (uint64_t)count << 8 | (uint64_t)extra << 32;
}

/* Write a new entry where nobody sees it yet. 0: full. */
static uint32_t append(const struct dwell_session *session, uint64_t hash, uint64_t meta,
	const uint64_t *words, uint32_t count)
{
	uint64_t need = (HEADER_WORDS + (uint64_t)count) * 8;
	_Atomic uint64_t *used = &session->header->arena_used;
	uint64_t at;

	/* Looked at first, so that a full arena's counter does not run on and wrap. */
	if (atomic_load_explicit(used, memory_order_relaxed) + need > session->arena_bytes)
		return 0;
	at = atomic_fetch_add_explicit(used, need, memory_order_relaxed);
	if (at + need > session->arena_bytes)
		return 0;
	uint64_t *entry = arena_of(session) + at / 8;
	entry[0] = hash;
	entry[1] = meta;
	DWELL_TESTPOINT("entry begun");
	if (count > 0)
		memcpy(entry + HEADER_WORDS, words, (size_t)count * 8);
	return (uint32_t)(at / 8);
}

static bool matches(const struct dwell_session *session, uint32_t id, uint64_t hash, uint64_t meta)
{
	const uint64_t *entry;

	/* The index lies in shared memory, and another program may have broken it. */
	if (id >= session->arena_bytes / 8 - 1)
		return false;
	entry = arena_of(session) + id;
	return entry[0] == hash && entry[1] == meta;
}

/*
 * Two different texts or stacks with one 64-bit hash, one kind and one length are taken for the
 * same: at a million entries the chance of any such pair is 3e-8.
 */
uint32_t dwell_intern_hashed(const struct dwell_session *session, uint64_t hash,
	enum dwell_entry_kind kind, uint32_t extra, const uint64_t *words, uint32_t count)
{
	_Atomic uint32_t *index = index_of(session);
	uint64_t meta = meta_word(kind, extra, count);
	uint32_t mine = 0;

	for (uint32_t probe = 0; probe < PROBES_MAX; probe++) {
		_Atomic uint32_t *slot = &index[(hash + probe) & (session->index_max - 1)];
		/* Acquire: the entry was written before its id. */
		uint32_t id = atomic_load_explicit(slot, memory_order_acquire);
		if (id == 0) {
			if (mine == 0)
				mine = append(session, hash, meta, words, count);
			DWELL_TESTPOINT("entry written");
			if (mine == 0)
				break;
			/* Release: now others find the entry. */
			if (atomic_compare_exchange_strong_explicit(
				    slot, &id, mine, memory_order_release, memory_order_acquire))
				return mine;
		}
		if (matches(session, id, hash, meta))
			return id;
	}
	dwell_session_count_loss(session, DWELL_SESSION_ARENA_FULL);
	return 0;
}

uint32_t dwell_intern(const struct dwell_session *session, enum dwell_entry_kind kind,
	uint32_t extra, const uint64_t *words, uint32_t count)
{
	if (count > DWELL_ENTRY_WORDS_MAX)
		count = DWELL_ENTRY_WORDS_MAX;
	return dwell_intern_hashed(
		session, dwell_intern_hash(kind, extra, words, count), kind, extra, words, count);
}

uint32_t dwell_intern_name(const struct dwell_session *session, const char *text, size_t size)
{
	uint64_t words[TEXT_MAX / 8] = { 0 };

	if (size > TEXT_MAX)
		size = TEXT_MAX;
	memcpy(words, text, size);
	return dwell_intern(
		session, DWELL_ENTRY_NAME, (uint32_t)size, words, (uint32_t)((size + 7) / 8));
}

uint32_t dwell_intern_frame(
	const struct dwell_session *session, const struct dwell_frame_name *frame)
{
	uint64_t words[1 + (DWELL_FRAME_FUNCTION + DWELL_FRAME_FILE) / 8] = { 0 };
	uint32_t function = frame->function_size, file = frame->file_size, count;
	const char *from = frame->file;

	if (function > DWELL_FRAME_FUNCTION)
		function = DWELL_FRAME_FUNCTION;
	if (file > DWELL_FRAME_FILE) {
		from += file - DWELL_FRAME_FILE;
		file = DWELL_FRAME_FILE;
	}
	words[0] = function | (uint64_t)file << 32;
	count = 1 + (function + 7) / 8;
	if (function > 0)
		memcpy(words + 1, frame->function, function);
	if (file > 0)
		memcpy(words + count, from, file);
	return dwell_intern(session, DWELL_ENTRY_FRAME, frame->line, words, count + (file + 7) / 8);
}

bool dwell_intern_get_frame(
	const struct dwell_session *session, uint32_t id, struct dwell_frame_name *out)
{
	struct dwell_entry entry;
	uint64_t lengths;
	uint32_t before;

	if (!dwell_intern_get(session, id, &entry) || entry.kind != DWELL_ENTRY_FRAME ||
		entry.count == 0)
		return false;
	/* Read once: the program may change it. */
	lengths = *(const volatile uint64_t *)entry.words;
	out->function_size = (uint32_t)lengths;
	out->file_size = (uint32_t)(lengths >> 32);
	if (out->function_size > DWELL_FRAME_FUNCTION || out->file_size > DWELL_FRAME_FILE)
		return false;
	before = 1 + (out->function_size + 7) / 8;
	if (before + (out->file_size + 7) / 8 > entry.count)
		return false;
	out->function = (const char *)(entry.words + 1);
	out->file = (const char *)(entry.words + before);
	out->line = entry.extra;
	return true;
}

bool dwell_intern_get(const struct dwell_session *session, uint32_t id, struct dwell_entry *out)
{
	uint64_t words = session->arena_bytes / 8;
	const _Atomic uint64_t *meta_at;
	uint64_t meta, count;

	if (id == 0 || (uint64_t)id + HEADER_WORDS > words)
		return false;
	meta_at = (const _Atomic uint64_t *)(arena_of(session) + id + 1);
	meta = atomic_load_explicit(meta_at, memory_order_relaxed);
	count = meta >> 8 & 0xffff;
	if (count > DWELL_ENTRY_WORDS_MAX || id + HEADER_WORDS + count > words)
		return false;
	out->kind = (uint8_t)meta;
	out->count = (uint32_t)count;
	out->extra = (uint32_t)(meta >> 32);
	out->words = arena_of(session) + id + HEADER_WORDS;
	return true;
}
