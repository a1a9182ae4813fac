/* What the states make of rows, rule by rule. Rows and answers are text, to be read beside
 * dwell/states.h. */
#include "dwell/states.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "dwell/limits.h"
#include "dwell/text.h"
#include "tests/harness.h"
#include "tests/memory.h"

/* Tasks 1 to 3 are known from 0, task 4 from 50; what is unknown at the end is left out. */
static const char definitions[] = "executor x1 kind=cpu\nexecutor x2 kind=cpu\n"
				  "executor x3 kind=worker\nobject o1 kind=mutex\n"
				  "stack s1\nstack s2\n"
				  "task t1\ntask t2\ntask t3\ntask t4 created=50\n";

struct rule {
	const char *name, *levels, *rows, *told;
};

static const struct rule rules[] = {
	{ "a later definition knows of an earlier creation", "scheduler",
		"10 wake task=t1 state=runnable\ntask t5 created=60\ntask t5 created=20\n"
		"task t5 created=30\n40 switch peer=t5 executor=x1\nend time=50\n",
		"t1 0-10 unknown > runnable\nt5 20-40 unknown > running\n"
		"t1 10-50 runnable wake open > runnable\nt5 40-50 running x1 open > running\n" },
	{ "but not before the latest row, nor after its own", "scheduler",
		"10 wake task=t1 state=runnable\ntask t5 created=60\ntask t5 created=5\n"
		"20 switch peer=t5 executor=x1\ntask t5 created=15\ntask t5 created=20\n"
		"end time=50\n",
		"t1 0-10 unknown > runnable\n"
		"t5 10-20 unknown > running\n"
		"t1 10-50 runnable wake open > runnable\nt5 20-50 running x1 open > running\n" },
	{ "runs, is preempted, runs, blocks, is woken, runs", "scheduler",
		"10 switch peer=t1 executor=x1\n"
		"20 switch task=t1 state=runnable executor=x1 flags=preempted\n"
		"30 switch peer=t1 executor=x2\n"
		"40 switch task=t1 state=blocked executor=x2 reason=futex object=o1 stack=s1\n"
		"50 wake task=t1 state=runnable peer=t2 executor=x1 stack=s2\n"
		"65 switch peer=t1 executor=x1\nend time=70\n",
		"t1 0-10 unknown > running\n"
		"t1 10-20 running x1 preempted > runnable\n"
		"t1 20-30 runnable x2 preempted > running\n"
		"t1 30-40 running x2 > blocked\n"
		"t1 40-50 blocked futex o1 s1 waker t2 s2 > runnable\n"
		"t1 wait 40-50 futex o1 s1 waker t2 s2: 10 0 0 0\n"
		"t1 50-65 runnable x1 wake waker t2 s2 > running\n"
		"t1 65-70 running x1 open > running\n" },
	{ "another enters the executor", "scheduler",
		"10 switch peer=t1 executor=x1\n20 switch peer=t2 executor=x1\n"
		"30 wake task=t1 state=runnable\nend time=40\n",
		"t1 0-10 unknown > running\nt2 0-20 unknown > running\n"
		"t1 10-30 unknown > runnable\n"
		"t1 30-40 runnable wake open > runnable\nt2 20-40 running x1 open > running\n" },
	{ "leaves an executor that it was not on", "scheduler",
		"10 switch peer=t1 executor=x1\n20 switch task=t1 state=blocked executor=x2\n"
		"end time=40\n",
		"t1 0-10 unknown > running\nt1 10-20 unknown > blocked\n"
		"t1 20-40 blocked open > blocked\n" },
	{ "enters while it runs elsewhere", "scheduler",
		"10 switch peer=t1 executor=x1\n20 switch peer=t1 executor=x2\n"
		"25 switch peer=t2 executor=x1\nend time=40\n",
		"t1 0-10 unknown > running\nt1 10-20 unknown > running\n"
		"t2 0-25 unknown > running\n"
		"t1 20-40 running x2 open > running\nt2 25-40 running x1 open > running\n" },
	{ "leaves without having been seen to enter", "scheduler",
		"10 wake task=t1 state=runnable\n20 switch task=t1 state=blocked executor=x1\n"
		"end time=40\n",
		"t1 0-10 unknown > runnable\nt1 10-20 unknown > blocked\n"
		"t1 20-40 blocked open > blocked\n" },
	{ "a wake that overtook the leaving", "scheduler",
		"10 switch peer=t1 executor=x1\n19 wake task=t1 state=runnable peer=t2 stack=s1\n"
		"20 switch task=t1 state=blocked executor=x1\n30 switch peer=t1 executor=x1\n"
		"end time=40\n",
		"t1 0-10 unknown > running\nt1 10-20 running x1 > blocked\n"
		"t1 20-30 runnable x1 wake waker t2 s1 > running\n"
		"t1 30-40 running x1 open > running\n" },
	{ "one that did not: another wake follows", "scheduler",
		"10 switch peer=t1 executor=x1\n15 wake task=t1 state=runnable peer=t2\n"
		"20 switch task=t1 state=blocked executor=x1\n25 wake task=t1 state=runnable "
		"peer=t3\nend time=30\n",
		"t1 0-10 unknown > running\nt1 10-20 running x1 > blocked\n"
		"t1 20-25 blocked waker t3 > runnable\nt1 wait 20-25 waker t3: 5 0 0 0\n"
		"t1 25-30 runnable wake waker t3 open > runnable\n" },
	{ "wakes that change nothing", "scheduler",
		"10 wake task=t1 state=runnable peer=t2\n15 wake task=t1 state=runnable peer=t3\n"
		"16 wake task=t1\n20 switch peer=t1 executor=x1\nend time=30\n",
		"t1 0-10 unknown > runnable\nt1 10-20 runnable x1 wake waker t2 > running\n"
		"t1 20-30 running x1 open > running\n" },
	{ "blocked, entered without a wake, where the trace has wakes", "scheduler",
		"10 switch task=t1 state=blocked executor=x1\n20 switch peer=t1 executor=x1\n"
		"end time=30\n",
		"t1 0-10 unknown > blocked\nt1 10-20 unknown > running\n"
		"t1 20-30 running x1 open > running\n" },
	{ "the same where it has none", "switches",
		"10 switch task=t1 state=blocked executor=x1\n20 switch peer=t1 executor=x1\n"
		"end time=30\n",
		"t1 0-10 unknown > blocked\nt1 10-20 blocked > running\n"
		"t1 wait 10-20: 10 0 0 0\nt1 20-30 running x1 open > running\n" },
	{ "created and ended", "scheduler",
		"50 create task=t4 state=runnable peer=t1 stack=s1\n"
		"50 switch peer=t4 executor=x1\n60 switch task=t4 state=exited executor=x1\n"
		"70 wake task=t4 state=runnable\n80 exit task=t4\nend time=90\n",
		"t4 50-50 runnable x1 created waker t1 s1 > running\n"
		"t4 50-60 running x1 > exited\n" },
	{ "an end by a row of its own", "program",
		"50 create task=t4 state=running\n60 exit task=t4 value=9 flags=has-value\n"
		"end time=90\n",
		"t4 50-60 running > exited\n" },
	{ "an end within a wait of the program", "scheduler,program",
		"0 switch peer=t1 executor=x1\n"
		"10 wait-begin task=t1 reason=mutex object=o1 stack=s1 peer=t2 flags=holder-read\n"
		"15 switch task=t1 state=blocked executor=x1\n"
		"40 wake task=t1 state=runnable peer=t3\n42 switch peer=t1 executor=x2\n"
		"45 exit task=t1\n46 switch task=t1 state=exited executor=x2\nend time=50\n",
		"t1 0-15 running x1 > blocked\n"
		"t1 15-40 blocked mutex o1 s1 holder t2 read waker t3 in-wait > runnable\n"
		"t1 40-42 runnable x2 wake waker t3 in-wait > running\n"
		"t1 42-45 running x2 in-wait > exited\n"
		"t1 wait 10-45 mutex o1 s1 holder t2 read flags 20: 25 2 8 0\n" },
	{ "a life of no length", "program", "50 exit task=t4\nend time=90\n",
		"t4 50-50 unknown > exited\n" },
	{ "a loss of everything", "scheduler",
		"10 switch peer=t1 executor=x1\n30 loss reason=full extra=20\n"
		"40 switch task=t1 state=blocked executor=x1\nend time=50\n",
		"t1 0-10 unknown > running\nt1 10-20 running x1 > unknown\n"
		"t1 20-40 unknown > blocked\nt1 40-50 blocked open > blocked\n" },
	{ "a file that ends early: what is stuck there is stuck still", "scheduler,program",
		"10 wait-begin task=t1 reason=mutex object=o1\n"
		"15 switch task=t1 state=blocked executor=x1\n50 loss reason=cut extra=50\n"
		"end time=50\n",
		"t1 0-15 unknown > blocked\nt1 15-50 blocked mutex o1 in-wait open > blocked\n" },
	{ "a loss that is told ahead", "scheduler",
		"10 switch peer=t1 executor=x1\n20 loss reason=full extra=40\n"
		"30 switch task=t1 state=blocked executor=x1\n"
		"35 wake task=t1 state=runnable\n45 switch peer=t1 executor=x1\n"
		"46 switch task=t1 state=blocked executor=x1\nend time=50\n",
		"t1 0-10 unknown > running\nt1 10-20 running x1 > unknown\n"
		"t1 20-30 unknown > blocked\nt1 30-35 unknown > runnable\n"
		"t1 35-45 unknown > running\nt1 45-46 running x1 > blocked\n"
		"t1 46-50 blocked open > blocked\n" },
	{ "a loss of an executor: of who runs there, is blocked or runnable; not of others",
		"scheduler",
		"10 switch peer=t1 executor=x1\n10 switch peer=t2 executor=x2\n"
		"10 switch task=t3 state=blocked executor=x1\n"
		"30 loss reason=full executor=x2 extra=20\n"
		"40 switch task=t1 state=blocked executor=x1\n"
		"40 switch task=t2 state=blocked executor=x2\n"
		"40 wake task=t3 state=runnable\nend time=50\n",
		"t1 0-10 unknown > running\nt2 0-10 unknown > running\n"
		"t3 0-10 unknown > blocked\n"
		"t1 10-40 unknown > blocked\n"
		"t2 10-20 running x2 > unknown\nt2 20-40 unknown > blocked\n"
		"t3 10-20 blocked > unknown\nt3 20-40 unknown > runnable\n"
		"t1 40-50 blocked open > blocked\nt2 40-50 blocked open > blocked\n"
		"t3 40-50 runnable wake open > runnable\n" },
	{ "a loss of a CPU is none of a worker's tasks", "scheduler",
		"10 switch peer=t1 executor=x3\n20 switch task=t1 state=blocked executor=x3\n"
		"30 loss reason=full executor=x1 extra=25\n"
		"40 wake task=t1 state=runnable\nend time=50\n",
		"t1 0-10 unknown > running\nt1 10-20 running x3 > blocked\n"
		"t1 20-40 blocked > runnable\nt1 wait 20-40: 20 0 0 0\n"
		"t1 40-50 runnable wake open > runnable\n" },
	{ "a loss of its own ring, where the scheduler tells its state", "scheduler,program",
		"10 switch peer=t1 executor=x1\n12 wait-begin task=t1 reason=mutex\n"
		"15 switch task=t1 state=blocked executor=x1\n"
		"30 loss reason=full task=t1 extra=20\n40 wake task=t1 state=runnable\n"
		"45 wait-end task=t1\nend time=50\n",
		"t1 0-10 unknown > running\nt1 10-15 running x1 > blocked\n"
		"t1 15-40 blocked > runnable\nt1 wait 15-40: 25 0 0 0\n"
		"t1 40-50 runnable wake open > runnable\n" },
	{ "and where only its own word does", "program",
		"10 wait-begin task=t1 state=blocked reason=mutex\n"
		"30 loss reason=full task=t1 extra=20\n40 wait-end task=t1 state=running\n"
		"end time=50\n",
		"t1 0-10 unknown > blocked\nt1 10-20 blocked mutex > unknown\n"
		"t1 20-40 unknown > running\nt1 40-50 running open > running\n" },
	{ "a wait of the program, in the scheduler's states", "scheduler,program",
		"0 switch peer=t1 executor=x1\n"
		"10 wait-begin task=t1 reason=mutex object=o1 stack=s1 peer=t2 flags=holder-read\n"
		"15 switch task=t1 state=blocked executor=x1 reason=futex\n"
		"30 release task=t2 object=o1 peer=t1 stack=s2\n"
		"35 wake task=t1 state=runnable peer=t2\n42 switch peer=t1 executor=x2\n"
		"45 wait-end task=t1 flags=timed-out\nend time=50\n",
		"t1 0-15 running x1 > blocked\n"
		"t1 15-35 blocked mutex o1 s1 holder t2 read waker t2 in-wait > runnable\n"
		"t1 35-42 runnable x2 wake waker t2 in-wait > running\n"
		"t1 wait 10-45 mutex o1 s1 holder t2 read waker t2 flags 12: 20 7 8 0\n"
		"t1 42-50 running x2 open > running\n" },
	{ "the program has the stack of the waker that the scheduler lacks", "scheduler,program",
		"0 switch peer=t1 executor=x1\n10 wait-begin task=t1 reason=cond\n"
		"15 switch task=t1 state=blocked executor=x1\n"
		"35 wake task=t1 state=runnable peer=t2\n36 release task=t2 peer=t1 stack=s2\n"
		"42 switch peer=t1 executor=x2\n45 wait-end task=t1\nend time=45\n",
		"t1 0-15 running x1 > blocked\n"
		"t1 15-35 blocked cond waker t2 in-wait > runnable\n"
		"t1 35-42 runnable x2 wake waker t2 in-wait > running\n"
		"t1 wait 10-45 cond waker t2 s2: 20 7 8 0\n"
		"t1 42-45 running x2 open > running\n" },
	{ "a wait where nothing else tells; the last release of the object is the waker", "program",
		"10 wait-begin task=t1 state=blocked reason=mutex object=o1\n"
		"20 release task=t2 object=o1\n25 release task=t3 object=o1 stack=s1\n"
		"30 wait-end task=t1 state=running stack=s2\nend time=40\n",
		"t1 0-10 unknown > blocked\n"
		"t1 10-30 blocked mutex o1 s2 waker t3 s1 in-wait > running\n"
		"t1 wait 10-30 mutex o1 s2 waker t3 s1: 20 0 0 0\n"
		"t1 30-40 running open > running\n" },
	{ "a release from before the wait, or its own, is not the waker", "program",
		"5 release task=t2 object=o1\n10 wait-begin task=t1 state=blocked reason=cond "
		"object=o1\n15 release task=t1 object=o1\n30 wait-end task=t1 state=running\n"
		"end time=30\n",
		"t1 0-10 unknown > blocked\nt1 10-30 blocked cond o1 in-wait > running\n"
		"t1 wait 10-30 cond o1: 20 0 0 0\nt1 30-30 running open > running\n" },
	{ "one that spins", "program",
		"10 wait-begin task=t1 state=blocked reason=mutex flags=spun\n"
		"30 wait-end task=t1 state=running\nend time=30\n",
		"t1 0-10 unknown > running\nt1 wait 10-30 mutex flags 128: 0 0 20 0\n"
		"t1 10-30 running open > running\n" },
	{ "a wait that was left without an end", "program",
		"10 wait-begin task=t1 state=blocked reason=mutex\n"
		"20 wait-begin task=t1 state=blocked reason=cond\n"
		"30 wait-end task=t1 state=running\nend time=30\n",
		"t1 0-10 unknown > blocked\nt1 10-20 unknown > blocked\n"
		"t1 20-30 blocked cond in-wait > running\nt1 wait 20-30 cond: 10 0 0 0\n"
		"t1 30-30 running open > running\n" },
	{ "an end without a begin", "scheduler,program",
		"10 wait-end task=t1\n20 wait-end task=t2 state=running\nend time=30\n",
		"t2 0-20 unknown > running\n"
		"t2 20-30 running open > running\n" },
	{ "the scheduler's rows stand where the program says blocked all the same",
		"scheduler,program",
		"0 switch peer=t1 executor=x1\n10 wait-begin task=t1 state=blocked reason=mutex\n"
		"15 switch task=t1 state=blocked executor=x1\n20 wake task=t1 state=runnable\n"
		"25 switch peer=t1 executor=x1\n30 wait-end task=t1 state=running\nend time=30\n",
		"t1 0-15 running x1 > blocked\nt1 15-20 blocked mutex in-wait > runnable\n"
		"t1 20-25 runnable x1 wake in-wait > running\nt1 wait 10-30 mutex: 5 5 10 0\n"
		"t1 25-30 running x1 open > running\n" },
	{ "states that a runtime tells", "runtime",
		"10 state task=t1 state=runnable\n20 switch peer=t1 executor=x3\n"
		"30 state task=t1 state=blocked reason=syscall\n31 state task=t1 state=blocked\n"
		"35 state task=t1 state=running\n40 state task=t1 state=running\n"
		"50 state task=t1 state=unknown\n60 state task=t1 state=exited\nend time=90\n",
		"t1 0-10 unknown > runnable\nt1 10-20 runnable x3 wake > running\n"
		"t1 20-30 running x3 > blocked\nt1 30-35 unknown > running\n"
		"t1 35-50 running > unknown\nt1 50-60 unknown > exited\n" },
	{ "it cannot block from runnable", "runtime",
		"10 state task=t1 state=runnable\n20 state task=t1 state=blocked reason=select\n"
		"30 state task=t1 state=runnable\nend time=30\n",
		"t1 0-10 unknown > runnable\nt1 10-20 unknown > blocked\n"
		"t1 20-30 blocked select > runnable\nt1 wait 20-30 select: 10 0 0 0\n"
		"t1 30-30 runnable wake open > runnable\n" },
};

static FILE *answer;

static void put_ids(uint32_t object, uint32_t stack)
{
	if (object)
		fprintf(answer, " o%u", object);
	if (stack)
		fprintf(answer, " s%u", stack);
}

static void put_people(uint32_t holder, unsigned how, uint32_t waker, uint32_t waker_stack)
{
	if (holder)
		fprintf(answer, " holder t%u%s", holder, how == 1 ? " read" : "");
	if (waker)
		fprintf(answer, " waker t%u", waker);
	if (waker_stack)
		fprintf(answer, " s%u", waker_stack);
}

static void on_interval(void *context, const struct dwell_interval *n)
{
	(void)context;
	if (n->flags & DWELL_INTERVAL_OPEN && n->state == DWELL_UNKNOWN)
		return;
	fprintf(answer, "t%u %lu-%lu %s", n->task, (unsigned long)n->start_ns,
		(unsigned long)n->end_ns, dwell_state_name(n->state));
	if (n->reason)
		fprintf(answer, " %s", dwell_reason_name(n->reason));
	if (n->executor)
		fprintf(answer, " x%u", n->executor);
	if (n->cause)
		fprintf(answer, " %s", dwell_cause_name(n->cause));
	put_ids(n->object, n->stack);
	put_people(n->holder, n->holder_how, n->waker, n->waker_stack);
	fprintf(answer, "%s%s%s > %s\n", n->flags & DWELL_INTERVAL_PREEMPTED ? " preempted" : "",
		n->flags & DWELL_INTERVAL_IN_WAIT ? " in-wait" : "",
		n->flags & DWELL_INTERVAL_OPEN ? " open" : "", dwell_state_name(n->next));
}

static void on_wait(void *context, const struct dwell_wait *w)
{
	(void)context;
	fprintf(answer, "t%u wait %lu-%lu", w->task, (unsigned long)w->start_ns,
		(unsigned long)w->end_ns);
	if (w->reason)
		fprintf(answer, " %s", dwell_reason_name(w->reason));
	put_ids(w->object, w->stack);
	put_people(w->holder, w->holder_how, w->waker, w->waker_stack);
	if (w->flags)
		fprintf(answer, " flags %u", w->flags);
	fprintf(answer, ": %lu %lu %lu %lu\n", (unsigned long)w->blocked_ns,
		(unsigned long)w->runnable_ns, (unsigned long)w->running_ns,
		(unsigned long)w->unknown_ns);
}

struct states_sink {
	struct dwell_sink sink;
	struct dwell_states *states;
};

static int on_begin(struct dwell_sink *sink, const struct dwell_trace_info *info)
{
	static const struct dwell_states_ops ops = { on_interval, on_wait };

	return dwell_states_new(&((struct states_sink *)sink)->states, info->levels, &ops, NULL);
}

static int on_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	return dwell_states_task(((struct states_sink *)sink)->states, task);
}

static int on_executor(struct dwell_sink *sink, const struct dwell_executor *executor)
{
	return dwell_states_executor(((struct states_sink *)sink)->states, executor);
}

static int on_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	return dwell_states_apply(((struct states_sink *)sink)->states, events, count);
}

static int on_end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	return dwell_states_flush(((struct states_sink *)sink)->states, end->end_ns);
}

static void check(const struct rule *rule)
{
	static const struct dwell_sink_ops ops = { .begin = on_begin,
		.task = on_task,
		.executor = on_executor,
		.events = on_events,
		.end = on_end };
	struct states_sink sink = { .sink.ops = &ops };
	struct dwell_source *source = NULL;
	struct dwell_diag diag = { 0 };
	char text[4000], *told = NULL;
	size_t size;

	snprintf(text, sizeof(text), "dwell-text 1\ntrace levels=%s\n%s%s", rule->levels,
		definitions, rule->rows);
	answer = open_memstream(&told, &size);
	cr_assert(answer != NULL);
	cr_assert(eq(int,
		dwell_text_source_open(&source, memory_open(text, strlen(text), 1 << 16), &diag),
		0));
	cr_assert(eq(int, dwell_source_drive(source, NULL, &sink.sink), 0), "%s: line %u: %s",
		rule->name, source->ops->diag(source)->line, source->ops->diag(source)->what);
	fclose(answer);
	cr_expect(eq(str, told, (char *)rule->told), "%s", rule->name);
	dwell_source_close(source);
	dwell_states_free(sink.states);
	free(told);
}

Test(states, rules)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		check(&rules[i]);
	no_leaks();
}
