/* Runs the tests of a file without Criterion, in order, and prints TAP. */
#include "tests/harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

static struct plain_test *first, **last = &first;
static int failures;
static jmp_buf give_up;

void plain_add(struct plain_test *test)
{
	*last = test;
	last = &test->next;
}

int plain_compare_mem(struct cr_mem a, struct cr_mem b)
{
	if (a.size != b.size)
		return a.size < b.size ? -1 : 1;
	return a.size ? memcmp(a.data, b.data, a.size) : 0;
}

void plain_check(
	int holds, int fatal, const char *what, const char *file, int line, const char *format, ...)
{
	va_list args;

	if (holds)
		return;
	failures++;
	printf("# %s:%d: %s: ", file, line, what);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	if (fatal)
		longjmp(give_up, 1);
}

void plain_say(const char *format, ...)
{
	va_list args;

	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static int run(const struct plain_test *test, int number)
{
	failures = 0;
	if (!setjmp(give_up))
		test->run();
	printf("%s %d - %s::%s\n", failures ? "not ok" : "ok", number, test->suite, test->name);
	fflush(stdout);
	return failures != 0;
}

int main(void)
{
	int number = 0, failed = 0;

	for (const struct plain_test *test = first; test; test = test->next)
		failed += run(test, ++number);
	printf("1..%d\n", number);
	return failed || !number;
}
