#include "policy.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/relay.h"

enum { ROWS = 1024, NAME_MAX_BYTES = 256 };

struct known_task {
	uint32_t process;
	uint8_t detail;
	char *name;
};

struct dwell_policy {
	struct dwell_relay relay;
	const struct dwell_config *config;
	enum dwell_detail limit;
	unsigned sampled;
	struct known_task *tasks; /* by id */
	size_t task_count;
	char **processes; /* names, by id */
	size_t process_count;
	struct dwell_event rows[ROWS];
};

static struct dwell_policy *self_of(struct dwell_sink *sink)
{
	return (struct dwell_policy *)sink;
}

/* Room up to index i, the new part zeroed. */
static int reserve(void **at, size_t *count, size_t i, size_t size)
{
	const size_t next = i < 64 ? 64 : i * 2;
	char *grown;

	if (i < *count)
		return 0;
	if (!(grown = realloc(*at, next * size)))
		return DWELL_ENOMEM;
	memset(grown + *count * size, 0, (next - *count) * size);
	*at = grown;
	*count = next;
	return 0;
}

static int keep_name(char **to, const struct dwell_string *name)
{
	const size_t size = name->size < NAME_MAX_BYTES ? name->size : NAME_MAX_BYTES - 1;
	char *copy = malloc(size + 1);

	if (!copy)
		return DWELL_ENOMEM;
	if (size)
		memcpy(copy, name->at, size);
	copy[size] = '\0';
	free(*to);
	*to = copy;
	return 0;
}

static bool matches(const char *glob, const char *name)
{
	return !glob || fnmatch(glob, name ? name : "", 0) == 0;
}

static void judge(struct dwell_policy *policy, struct known_task *task)
{
	const struct dwell_config *config = policy->config;
	const char *process =
		task->process < policy->process_count ? policy->processes[task->process] : NULL;

	task->detail = DWELL_DETAIL_FULL;
	for (size_t i = 0; i < config->rule_count; i++) {
		if (!matches(config->rules[i].process, process) ||
			!matches(config->rules[i].thread, task->name))
			continue;
		task->detail = config->rules[i].detail;
		return;
	}
}

static int on_process(struct dwell_sink *sink, const struct dwell_process *process)
{
	struct dwell_policy *policy = self_of(sink);
	int err = reserve((void **)&policy->processes, &policy->process_count, process->id,
		sizeof(*policy->processes));

	if (!err)
		err = keep_name(&policy->processes[process->id], &process->name);
	if (err)
		return err;
	/* An exec gives a process another name. */
	for (size_t i = 0; i < policy->task_count; i++)
		if (policy->tasks[i].process == process->id)
			judge(policy, &policy->tasks[i]);
	return DWELL_TELL(policy->relay.next, process, process);
}

static int on_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	struct dwell_policy *policy = self_of(sink);
	int err = reserve(
		(void **)&policy->tasks, &policy->task_count, task->id, sizeof(*policy->tasks));

	if (!err)
		err = keep_name(&policy->tasks[task->id].name, &task->name);
	if (err)
		return err;
	policy->tasks[task->id].process = task->process;
	judge(policy, &policy->tasks[task->id]);
	return DWELL_TELL(policy->relay.next, task, task);
}

static enum dwell_detail detail_of(const struct dwell_policy *policy, uint32_t task)
{
	const enum dwell_detail detail =
		task < policy->task_count ? policy->tasks[task].detail : DWELL_DETAIL_FULL;

	return detail > policy->limit ? detail : policy->limit;
}

/* Leave of a row what its task may keep; false: nothing. */
static bool reduce(struct dwell_policy *policy, struct dwell_event *row)
{
	const bool wait = row->kind == DWELL_EVENT_WAIT_BEGIN || row->kind == DWELL_EVENT_WAIT_END;
	enum dwell_detail detail = detail_of(policy, row->task);

	if (wait && policy->config->reasons && !(policy->config->reasons >> row->reason & 1))
		detail = DWELL_DETAIL_STATES;
	if (detail == DWELL_DETAIL_SAMPLED && row->stack && policy->sampled++ % 8)
		row->stack = DWELL_NONE;
	if (detail >= DWELL_DETAIL_NO_STACKS)
		row->stack = DWELL_NONE;
	if (detail < DWELL_DETAIL_STATES)
		return true;
	if (row->kind == DWELL_EVENT_RELEASE || row->kind == DWELL_EVENT_ACQUIRE ||
		(wait && row->state == DWELL_STATE_SAME))
		return false;
	if (wait) {
		/* Its state is all that is kept of it. */
		*row = (struct dwell_event){ .time_ns = row->time_ns,
			.kind = DWELL_EVENT_STATE,
			.task = row->task,
			.state = row->state };
	} else if (row->kind == DWELL_EVENT_SWITCH || row->kind == DWELL_EVENT_STATE) {
		row->reason = DWELL_REASON_NONE;
		row->object = DWELL_NONE;
	}
	return true;
}

static int on_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct dwell_policy *policy = self_of(sink);
	size_t kept = 0;
	int err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		policy->rows[kept] = events[i];
		kept += reduce(policy, &policy->rows[kept]);
		if (kept < ROWS && i + 1 < count)
			continue;
		err = kept ? DWELL_TELL(policy->relay.next, events, policy->rows, kept) : 0;
		kept = 0;
	}
	return err;
}

int dwell_policy_new(
	struct dwell_policy **out, struct dwell_sink *next, const struct dwell_config *config)
{
	struct dwell_policy *policy = calloc(1, sizeof(*policy));

	if (!policy)
		return DWELL_ENOMEM;
	dwell_relay_init(&policy->relay, next);
	policy->relay.ops.process = on_process;
	policy->relay.ops.task = on_task;
	policy->relay.ops.events = on_events;
	policy->config = config;
	*out = policy;
	return 0;
}

void dwell_policy_free(struct dwell_policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->task_count; i++)
		free(policy->tasks[i].name);
	for (size_t i = 0; i < policy->process_count; i++)
		free(policy->processes[i]);
	free(policy->tasks);
	free(policy->processes);
	free(policy);
}

struct dwell_sink *dwell_policy_sink(struct dwell_policy *policy)
{
	return &policy->relay.sink;
}

void dwell_policy_limit(struct dwell_policy *policy, enum dwell_detail detail)
{
	policy->limit = detail;
}

#define CALM_NS UINT64_C(10000000000)

bool dwell_budget_tick(struct dwell_budget *budget, uint64_t now_ns, uint64_t cpu_ns,
	uint64_t bytes, char *why, size_t why_size)
{
	const uint64_t passed = now_ns - budget->last_ns;
	const enum dwell_detail before = budget->detail;

	if (!passed)
		return false;

	const uint64_t permille = (cpu_ns - budget->last_cpu_ns) * 1000 / passed;
	const uint64_t rate = (bytes - budget->last_bytes) * 1000000000 / passed;
	const bool cpu_over = budget->cpu_permille && permille > budget->cpu_permille;
	const bool bytes_over = budget->bytes_per_second && rate > budget->bytes_per_second;
	const bool calm = (!budget->cpu_permille || permille * 2 < budget->cpu_permille) &&
			  (!budget->bytes_per_second || rate * 2 < budget->bytes_per_second);

	budget->last_ns = now_ns;
	budget->last_cpu_ns = cpu_ns;
	budget->last_bytes = bytes;
	budget->calm_ns = calm ? budget->calm_ns + passed : 0;
	if ((cpu_over || bytes_over) && budget->detail < DWELL_DETAIL_STATES)
		budget->detail++;
	else if (budget->calm_ns >= CALM_NS && budget->detail > DWELL_DETAIL_FULL)
		budget->detail--, budget->calm_ns = 0;
	if (budget->detail == before)
		return false;
	if (cpu_over)
		snprintf(why, why_size, "recording took %u.%u %% of a CPU, the budget is %u.%u %%",
			(unsigned)(permille / 10), (unsigned)(permille % 10),
			budget->cpu_permille / 10, budget->cpu_permille % 10);
	else if (bytes_over)
		snprintf(why, why_size, "the file grew by %llu bytes a second, the budget is %llu",
			(unsigned long long)rate, (unsigned long long)budget->bytes_per_second);
	else
		snprintf(why, why_size, "ten seconds below half of the budget");
	return true;
}
