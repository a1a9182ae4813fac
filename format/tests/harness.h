/*
 * What the tests of this room are written in: Criterion, or, where it is not to be had (s390x,
 * which proves the byte order), the few of its words that we use over a plain main (plain.c).
 * So a test file here includes this and no header of Criterion's, and gives Test() no options.
 */
#ifndef DWELL_TESTS_HARNESS_H
#define DWELL_TESTS_HARNESS_H

#ifndef DWELL_PLAIN_TESTS

#	include <criterion/criterion.h>
#	include <criterion/new/assert.h>

#else

#	include <stddef.h>
#	include <stdint.h>
#	include <string.h>

struct plain_test {
	const char *suite, *name;
	void (*run)(void);
	struct plain_test *next;
};

struct cr_mem {
	const void *data;
	size_t size;
};

void plain_add(struct plain_test *test);
/* Count a failed expectation; give the test up if it was an assertion. */
void plain_check(int holds, int fatal, const char *what, const char *file, int line,
	const char *format, ...);
/* A line of explanation beside a failed expectation. */
void plain_say(const char *format, ...);
int plain_compare_mem(struct cr_mem a, struct cr_mem b);

#	define Test(suite, name)                                                                  \
		static void test_##suite##_##name(void);                                           \
		__attribute__((constructor)) static void add_##suite##_##name(void)                \
		{                                                                                  \
			static struct plain_test test = { #suite, #name, test_##suite##_##name,    \
				NULL };                                                            \
			plain_add(&test);                                                          \
		}                                                                                  \
		static void test_##suite##_##name(void)

#	define PLAIN_CHECK(fatal, condition, ...)                                                 \
		plain_check(!!(condition), fatal, #condition, __FILE__, __LINE__, __VA_ARGS__)
#	define cr_expect(...) PLAIN_CHECK(0, __VA_ARGS__, "")
#	define cr_assert(...) PLAIN_CHECK(1, __VA_ARGS__, "")
#	define cr_log_error(...) plain_say(__VA_ARGS__)
#	define cr_log_info(...) plain_say(__VA_ARGS__)
#	define cr_fatal(...) plain_check(0, 1, "cr_fatal", __FILE__, __LINE__, __VA_ARGS__)

#	define eq(tag, a, b) PLAIN_##tag(a, ==, b)
#	define ne(tag, a, b) PLAIN_##tag(a, !=, b)
#	define lt(tag, a, b) PLAIN_##tag(a, <, b)
#	define le(tag, a, b) PLAIN_##tag(a, <=, b)
#	define ge(tag, a, b) PLAIN_##tag(a, >=, b)
#	define not(condition) (!(condition))

#	define PLAIN_NUMBER(type, a, op, b) ((type)(a)op(type)(b))
#	define PLAIN_chr(a, op, b) PLAIN_NUMBER(char, a, op, b)
#	define PLAIN_int(a, op, b) PLAIN_NUMBER(int, a, op, b)
#	define PLAIN_uint(a, op, b) PLAIN_NUMBER(unsigned, a, op, b)
#	define PLAIN_long(a, op, b) PLAIN_NUMBER(long, a, op, b)
#	define PLAIN_ulong(a, op, b) PLAIN_NUMBER(unsigned long, a, op, b)
#	define PLAIN_i8(a, op, b) PLAIN_NUMBER(int8_t, a, op, b)
#	define PLAIN_i16(a, op, b) PLAIN_NUMBER(int16_t, a, op, b)
#	define PLAIN_i32(a, op, b) PLAIN_NUMBER(int32_t, a, op, b)
#	define PLAIN_i64(a, op, b) PLAIN_NUMBER(int64_t, a, op, b)
#	define PLAIN_u8(a, op, b) PLAIN_NUMBER(uint8_t, a, op, b)
#	define PLAIN_u16(a, op, b) PLAIN_NUMBER(uint16_t, a, op, b)
#	define PLAIN_u32(a, op, b) PLAIN_NUMBER(uint32_t, a, op, b)
#	define PLAIN_u64(a, op, b) PLAIN_NUMBER(uint64_t, a, op, b)
#	define PLAIN_sz(a, op, b) PLAIN_NUMBER(size_t, a, op, b)
#	define PLAIN_dbl(a, op, b) PLAIN_NUMBER(double, a, op, b)
#	define PLAIN_ptr(a, op, b) PLAIN_NUMBER(const void *, a, op, b)
#	define PLAIN_str(a, op, b) (strcmp((a), (b)) op 0)
#	define PLAIN_mem(a, op, b) (plain_compare_mem((a), (b)) op 0)

#endif

/*
 * Criterion takes no notice of LeakSanitizer's verdict at exit, so a test of a call that allocates
 * ends in no_leaks().
 */
#ifdef __has_feature
#	if __has_feature(address_sanitizer)
#		define DWELL_TESTS_LEAKS
#	endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(DWELL_TESTS_LEAKS)
int __lsan_do_recoverable_leak_check(void);
#	define no_leaks() cr_assert(eq(int, __lsan_do_recoverable_leak_check(), 0))
#else
#	define no_leaks() ((void)0)
#endif

/* Criterion 2.4.1 takes gt for ge: equal numbers pass. Write lt with the sides changed. */
#ifdef gt
#	undef gt
#endif

#endif
