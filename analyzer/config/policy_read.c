/* A policy in YAML. Strict: what is not understood is not passed over. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/policy_yaml.h"
#include "config/quantity.h"
#include "dwell/compare.h"
#include "dwell/policy.h"
#include "model/drive.h"

enum { RULES_MOST = 10000 };

struct reading {
	yaml_document_t *document;
	struct dwell_policy *policy;
	struct dwell_policy_fault *fault;
	int err;
};

/* The first fault stays. */
static void fault_at(struct reading *r, const yaml_node_t *node, const char *what, const char *word)
{
	if (r->err)
		return;
	r->err = DWELL_EFORMAT;
	r->fault->line = node ? node->start_mark.line + 1 : 1;
	r->fault->column = node ? node->start_mark.column + 1 : 1;
	snprintf(r->fault->what, sizeof(r->fault->what), "%s%s%.100s%s", what, word ? ": '" : "",
		word ? word : "", word ? "'" : "");
}

static void no_memory(struct reading *r)
{
	if (!r->err)
		r->err = DWELL_ENOMEM;
}

/* The text of a scalar without a NUL in it; NULL with a fault. */
static const char *text_of(struct reading *r, const yaml_node_t *node)
{
	const char *text = NULL;

	if (node->type == YAML_SCALAR_NODE)
		text = (const char *)node->data.scalar.value;
	if (!text)
		fault_at(r, node, "a single value is wanted here", NULL);
	else if (strlen(text) != node->data.scalar.length)
		fault_at(r, node, "holds a NUL", NULL);
	else if (!*text)
		fault_at(r, node, "is empty", NULL);
	return r->err ? NULL : text;
}

static void take_text(struct reading *r, const yaml_node_t *node, char **into)
{
	const char *text = text_of(r, node);
	const size_t size = text ? strlen(text) + 1 : 0;
	char *copy = text ? malloc(size) : NULL;

	if (text && !copy)
		no_memory(r);
	if (!copy)
		return;
	memcpy(copy, text, size);
	free(*into);
	*into = copy;
}

/* One of two or three words; their values. */
struct word {
	const char *text;
	int value;
};

static int word_of(struct reading *r, const yaml_node_t *node, const struct word *words)
{
	const char *text = text_of(r, node);
	char what[120] = "none of";

	for (const struct word *word = words; text && word->text; word++) {
		if (!strcmp(word->text, text))
			return word->value;
		snprintf(what + strlen(what), sizeof(what) - strlen(what), " %s%s", word->text,
			word[1].text ? "," : "");
	}
	if (text)
		fault_at(r, node, what, text);
	return 0;
}

/* A number in a unit. */
static double quantity_of(struct reading *r, const yaml_node_t *node, unsigned unit)
{
	const char *text = text_of(r, node), *why;
	double value = 0;

	if (text && quantity_read(text, unit, &value, &why))
		fault_at(r, node, why, text);
	return value;
}

/* The keys of a mapping, and what is done with their values. */
struct key {
	const char *name;
	void (*take)(struct reading *r, const yaml_node_t *value, void *into);
};

static const struct key *find_key(
	struct reading *r, const yaml_node_t *node, const struct key *keys)
{
	const char *name = text_of(r, node);
	char what[160] = "no such key (there are";

	for (const struct key *key = keys; name && key->name; key++) {
		if (!strcmp(key->name, name))
			return key;
		snprintf(what + strlen(what), sizeof(what) - strlen(what), " %s%s", key->name,
			key[1].name ? "," : ")");
	}
	if (name)
		fault_at(r, node, what, name);
	return NULL;
}

static bool came_before(
	const struct reading *r, const yaml_node_t *map, const yaml_node_pair_t *pair)
{
	const yaml_node_t *is = yaml_document_get_node(r->document, pair->key);

	for (const yaml_node_pair_t *at = map->data.mapping.pairs.start; at < pair; at++) {
		const yaml_node_t *was = yaml_document_get_node(r->document, at->key);

		if (was->type == YAML_SCALAR_NODE && is->type == YAML_SCALAR_NODE &&
			!strcmp((char *)was->data.scalar.value, (char *)is->data.scalar.value))
			return true;
	}
	return false;
}

static void read_map(struct reading *r, const yaml_node_t *map, const struct key *keys, void *into)
{
	if (map->type != YAML_MAPPING_NODE) {
		fault_at(r, map, "keys with values are wanted here", NULL);
		return;
	}
	for (const yaml_node_pair_t *pair = map->data.mapping.pairs.start;
		pair < map->data.mapping.pairs.top && !r->err; pair++) {
		const yaml_node_t *node = yaml_document_get_node(r->document, pair->key);
		const struct key *key = find_key(r, node, keys);

		if (key && came_before(r, map, pair))
			fault_at(r, node, "comes twice", key->name);
		else if (key)
			key->take(r, yaml_document_get_node(r->document, pair->value), into);
	}
}

/* Each entry of a list. */
static void read_list(struct reading *r, const yaml_node_t *list,
	void (*take)(struct reading *r, const yaml_node_t *entry, void *into), void *into)
{
	if (list->type != YAML_SEQUENCE_NODE) {
		fault_at(r, list, "a list is wanted here", NULL);
		return;
	}
	for (const yaml_node_item_t *item = list->data.sequence.items.start;
		item < list->data.sequence.items.top && !r->err; item++)
		take(r, yaml_document_get_node(r->document, *item), into);
}

/* Room for one more at the end of an array, all zero; NULL with an error. */
static void *push(struct reading *r, void *array, size_t *count, size_t size)
{
	void **at = array;
	char *more = *count < RULES_MOST ? realloc(*at, (*count + 1) * size) : NULL;

	if (!more) {
		no_memory(r);
		return NULL;
	}
	*at = more;
	memset(more + *count * size, 0, size);
	return more + (*count)++ * size;
}

static bool is_metric(const char *glob)
{
	for (const struct dwell_metric_spec *spec = dwell_metric_specs; spec->name; spec++)
		if (glob_matches(glob, (struct dwell_string){ spec->name, strlen(spec->name) }))
			return true;
	return false;
}

static void limit_metric(struct reading *r, const yaml_node_t *value, void *into)
{
	struct dwell_policy_limit *limit = into;

	take_text(r, value, &limit->metric);
	if (!r->err && !is_metric(limit->metric))
		fault_at(r, value, "matches no metric (docs/policy.md lists them)", limit->metric);
}

static void limit_key(struct reading *r, const yaml_node_t *value, void *into)
{
	take_text(r, value, &((struct dwell_policy_limit *)into)->key);
}

static void limit_limit(struct reading *r, const yaml_node_t *value, void *into)
{
	((struct dwell_policy_limit *)into)->limit = quantity_of(r, value, DWELL_UNIT_SHARE);
}

static void limit_worse(struct reading *r, const yaml_node_t *value, void *into)
{
	static const struct word words[] = { { "more", 1 }, { "less", -1 }, { NULL, 0 } };

	((struct dwell_policy_limit *)into)->worse = word_of(r, value, words);
}

static const struct key limit_keys[] = { { "metric", limit_metric }, { "key", limit_key },
	{ "limit", limit_limit }, { "worse", limit_worse }, { NULL, NULL } };
static const struct key ignore_keys[] = { { "metric", limit_metric }, { "key", limit_key },
	{ NULL, NULL } };

static void read_limit(struct reading *r, const yaml_node_t *entry, void *unused)
{
	struct dwell_policy *policy = r->policy;
	struct dwell_policy_limit *limit =
		push(r, &policy->limits, &policy->limit_count, sizeof(*limit));

	(void)unused;
	if (!limit)
		return;
	limit->limit = -1;
	limit->line = entry->start_mark.line + 1;
	limit->column = entry->start_mark.column + 1;
	read_map(r, entry, limit_keys, limit);
	if (!r->err && limit->limit < 0 && !limit->worse)
		fault_at(r, entry, "says neither limit nor worse", NULL);
}

static void read_ignore(struct reading *r, const yaml_node_t *entry, void *unused)
{
	struct dwell_policy *policy = r->policy;
	struct dwell_policy_limit *limit =
		push(r, &policy->limits, &policy->limit_count, sizeof(*limit));

	(void)unused;
	if (!limit)
		return;
	limit->limit = -1;
	limit->ignore = true;
	read_map(r, entry, ignore_keys, limit);
	if (!r->err && !limit->metric && !limit->key)
		fault_at(r, entry, "would ignore everything: needs metric or key", NULL);
}

/* A budget while it is read: its limit's unit is that of the metric, which may come later. */
struct budget {
	struct dwell_policy_budget *is;
	const yaml_node_t *limit;
};

static void budget_name(struct reading *r, const yaml_node_t *value, void *into)
{
	take_text(r, value, &((struct budget *)into)->is->name);
}

static void budget_metric(struct reading *r, const yaml_node_t *value, void *into)
{
	take_text(r, value, &((struct budget *)into)->is->metric);
	if (!r->err && (!is_metric(((struct budget *)into)->is->metric) ||
			       strpbrk(((struct budget *)into)->is->metric, "*?[")))
		fault_at(r, value, "is no metric (docs/policy.md lists them)",
			((struct budget *)into)->is->metric);
}

static void budget_key(struct reading *r, const yaml_node_t *value, void *into)
{
	take_text(r, value, &((struct budget *)into)->is->key);
}

static void budget_limit(struct reading *r, const yaml_node_t *value, void *into)
{
	if (((struct budget *)into)->limit)
		fault_at(r, value, "at_most and at_least: one budget has one of them", NULL);
	((struct budget *)into)->limit = value;
}

static void budget_least(struct reading *r, const yaml_node_t *value, void *into)
{
	budget_limit(r, value, into);
	((struct budget *)into)->is->at_least = true;
}

static void budget_absent(struct reading *r, const yaml_node_t *value, void *into)
{
	static const struct word words[] = { { "pass", 1 }, { "fail", -1 }, { "withhold", 0 },
		{ NULL, 0 } };

	((struct budget *)into)->is->absent = word_of(r, value, words);
}

static const struct key budget_keys[] = { { "name", budget_name }, { "metric", budget_metric },
	{ "key", budget_key }, { "at_most", budget_limit }, { "at_least", budget_least },
	{ "absent", budget_absent }, { NULL, NULL } };

static unsigned unit_of(const char *metric)
{
	for (const struct dwell_metric_spec *spec = dwell_metric_specs; spec->name; spec++)
		if (!strcmp(spec->name, metric))
			return spec->unit;
	return DWELL_UNIT_NONE;
}

static void read_budget(struct reading *r, const yaml_node_t *entry, void *unused)
{
	struct dwell_policy *policy = r->policy;
	struct budget budget = { .is = push(r, &policy->budgets, &policy->budget_count,
					 sizeof(*policy->budgets)) };

	(void)unused;
	if (!budget.is)
		return;
	read_map(r, entry, budget_keys, &budget);
	if (r->err)
		return;
	if (!budget.is->metric)
		fault_at(r, entry, "a budget needs a metric", NULL);
	else if (!budget.limit)
		fault_at(r, entry, "a budget needs at_most or at_least", NULL);
	else
		budget.is->limit = quantity_of(r, budget.limit, unit_of(budget.is->metric));
}

static void take_version(struct reading *r, const yaml_node_t *value, void *unused)
{
	const char *text = text_of(r, value);

	(void)unused;
	if (text && strcmp(text, "1") != 0)
		fault_at(r, value, "this dwell reads version 1", text);
}

static void take_coverage(struct reading *r, const yaml_node_t *value, void *unused)
{
	(void)unused;
	r->policy->coverage = quantity_of(r, value, DWELL_UNIT_SHARE);
	if (!r->err && r->policy->coverage > 1)
		fault_at(r, value, "is more than all", NULL);
}

static void take_least(struct reading *r, const yaml_node_t *value, void *unused)
{
	(void)unused;
	r->policy->least_ns_per_s = quantity_of(r, value, DWELL_UNIT_NS_PER_S);
}

static void take_alarms(struct reading *r, const yaml_node_t *value, void *unused)
{
	(void)unused;
	r->policy->alpha = quantity_of(r, value, DWELL_UNIT_SHARE);
	if (!r->err && !(r->policy->alpha > 0 && r->policy->alpha <= 0.5))
		fault_at(r, value, "wants more than 0 and at most 50 %", NULL);
}

static void take_new(struct reading *r, const yaml_node_t *value, void *unused)
{
	static const struct word words[] = { { "report", 0 }, { "fail", 1 }, { NULL, 0 } };

	(void)unused;
	r->policy->new_fails = word_of(r, value, words);
}

static void work_span(struct reading *r, const yaml_node_t *value, void *unused)
{
	(void)unused;
	take_text(r, value, &r->policy->work_span);
}

static void work_counter(struct reading *r, const yaml_node_t *value, void *unused)
{
	(void)unused;
	take_text(r, value, &r->policy->work_counter);
}

static const struct key work_keys[] = { { "span", work_span }, { "counter", work_counter },
	{ NULL, NULL } };

static void take_work(struct reading *r, const yaml_node_t *value, void *unused)
{
	(void)unused;
	read_map(r, value, work_keys, NULL);
	if (!r->err && !r->policy->work_span == !r->policy->work_counter)
		fault_at(r, value, "needs one of span and counter", NULL);
}

static void take_limits(struct reading *r, const yaml_node_t *value, void *unused)
{
	read_list(r, value, read_limit, unused);
}

static void take_ignore(struct reading *r, const yaml_node_t *value, void *unused)
{
	read_list(r, value, read_ignore, unused);
}

static void take_budgets(struct reading *r, const yaml_node_t *value, void *unused)
{
	read_list(r, value, read_budget, unused);
}

static const struct key policy_keys[] = { { "version", take_version },
	{ "coverage", take_coverage }, { "least", take_least }, { "false_alarms", take_alarms },
	{ "new", take_new }, { "work", take_work }, { "limits", take_limits },
	{ "ignore", take_ignore }, { "budgets", take_budgets }, { NULL, NULL } };

static int read_document(struct reading *r, yaml_parser_t *parser, const char *at, size_t size)
{
	yaml_document_t document, more;
	const yaml_node_t *root;

	if (!yaml_parser_load(parser, &document))
		return policy_not_yaml(parser, at, size, r->fault);
	r->document = &document;
	root = yaml_document_get_root_node(&document);
	if (!root)
		fault_at(r, NULL, "holds nothing", NULL);
	else
		read_map(r, root, policy_keys, NULL);
	/* A second one would be passed over in silence. */
	if (!r->err && yaml_parser_load(parser, &more)) {
		const yaml_node_t *second = yaml_document_get_root_node(&more);

		if (second)
			fault_at(r, second, "a policy is one document", NULL);
		yaml_document_delete(&more);
	} else if (!r->err) {
		r->err = policy_not_yaml(parser, at, size, r->fault);
	}
	yaml_document_delete(&document);
	return r->err;
}

int dwell_policy_read(
	struct dwell_policy *policy, const char *at, size_t size, struct dwell_policy_fault *fault)
{
	struct reading r = { .policy = policy, .fault = fault };
	yaml_parser_t parser;
	int err = policy_depth(at, size, fault);

	if (err)
		return err;
	if (!yaml_parser_initialize(&parser))
		return DWELL_ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)at, size);
	err = read_document(&r, &parser, at, size);
	yaml_parser_delete(&parser);
	return err;
}
