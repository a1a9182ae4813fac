/* Whose number is whose, where what is told of a thread comes out of order. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record/ends.h"
#include "record/who.h"

enum { PARENT = 4000001, CHILD = 4000002 };

static const char name[16] = "child";

static struct dwell_who *begin(void)
{
	static const struct dwell_sink_ops ops = { .begin = NULL };
	static struct dwell_sink sink = { .ops = &ops };
	struct dwell_registry *registry;
	struct dwell_who *who;

	cr_assert(eq(int, dwell_registry_new(&registry, &sink), 0));
	cr_assert(eq(int, dwell_who_new(&who, registry), 0));
	return who;
}

/* Forks are told some time after they were; meanwhile a look at a control group may find the child.
 */
Test(who, met_before_its_fork_is_told)
{
	struct dwell_who *who = begin();
	const uint32_t child = (uint32_t)getpid();
	uint32_t task, alive;

	dwell_who_follow(who, child, 200);
	task = dwell_who_task(who, child, 200);
	alive = dwell_who_alive(who);
	cr_expect(eq(u32, dwell_who_fork(who, child, child, PARENT, name, 100), task));
	cr_expect(dwell_who_followed(who, child));
	cr_expect(eq(u32, dwell_who_alive(who), alive));
}

Test(who, number_given_anew)
{
	struct dwell_who *who = begin();
	const uint32_t former = dwell_who_task(who, CHILD, 200);

	cr_expect(ne(u32, dwell_who_fork(who, CHILD, CHILD, PARENT, name, 300), former));
	cr_expect(not(dwell_who_followed(who, CHILD)));
}

/* One that nobody waited for yet has ended, too; and its number may be another's afterwards. */
Test(ends, of_a_process)
{
	struct dwell_ends ends = { 0 };
	const pid_t child = fork();
	siginfo_t info;

	if (child == 0) {
		for (;;)
			pause();
	}
	cr_assert(dwell_ends_lives(&ends, (uint32_t)child));
	dwell_ends_look(&ends);
	cr_expect(dwell_ends_lives(&ends, (uint32_t)child));
	kill(child, SIGKILL);
	cr_assert(eq(int, waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0));
	dwell_ends_look(&ends);
	cr_expect(not(dwell_ends_lives(&ends, (uint32_t)child)));
	cr_expect(not(dwell_ends_lives(&ends, (uint32_t)child)));
	waitpid(child, NULL, 0);
	cr_expect(dwell_ends_lives(&ends, (uint32_t)getpid()));
	dwell_ends_release(&ends);
	cr_expect(eq(u64, ends.at.used, 0));
}

struct told {
	uint32_t count, tid, code;
};

static void note(void *context, uint32_t tid, uint32_t code)
{
	struct told *told = context;

	*told = (struct told){ told->count + 1, tid, code };
}

/* A process is reaped before its last thread has left its CPU: that one has ended all the same. */
Test(who, on_its_way_out)
{
	enum { MANY = 1000 };
	struct dwell_who *who = begin();
	struct told told = { 0 };
	uint32_t code;

	for (uint32_t i = 0; i < MANY; i++) {
		dwell_who_fork(who, CHILD + i % 2, CHILD, PARENT, name, 300 + i);
		dwell_who_exiting(who, CHILD + i % 2, i);
		if (i + 1 < MANY)
			dwell_who_gone(who, CHILD + i % 2);
	}
	dwell_who_take_exiting(who, note, &told);
	cr_expect(eq(u32, told.count, 1));
	cr_expect(eq(u32, told.tid, CHILD + 1));
	cr_expect(eq(u32, told.code, MANY - 1));
	cr_expect(not(dwell_who_code(who, CHILD + 1, &code)));
	dwell_who_take_exiting(who, note, &told);
	cr_expect(eq(u32, told.count, 1));
}
