#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "cli/times.h"

/* Words of a command line, separated by NUL, through the option parser; then each as a moment. */

struct arguments {
	char flag;
	const char *text, *word;
	uint64_t count, limit;
	uint32_t reasons;
};

static const char *const words[] = { "site", "object", NULL };

#define TARGET(member) offsetof(struct arguments, member)

static const struct option options[] = {
	{ .name = "flag", .letter = 'f', .type = OPTION_FLAG, .target = TARGET(flag) },
	{ .name = "text",
		.letter = 't',
		.argument = "X",
		.type = OPTION_TEXT,
		.target = TARGET(text) },
	{ .name = "word",
		.argument = "X",
		.type = OPTION_WORD,
		.words = words,
		.target = TARGET(word) },
	{ .name = "count", .argument = "X", .type = OPTION_COUNT, .target = TARGET(count) },
	{ .name = "limit", .argument = "X", .type = OPTION_LIMIT, .target = TARGET(limit) },
	{ .name = "reason", .argument = "X", .type = OPTION_REASONS, .target = TARGET(reasons) },
	{ .name = "help", .letter = 'h', .type = OPTION_HELP },
	{ .name = NULL },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { MAX_WORDS = 64 };
	struct arguments arguments = { 0 };
	struct options_fault fault = { "", "" };
	struct moment moment;
	char *argv[MAX_WORDS], *text = malloc(size + 1);
	size_t operands = 0;
	int argc = 0;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	for (size_t at = 0; at < size && argc < MAX_WORDS; at += strlen(text + at) + 1)
		argv[argc++] = text + at;
	for (int i = 0; i < argc; i++)
		moment_parse(argv[i], &moment);

	const enum options_result result =
		options_parse(options, &arguments, argc, argv, &operands, &fault);

	if (result == OPTIONS_OK && operands > (size_t)argc)
		abort();
	if (result == OPTIONS_BAD && !*fault.why)
		abort();
	free(text);
	return 0;
}
