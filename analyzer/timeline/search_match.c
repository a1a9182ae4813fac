/* The search language, applied: what names say is worked out once for each id. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/names.h"
#include "dwell/search.h"

enum { MOST_FRAMES = 128 };

/* What is known of one id for one term: two bits in a byte array. */
enum { NOT_KNOWN = 0, NO, YES };

struct known {
	uint8_t *at;
	size_t size;
};

struct dwell_searcher {
	struct dwell_search search;
	const struct dwell_catalog *catalog;
	struct known known[DWELL_SEARCH_TERMS];
};

static int lower(char c)
{
	return tolower((unsigned char)c);
}

/* [...] at *glob; sets *glob behind it. */
static bool in_class(const char **glob, const char *end, char c)
{
	const char *at = *glob + 1;
	const bool turned = at < end && (*at == '!' || *at == '^');
	bool found = false;

	at += turned;
	for (bool first = true; at < end && (first || *at != ']'); first = false) {
		const char low = *at++;
		char high = low;

		if (at + 1 < end && *at == '-' && at[1] != ']') {
			high = at[1];
			at += 2;
		}
		found |= lower(c) >= lower(low) && lower(c) <= lower(high);
	}
	*glob = at < end ? at + 1 : at;
	return found != turned;
}

/* * ? [...] without looking at case; neither is ended by NUL. */
static bool matches(const char *glob, size_t glob_size, const char *text, size_t size)
{
	const char *end = glob + glob_size, *star = NULL;
	const char *at = text, *text_end = text + size, *back = NULL;

	while (at < text_end) {
		if (glob < end && *glob == '*') {
			star = ++glob;
			back = at;
			continue;
		}

		const char *next = glob + 1;
		bool same = false;

		if (glob < end && *glob == '[') {
			next = glob;
			same = in_class(&next, end, *at);
		} else if (glob < end) {
			same = *glob == '?' || lower(*glob) == lower(*at);
		}
		if (same) {
			glob = next;
			at++;
		} else if (star) {
			glob = star;
			at = ++back;
		} else {
			return false;
		}
	}
	while (glob < end && *glob == '*')
		glob++;
	return glob == end;
}

static bool contains(const char *word, size_t word_size, const char *text, size_t size)
{
	for (size_t i = 0; i + word_size <= size; i++) {
		size_t k = 0;

		while (k < word_size && lower(word[k]) == lower(text[i + k]))
			k++;
		if (k == word_size)
			return true;
	}
	return false;
}

/* One of the term's globs, between commas, fits. */
static bool fits(const struct dwell_search *search, const struct dwell_search_term *term,
	struct dwell_string text)
{
	const char *at = search->text + term->at;
	size_t size = term->size;

	for (;;) {
		const char *comma = memchr(at, ',', size);
		const size_t length = comma ? (size_t)(comma - at) : size;
		const bool plain = !memchr(at, '*', length) && !memchr(at, '?', length) &&
				   !memchr(at, '[', length);

		if (term->bits && plain ? contains(at, length, text.at, text.size)
					: matches(at, length, text.at ? text.at : "", text.size))
			return true;
		if (!comma)
			return false;
		at += length + 1;
		size -= length + 1;
	}
}

static bool fits_number(const struct dwell_search *search, const struct dwell_search_term *term,
	const char *format, uint64_t number)
{
	char text[32];
	const int size = snprintf(text, sizeof(text), format, number);

	return fits(search, term, (struct dwell_string){ text, (size_t)size });
}

static bool task_fits(const struct dwell_search *search, const struct dwell_search_term *term,
	const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_task *task = dwell_catalog_task(catalog, id);

	if (!task)
		return false;
	return fits(search, term, task->name) ||
	       (task->tid >= 0 && !term->bits &&
		       fits_number(search, term, "%" PRIu64, (uint64_t)task->tid)) ||
	       (task->native_id && !term->bits &&
		       fits_number(search, term, "%" PRIu64, task->native_id));
}

static bool process_fits(const struct dwell_search *search, const struct dwell_search_term *term,
	const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_task *task = dwell_catalog_task(catalog, id);
	const struct dwell_catalog_process *process =
		task ? dwell_catalog_process(catalog, task->process) : NULL;

	return process && (fits(search, term, process->name) ||
				  (process->pid >= 0 && fits_number(search, term, "%" PRIu64,
								(uint64_t)process->pid)));
}

static bool class_fits(const struct dwell_search *search, const struct dwell_search_term *term,
	const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_task *task = dwell_catalog_task(catalog, id);
	const struct dwell_catalog_class *class =
		task ? dwell_catalog_class(catalog, task->class_id) : NULL;

	return class && fits(search, term, class->text);
}

static bool stack_fits(const struct dwell_search *search, const struct dwell_search_term *term,
	const struct dwell_catalog *catalog, uint32_t id)
{
	struct dwell_frame frames[MOST_FRAMES];
	size_t count = dwell_catalog_frames(catalog, id, frames, MOST_FRAMES);

	for (size_t i = 0; i < count && i < MOST_FRAMES; i++)
		if (fits(search, term, frames[i].function))
			return true;
	return false;
}

static bool object_fits(const struct dwell_search *search, const struct dwell_search_term *term,
	const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_object *object = dwell_catalog_object(catalog, id);
	const char *kind = object ? dwell_object_kind_name(object->kind) : NULL;
	char native[DWELL_NATIVE_SIZE];

	if (!object)
		return false;
	dwell_name_native(native, object->kind, object->native_id);
	return fits(search, term, object->name) ||
	       fits(search, term, (struct dwell_string){ native, strlen(native) }) ||
	       (kind && fits(search, term, (struct dwell_string){ kind, strlen(kind) }));
}

static bool executor_fits(const struct dwell_search *search, const struct dwell_search_term *term,
	const struct dwell_catalog *catalog, uint32_t id)
{
	const struct dwell_catalog_executor *executor = dwell_catalog_executor(catalog, id);

	return executor && (fits(search, term, executor->name) ||
				   fits_number(search, term, "%" PRIu64, executor->number));
}

/* What a term says of an id of its kind. */
static bool id_fits(const struct dwell_search *search, const struct dwell_search_term *term,
	const struct dwell_catalog *catalog, uint32_t id)
{
	switch (term->key) {
	case DWELL_KEY_CLASS:
		return class_fits(search, term, catalog, id);
	case DWELL_KEY_PROCESS:
		return process_fits(search, term, catalog, id);
	case DWELL_KEY_OBJECT:
		return object_fits(search, term, catalog, id);
	case DWELL_KEY_FUNCTION:
		return stack_fits(search, term, catalog, id);
	case DWELL_KEY_EXECUTOR:
		return executor_fits(search, term, catalog, id);
	default:
		return task_fits(search, term, catalog, id);
	}
}

bool dwell_search_task(
	const struct dwell_search *search, const struct dwell_catalog *catalog, uint32_t task)
{
	for (unsigned i = 0; i < search->count; i++) {
		const struct dwell_search_term *term = &search->terms[i];

		if (term->key != DWELL_KEY_TASK && term->key != DWELL_KEY_CLASS &&
			term->key != DWELL_KEY_PROCESS)
			continue;
		if (id_fits(search, term, catalog, task) == term->negated)
			return false;
	}
	return true;
}

int dwell_searcher_new(struct dwell_searcher **out, const struct dwell_search *search,
	const struct dwell_catalog *catalog)
{
	struct dwell_searcher *searcher = calloc(1, sizeof(*searcher));

	if (!searcher)
		return DWELL_ENOMEM;
	searcher->search = *search;
	searcher->catalog = catalog;
	*out = searcher;
	return DWELL_OK;
}

void dwell_searcher_free(struct dwell_searcher *searcher)
{
	for (unsigned i = 0; searcher && i < DWELL_SEARCH_TERMS; i++)
		free(searcher->known[i].at);
	free(searcher);
}

static bool known_fits(struct dwell_searcher *searcher, unsigned i, uint32_t id)
{
	struct known *known = &searcher->known[i];
	const struct dwell_search_term *term = &searcher->search.terms[i];

	if (!id)
		return false;
	if (id >= known->size) {
		const size_t size = ((size_t)id + 64) * 2;
		uint8_t *at = realloc(known->at, size);

		/* Without memory it is worked out again and again. */
		if (!at)
			return id_fits(&searcher->search, term, searcher->catalog, id);
		memset(at + known->size, NOT_KNOWN, size - known->size);
		known->at = at;
		known->size = size;
	}
	if (known->at[id] == NOT_KNOWN)
		known->at[id] = id_fits(&searcher->search, term, searcher->catalog, id) ? YES : NO;
	return known->at[id] == YES;
}

static uint32_t id_of(const struct dwell_search_term *term, const struct dwell_interval *interval)
{
	switch (term->key) {
	case DWELL_KEY_OBJECT:
		return interval->object;
	case DWELL_KEY_FUNCTION:
		return interval->stack;
	case DWELL_KEY_HOLDER:
		return interval->holder;
	case DWELL_KEY_WAKER:
		return interval->waker;
	case DWELL_KEY_EXECUTOR:
		return interval->executor;
	default:
		return interval->task;
	}
}

static bool term_holds(
	struct dwell_searcher *searcher, unsigned i, const struct dwell_interval *interval)
{
	const struct dwell_search_term *term = &searcher->search.terms[i];
	const uint64_t length = interval->end_ns - interval->start_ns;

	switch (term->key) {
	case DWELL_KEY_STATE:
		return term->bits >> interval->state & 1;
	case DWELL_KEY_REASON:
		return interval->state == DWELL_BLOCKED && (term->bits >> interval->reason & 1);
	case DWELL_KEY_DURATION:
		return term->less ? length <= term->ns : length >= term->ns;
	default:
		return known_fits(searcher, i, id_of(term, interval));
	}
}

bool dwell_searcher_finds(struct dwell_searcher *searcher, const struct dwell_interval *interval)
{
	for (unsigned i = 0; i < searcher->search.count; i++)
		if (term_holds(searcher, i, interval) == searcher->search.terms[i].negated)
			return false;
	return true;
}
