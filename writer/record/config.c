#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "config_values.h"

/*
 * The shape of the file: every key, where its value goes and of what type it is. What
 * libyaml tells is checked against it, event by event.
 */
enum { DEPTH_MAX = 8 };

struct reading {
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_event;
	struct dwell_config *config;
	char *why;
	size_t why_size;
};

static int fail_at(struct reading *r, const yaml_mark_t *mark, const char *what, const char *name)
{
	snprintf(r->why, r->why_size, "line %zu, column %zu: %s%s%.60s%s", mark->line + 1,
		mark->column + 1, what, *name ? " '" : "", name, *name ? "'" : "");
	return -1;
}

static int fail(struct reading *r, const char *what, const char *name)
{
	return fail_at(r, &r->event.start_mark, what, name);
}

/* To the next event of the file. */
static int next(struct reading *r)
{
	if (r->has_event)
		yaml_event_delete(&r->event);
	r->has_event = yaml_parser_parse(&r->parser, &r->event) != 0;
	if (!r->has_event)
		return fail_at(r, &r->parser.problem_mark,
			r->parser.problem ? r->parser.problem : "not YAML", "");
	if (r->event.type == YAML_ALIAS_EVENT)
		return fail(r, "aliases are not supported", "");
	return 0;
}

static const char *text_of(const struct reading *r)
{
	return (const char *)r->event.data.scalar.value;
}

static int need(struct reading *r, yaml_event_type_t type, const char *what)
{
	return r->event.type == type ? 0 : fail(r, what, "");
}

/* A value that is one word. */
static int take_scalar(struct reading *r, const struct config_key *key, void *to)
{
	const char *problem;

	if (need(r, YAML_SCALAR_EVENT, "a single value is needed here"))
		return -1;
	if (strlen(text_of(r)) != r->event.data.scalar.length)
		return fail(r, "a value with a NUL in it", "");
	problem = config_take(key->type, text_of(r), (char *)to + key->offset,
		key->has_offset ? (bool *)((char *)to + key->has_offset) : NULL);
	return problem ? fail(r, problem, text_of(r)) : 0;
}

static int take_reasons(struct reading *r, void *to)
{
	uint32_t *reasons = to;

	if (need(r, YAML_SEQUENCE_START_EVENT, "a list of reasons is needed here"))
		return -1;
	for (;;) {
		if (next(r))
			return -1;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return 0;
		if (need(r, YAML_SCALAR_EVENT, "a reason is needed here"))
			return -1;

		const uint32_t bit = config_reason(text_of(r));
		if (!bit)
			return fail(r, "no such reason:", text_of(r));
		*reasons |= bit;
	}
}

static int take_map(struct reading *r, const struct config_key *keys, void *to);

static int take_rules(struct reading *r)
{
	struct dwell_config *config = r->config;

	if (need(r, YAML_SEQUENCE_START_EVENT, "a list of rules is needed here"))
		return -1;
	for (;;) {
		if (next(r))
			return -1;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return 0;
		if (config->rule_count == DWELL_RULES_MAX)
			return fail(r, "more than 256 rules", "");

		struct dwell_rule *rules =
			realloc(config->rules, (config->rule_count + 1) * sizeof(*rules));
		if (!rules)
			return fail(r, "out of memory", "");
		config->rules = rules;
		rules[config->rule_count] = (struct dwell_rule){ .process = NULL };
		if (take_map(r, config_rule_keys, &rules[config->rule_count++]))
			return -1;
	}
}

static int take_value(struct reading *r, const struct config_key *key, void *to)
{
	switch (key->type) {
	case CONFIG_MAP:
		return take_map(r, key->keys, to);
	case CONFIG_REASONS:
		return take_reasons(r, (char *)to + key->offset);
	case CONFIG_RULES:
		return take_rules(r);
	default:
		return take_scalar(r, key, to);
	}
}

/* The event is the map's start; behind it are keys and values in turn. */
static int take_map(struct reading *r, const struct config_key *keys, void *to)
{
	uint64_t seen = 0;

	if (need(r, YAML_MAPPING_START_EVENT, "keys with values are needed here"))
		return -1;
	for (;;) {
		unsigned i = 0;

		if (next(r))
			return -1;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return 0;
		if (need(r, YAML_SCALAR_EVENT, "a key is needed here"))
			return -1;
		while (keys[i].name && strcmp(keys[i].name, text_of(r)) != 0)
			i++;
		if (!keys[i].name)
			return fail(r, "no such key:", text_of(r));
		if (seen & UINT64_C(1) << i)
			return fail(r, "given twice:", text_of(r));
		seen |= UINT64_C(1) << i;
		if (next(r) || take_value(r, &keys[i], to))
			return -1;
	}
}

static int take_document(struct reading *r)
{
	/* Stream start, then a document, or nothing at all. */
	if (next(r) || next(r))
		return -1;
	if (r->event.type == YAML_STREAM_END_EVENT)
		return 0;
	if (next(r))
		return -1;
	/* A file of comments only is an empty scalar. */
	if (r->event.type == YAML_SCALAR_EVENT && !*text_of(r))
		return 0;
	if (take_map(r, config_keys, r->config))
		return -1;
	if (next(r) || next(r))
		return -1;
	return r->event.type == YAML_STREAM_END_EVENT ? 0 : fail(r, "more than one document", "");
}

int dwell_config_parse(
	struct dwell_config *config, const void *text, size_t size, char *why, size_t why_size)
{
	struct reading reading = { .config = config, .why = why, .why_size = why_size };

	if (!yaml_parser_initialize(&reading.parser)) {
		snprintf(why, why_size, "out of memory");
		return -1;
	}
	yaml_parser_set_encoding(&reading.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reading.parser, text, size);

	const int err = take_document(&reading);

	if (reading.has_event)
		yaml_event_delete(&reading.event);
	yaml_parser_delete(&reading.parser);
	return err;
}

enum { FILE_MAX = 1 << 20 };

int dwell_config_read(struct dwell_config *config, const char *path, char *why, size_t why_size)
{
	FILE *file = fopen(path, "rb");
	char *text = malloc(FILE_MAX);
	size_t size = 0;
	int err = -1;

	if (!file)
		snprintf(why, why_size, "cannot be opened");
	else if (!text)
		snprintf(why, why_size, "out of memory");
	else if ((size = fread(text, 1, FILE_MAX, file)) == FILE_MAX)
		snprintf(why, why_size, "larger than 1 MiB");
	else if (ferror(file))
		snprintf(why, why_size, "cannot be read");
	else
		err = dwell_config_parse(config, text, size, why, why_size);
	if (file)
		fclose(file);
	free(text);
	return err;
}

void dwell_config_release(struct dwell_config *config)
{
	for (size_t i = 0; i < config->rule_count; i++) {
		free(config->rules[i].process);
		free(config->rules[i].thread);
	}
	free(config->rules);
	free(config->output);
	free(config->name);
	*config = (struct dwell_config){ .output = NULL };
}
