/* The text form: there and back, and what is wrong with it, by line. */
#include "dwell/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/states.h"
#include "tests/collect.h"
#include "tests/gen.h"
#include "tests/harness.h"
#include "tests/memory.h"

enum { SEEDS = 60 };

struct text {
	char *at;
	size_t size;
	FILE *file;
	struct dwell_sink *sink;
};

static void text_open(struct text *text)
{
	text->file = open_memstream(&text->at, &text->size);
	cr_assert(text->file != NULL);
	cr_assert(eq(int, dwell_text_sink_new(&text->sink, text->file), 0));
}

static void text_close(struct text *text)
{
	dwell_text_sink_free(text->sink);
	fclose(text->file);
}

static int read_into(const char *at, size_t size, struct dwell_sink *sink, struct dwell_diag *diag)
{
	struct dwell_source *source = NULL;
	/* Some lines are longer than what is given at a time. */
	int err = dwell_text_source_open(&source, memory_open(at, size, 4000), diag);

	if (err)
		return err;
	err = dwell_source_drive(source, NULL, sink);
	if (err)
		*diag = *source->ops->diag(source);
	dwell_source_close(source);
	return err;
}

/* Text to text. */
static struct text again(const struct text *from)
{
	struct dwell_diag diag = { 0 };
	struct text to;

	text_open(&to);
	cr_assert(eq(int, read_into(from->at, from->size, to.sink, &diag), 0), "line %u: %s",
		diag.line, diag.what);
	text_close(&to);
	return to;
}

static void expect_same(const struct text *a, const struct text *b, const char *name)
{
	const struct cr_mem x = { a->at, a->size }, y = { b->at, b->size };

	cr_assert(eq(mem, x, y), "%s", name);
}

Test(text, there_and_back)
{
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct gen_options options = gen_any(seed);
		struct dwell_diag diag = { 0 };
		struct collect before, after;
		struct text first, second;

		options.extras = true;
		collect_init(&before);
		collect_init(&after);
		cr_assert(eq(int, gen_drive(&options, &before.sink), 0));
		text_open(&first);
		cr_assert(eq(int, gen_drive(&options, first.sink), 0));
		text_close(&first);
		second = again(&first);
		expect_same(&first, &second, "text");
		cr_assert(eq(int, read_into(first.at, first.size, &after.sink, &diag), 0));
		cr_assert(eq(sz, before.count, after.count));
		for (size_t i = 0; i < before.count; i++)
			cr_assert(memcmp(&before.rows[i], &after.rows[i], sizeof(before.rows[i])) ==
					  0,
				"seed %lu: row %zu", seed, i);
		cr_assert(eq(u64, before.end_ns, after.end_ns));
		cr_assert(eq(uint, before.levels, after.levels));
		free(first.at);
		free(second.at);
		collect_release(&before);
		collect_release(&after);
	}
	no_leaks();
}

struct name_sink {
	struct dwell_sink sink;
	char at[600];
	size_t size;
};

static int keep_name(struct dwell_sink *sink, const struct dwell_task *task)
{
	struct name_sink *kept = (struct name_sink *)sink;

	kept->size = task->name.size;
	memcpy(kept->at, task->name.at, task->name.size);
	return 0;
}

/* Any bytes survive in a string, and only printable ones are written. */
Test(text, strings)
{
	static const struct dwell_sink_ops ops = { .task = keep_name };
	static const struct dwell_trace_info info = { .tick_ns = 1 };
	static const struct dwell_trace_end end = { 0 };
	static const char odd[] =
		"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 \xc2\x9b \xe2\x80\xae \xed\xa0\x80 "
		"\xc0\xaf \xf5\x80\x80\x80 \xe2\x82 \\x41 \" # ,";
	struct name_sink kept = { .sink.ops = &ops };
	struct dwell_diag diag = { 0 };
	char all[256 + sizeof(odd)];
	const struct dwell_task task = {
		.id = 1, .kind = 1, .tid = -1, .name = { all, sizeof(all) }
	};
	struct text text;

	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	memcpy(all + 256, odd, sizeof(odd));
	text_open(&text);
	cr_assert(eq(int, text.sink->ops->begin(text.sink, &info), 0));
	cr_assert(eq(int, text.sink->ops->task(text.sink, &task), 0));
	cr_assert(eq(int, text.sink->ops->end(text.sink, &end), 0));
	text_close(&text);
	for (size_t i = 0; i < text.size; i++)
		cr_expect(text.at[i] == '\n' || (unsigned char)text.at[i] >= 0x20);
	cr_expect(strstr(text.at, "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 \\xc2\\x9b") != NULL);
	cr_assert(eq(int, read_into(text.at, text.size, &kept.sink, &diag), 0), "%s", diag.what);
	const struct cr_mem want = { all, sizeof(all) }, got = { kept.at, kept.size };
	cr_expect(eq(mem, got, want));
	free(text.at);
	no_leaks();
}

/* What a person may write; what comes back is the same in the form that is written. */
struct form {
	const char *name, *text, *written;
};

static const struct form forms[] = {
	{ "least", "dwell-text 1\ntrace\n", "dwell-text 1\ntrace tick=1\nend\n" },
	{ "comments, spaces, empty lines",
		"# hello\n\n  dwell-text 1   # one\r\n\ttrace  tick=16 # two\r\n   # three\nend   time=5\n"
		"\n# four",
		"dwell-text 1\ntrace tick=16\nend time=5\n" },
	{ "relative times, fields in any order",
		"dwell-text 1\ntrace\nexecutor x1 number=3 kind=cpu\ntask t1 name=\"a b\" kind=thread\n"
		"task t2\n"
		"100 switch peer=t1 executor=x1\n+50 switch task=t1 state=blocked executor=x1 "
		"reason=mutex\n+0 wake peer=t2 task=t1 state=runnable\nend time=1000 closed\n",
		"dwell-text 1\ntrace tick=1\ntask t1 kind=thread name=\"a b\"\ntask t2\n"
		"executor x1 kind=cpu number=3\n"
		"100 switch peer=t1 executor=x1  # > a_b\n"
		"150 switch task=t1 state=blocked reason=mutex executor=x1  # a_b\n"
		"150 wake task=t1 state=runnable peer=t2  # a_b\nend time=1000 closed\n" },
	{ "numbers in both bases, names and numbers",
		"dwell-text 1\ntrace start-unix=0x10 levels=scheduler,program,0x10000\n"
		"process p1 pid=-5\nobject o1 kind=1 native=255\ncounter c1 kind=3 exponent=-9\n"
		"5 counter object=c1 value=-7\n5 pool object=o1 reason=get value=0xff\n"
		"5 loss reason=77 extra=1\n",
		"dwell-text 1\ntrace start-unix=16 tick=1 levels=program,scheduler,65536\n"
		"process p1 pid=-5\nobject o1 kind=mutex native=0xff\n"
		"counter c1 kind=histogram exponent=-9\n5 counter object=c1 value=-7\n"
		"5 pool reason=get object=o1 value=255\n5 loss reason=77 extra=1\nend time=5\n" },
	{ "stacks",
		"dwell-text 1\ntrace\nmapping m1 build-id=\"\\x00\\xff\"\n"
		"location l1 mapping=m1 lines=\"f\":\"a.c\":3,\"g<int>\":\"\":0\nlocation l2\n"
		"stack s1 frames=l2,l1,l2 truncated\nstack s2\nend\n",
		"dwell-text 1\ntrace tick=1\nmapping m1 build-id=\"\\x00\\xff\"\n"
		"location l1 mapping=m1 lines=\"f\":\"a.c\":3,\"g<int>\":\"\":0\nlocation l2\n"
		"stack s1 truncated frames=l2,l1,l2\nstack s2\nend\n" },
	{ "a keyframe",
		"dwell-text 1\ntrace begin=100\ntask t1\ntask t2\nexecutor x1\nkeyframe time=100\n"
		"state t1 state=running executor=x1 since=90\n"
		"state t2 state=blocked wait-reason=cond wait-flags=shared,spun "
		"wait-waker-how=object own-word=1\n100 exit task=t1\n",
		"dwell-text 1\ntrace begin=100 tick=1\ntask t1\ntask t2\nexecutor x1\n"
		"keyframe time=100\nstate t1 state=running since=90 executor=x1\n"
		"state t2 state=blocked own-word=1 wait-reason=cond wait-waker-how=object "
		"wait-flags=shared,spun\n100 exit task=t1\nend time=100\n" },
	{ "an end of a line is missing", "dwell-text 1\ntrace\nnote key=\"a\" value=\"b\"",
		"dwell-text 1\ntrace tick=1\nnote key=\"a\" value=\"b\"\nend\n" },
	{ "definitions before the rows in order, the last of each; later ones where they are new",
		"dwell-text 1\ntrace\nexecutor x1\ntask t2\ntask t1 name=\"a\"\nlabel b1\n"
		"task t1 name=\"b\"\nnote key=\"z\"\nnote key=\"a\"\nprocess p1\n"
		"1 mark task=t1\ntask t2\ntask t1 name=\"b\"\ntask t1 name=\"c\"\n"
		"task t1 name=\"c\"\nlabel b2\n2 mark task=t1\n",
		"dwell-text 1\ntrace tick=1\nnote key=\"z\"\nnote key=\"a\"\nprocess p1\n"
		"task t1 name=\"b\"\ntask t2\nexecutor x1\nlabel b1\n1 mark task=t1  # b\n"
		"task t1 name=\"c\"\nlabel b2\n2 mark task=t1  # c\nend time=2\n" },
	{ "clocks and renamed tasks",
		"dwell-text 1\ntrace\nclock clock=\"tsc\" value=9 time=1\ntask t1 name=\"a\"\n"
		"1 exit task=t1 value=256 flags=has-value\ntask t1 name=\"b\"\n2 mark task=t1\n",
		"dwell-text 1\ntrace tick=1\nclock clock=\"tsc\" value=9 time=1\n"
		"task t1 name=\"a\"\n1 exit task=t1 value=256 flags=has-value  # a\n"
		"task t1 name=\"b\"\n2 mark task=t1  # b\nend time=2\n" },
};

Test(text, forms)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct dwell_diag diag = { 0 };
		struct text out;

		text_open(&out);
		cr_expect(eq(int, read_into(forms[i].text, strlen(forms[i].text), out.sink, &diag),
				  0),
			"%s: line %u: %s", forms[i].name, diag.line, diag.what);
		text_close(&out);
		cr_expect(eq(str, out.at, (char *)forms[i].written), "%s", forms[i].name);

		struct text twice = again(&out);

		expect_same(&out, &twice, forms[i].name);
		free(out.at);
		free(twice.at);
	}
	no_leaks();
}

/* One for each thing that may be wrong. `text` follows the header and the line `trace`. */
struct fault {
	const char *text;
	int err;
	uint32_t line;
	const char *what;
};

static const struct fault faults[] = {
	{ "trace\n", DWELL_EFORMAT, 3, "begins twice" },
	{ "end\ntask t1\n", DWELL_EFORMAT, 4, "follows the end" },
	{ "hello\n", DWELL_EFORMAT, 3, "'hello' begins no line" },
	{ "=\n", DWELL_EFORMAT, 3, "'' begins no line" },
	{ "task\n", DWELL_EFORMAT, 3, "id is missing" },
	{ "task x1\n", DWELL_EFORMAT, 3, "the id of a task (t1)" },
	{ "task t\n", DWELL_EFORMAT, 3, "a number is missing" },
	{ "task t0\n", DWELL_EFORMAT, 3, "ids begin with 1" },
	{ "task t16777217\n", DWELL_ELIMIT, 3, "not between 0 and 16777216" },
	{ "task t1 t2\n", DWELL_EFORMAT, 3, "task: no field 't2'" },
	{ "task t1 colour=3\n", DWELL_EFORMAT, 3, "no field 'colour'" },
	{ "task t1 tid=3 tid=3\n", DWELL_EFORMAT, 3, "'tid', or twice" },
	{ "task t1 tid\n", DWELL_EFORMAT, 3, "= is missing after tid" },
	{ "task t1 tid=\n", DWELL_EFORMAT, 3, "a number is missing" },
	{ "task t1 tid=9223372036854775808\n", DWELL_ELIMIT, 3, "not between" },
	{ "task t1 tid=-9223372036854775809\n", DWELL_ELIMIT, 3, "too small" },
	{ "task t1 native=18446744073709551616\n", DWELL_ELIMIT, 3, "too large" },
	{ "task t1 native=-1\n", DWELL_ELIMIT, 3, "not between 0 and 18446744073709551615" },
	{ "task t1 born=1\n", DWELL_EFORMAT, 3, "a space is missing after born" },
	{ "task t1 kind=fibre\n", DWELL_EFORMAT, 3, "'fibre' is none of the names" },
	{ "task t1 kind=256\n", DWELL_ELIMIT, 3, "not between 0 and 255" },
	{ "task t1 name=a\n", DWELL_EFORMAT, 3, "a string in quotes is missing" },
	{ "task t1 name=\"a\n", DWELL_EFORMAT, 3, "the string does not end" },
	{ "task t1 name=\"a\"b\n", DWELL_EFORMAT, 3, "a space is missing after name" },
	{ "task t1 name=\"\\q\"\n", DWELL_EFORMAT, 3, "a backslash" },
	{ "task t1 name=\"\\x4\"\n", DWELL_EFORMAT, 3, "a backslash" },
	{ "task t1 name=\"\\", DWELL_EFORMAT, 3, "a backslash" },
	{ "executor x1 number=4294967296\n", DWELL_ELIMIT, 3, "not between 0 and 4294967295" },
	{ "executor x65537\n", DWELL_ELIMIT, 3, "not between" },
	{ "counter c1 exponent=-129\n", DWELL_ELIMIT, 3, "not between -128 and 127" },
	{ "counter c1 exponent=128\n", DWELL_ELIMIT, 3, "not between -128 and 127" },
	{ "stack s1 frames=\n", DWELL_EFORMAT, 3, "the id of a location" },
	{ "stack s1 frames=l1,\n", DWELL_EFORMAT, 3, "the id of a location" },
	{ "location l1 lines=\"f\"\n", DWELL_EFORMAT, 3, "a colon is missing after the function" },
	{ "location l1 lines=\"f\":\"g\"\n", DWELL_EFORMAT, 3,
		"a colon is missing after the file" },
	{ "location l1 lines=\"f\":\"g\":-1\n", DWELL_ELIMIT, 3, "not between" },
	{ "\n\n5\n", DWELL_EFORMAT, 5, "the kind of the event is missing" },
	{ "5 jump\n", DWELL_EFORMAT, 3, "'jump' is no kind" },
	{ "5 37\n", DWELL_EFORMAT, 3, "'37' is no kind" },
	{ "5 mark task=t1\n", DWELL_EFORMAT, 3, "task t1 is not defined" },
	{ "5 switch peer=t1\n", DWELL_EFORMAT, 3, "task t1 is not defined" },
	{ "5 switch executor=x1\n", DWELL_EFORMAT, 3, "executor x1 is not defined" },
	{ "5 release object=o9\n", DWELL_EFORMAT, 3, "object o9 is not defined" },
	{ "5 release object=b9\n", DWELL_EFORMAT, 3, "the id of a object" },
	{ "5 mark object=b9\n", DWELL_EFORMAT, 3, "label b9 is not defined" },
	{ "5 counter object=c9\n", DWELL_EFORMAT, 3, "counter c9 is not defined" },
	{ "5 mark stack=s1\n", DWELL_EFORMAT, 3, "stack s1 is not defined" },
	{ "5 mark\n4 mark\n", DWELL_EFORMAT, 4, "before that of the row before" },
	{ "5 mark\n+18446744073709551615 mark\n", DWELL_ELIMIT, 4, "too large" },
	{ "5 mark\n+ mark\n", DWELL_EFORMAT, 4, "a number is missing" },
	{ "5 mark flags=blue\n", DWELL_EFORMAT, 3, "'blue' is none" },
	{ "5 mark flags=256\n", DWELL_ELIMIT, 3, "not between 0 and 255" },
	{ "5 mark\nend time=4\n", DWELL_EFORMAT, 4, "before the last row" },
	{ "task t1\nstate t1\n", DWELL_EFORMAT, 4, "without a keyframe" },
	{ "keyframe time=1\nstate t1\n", DWELL_EFORMAT, 4, "task t1 is not defined" },
	{ "task t1\nkeyframe time=1\nstate t1\nstate t1\n", DWELL_EFORMAT, 6, "not in order" },
	{ "task t1\nkeyframe\nstate t1 waker=t2\n", DWELL_EFORMAT, 5, "task t2 is not" },
	{ "task t1\nkeyframe\nstate t1 wait-stack=s2\n", DWELL_EFORMAT, 5, "stack s2 is not" },
	{ "task t1\nkeyframe\nstate t1 executor=x2\n", DWELL_EFORMAT, 5, "executor x2 is not" },
	{ "task t1\nkeyframe\nstate t1 object=o2\n", DWELL_EFORMAT, 5, "object o2 is not" },
	{ "task t1\nkeyframe\nstate t1 wait-object=o2\n", DWELL_EFORMAT, 5, "object o2 is not" },
};

Test(text, faults)
{
	static const struct dwell_sink_ops ops = { 0 };
	struct dwell_sink nothing = { &ops };
	char text[200];

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const struct fault *f = &faults[i];
		struct dwell_diag diag = { 0 };

		snprintf(text, sizeof(text), "dwell-text 1\ntrace\n%s", f->text);
		cr_expect(eq(int, read_into(text, strlen(text), &nothing, &diag), f->err), "%s",
			f->text);
		cr_expect(eq(uint, diag.line, f->line), "%s", f->text);
		cr_expect(strstr(diag.what, f->what) != NULL, "%s: %s", f->text, diag.what);
	}
	no_leaks();
}

static const struct fault headers[] = {
	{ "", DWELL_EFORMAT, 0, "empty" },
	{ "\n\n# x\n", DWELL_EFORMAT, 3, "empty" },
	{ "dwell\n", DWELL_EFORMAT, 1, "the first line" },
	{ "dwell-text \n", DWELL_EFORMAT, 1, "a number is missing" },
	{ "dwell-text 2\n", DWELL_EVERSION, 1, "only version 1" },
	{ "dwell-text 1 x\n", DWELL_EFORMAT, 1, "follows the version" },
	{ "dwell-text 1\n", DWELL_EFORMAT, 1, "'trace' is missing" },
	{ "dwell-text 1\ntask t1\n", DWELL_EFORMAT, 2, "'trace' is missing" },
};

Test(text, headers)
{
	static const struct dwell_sink_ops ops = { 0 };
	struct dwell_sink nothing = { &ops };

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		const struct fault *f = &headers[i];
		struct dwell_diag diag = { 0 };

		cr_expect(eq(int, read_into(f->text, strlen(f->text), &nothing, &diag), f->err),
			"%s", f->text);
		cr_expect(eq(uint, diag.line, f->line), "%s", f->text);
		cr_expect(strstr(diag.what, f->what) != NULL, "%s: %s", f->text, diag.what);
	}
	cr_expect(dwell_text_recognizes("dwell-text 1\n", 13));
	cr_expect(not(dwell_text_recognizes("dwell-text", 10)));
	cr_expect(not(dwell_text_recognizes("\x89"
					    "DWELL-TRACE",
		12)));
	no_leaks();
}

/* Long lines, strings, stacks and lists of lines: up to the limit and beyond it. */
Test(text, limits)
{
	static const struct {
		const char *begin, *repeat;
		size_t most, beyond;
	} cases[] = {
		{ "task t1 name=\"", "a", 65536, 65537 },
		{ "stack s1 frames=l1", ",l1", 255, 256 },
		{ "location l1 lines=\"\":\"\":0", ",\"\":\"\":0", 63, 64 },
		{ "#", "#", 1 << 20, 1 << 22 },
	};
	static const struct dwell_sink_ops ops = { 0 };
	struct dwell_sink nothing = { &ops };
	struct dwell_diag diag;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int beyond = 0; beyond < 2; beyond++) {
			struct text text;

			text.file = open_memstream(&text.at, &text.size);
			cr_assert(text.file != NULL);
			fprintf(text.file, "dwell-text 1\ntrace\n%s", cases[i].begin);
			for (size_t n = 0; n < (beyond ? cases[i].beyond : cases[i].most); n++)
				fputs(cases[i].repeat, text.file);
			fputs(i ? "\nend\n" : "\"\nend\n", text.file);
			fclose(text.file);
			cr_expect(eq(int, read_into(text.at, text.size, &nothing, &diag),
					  beyond ? DWELL_ELIMIT : 0),
				"%s", cases[i].begin);
			free(text.at);
		}
	}
	no_leaks();
}
