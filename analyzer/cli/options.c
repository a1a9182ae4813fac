#include "cli/options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/types.h"

static bool takes_value(const struct option *option)
{
	return option->argument;
}

static const struct option *find_name(const struct option *options, const char *name, size_t size)
{
	for (; options->name; options++)
		if (strlen(options->name) == size && !memcmp(options->name, name, size))
			return options;
	return NULL;
}

static const struct option *find_letter(const struct option *options, char letter)
{
	for (; options->name; options++)
		if (options->letter && options->letter == letter)
			return options;
	return NULL;
}

static enum options_result bad(struct options_fault *fault, const char *what, const char *why)
{
	snprintf(fault->what, sizeof(fault->what), "%s", what);
	snprintf(fault->why, sizeof(fault->why), "%s", why);
	return OPTIONS_BAD;
}

/* "is not one of: a, b, c" */
static enum options_result not_a_word(
	struct options_fault *fault, const char *what, const char *const *words)
{
	size_t used;

	bad(fault, what, "is none of");
	used = strlen(fault->why);
	for (const char *between = " "; *words && used < sizeof(fault->why); words++) {
		used += (size_t)snprintf(
			fault->why + used, sizeof(fault->why) - used, "%s%s", between, *words);
		between = ", ";
	}
	return OPTIONS_BAD;
}

static bool parse_count(const char *text, uint64_t *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return !*end && !errno;
}

static bool reason_bit(const char *name, size_t size, uint32_t *bits)
{
	for (unsigned reason = 1; reason < DWELL_REASON_COUNT; reason++) {
		const char *word = dwell_reason_name(reason);

		if (strlen(word) == size && !memcmp(word, name, size)) {
			*bits |= UINT32_C(1) << reason;
			return true;
		}
	}
	return false;
}

static bool parse_reasons(const char *text, uint32_t *bits)
{
	for (;;) {
		const size_t size = strcspn(text, ",");

		if (!reason_bit(text, size, bits))
			return false;
		if (!text[size])
			return true;
		text += size + 1;
	}
}

static enum options_result store_word(const struct option *option, const char **target,
	const char *value, struct options_fault *fault)
{
	for (const char *const *word = option->words; *word; word++) {
		if (!strcmp(*word, value)) {
			*target = *word;
			return OPTIONS_OK;
		}
	}
	return not_a_word(fault, value, option->words);
}

static enum options_result store(const struct option *option, void *arguments, const char *value,
	struct options_fault *fault)
{
	void *target = (char *)arguments + option->target;

	switch ((enum option_type)option->type) {
	case OPTION_FLAG:
	case OPTION_CLEAR:
		*(bool *)target = option->type == OPTION_FLAG;
		return OPTIONS_OK;
	case OPTION_TEXT:
	case OPTION_FILE:
		*(const char **)target = value;
		return OPTIONS_OK;
	case OPTION_COUNT:
	case OPTION_LIMIT:
		if (!parse_count(value, target))
			return bad(fault, value, "is no whole number from 0 on");
		if (option->type == OPTION_LIMIT && !*(uint64_t *)target)
			*(uint64_t *)target = UINT64_MAX;
		return OPTIONS_OK;
	case OPTION_WORD:
		return store_word(option, target, value, fault);
	case OPTION_REASONS:
		if (!parse_reasons(value, target))
			return bad(fault, value, "is no list of reasons");
		return OPTIONS_OK;
	case OPTION_HELP:
		return OPTIONS_HELP;
	}
	return OPTIONS_BAD;
}

/* The words that are still to be read. */
struct words {
	char **at;
	int count;
};

static char *next_word(struct words *words)
{
	if (!words->count)
		return NULL;
	words->count--;
	return *words->at++;
}

static enum options_result parse_long(const struct option *options, void *arguments,
	const char *word, struct words *rest, struct options_fault *fault)
{
	const char *name = word + 2;
	const size_t size = strcspn(name, "=");
	const struct option *option = find_name(options, name, size);
	const char *value = name[size] ? name + size + 1 : NULL;

	if (!option)
		return bad(fault, word, "no such option");
	if (value && !takes_value(option))
		return bad(fault, word, "takes no value");
	if (!value && takes_value(option) && !(value = next_word(rest)))
		return bad(fault, word, "needs a value");
	return store(option, arguments, value, fault);
}

/* One word of letters: -h, -oFILE, -o FILE. */
static enum options_result parse_letters(const struct option *options, void *arguments,
	const char *word, struct words *rest, struct options_fault *fault)
{
	for (const char *letter = word + 1; *letter; letter++) {
		const struct option *option = find_letter(options, *letter);
		enum options_result result;

		if (!option)
			return bad(fault, word, "no such option");
		if (takes_value(option)) {
			const char *value = letter[1] ? letter + 1 : next_word(rest);

			return value ? store(option, arguments, value, fault)
				     : bad(fault, word, "needs a value");
		}
		result = store(option, arguments, NULL, fault);
		if (result)
			return result;
	}
	return OPTIONS_OK;
}

enum options_result options_parse(const struct option *options, void *arguments, int argc,
	char **argv, size_t *operands, struct options_fault *fault)
{
	struct words rest = { .at = argv, .count = argc };
	bool ended = false;
	size_t kept = 0;

	for (char *word; (word = next_word(&rest));) {
		enum options_result result = OPTIONS_OK;

		if (ended || word[0] != '-' || !word[1])
			argv[kept++] = word;
		else if (!strcmp(word, "--"))
			ended = true;
		else if (word[1] == '-')
			result = parse_long(options, arguments, word, &rest, fault);
		else
			result = parse_letters(options, arguments, word, &rest, fault);
		if (result)
			return result;
	}
	*operands = kept;
	return OPTIONS_OK;
}
