/* The search language, read. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/search.h"

static const char *const keys[DWELL_KEY_COUNT] = {
	[DWELL_KEY_STATE] = "state",
	[DWELL_KEY_REASON] = "reason",
	[DWELL_KEY_DURATION] = "dur",
	[DWELL_KEY_TASK] = "task",
	[DWELL_KEY_CLASS] = "class",
	[DWELL_KEY_PROCESS] = "process",
	[DWELL_KEY_OBJECT] = "object",
	[DWELL_KEY_FUNCTION] = "fn",
	[DWELL_KEY_HOLDER] = "holder",
	[DWELL_KEY_WAKER] = "waker",
	[DWELL_KEY_EXECUTOR] = "executor",
};

struct parsing {
	struct dwell_search *out;
	struct dwell_diag *diag;
	size_t at; /* in the text */
};

static int wrong(struct parsing *p, const char *what, const char *word, size_t size)
{
	return dwell_diag_set(p->diag, DWELL_EINVAL, p->at, 0, "%s: %.*s", what,
		(int)(size > 60 ? 60 : size), word);
}

/* "10ms", "1.5s", "300" (ns). */
static bool read_duration(const char *at, size_t size, uint64_t *out)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "ns", 1 }, { "us", 1e3 }, { "µs", 1e3 }, { "ms", 1e6 }, { "s", 1e9 },
		{ "min", 6e10 }, { "", 1 } };
	char text[32], *end;
	double value;

	if (!size || size >= sizeof(text) || !(isdigit((unsigned char)*at) || *at == '.'))
		return false;
	memcpy(text, at, size);
	text[size] = '\0';
	value = strtod(text, &end);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].name) != 0)
			continue;
		if (!(value * units[i].ns < 9e18))
			return false;
		*out = (uint64_t)(value * units[i].ns + 0.5);
		return true;
	}
	return false;
}

static int name_bit(unsigned key, const char *word, size_t size)
{
	const unsigned count =
		key == DWELL_KEY_STATE ? (unsigned)DWELL_STATE_COUNT : (unsigned)DWELL_REASON_COUNT;

	for (unsigned i = 1; i < count; i++) {
		const char *name =
			key == DWELL_KEY_STATE ? dwell_state_name(i) : dwell_reason_name(i);

		if (name && strlen(name) == size && !memcmp(name, word, size))
			return (int)i;
	}
	return -1;
}

/* "blocked,runnable": bits of their numbers. */
static int read_names(
	struct parsing *p, struct dwell_search_term *term, const char *at, size_t size)
{
	while (size) {
		const char *comma = memchr(at, ',', size);
		const size_t length = comma ? (size_t)(comma - at) : size;
		const int bit = name_bit(term->key, at, length);

		if (bit < 0)
			return wrong(p,
				term->key == DWELL_KEY_STATE ? "no such state" : "no such reason",
				at, length);
		term->bits |= 1u << bit;
		at += length;
		size -= length;
		if (size) {
			at++;
			size--;
		}
	}
	return DWELL_OK;
}

static int read_length(
	struct parsing *p, struct dwell_search_term *term, const char *at, size_t size)
{
	bool strict = true;
	const char sign = *at;

	term->less = sign == '<';
	at++;
	size--;
	if (size && *at == '=') {
		strict = false;
		at++;
		size--;
	}
	if (!read_duration(at, size, &term->ns))
		return wrong(p, "not a duration, as 10ms is", at, size);
	if (sign == '=' || sign == ':' || !strict)
		return DWELL_OK;
	if (!term->less)
		term->ns++;
	else if (term->ns)
		term->ns--;
	return DWELL_OK;
}

static int find_key(const char *word, size_t size)
{
	for (int i = 0; i < DWELL_KEY_COUNT; i++)
		if (strlen(keys[i]) == size && !memcmp(keys[i], word, size))
			return i;
	return -1;
}

static int read_term(struct parsing *p, const char *word, size_t size)
{
	struct dwell_search *out = p->out;
	struct dwell_search_term *term;
	size_t name = strcspn(word, ":<>=\" ");
	int key;

	if (out->count == DWELL_SEARCH_TERMS)
		return wrong(p, "too many terms", word, size);
	term = &out->terms[out->count];
	*term = (struct dwell_search_term){ .negated = *word == '!' };
	if (term->negated) {
		word++;
		size--;
		name = strcspn(word, ":<>=\" ");
	}
	if (!size)
		return wrong(p, "nothing follows", "!", 1);
	key = name < size ? find_key(word, name) : DWELL_KEY_TASK;
	if (key < 0)
		return wrong(p, "no such key", word, name);
	term->key = (uint8_t)key;
	if (name >= size)
		name = 0;
	else if (key != DWELL_KEY_DURATION && word[name] != ':')
		return wrong(p, "a colon belongs behind", word, name);
	if (key == DWELL_KEY_DURATION) {
		out->count++;
		return read_length(p, term, word + name, size - name);
	}
	if (name) {
		word += name + 1;
		size -= name + 1;
	}
	if (size >= 2 && *word == '"' && word[size - 1] == '"') {
		word++;
		size -= 2;
	}
	out->count++;
	if (key < DWELL_KEY_DURATION)
		return read_names(p, term, word, size);
	term->at = (uint16_t)(word - out->text);
	term->size = (uint16_t)size;
	/* A word alone may be anywhere in the name. */
	term->bits = name == 0;
	return DWELL_OK;
}

int dwell_search_parse(struct dwell_search *out, const char *text, struct dwell_diag *diag)
{
	struct parsing p = { .out = out, .diag = diag };
	const size_t size = strlen(text);
	int err = DWELL_OK;

	*out = (struct dwell_search){ .count = 0 };
	if (size >= sizeof(out->text))
		return wrong(&p, "too long", text, size);
	memcpy(out->text, text, size + 1);
	while (!err && p.at < size) {
		const char *word = out->text + p.at;
		bool quoted = false;
		size_t length = 0;

		while (word[length] && (quoted || word[length] != ' ')) {
			quoted ^= word[length] == '"';
			length++;
		}
		if (quoted)
			return wrong(&p, "a quote is not closed", word, length);
		if (length)
			err = read_term(&p, word, length);
		p.at += length + 1;
	}
	return err;
}

bool dwell_search_looks_into(const struct dwell_search *search)
{
	for (unsigned i = 0; i < search->count; i++) {
		const unsigned key = search->terms[i].key;

		if (key != DWELL_KEY_TASK && key != DWELL_KEY_CLASS && key != DWELL_KEY_PROCESS)
			return true;
	}
	return false;
}
