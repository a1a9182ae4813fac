/* What records of a ring become. */
#include <pthread.h>

#include "drain/drain_private.h"
#include "drain_fixture.h"

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

/*
 * The clocks' fit has moved between two passes, so that a wait seems to begin before the one before
 * it ended: it begins there. Not where it seems to by so much that the other one was within it.
 */
Test(drain, waits_in_turn)
{
	const struct dwell_event *begin[3], *end;
	struct stage s;
	uint64_t before, now;

	set_up(&s, 0, 0, 0);
	before = dwell_now();
	wait_for(1, 0, 3000); /* it lives before that */
	now = dwell_now();

	/* Ticks before the end of the first one. */
	const uint64_t life = now - before, backs[] = { life / 3 * 2, 100, life / 3 };
	for (unsigned i = 0; i < 3; i++)
		dwell_ring_put2(&dwell_enter()->writer, now + i, DWELL_RECORD_WAIT,
			dwell_what(0, DWELL_REASON_SLEEP, 0, 0), now - backs[i], 0);
	usleep(2000);
	pass(&s);
	pass(&s);
	end = collect_row(s.got, DWELL_EVENT_WAIT_END, 1);
	for (unsigned i = 0; i < 3; i++)
		begin[i] = collect_row(s.got, DWELL_EVENT_WAIT_BEGIN, 1 + i);
	cr_assert(end && begin[0] && begin[1] && begin[2]);
	cr_expect(eq(u64, begin[1]->time_ns, end->time_ns));
	cr_expect(lt(u64, begin[0]->time_ns, begin[2]->time_ns));
	cr_expect(lt(u64, begin[2]->time_ns, end->time_ns));
	tear_down(&s);
}

static struct {
	int (*task)(struct dwell_sink *sink, const struct dwell_task *task);
	bool slept;
	uint64_t written;
} slow;

/* Who drains has no CPU for more than a second, in the middle of a pass; the thread writes on. */
static int slow_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	if (!slow.slept) {
		slow.slept = true;
		usleep(1100000);
		slow.written = dwell_now();
		for (unsigned i = 0; i < 2; i++)
			dwell_ring_put2(&dwell_enter()->writer, slow.written, DWELL_RECORD_WAIT,
				dwell_what(0, DWELL_REASON_SLEEP, 0, 0), slow.written - 1000, 0);
		/* No thread of ours writes an hour ahead. */
		dwell_ring_put2(&dwell_enter()->writer, slow.written * 3600, DWELL_RECORD_WAIT,
			dwell_what(0, DWELL_REASON_SLEEP, 0, 0), slow.written, 0);
	}
	return slow.task(sink, task);
}

Test(drain, long_pass)
{
	struct stage s;
	struct dwell_sink_ops ops;
	const struct dwell_event *end[3];

	set_up(&s, 0, 0, 0);
	ops = *s.got->sink.ops;
	slow.task = ops.task;
	ops.task = slow_task;
	s.got->sink.ops = &ops;
	pass(&s);
	pass(&s);
	cr_assert(slow.slept);
	for (unsigned i = 0; i < 3; i++) {
		end[i] = collect_row(s.got, DWELL_EVENT_WAIT_END, i);
		cr_assert(ne(ptr, (void *)end[i], NULL));
	}
	const uint64_t written_ns = dwell_drain_time_ns(s.drain, slow.written);
	for (unsigned i = 0; i < 3; i++) {
		cr_expect(ge(u64, end[i]->time_ns, written_ns - 1000000));
		cr_expect(lt(u64, end[i]->time_ns, written_ns + UINT64_C(600000000000)));
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
		.caller = (uint64_t)(uintptr_t)__builtin_return_address(0) };
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

/* A signal that found nobody is told apart from one that was heard. */
Test(drain, unheard)
{
	const unsigned flags[] = { 0, DWELL_FLAG_UNHEARD };
	struct stage s;

	set_up(&s, 0, 0, 0);
	for (size_t i = 0; i < 2; i++)
		dwell_ring_put2(&dwell_enter()->writer, dwell_now(), DWELL_RECORD_RELEASE,
			dwell_what(0, DWELL_REASON_COND, DWELL_OBJECT_COND, flags[i]), 0, 0x80);
	pass(&s);
	for (size_t i = 0; i < 2; i++) {
		const struct dwell_event *row = collect_row(s.got, DWELL_EVENT_RELEASE, i);

		cr_assert(ne(ptr, (void *)row, NULL));
		cr_expect(eq(int, dwell_event_is_unheard(row), i == 1));
		cr_expect(eq(u8, row->reason, 0));
		cr_expect(eq(u8, s.got->object[row->object].kind, DWELL_OBJECT_COND));
	}
	tear_down(&s);
}

/* A thread's priority: its own word, or another's by number or by pthread_t; of whom nothing is
 * known none is told. */
Test(drain, priorities)
{
	struct stage s;
	struct dwell_writer *writer;
	const uint64_t self = (uint64_t)pthread_self();

	set_up(&s, 0, 0, 0);
	pass(&s);
	writer = &dwell_enter()->writer;
	dwell_ring_put2(writer, dwell_now(), DWELL_RECORD_PRIORITY, 130, 0, 0);
	dwell_ring_put2(writer, dwell_now(), DWELL_RECORD_PRIORITY, 120, (uint64_t)getpid(), 0);
	dwell_ring_put2(writer, dwell_now(), DWELL_RECORD_PRIORITY, UINT64_MAX, 0, self);
	dwell_ring_put2(writer, dwell_now(), DWELL_RECORD_PRIORITY, 100, INT32_MAX, 0);
	dwell_ring_put2(writer, dwell_now(), DWELL_RECORD_PRIORITY, 100, 0, self + 64);
	pass(&s);
	for (size_t i = 0; i < 3; i++) {
		static const int64_t told[] = { 130, 120, -1 };
		const struct dwell_event *row = collect_row(s.got, DWELL_EVENT_PRIORITY, i);

		cr_assert(ne(ptr, (void *)row, NULL));
		cr_expect(eq(u32, row->task, 1));
		cr_expect(eq(i64, (int64_t)row->value, told[i]));
	}
	cr_expect(eq(ptr, (void *)collect_row(s.got, DWELL_EVENT_PRIORITY, 3), NULL));
	tear_down(&s);
}

enum { MANY = 3000 };

/* A sink that has room for rows, and takes it back once rows are told. */
struct lender {
	struct dwell_sink sink;
	struct dwell_event room[DWELL_DRAIN_ROWS];
	struct dwell_event got[2 * MANY + 16];
	size_t rows, made_here;
	unsigned called; /* while the room was lent */
	bool lent;
};

static struct dwell_event *lend(struct dwell_sink *sink, size_t count)
{
	struct lender *lender = (struct lender *)sink;

	lender->lent = count <= DWELL_DRAIN_ROWS;
	return lender->lent ? lender->room : NULL;
}

static int take_back(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	struct lender *lender = (struct lender *)sink;

	cr_assert(le(sz, lender->rows + count, 2 * MANY + 16));
	memcpy(lender->got + lender->rows, rows, count * sizeof(*rows));
	lender->rows += count;
	lender->made_here += rows == lender->room ? count : 0;
	lender->lent = false;
	memset(lender->room, 0xff, sizeof(lender->room));
	return 0;
}

static void on_stack(void *context, uint32_t process, int64_t pid, const uint64_t *addresses,
	size_t count, bool cut)
{
	struct lender *lender = context;

	(void)process, (void)pid, (void)addresses, (void)count, (void)cut;
	lender->called += lender->lent;
}

static void write_waits(uint32_t stack, uint64_t from, uint64_t to)
{
	struct dwell_self *self = dwell_enter();

	for (uint64_t i = from; i < to; i++)
		dwell_ring_put2(&self->writer, i * 10 + 8, DWELL_RECORD_WAIT,
			dwell_what(stack, DWELL_REASON_MUTEX, DWELL_OBJECT_MUTEX, 0), i * 10 + 1,
			0x1000 + i % 7);
}

/* Waits that follow each other are told where the sink keeps them; who is asked about a stack in
 * the midst of them may tell rows, too. */
Test(drain, rows_made_in_the_sink)
{
	static const struct dwell_sink_ops ops = { .room = lend, .events = take_back };
	static struct lender lender = { .sink = { &ops } };
	struct dwell_drain_options how = {
		.states = true, .context = &lender, .stack_seen = on_stack
	};
	uint32_t stacks[2];
	struct stage s;

	set_up(&s, 0, 1 << 13, 1 << 13);
	dwell_drain_free(s.drain);
	how.zero_monotonic_ns = s.session.start_monotonic_ns;
	cr_assert(
		eq(int, dwell_drain_new(&s.drain, &s.session, s.registry, &lender.sink, &how), 0));
	for (uint64_t i = 0; i < 2; i++) {
		const uint64_t pcs[2] = { 0x1000, 0x2000 + i };

		stacks[i] = dwell_intern(&dwell_lib.session, DWELL_ENTRY_STACK, 0, pcs, 2);
	}
	write_waits(stacks[0], 0, MANY / 2);
	write_waits(stacks[1], MANY / 2, MANY);
	pass(&s);

	const struct dwell_event *waits = lender.got + (lender.rows - 2 * MANY);

	cr_assert(ge(sz, lender.rows, 2 * MANY));
	cr_assert(gt(sz, lender.made_here, MANY));
	cr_assert(eq(u32, lender.called, 0));
	for (size_t i = 0; i < MANY; i++) {
		cr_assert(eq(u8, waits[2 * i].kind, DWELL_EVENT_WAIT_BEGIN), "wait %zu", i);
		cr_assert(eq(u8, waits[2 * i + 1].kind, DWELL_EVENT_WAIT_END), "wait %zu", i);
		cr_assert(eq(u32, waits[2 * i].stack, waits[i < MANY / 2 ? 0 : MANY].stack));
		cr_assert(i == 0 || waits[2 * i].time_ns >= waits[2 * i - 1].time_ns);
	}
	cr_assert(ne(u32, waits[0].stack, waits[MANY].stack));
	tear_down(&s);
}
