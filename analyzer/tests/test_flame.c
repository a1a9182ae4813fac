#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/flame.h"

static const struct dwell_string class = { "worker-#", 8 }, take = { "take", 4 };
static const struct dwell_string hostile = { "a;b\n<&\"\xff", 8 };

/* Some stacks, in one order or the other. */
static struct dwell_flame *example(bool backwards)
{
	const struct dwell_string stacks[][2] = { { class, take }, { class, hostile },
		{ take, take } };
	struct dwell_flame *flame;

	cr_assert_eq(dwell_flame_new(&flame), 0);
	for (size_t i = 0; i < 3; i++) {
		const size_t at = backwards ? 2 - i : i;

		cr_assert_eq(dwell_flame_add(flame, stacks[at], 2, 100 + at), 0);
	}
	cr_assert_eq(dwell_flame_add(flame, stacks[0], 1, 7), 0);
	cr_assert_eq(dwell_flame_add(flame, stacks[0], 2, 1000), 0);
	cr_assert_eq(dwell_flame_total(flame), 1310);
	return flame;
}

static char *written(struct dwell_flame *flame, const struct dwell_flame_look *look)
{
	char *at;
	size_t size;
	FILE *file = open_memstream(&at, &size);

	cr_assert(file);
	if (look)
		dwell_flame_svg(flame, file, look);
	else
		dwell_flame_folded(flame, file);
	fclose(file);
	return at;
}

Test(flame, folds_in_order_of_names)
{
	struct dwell_flame *flame = example(false);
	char *text = written(flame, NULL);

	cr_expect_str_eq(text, "take;take 102\n"
			       "worker-# 7\n"
			       "worker-#;a:b\\n<&\"\\xff 101\n"
			       "worker-#;take 1100\n");
	free(text);
	dwell_flame_free(flame);
}

Test(flame, svg_does_not_depend_on_the_order_and_escapes)
{
	static const struct dwell_flame_look look = { "blocked", "<x>.trace", 210, 1 };
	struct dwell_flame *one = example(false), *other = example(true);
	char *a = written(one, &look), *b = written(other, &look);

	cr_expect_str_eq(a, b);
	cr_expect(strstr(a, "&lt;x&gt;.trace"));
	cr_expect(strstr(a, "data-x=\"102\" data-w=\"1208\" data-n=\"worker-#\""));
	cr_expect(strstr(a, "data-n=\"a;b\\n&lt;&amp;&quot;\\xff\""));
	cr_expect(strstr(a, "(1.10 µs, 84.0 %)"));
	free(a);
	free(b);
	dwell_flame_free(one);
	dwell_flame_free(other);
}

Test(flame, many_children_and_deep_stacks)
{
	struct dwell_flame *flame;
	struct dwell_string frames[300];
	char names[300][8];

	cr_assert_eq(dwell_flame_new(&flame), 0);
	for (int i = 0; i < 300; i++)
		frames[i] = (struct dwell_string){ names[i],
			(size_t)snprintf(names[i], sizeof(names[i]), "f%d", i) };
	/* A chain beyond the limit is cut, not refused. */
	cr_assert_eq(dwell_flame_add(flame, frames, 300, 1), 0);
	for (int i = 299; i >= 0; i--)
		cr_assert_eq(dwell_flame_add(flame, &frames[i], 1, 1), 0);

	char *text = written(flame, NULL);
	size_t lines = 0;

	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	cr_expect_eq(lines, 301);
	cr_expect_eq(strncmp(text, "f0 1\nf0;f1;f2;", 14), 0);
	cr_expect(strstr(text, "f263 1\nf264 1\n"));
	free(text);
	dwell_flame_free(flame);
}

Test(flame, nothing)
{
	static const struct dwell_flame_look look = { "blocked", "", 0, 1 };
	struct dwell_flame *flame;

	cr_assert_eq(dwell_flame_new(&flame), 0);

	char *text = written(flame, NULL), *svg = written(flame, &look);

	cr_expect_str_eq(text, "");
	cr_expect(strstr(svg, "nothing to show"));
	free(text);
	free(svg);
	dwell_flame_free(flame);
	dwell_flame_free(NULL);
}
