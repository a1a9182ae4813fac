#include "config_values.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/types.h"
#include "options.h"

#define AT(member) offsetof(struct dwell_config, member)
#define IF(member) offsetof(struct dwell_config, has_##member)

static const struct config_key threshold_keys[] = {
	{ "stack", CONFIG_TIME, AT(stack_wait_ns), 0, NULL },
	{ "call", CONFIG_TIME, AT(call_wait_ns), 0, NULL },
	{ NULL, CONFIG_STRING, 0, 0, NULL },
};

static const struct config_key budget_keys[] = {
	{ "cpu", CONFIG_SHARE, AT(cpu_permille), 0, NULL },
	{ "bytes", CONFIG_RATE, AT(bytes_per_second), 0, NULL },
	{ NULL, CONFIG_STRING, 0, 0, NULL },
};

const struct config_key config_keys[] = {
	{ "output", CONFIG_STRING, AT(output), 0, NULL },
	{ "name", CONFIG_STRING, AT(name), 0, NULL },
	{ "limit-size", CONFIG_SIZE, AT(limit_bytes), 0, NULL },
	{ "limit-time", CONFIG_TIME, AT(limit_ns), 0, NULL },
	{ "delay", CONFIG_TIME, AT(delay_ns), 0, NULL },
	{ "tick", CONFIG_TICK, AT(tick_ns), 0, NULL },
	{ "stacks", CONFIG_SWITCH, AT(stacks), IF(stacks), NULL },
	{ "kernel", CONFIG_SWITCH, AT(kernel), IF(kernel), NULL },
	{ "preload", CONFIG_SWITCH, AT(preload), IF(preload), NULL },
	{ "follow", CONFIG_SWITCH, AT(follow), IF(follow), NULL },
	{ "waits", CONFIG_REASONS, AT(reasons), 0, NULL },
	{ "thresholds", CONFIG_MAP, 0, 0, threshold_keys },
	{ "budget", CONFIG_MAP, 0, 0, budget_keys },
	{ "rules", CONFIG_RULES, 0, 0, NULL },
	{ NULL, CONFIG_STRING, 0, 0, NULL },
};

const struct config_key config_rule_keys[] = {
	{ "process", CONFIG_STRING, offsetof(struct dwell_rule, process), 0, NULL },
	{ "thread", CONFIG_STRING, offsetof(struct dwell_rule, thread), 0, NULL },
	{ "record", CONFIG_DETAIL, offsetof(struct dwell_rule, detail), 0, NULL },
	{ NULL, CONFIG_STRING, 0, 0, NULL },
};

static const char *take_string(const char *text, char **to)
{
	char *copy;

	if (!*text)
		return "empty";
	if (!(copy = strdup(text)))
		return "out of memory";
	free(*to);
	*to = copy;
	return NULL;
}

static const char *take_switch(const char *text, bool *to, bool *has)
{
	static const char *const words[] = { "off", "on", "false", "true", "no", "yes" };

	for (unsigned i = 0; i < 6; i++) {
		if (strcmp(text, words[i]) != 0)
			continue;
		*to = i & 1;
		*has = true;
		return NULL;
	}
	return "neither on nor off:";
}

static const char *take_time(const char *text, uint64_t *ns)
{
	/* A number alone could mean anything. */
	if (*text && text[strlen(text) - 1] >= '0' && text[strlen(text) - 1] <= '9' &&
		strcmp(text, "0") != 0)
		return "a time without a unit:";
	return dwell_read_time(text, ns) ? NULL : "not a time such as 20us or 1.5s:";
}

static const char *take_rate(const char *text, uint64_t *bytes)
{
	const size_t length = strlen(text);
	char size[32];

	if (length < 3 || length >= sizeof(size) || strcmp(text + length - 2, "/s") != 0)
		return "not a rate such as 10MiB/s:";
	memcpy(size, text, length - 2);
	size[length - 2] = '\0';
	return dwell_read_size(size, bytes) ? NULL : "not a rate such as 10MiB/s:";
}

static const char *take_share(const char *text, uint32_t *permille)
{
	char *end;
	const double percent = strtod(text, &end);

	if (end == text || strcmp(end, "%") != 0 || !(percent > 0 && percent <= 100))
		return "not a share such as 3%:";
	*permille = (uint32_t)(percent * 10 + 0.5);
	return *permille ? NULL : "too small a share:";
}

static const char *take_detail(const char *text, uint8_t *detail)
{
	static const char *const words[DWELL_DETAIL_COUNT] = { "full", "sampled", "no-stacks",
		"states" };

	for (uint8_t i = 0; i < DWELL_DETAIL_COUNT; i++) {
		if (strcmp(text, words[i]) != 0)
			continue;
		*detail = i;
		return NULL;
	}
	return "not one of full, sampled, no-stacks, states:";
}

static const char *take_tick(const char *text, uint64_t *ns)
{
	const char *problem = take_time(text, ns);

	return problem ? problem : *ns >= 1 && *ns <= 1000000 ? NULL : "not from 1ns to 1ms:";
}

const char *config_take(enum config_type type, const char *text, void *to, bool *has)
{
	switch (type) {
	case CONFIG_STRING:
		return take_string(text, to);
	case CONFIG_SWITCH:
		return take_switch(text, to, has);
	case CONFIG_TIME:
		return take_time(text, to);
	case CONFIG_SIZE:
		return dwell_read_size(text, to) ? NULL : "not a size such as 64MiB:";
	case CONFIG_RATE:
		return take_rate(text, to);
	case CONFIG_SHARE:
		return take_share(text, to);
	case CONFIG_TICK:
		return take_tick(text, to);
	case CONFIG_DETAIL:
		return take_detail(text, to);
	default:
		return "not a single value:";
	}
}

uint32_t config_reason(const char *name)
{
	for (unsigned i = 1; i < DWELL_REASON_COUNT; i++)
		if (strcmp(dwell_reason_name(i), name) == 0)
			return UINT32_C(1) << i;
	return 0;
}
