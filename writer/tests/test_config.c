#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/types.h"
#include "record/config.h"

static int parse(struct dwell_config *config, const char *text, char why[200])
{
	*config = (struct dwell_config){ .output = NULL };
	why[0] = '\0';
	return dwell_config_parse(config, text, strlen(text), why, 200);
}

Test(config, every_key_arrives)
{
	static const char text[] = "# a comment\n"
				   "output: out.trace\n"
				   "name: 'nightly run'\n"
				   "limit-size: 1.5GiB\n"
				   "limit-time: 10m\n"
				   "delay: 200ms\n"
				   "tick: 1ns\n"
				   "stacks: off\n"
				   "kernel: on\n"
				   "preload: false\n"
				   "follow: true\n"
				   "waits: [mutex, cond, net]\n"
				   "thresholds: { stack: 20us, call: 1ms }\n"
				   "budget:\n"
				   "  cpu: 2.5%\n"
				   "  bytes: 10MiB/s\n"
				   "rules:\n"
				   "  - { process: 'nginx*', record: full }\n"
				   "  - { thread: 'idle-*', record: states }\n"
				   "  - record: sampled\n";
	struct dwell_config config;
	char why[200];

	cr_assert_eq(parse(&config, text, why), 0, "%s", why);
	cr_expect_str_eq(config.output, "out.trace");
	cr_expect_str_eq(config.name, "nightly run");
	cr_expect_eq(config.limit_bytes, 3ull << 29);
	cr_expect_eq(config.limit_ns, 600000000000);
	cr_expect_eq(config.delay_ns, 200000000);
	cr_expect_eq(config.tick_ns, 1);
	cr_expect(config.has_stacks && !config.stacks);
	cr_expect(config.has_kernel && config.kernel);
	cr_expect(config.has_preload && !config.preload);
	cr_expect(config.has_follow && config.follow);
	cr_expect_eq(config.reasons,
		1u << DWELL_REASON_MUTEX | 1u << DWELL_REASON_COND | 1u << DWELL_REASON_NET);
	cr_expect_eq(config.stack_wait_ns, 20000);
	cr_expect_eq(config.call_wait_ns, 1000000);
	cr_expect_eq(config.cpu_permille, 25);
	cr_expect_eq(config.bytes_per_second, 10u << 20);
	cr_assert_eq(config.rule_count, 3);
	cr_expect_str_eq(config.rules[0].process, "nginx*");
	cr_expect_null(config.rules[0].thread);
	cr_expect_eq(config.rules[0].detail, DWELL_DETAIL_FULL);
	cr_expect_str_eq(config.rules[1].thread, "idle-*");
	cr_expect_eq(config.rules[1].detail, DWELL_DETAIL_STATES);
	cr_expect_eq(config.rules[2].detail, DWELL_DETAIL_SAMPLED);
	dwell_config_release(&config);
}

/* What is wrong, and where. */
static const struct mistake {
	const char *text, *why;
} mistakes[] = {
	{ "ouptut: a\n", "line 1, column 1: no such key: 'ouptut'" },
	{ "output: a\noutput: b\n", "line 2, column 1: given twice: 'output'" },
	{ "output: [a]\n", "line 1, column 9: a single value is needed here" },
	{ "stacks: maybe\n", "line 1, column 9: neither on nor off: 'maybe'" },
	{ "delay: 5\n", "line 1, column 8: a time without a unit: '5'" },
	{ "delay: soon\n", "line 1, column 8: not a time such as 20us or 1.5s: 'soon'" },
	{ "limit-size: -1\n", "line 1, column 13: not a size such as 64MiB: '-1'" },
	{ "tick: 2s\n", "line 1, column 7: not from 1ns to 1ms: '2s'" },
	{ "waits: mutex\n", "line 1, column 8: a list of reasons is needed here" },
	{ "waits: [mutex, love]\n", "line 1, column 16: no such reason: 'love'" },
	{ "thresholds: 3\n", "line 1, column 13: keys with values are needed here" },
	{ "thresholds:\n  stak: 3us\n", "line 2, column 3: no such key: 'stak'" },
	{ "budget: { cpu: 300% }\n", "line 1, column 16: not a share such as 3%: '300%'" },
	{ "budget: { bytes: 3MB }\n", "line 1, column 18: not a rate such as 10MiB/s: '3MB'" },
	{ "rules: { process: a }\n", "line 1, column 8: a list of rules is needed here" },
	{ "rules:\n  - { record: all }\n",
		"line 2, column 15: not one of full, sampled, no-stacks, states: 'all'" },
	{ "rules:\n  - { who: me }\n", "line 2, column 7: no such key: 'who'" },
	{ "output: *x\n", NULL },
	{ "- output\n", "line 1, column 1: keys with values are needed here" },
	{ "a: [\n", NULL },
	{ "name: a\n---\nname: b\n", NULL },
};

Test(config, every_mistake_names_its_place)
{
	struct dwell_config config;
	char why[200];

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		cr_expect_eq(parse(&config, mistakes[i].text, why), -1, "%s", mistakes[i].text);
		if (mistakes[i].why)
			cr_expect_str_eq(why, mistakes[i].why);
		else
			cr_expect(strncmp(why, "line ", 5) == 0, "%s: %s", mistakes[i].text, why);
		dwell_config_release(&config);
	}
}

Test(config, nothing_is_nothing)
{
	static const char *const texts[] = { "", "\n", "# only a comment\n", "---\n" };
	struct dwell_config config;
	char why[200];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cr_expect_eq(parse(&config, texts[i], why), 0, "%zu: %s", i, why);
		cr_expect_null(config.output);
		cr_expect_eq(config.rule_count, 0);
		dwell_config_release(&config);
	}
}

Test(config, a_file_that_is_not_there_says_so)
{
	struct dwell_config config = { .output = NULL };
	char why[200];

	cr_expect_eq(dwell_config_read(&config, "/nonexistent/dwell.yaml", why, sizeof(why)), -1);
	cr_expect_str_eq(why, "cannot be opened");
}
