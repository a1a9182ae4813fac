#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collect.h"
#include "drain/drain.h"
#include "lib/lib.h"

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
static void set_up(struct stage *s, uint32_t flags, uint32_t ring_first, uint32_t ring_most)
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

static void pass(struct stage *s)
{
	cr_assert(eq(int, dwell_drain_pass(s->drain, &s->watermark_ns), 0));
}

static void tear_down(struct stage *s)
{
	dwell_drain_free(s->drain);
	dwell_registry_free(s->registry);
	free(s->got);
	dwell_lib_detach();
	dwell_session_unmap(&s->session);
	close(s->fd);
	no_leaks();
}

static __attribute__((noinline)) void wait_for(uint64_t object, int32_t holder, unsigned us)
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

/* A wait that is over when the drain looks: its begin tells all that is known. */
Test(drain, wait_whole)
{
	struct stage s;
	const struct dwell_event *begin, *end;

	set_up(&s, 0, 0, 0);
	wait_for(0x1234, (int32_t)gettid(), 3000);
	pass(&s);
	begin = collect_row(s.got, DWELL_EVENT_WAIT_BEGIN, 0);
	end = collect_row(s.got, DWELL_EVENT_WAIT_END, 0);
	cr_assert(begin && end);
	cr_assert(eq(u32, begin->task, 1));
	cr_assert(eq(u8, begin->reason, DWELL_REASON_MUTEX));
	cr_assert(eq(u8, begin->state, DWELL_BLOCKED));
	cr_assert(eq(u8, end->state, DWELL_RUNNING));
	cr_assert(ge(u64, end->time_ns - begin->time_ns, 3000000));
	cr_assert(lt(u64, end->time_ns - begin->time_ns, 2000000000));
	cr_assert(eq(u64, s.got->object[begin->object].native_id, 0x1234));
	cr_assert(eq(u8, s.got->object[begin->object].kind, DWELL_OBJECT_MUTEX));
	cr_assert(ne(u32, begin->stack, 0));
	cr_assert(lt(sz, 0, s.got->stack_depth[begin->stack]));
	cr_assert(eq(u32, begin->peer, 1));
	cr_assert(eq(int, begin->flags &DWELL_EVENT_HOLDER_READ, DWELL_EVENT_HOLDER_READ));
	cr_assert(eq(u8, end->reason, DWELL_REASON_MUTEX));
	cr_assert(eq(u32, end->object | end->stack | end->peer, 0), "as it began");
	cr_assert(eq(int, (int)s.got->task[1].tid, gettid()));
	tear_down(&s);
}

/* What an interpreter runs is told by name; a frame that a program made up has none. */
Test(drain, named_frames)
{
	const struct dwell_frame_name name = { "work", "/srv/prog.py", 4, 12, 15 };
	static const char *const texts[] = { "work@/srv/prog.py", "@" };
	uint64_t frames[] = { (uintptr_t)&dwell_intern_frame, DWELL_NAMED_FRAME };
	struct stage s;

	set_up(&s, 0, 0, 0);
	for (uint32_t i = 0; i < 2; i++) {
		frames[1] |= i ? 0xffffff0 : dwell_intern_frame(&dwell_lib.session, &name);
		const uint32_t id =
			dwell_intern(&dwell_lib.session, DWELL_ENTRY_STACK, 0, frames, 2);
		dwell_ring_put2(&dwell_enter()->writer, dwell_now(), DWELL_RECORD_WAIT,
			dwell_what(id, DWELL_REASON_SLEEP, 0, 0), dwell_now() - 1, 0);
	}
	pass(&s);
	pass(&s);
	for (size_t i = 0; i < 2; i++) {
		const struct dwell_event *begin = collect_row(s.got, DWELL_EVENT_WAIT_BEGIN, i);
		const uint32_t last = begin ? s.got->stack_end[begin->stack] : 0;
		cr_assert(strcmp(s.got->location_text[last], texts[i]) == 0);
		cr_assert(eq(u32, s.got->location_line[last], i == 0 ? 15 : 0));
	}
	tear_down(&s);
}

/* A wait that lasts is begun from the state word, once, and ended by its record, once. */
Test(drain, wait_open)
{
	struct stage s;
	struct dwell_wait_note note = { .object = 77, .reason = DWELL_REASON_COND };
	const struct dwell_event *begin;

	set_up(&s, 0, 0, 0);
	dwell_wait_enter(dwell_enter(), &note);
	usleep(2000);
	pass(&s);
	pass(&s);
	usleep(2000);
	pass(&s);
	pass(&s);
	begin = collect_row(s.got, DWELL_EVENT_WAIT_BEGIN, 0);
	cr_assert(ne(ptr, (void *)begin, NULL));
	cr_assert(eq(u8, begin->reason, DWELL_REASON_COND));
	cr_assert(eq(ptr, (void *)collect_row(s.got, DWELL_EVENT_WAIT_BEGIN, 1), NULL));
	cr_assert(eq(ptr, (void *)collect_row(s.got, DWELL_EVENT_WAIT_END, 0), NULL));
	dwell_wait_leave(dwell_enter(), &note, true, __builtin_return_address(0),
		__builtin_frame_address(0));
	pass(&s);
	cr_assert(eq(ptr, (void *)collect_row(s.got, DWELL_EVENT_WAIT_BEGIN, 1), NULL));
	cr_assert(ne(ptr, (void *)collect_row(s.got, DWELL_EVENT_WAIT_END, 0), NULL));
	cr_assert(eq(ptr, (void *)collect_row(s.got, DWELL_EVENT_WAIT_END, 1), NULL));
	tear_down(&s);
}

/* While a wait lasts its holder, its caller and its time limit are known. */
Test(drain, wait_open_tells)
{
	struct stage s;
	struct dwell_wait_note note = { .object = 77,
		.reason = DWELL_REASON_MUTEX,
		.kind = DWELL_OBJECT_MUTEX,
		.flags = DWELL_FLAG_TIMED,
		.holder = gettid(),
		.caller = __builtin_return_address(0) };
	const struct dwell_event *begin, *end;

	set_up(&s, 0, 0, 0);
	dwell_wait_enter(dwell_enter(), &note);
	usleep(2000);
	pass(&s);
	usleep(2000);
	pass(&s);
	begin = collect_row(s.got, DWELL_EVENT_WAIT_BEGIN, 0);
	cr_assert(ne(ptr, (void *)begin, NULL));
	cr_assert(eq(u32, begin->peer, 1));
	cr_assert(eq(int, begin->flags, DWELL_EVENT_HOLDER_READ | DWELL_EVENT_TIMED_OUT));
	cr_assert(eq(sz, s.got->stack_depth[begin->stack], 1));
	dwell_wait_leave(dwell_enter(), &note, true, __builtin_return_address(0),
		__builtin_frame_address(0));
	pass(&s);
	end = collect_row(s.got, DWELL_EVENT_WAIT_END, 0);
	cr_assert(ne(ptr, (void *)end, NULL));
	cr_assert(eq(int, end->flags &DWELL_EVENT_TIMED_OUT, 0), "it did not time out");
	tear_down(&s);
}

static struct dwell_wait_note joining(uint64_t handle)
{
	return (struct dwell_wait_note){
		.object = handle, .reason = DWELL_REASON_JOIN, .kind = DWELL_OBJECT_THREAD
	};
}

static _Atomic int registered;

static void *lives(void *unused)
{
	cr_assert(ne(ptr, dwell_enter(), NULL));
	atomic_fetch_add(&registered, 1);
	dwell_thread_end();
	return unused;
}

/* Two threads that had one pthread_t, one after the other, both met late: each join is its own. */
Test(drain, joins_by_time)
{
	struct stage s;
	pthread_t first, second;
	uint32_t joined[2];

	set_up(&s, 0, 0, 0);
	for (int i = 0; i < 2; i++) {
		struct dwell_wait_note note;
		pthread_t *thread = i ? &second : &first;

		cr_assert(eq(int, pthread_create(thread, NULL, lives, NULL), 0));
		note = joining((uint64_t)*thread);
		while (atomic_load(&registered) <= i)
			usleep(100);
		dwell_wait_enter(dwell_enter(), &note);
		cr_assert(eq(int, pthread_join(*thread, NULL), 0));
		dwell_wait_leave(dwell_enter(), &note, true, __builtin_return_address(0),
			__builtin_frame_address(0));
	}
	pass(&s);
	for (size_t i = 0; i < 2; i++) {
		const struct dwell_event *begin = collect_row(s.got, DWELL_EVENT_WAIT_BEGIN, i);

		cr_assert(ne(ptr, (void *)begin, NULL));
		joined[i] = begin->peer;
		cr_assert(ne(u32, joined[i], 0));
		cr_assert(eq(u64, s.got->object[begin->object].native_id,
			(uint64_t)s.got->task[joined[i]].tid));
	}
	if (pthread_equal(first, second))
		cr_assert(ne(u32, joined[0], joined[1]));
	tear_down(&s);
}

/* A short call is not recorded at all and leaves nothing behind. */
Test(drain, short_call)
{
	struct stage s;
	struct dwell_wait_note note = { .object = 7, .reason = DWELL_REASON_FILE };

	set_up(&s, 0, 0, 0);
	atomic_store(&s.session.header->call_ticks, UINT64_MAX);
	dwell_wait_enter(dwell_enter(), &note);
	dwell_wait_leave(dwell_enter(), &note, false, NULL, __builtin_frame_address(0));
	pass(&s);
	cr_assert(eq(ptr, (void *)collect_row(s.got, DWELL_EVENT_WAIT_BEGIN, 0), NULL));
	cr_assert(eq(u64, dwell_self.slot->line.state.word[0] & 0xff, 0));
	tear_down(&s);
}

/* What a full chain of rings refuses is told as a loss, between what came before and after. */
Test(drain, loss_is_told)
{
	struct stage s;
	struct dwell_self *self;
	const struct dwell_event *loss;
	uint64_t put = 0, refused = 0;
	size_t marks = 0;

	set_up(&s, 0, 16, 128);
	self = dwell_enter();
	for (int i = 0; i < 1000; i++) {
		if (dwell_ring_put1(&self->writer, dwell_now(), DWELL_RECORD_MARK, 0))
			put++;
		else
			refused++;
	}
	cr_assert(lt(u64, 500, refused));
	pass(&s);
	for (int i = 0; i < 10; i++)
		put += dwell_ring_put1(&self->writer, dwell_now(), DWELL_RECORD_MARK, 0);
	pass(&s);
	loss = collect_row(s.got, DWELL_EVENT_LOSS, 0);
	cr_assert(ne(ptr, (void *)loss, NULL));
	cr_assert(eq(u64, loss->value, refused));
	cr_assert(eq(u8, loss->reason, DWELL_LOSS_FULL));
	cr_assert(le(u64, loss->extra, loss->time_ns));
	while (collect_row(s.got, DWELL_EVENT_MARK, marks))
		marks++;
	cr_assert(eq(u64, marks, put));
	cr_assert(le(u64, collect_row(s.got, DWELL_EVENT_MARK, marks - 11)->time_ns, loss->extra));
	tear_down(&s);
}

static void *short_life(void *argument)
{
	(void)argument;
	wait_for(5, 0, 1000);
	dwell_thread_rename("short");
	dwell_thread_end();
	/* After the end nothing is recorded and nothing breaks. */
	cr_assert(eq(ptr, dwell_enter(), NULL));
	return NULL;
}

/* Threads come and go through one slot; each is a task with a beginning, a name and an end. */
Test(drain, threads)
{
	struct stage s;
	pthread_t thread;

	set_up(&s, 0, 0, 0);
	for (int i = 0; i < 5; i++) {
		pthread_create(&thread, NULL, short_life, NULL);
		pthread_join(thread, NULL);
		pass(&s);
	}
	cr_assert(eq(u32, s.got->tasks, 6));
	cr_assert(eq(u32, dwell_session_thread_count(&s.session), 2));
	for (uint32_t i = 2; i <= 6; i++)
		cr_assert(strcmp(s.got->task_name[i], "short") == 0);
	cr_assert(ne(ptr, (void *)collect_row(s.got, DWELL_EVENT_EXIT, 4), NULL));
	cr_assert(eq(ptr, (void *)collect_row(s.got, DWELL_EVENT_EXIT, 5), NULL));
	tear_down(&s);
}

/* Not every emulator of another machine empties a page on fork as it promises to. */
static bool fork_empties(void)
{
	const size_t size = (size_t)sysconf(_SC_PAGESIZE);
	int *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status = -1;

	cr_assert(ne(ptr, page, MAP_FAILED));
	cr_assert(eq(int, madvise(page, size, MADV_WIPEONFORK), 0));
	*page = 1;
	if (fork() == 0)
		_exit(*page);
	cr_assert(ne(int, wait(&status), -1));
	munmap(page, size);
	return status == 0;
}

/* A fork's child finds out by itself, has its own slots, and the parent's are untouched. */
Test(drain, fork)
{
	struct stage s;
	pid_t child;
	size_t waits = 0;
	int status;

	if (!fork_empties())
		cr_skip_test("skipped: MADV_WIPEONFORK does nothing here");
	set_up(&s, 0, 0, 0);
	wait_for(1, 0, 100);
	child = fork();
	if (child == 0) {
		wait_for(2, 0, 1000);
		_exit(0);
	}
	wait_for(3, 0, 1000);
	cr_assert(eq(int, waitpid(child, &status, 0), child));
	cr_assert(eq(int, status, 0));
	pass(&s);
	cr_assert(
		eq(int, dwell_drain_process_gone(s.drain, child, dwell_drain_now_ns(s.drain)), 0));
	cr_assert(eq(u32, s.got->processes, 2));
	cr_assert(eq(u32, s.got->tasks, 2));
	cr_assert(eq(int, (int)s.got->task[2].tid, child));
	while (collect_row(s.got, DWELL_EVENT_WAIT_END, waits))
		waits++;
	cr_assert(eq(sz, waits, 3));
	cr_assert(eq(u32, collect_row(s.got, DWELL_EVENT_EXIT, 0)->task, 2));
	tear_down(&s);
}

/* The files that are mapped are told once. */
Test(drain, modules)
{
	struct stage s;
	uint32_t first;

	set_up(&s, 0, 0, 0);
	dwell_lib_modules();
	pass(&s);
	first = s.got->mappings;
	cr_assert(lt(u32, 2, first));
	dwell_lib_modules();
	pass(&s);
	cr_assert(eq(u32, s.got->mappings, first));
	tear_down(&s);
}

/* A wait on a descriptor is one on what the descriptor is; processes share a pipe. */
Test(drain, descriptor)
{
	struct stage s;
	struct dwell_wait_note note = { .reason = DWELL_REASON_SYSCALL,
		.flags = DWELL_FLAG_DESCRIPTOR };
	const struct dwell_event *begin;
	int fds[2];

	set_up(&s, 0, 0, 0);
	cr_assert(eq(int, pipe(fds), 0));
	for (int i = 0; i < 2; i++) {
		note.object = (uint64_t)fds[i];
		dwell_wait_enter(dwell_enter(), &note);
		dwell_wait_leave(dwell_enter(), &note, true, NULL, __builtin_frame_address(0));
	}
	pass(&s);
	for (size_t i = 0; i < 2; i++) {
		begin = collect_row(s.got, DWELL_EVENT_WAIT_BEGIN, i);
		cr_assert(ne(ptr, (void *)begin, NULL));
		cr_assert(eq(u8, begin->reason, DWELL_REASON_PIPE));
		cr_assert(eq(u8, s.got->object[begin->object].kind, DWELL_OBJECT_PIPE));
	}
	cr_assert(eq(u32, begin->object, collect_row(s.got, DWELL_EVENT_WAIT_BEGIN, 0)->object));
	close(fds[0]);
	close(fds[1]);
	tear_down(&s);
}

Test(drain, a_number_that_is_free_is_another_process)
{
	struct collect *c = collect_new();
	struct dwell_registry *registry;
	uint32_t first, second;

	cr_assert(dwell_registry_new(&registry, &c->sink) == 0);
	first = dwell_registry_process(registry, 77);
	dwell_registry_describe_process(registry, first, 0, (struct dwell_string){ "one", 3 },
		(struct dwell_string){ "one --with words", 16 });
	cr_expect(dwell_registry_process(registry, 77) == first);
	dwell_registry_end_process(registry, 77);
	dwell_registry_end_process(registry, 77);
	/* What is heard of it late changes nothing that was told. */
	c->processes = 0;
	dwell_registry_describe_process(registry, first, 0, (struct dwell_string){ "other", 5 },
		(struct dwell_string){ "words", 5 });
	dwell_registry_record_process(registry, first);
	cr_expect(c->processes == 0);
	second = dwell_registry_process(registry, 77);
	cr_expect(second != first && second != 0);
	cr_expect(c->processes == second);
	dwell_registry_free(registry);
	free(c);
}

/* A short program's own records may be read before the kernel's of its fork. */
Test(drain, the_earliest_account_says_when_a_task_was_made)
{
	struct collect *c = collect_new();
	struct dwell_registry_task what = { .created_ns = 900 };
	struct dwell_registry *registry;
	uint32_t task;

	cr_assert(dwell_registry_new(&registry, &c->sink) == 0);
	task = dwell_registry_task(registry, 78, &what, NULL);
	what = (struct dwell_registry_task){ .created_ns = 500, .born = true };
	dwell_registry_describe_task(registry, task, &what);
	cr_expect(c->task[task].created_ns == 500 && c->task[task].born);
	/* Neither a later account nor one that does not know makes it younger. */
	what.created_ns = 700;
	dwell_registry_describe_task(registry, task, &what);
	what.created_ns = 0;
	dwell_registry_describe_task(registry, task, &what);
	cr_expect(c->task[task].created_ns == 500);
	dwell_registry_free(registry);
	free(c);
}

/* It ran when it was last heard of, and was gone when somebody looked: what was between, nobody
 * knows. */
Test(drain, an_end_that_nobody_saw)
{
	struct stage s;
	const struct dwell_event *begun, *end, *silence;
	uint64_t gone_ns;

	set_up(&s, 0, 0, 0);
	wait_for(0x1234, 0, 1000);
	pass(&s);
	usleep(2000);
	gone_ns = dwell_drain_now_ns(s.drain);
	cr_assert(eq(int, dwell_drain_process_gone(s.drain, getpid(), gone_ns), 0));
	begun = collect_row(s.got, DWELL_EVENT_STATE, 0);
	silence = collect_row(s.got, DWELL_EVENT_STATE, 1);
	end = collect_row(s.got, DWELL_EVENT_EXIT, 0);
	cr_assert(begun && silence && end);
	cr_expect(eq(u8, begun->state, DWELL_RUNNING));
	cr_expect(eq(u64, s.got->task[1].created_ns <= begun->time_ns, true));
	cr_expect(eq(u8, silence->state, DWELL_UNKNOWN));
	cr_expect(eq(u64, silence->time_ns, collect_row(s.got, DWELL_EVENT_WAIT_END, 0)->time_ns));
	cr_expect(eq(u64, end->time_ns, gone_ns));
	tear_down(&s);
}
