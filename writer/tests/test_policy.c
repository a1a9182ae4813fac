#include <criterion/criterion.h>
#include <string.h>

#include "record/policy.h"

/* A sink that keeps the rows it is told. */
static struct kept {
	struct dwell_sink sink;
	struct dwell_event rows[4096];
	size_t count;
} kept;

static int keep(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	(void)sink;
	cr_assert_leq(kept.count + count, 4096);
	memcpy(&kept.rows[kept.count], events, count * sizeof(*events));
	kept.count += count;
	return 0;
}

static const struct dwell_sink_ops keep_ops = { .events = keep };

static struct dwell_string string(const char *text)
{
	return (struct dwell_string){ text, strlen(text) };
}

static struct dwell_policy *start(const struct dwell_config *config)
{
	struct dwell_policy *policy;

	kept = (struct kept){ .sink = { &keep_ops } };
	cr_assert_eq(dwell_policy_new(&policy, &kept.sink, config), 0);

	struct dwell_sink *sink = dwell_policy_sink(policy);
	const struct dwell_process processes[] = { { .id = 1, .name = string("server") },
		{ .id = 2, .name = string("helper") } };
	const struct dwell_task tasks[] = {
		{ .id = 1, .process = 1, .name = string("worker-1") },
		{ .id = 2, .process = 1, .name = string("idle-1") },
		{ .id = 3, .process = 2, .name = string("worker-2") },
	};
	for (size_t i = 0; i < 2; i++)
		cr_assert_eq(sink->ops->process(sink, &processes[i]), 0);
	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(sink->ops->task(sink, &tasks[i]), 0);
	return policy;
}

static void tell(struct dwell_policy *policy, struct dwell_event row)
{
	struct dwell_sink *sink = dwell_policy_sink(policy);

	cr_assert_eq(sink->ops->events(sink, &row, 1), 0);
}

static struct dwell_event blocked(uint32_t task)
{
	return (struct dwell_event){ .kind = DWELL_EVENT_SWITCH,
		.executor = 1,
		.task = task,
		.state = DWELL_BLOCKED,
		.reason = DWELL_REASON_FUTEX,
		.object = 7,
		.stack = 9 };
}

static struct dwell_event wait_begin(uint32_t task, uint8_t state)
{
	return (struct dwell_event){ .kind = DWELL_EVENT_WAIT_BEGIN,
		.task = task,
		.state = state,
		.reason = DWELL_REASON_MUTEX,
		.object = 7,
		.stack = 9 };
}

Test(policy, the_first_rule_that_matches_decides)
{
	struct dwell_rule rules[] = {
		{ .thread = (char *)"idle-*", .detail = DWELL_DETAIL_STATES },
		{ .process = (char *)"server", .detail = DWELL_DETAIL_FULL },
		{ .detail = DWELL_DETAIL_NO_STACKS },
	};
	const struct dwell_config config = { .rules = rules, .rule_count = 3 };
	struct dwell_policy *policy = start(&config);

	for (uint32_t task = 1; task <= 3; task++)
		tell(policy, blocked(task));
	cr_assert_eq(kept.count, 3);
	cr_expect_eq(kept.rows[0].stack, 9);
	cr_expect_eq(kept.rows[0].object, 7);
	/* States only: that it was blocked stays, why goes. */
	cr_expect_eq(kept.rows[1].state, DWELL_BLOCKED);
	cr_expect_eq(kept.rows[1].reason, 0);
	cr_expect_eq(kept.rows[1].object, 0);
	cr_expect_eq(kept.rows[1].stack, 0);
	cr_expect_eq(kept.rows[2].reason, DWELL_REASON_FUTEX);
	cr_expect_eq(kept.rows[2].stack, 0);
	dwell_policy_free(policy);
}

Test(policy, an_exec_is_judged_again)
{
	struct dwell_rule rules[] = { { .process = (char *)"server",
		.detail = DWELL_DETAIL_STATES } };
	const struct dwell_config config = { .rules = rules, .rule_count = 1 };
	struct dwell_policy *policy = start(&config);
	struct dwell_sink *sink = dwell_policy_sink(policy);
	const struct dwell_process renamed = { .id = 2, .name = string("server") };

	tell(policy, blocked(3));
	cr_assert_eq(sink->ops->process(sink, &renamed), 0);
	tell(policy, blocked(3));
	cr_expect_eq(kept.rows[0].object, 7);
	cr_expect_eq(kept.rows[1].object, 0);
	dwell_policy_free(policy);
}

Test(policy, a_wait_without_reason_leaves_its_state)
{
	struct dwell_rule rules[] = { { .detail = DWELL_DETAIL_STATES } };
	const struct dwell_config config = { .rules = rules, .rule_count = 1 };
	struct dwell_policy *policy = start(&config);

	tell(policy, wait_begin(1, DWELL_STATE_SAME));
	cr_expect_eq(kept.count, 0);
	tell(policy, wait_begin(1, DWELL_BLOCKED));
	cr_assert_eq(kept.count, 1);
	cr_expect_eq(kept.rows[0].kind, DWELL_EVENT_STATE);
	cr_expect_eq(kept.rows[0].state, DWELL_BLOCKED);
	cr_expect_eq(kept.rows[0].object, 0);
	dwell_policy_free(policy);
}

Test(policy, only_the_wanted_reasons_are_told)
{
	const struct dwell_config config = { .reasons = 1u << DWELL_REASON_NET };
	struct dwell_policy *policy = start(&config);
	struct dwell_event net = wait_begin(1, DWELL_STATE_SAME);

	net.reason = DWELL_REASON_NET;
	tell(policy, wait_begin(1, DWELL_STATE_SAME));
	tell(policy, net);
	cr_assert_eq(kept.count, 1);
	cr_expect_eq(kept.rows[0].reason, DWELL_REASON_NET);
	dwell_policy_free(policy);
}

Test(policy, a_limit_holds_for_all_and_can_be_lifted)
{
	const struct dwell_config config = { .rules = NULL };
	struct dwell_policy *policy = start(&config);

	dwell_policy_limit(policy, DWELL_DETAIL_NO_STACKS);
	tell(policy, blocked(1));
	dwell_policy_limit(policy, DWELL_DETAIL_SAMPLED);
	for (int i = 0; i < 16; i++)
		tell(policy, blocked(1));
	dwell_policy_limit(policy, DWELL_DETAIL_FULL);
	tell(policy, blocked(1));

	unsigned stacks = 0;
	for (size_t i = 0; i < kept.count; i++)
		stacks += kept.rows[i].stack != 0;
	cr_expect_eq(kept.rows[0].stack, 0);
	cr_expect_eq(stacks, 2 + 1);
	dwell_policy_free(policy);
}

Test(policy, long_batches_are_whole)
{
	const struct dwell_config config = { .rules = NULL };
	struct dwell_policy *policy = start(&config);
	struct dwell_sink *sink = dwell_policy_sink(policy);
	static struct dwell_event rows[3000];

	for (uint32_t i = 0; i < 3000; i++) {
		rows[i] = blocked(1);
		rows[i].time_ns = i;
	}
	cr_assert_eq(sink->ops->events(sink, rows, 3000), 0);
	cr_assert_eq(kept.count, 3000);
	for (uint32_t i = 0; i < 3000; i++)
		cr_assert_eq(kept.rows[i].time_ns, i);
	dwell_policy_free(policy);
}

Test(budget, steps_down_while_over_and_up_when_calm)
{
	struct dwell_budget budget = { .cpu_permille = 20 };
	uint64_t cpu = 0, now = 0;
	char why[200];

	for (int i = 1; i <= 3; i++) {
		now += 1000000000;
		cpu += 50000000;
		cr_expect(dwell_budget_tick(&budget, now, cpu, 0, why, sizeof(why)));
		cr_expect_eq((int)budget.detail, i);
		cr_expect_str_eq(why, "recording took 5.0 % of a CPU, the budget is 2.0 %");
	}
	now += 1000000000;
	cpu += 50000000;
	cr_expect_not(dwell_budget_tick(&budget, now, cpu, 0, why, sizeof(why)));
	for (int i = 0; i < 19; i++) {
		now += 500000000;
		cr_expect_not(dwell_budget_tick(&budget, now, cpu, 0, why, sizeof(why)));
	}
	now += 500000000;
	cr_expect(dwell_budget_tick(&budget, now, cpu, 0, why, sizeof(why)));
	cr_expect_eq(budget.detail, DWELL_DETAIL_NO_STACKS);
}

Test(budget, counts_bytes_too)
{
	struct dwell_budget budget = { .bytes_per_second = 1000 };
	char why[200];

	cr_expect_not(dwell_budget_tick(&budget, 1000000000, 0, 900, why, sizeof(why)));
	cr_expect(dwell_budget_tick(&budget, 2000000000, 0, 2900, why, sizeof(why)));
	cr_expect_str_eq(why, "the file grew by 2000 bytes a second, the budget is 1000");
}
