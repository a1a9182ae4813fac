/* A drain over a session of this process, for tests of what it tells. */
#ifndef DWELL_TESTS_DRAIN_FIXTURE_H
#define DWELL_TESTS_DRAIN_FIXTURE_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <unistd.h>

#include "collect.h"
#include "drain/drain.h"
#include "lib/lib.h"
#include "lib/wait.h"

/* Criterion takes no notice of LeakSanitizer's verdict at exit. */
#ifdef __SANITIZE_ADDRESS__
int __lsan_do_recoverable_leak_check(void);
#	define no_leaks() cr_assert(eq(int, __lsan_do_recoverable_leak_check(), 0))
#else
#	define no_leaks() ((void)0)
#endif

struct stage {
	struct dwell_session session;
	struct dwell_registry *registry;
	struct dwell_drain *drain;
	struct collect *got;
	uint64_t watermark_ns;
	int fd;
};

/* A whole session in this process: every Criterion test has a process of its own. */
static inline void set_up(struct stage *s, uint32_t flags, uint32_t ring_first, uint32_t ring_most)
{
	static char name[] = "stage", text[] = "of a test";
	static char *argv[] = { name, text, NULL };
	struct dwell_session_options options = { .flags = flags | DWELL_SESSION_STACKS,
		.ring_first = ring_first,
		.ring_most = ring_most,
		.thread_max = 64 };
	struct dwell_drain_options how = { .states = true };

	memset(s, 0, sizeof(*s));
	cr_assert(eq(int, dwell_session_make(&s->session, &s->fd, NULL, &options, 0, 20000), 0));
	how.zero_monotonic_ns = s->session.start_monotonic_ns;
	s->got = collect_new();
	cr_assert(eq(int, dwell_registry_new(&s->registry, &s->got->sink), 0));
	cr_assert(eq(
		int, dwell_drain_new(&s->drain, &s->session, s->registry, &s->got->sink, &how), 0));
	cr_assert(eq(int, dwell_lib_adopt(&s->session, 2, argv), DWELL_ATTACH_OK));
	cr_assert(ne(ptr, dwell_enter(), NULL));
}

static inline void pass(struct stage *s)
{
	cr_assert(eq(int, dwell_drain_pass(s->drain, &s->watermark_ns), 0));
}

static inline void tear_down(struct stage *s)
{
	dwell_drain_free(s->drain);
	dwell_registry_free(s->registry);
	free(s->got);
	dwell_lib_detach();
	dwell_session_unmap(&s->session);
	close(s->fd);
	no_leaks();
}

__attribute__((noinline, unused)) static void wait_for(uint64_t object, int32_t holder, unsigned us)
{
	struct dwell_wait_note note = { .object = object,
		.reason = DWELL_REASON_MUTEX,
		.kind = DWELL_OBJECT_MUTEX,
		.holder = holder };

	dwell_wait_enter(dwell_enter(), &note);
	usleep(us);
	dwell_wait_leave(dwell_enter(), &note, true, __builtin_return_address(0),
		__builtin_frame_address(0));
}

#endif
