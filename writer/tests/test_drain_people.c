/* Processes and threads that come and go. */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "drain_fixture.h"

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
Test(drain_people, threads)
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
Test(drain_people, fork)
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

Test(drain_people, a_number_that_is_free_is_another_process)
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
Test(drain_people, the_earliest_account_says_when_a_task_was_made)
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
Test(drain_people, an_end_that_nobody_saw)
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

/* Processes whose library has another minor number told less, and are counted. */
Test(drain_people, other_minor_versions)
{
	static const uint32_t minors[] = { DWELL_SESSION_MINOR - 1, DWELL_SESSION_MINOR,
		DWELL_SESSION_MINOR + 1, DWELL_SESSION_MINOR + 7 };
	struct dwell_drain_counts counts;
	struct stage s;

	set_up(&s, 0, 0, 0);
	for (size_t i = 0; i < sizeof(minors) / sizeof(*minors); i++) {
		uint32_t index;
		struct dwell_process_slot *slot = dwell_session_claim_process(&s.session, &index);

		cr_assert(ne(ptr, slot, NULL));
		slot->pid = getpid();
		slot->clock = s.session.clock;
		slot->minor = minors[i];
		atomic_store(&slot->state, DWELL_SLOT_LIVE);
	}
	pass(&s);
	pass(&s);
	dwell_drain_counts(s.drain, &counts);
	cr_expect(eq(u64, counts.older, 1));
	cr_expect(eq(u64, counts.newer, 2));
	cr_expect(eq(u64, counts.other_version, 0));
	tear_down(&s);
}

/* As a process's library does at its start. */
static struct dwell_thread_slot *publish(struct stage *s, int32_t pid, uint64_t started)
{
	uint32_t process, thread;
	struct dwell_process_slot *slot = dwell_session_claim_process(&s->session, &process);
	struct dwell_thread_slot *of = dwell_session_claim_thread(&s->session, &thread);

	cr_assert(slot && of);
	slot->pid = pid;
	slot->clock = s->session.clock;
	slot->minor = DWELL_SESSION_MINOR;
	slot->started = started;
	of->process = process;
	of->process_generation = atomic_load(&slot->generation);
	of->tid = pid;
	of->began = of->created = started;
	atomic_store(&slot->state, DWELL_SLOT_LIVE);
	atomic_store(&of->state, DWELL_SLOT_LIVE);
	return of;
}

/*
 * A child that began another program at once, whose second slot lies before the first: it was
 * freed, and is given out first. The program that goes on was taken for the one that was replaced:
 * its slots were given to others, whose waits its own became.
 */
Test(drain_people, the_latest_program_of_a_process_stays)
{
	struct dwell_thread_slot *former, *latter;
	struct dwell_process_slot *first, *second;
	uint32_t index;
	struct stage s;

	set_up(&s, 0, 0, 0);
	first = dwell_session_claim_process(&s.session, &index);
	cr_assert(ne(ptr, first, NULL));
	former = publish(&s, 4711, dwell_now());
	second = dwell_session_process(&s.session, former->process);
	dwell_session_free_process(&s.session, index);
	latter = publish(&s, 4711, dwell_now() + 1000);
	cr_assert(latter->process < former->process);
	pass(&s);
	cr_expect(eq(u32, atomic_load(&first->state), DWELL_SLOT_LIVE));
	cr_expect(eq(u32, atomic_load(&latter->state), DWELL_SLOT_LIVE));
	cr_expect(eq(u32, atomic_load(&second->state), DWELL_SLOT_FREE));
	/* The thread of the former was not met before, and is done with all the same. */
	cr_expect(eq(u32, atomic_load(&former->state), DWELL_SLOT_FREE));
	tear_down(&s);
}
