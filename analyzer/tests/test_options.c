#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/options.h"
#include "cli/times.h"
#include "dwell/types.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct arguments {
	bool all, quiet;
	const char *output, *by;
	uint64_t limit, number;
	uint32_t reasons;
};

static const char *const words[] = { "site", "object", NULL };

#define TARGET(member) offsetof(struct arguments, member)

static const struct option options[] = {
	{ .name = "all", .letter = 'a', .type = OPTION_FLAG, .target = TARGET(all) },
	{ .name = "no-quiet", .type = OPTION_CLEAR, .target = TARGET(quiet) },
	{ .name = "output",
		.letter = 'o',
		.argument = "FILE",
		.type = OPTION_FILE,
		.target = TARGET(output) },
	{ .name = "by",
		.argument = "KEY",
		.type = OPTION_WORD,
		.words = words,
		.target = TARGET(by) },
	{ .name = "limit", .argument = "N", .type = OPTION_LIMIT, .target = TARGET(limit) },
	{ .name = "number", .argument = "N", .type = OPTION_COUNT, .target = TARGET(number) },
	{ .name = "reason", .argument = "R", .type = OPTION_REASONS, .target = TARGET(reasons) },
	{ .name = "help", .letter = 'h', .type = OPTION_HELP },
	{ .name = NULL },
};

/* Parse words that stand in one line, separated by spaces. */
static enum options_result parse(char *line, struct arguments *arguments, char **argv,
	size_t *operands, struct options_fault *fault)
{
	int argc = 0;
	char *rest = line;

	for (char *word; (word = strtok_r(rest, " ", &rest));)
		argv[argc++] = word;
	*arguments = (struct arguments){ .quiet = true };
	return options_parse(options, arguments, argc, argv, operands, fault);
}

Test(options, values_and_operands)
{
	char line[] = "a --all -ofile --by=object b --limit 0 --number 17 --no-quiet "
		      "--reason mutex,gc -- --all -";
	char *argv[32];
	struct arguments arguments;
	struct options_fault fault;
	size_t operands;

	cr_assert_eq(parse(line, &arguments, argv, &operands, &fault), OPTIONS_OK);
	cr_expect(arguments.all);
	cr_expect(!arguments.quiet);
	cr_expect_str_eq(arguments.output, "file");
	cr_expect_str_eq(arguments.by, "object");
	cr_expect_eq(arguments.limit, UINT64_MAX);
	cr_expect_eq(arguments.number, 17);
	cr_expect_eq(arguments.reasons, 1u << DWELL_REASON_MUTEX | 1u << DWELL_REASON_GC);
	cr_assert_eq(operands, 4);
	cr_expect_str_eq(argv[0], "a");
	cr_expect_str_eq(argv[1], "b");
	cr_expect_str_eq(argv[2], "--all");
	cr_expect_str_eq(argv[3], "-");
}

Test(options, refusals)
{
	static const struct {
		const char *line, *what, *why;
	} cases[] = {
		{ "--nothing", "--nothing", "no such option" },
		{ "--al", "--al", "no such option" },
		{ "-x", "-x", "no such option" },
		{ "-ax", "-ax", "no such option" },
		{ "--all=1", "--all=1", "takes no value" },
		{ "--output", "--output", "needs a value" },
		{ "-o", "-o", "needs a value" },
		{ "--by sites", "sites", "is none of site, object" },
		{ "--limit -1", "-1", "is no whole number from 0 on" },
		{ "--limit 1x", "1x", "is no whole number from 0 on" },
		{ "--limit 99999999999999999999", "99999999999999999999",
			"is no whole number from 0 on" },
		{ "--number= a", "", "is no whole number from 0 on" },
		{ "--reason mutex,", "mutex,", "is no list of reasons" },
		{ "--reason mut", "mut", "is no list of reasons" },
	};
	char *argv[32];
	struct arguments arguments;
	struct options_fault fault;
	size_t operands;

	for (size_t i = 0; i < COUNT(cases); i++) {
		char *line = strdup(cases[i].line);

		cr_expect_eq(parse(line, &arguments, argv, &operands, &fault), OPTIONS_BAD, "%s",
			cases[i].line);
		cr_expect_str_eq(fault.what, cases[i].what);
		cr_expect_str_eq(fault.why, cases[i].why);
		free(line);
	}

	char help[] = "-ah --nothing";

	cr_expect_eq(parse(help, &arguments, argv, &operands, &fault), OPTIONS_HELP);
}

Test(times, durations)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{ "0", 0 },
		{ "1.5s", 1500000000 },
		{ "1.5", 1500000000 },
		{ "200ms", 200000000 },
		{ "200 ms", 200000000 },
		{ "3us", 3000 },
		{ "3µs", 3000 },
		{ "41.2345678ms", 41234567 },
		{ "7ns", 7 },
		{ "1.9ns", 1 },
		{ "2min", 120000000000 },
		{ "24h", 86400000000000 },
	};
	static const char *const bad[] = { "", "s", "1.s", ".5s", "1x", "1ms2", "-1s", "1e3",
		"99999999999999999999ns", "999999999999h" };
	uint64_t ns;

	for (size_t i = 0; i < COUNT(good); i++) {
		cr_expect(duration_parse(good[i].text, &ns), "%s", good[i].text);
		cr_expect_eq(ns, good[i].ns, "%s", good[i].text);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		cr_expect(!duration_parse(bad[i], &ns), "%s", bad[i]);
}

Test(times, moments)
{
	struct moment moment;

	cr_expect(moment_parse("14:03:22.5", &moment));
	cr_expect_eq(moment.kind, MOMENT_CLOCK);
	cr_expect_eq(moment.ns, 50602500000000);
	cr_expect(moment_parse("@w12", &moment));
	cr_expect_eq(moment.kind, MOMENT_ID);
	cr_expect_str_eq(moment.id, "w12");
	cr_expect(!moment_parse("@", &moment));
	cr_expect(!moment_parse("24:00", &moment));
	cr_expect(!moment_parse("1:60", &moment));
	cr_expect(!moment_parse("1:2:", &moment));

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	/* 2026-03-28 22:00 UTC is 23:00 in the zone; in the night after, clocks go from 2:00 to
	 * 3:00 */
	const uint64_t start = UINT64_C(1774735200) * 1000000000;

	cr_expect_eq(moment_of_day(UINT64_C(23) * 3600 * 1000000000 + 5, start), 5);
	cr_expect_eq(moment_of_day(UINT64_C(4) * 3600 * 1000000000, start),
		UINT64_C(4) * 3600 * 1000000000);
}
