/* What is the same thing in other runs and other builds. */
#include <stdlib.h>
#include <string.h>

#include "analysis/comparing.h"

static int by_kind_and_key(const void *a, const void *b)
{
	const struct dwell_digest_subject *x = *(const struct dwell_digest_subject *const *)a;
	const struct dwell_digest_subject *y = *(const struct dwell_digest_subject *const *)b;

	return x->kind != y->kind ? (x->kind > y->kind) - (x->kind < y->kind)
				  : strcmp(x->key, y->key);
}

/* All subjects of all runs, one of each name; without what was not looked for in every run. */
static const struct dwell_digest_subject **list_names(const struct comparing *c, size_t *count)
{
	const struct dwell_digest_subject **all;
	uint32_t kinds = UINT32_MAX;
	size_t n = 0, kept = 0;

	for (size_t run = 0; run < run_count(c); run++) {
		n += c->runs[run]->count;
		kinds &= c->runs[run]->kinds;
	}
	all = calloc(n + 1, sizeof(*all));
	if (!all)
		return NULL;
	n = 0;
	for (size_t run = 0; run < run_count(c); run++)
		for (size_t i = 0; i < c->runs[run]->count; i++)
			if (kinds >> c->runs[run]->subjects[i].kind & 1)
				all[n++] = &c->runs[run]->subjects[i];
	qsort(all, n, sizeof(*all), by_kind_and_key);
	for (size_t i = 0; i < n; i++)
		if ((!kept || by_kind_and_key(&all[i], &all[kept - 1])) &&
			strcmp(all[i]->key, DWELL_DIGEST_REST) != 0)
			all[kept++] = all[i];
	*count = kept;
	return all;
}

static void fill(struct match *match, const struct comparing *c,
	const struct dwell_digest_subject *name, const struct dwell_digest_subject **in)
{
	*match = (struct match){ .kind = name->kind, .key = name->key, .in = in };
	for (size_t run = 0; run < run_count(c); run++) {
		in[run] = digest_find(c->runs[run], name->kind, name->key);
		if (in[run] && run < c->base)
			match->base_runs++;
		else if (in[run])
			match->head_runs++;
	}
}

static const struct dwell_digest_subject *any_of(const struct match *match)
{
	size_t run = 0;

	while (!match->in[run])
		run++;
	return match->in[run];
}

/* In every run of one side and in none of the other: what it may be told by there; else "". */
static const char *lone_alias(const struct comparing *c, const struct match *match, bool head)
{
	const bool whole = head ? match->head_runs == c->head && !match->base_runs
				: match->base_runs == c->base && !match->head_runs;

	return whole && !match->gone ? any_of(match)->alias : "";
}

/* The only one of its kind and alias on this side. */
static struct match *find_lone(
	const struct comparing *c, unsigned kind, const char *alias, bool head)
{
	struct match *found = NULL;

	for (size_t i = 0; i < c->match_count; i++) {
		struct match *match = &c->matches[i];

		if (match->kind != kind || strcmp(lone_alias(c, match, head), alias) != 0)
			continue;
		if (found)
			return NULL;
		found = match;
	}
	return found;
}

/* A renamed thread keeps its start function, a place whose callers changed its innermost one. */
static void join_renamed(struct comparing *c)
{
	for (size_t i = 0; i < c->match_count; i++) {
		struct match *match = &c->matches[i];
		const char *alias = lone_alias(c, match, true);
		struct match *was = *alias ? find_lone(c, match->kind, alias, false) : NULL;

		if (!was || find_lone(c, match->kind, alias, true) != match)
			continue;
		for (size_t run = 0; run < c->base; run++)
			match->in[run] = was->in[run];
		match->base_runs = was->base_runs;
		was->gone = true;
	}
}

int match_subjects(struct comparing *c)
{
	size_t count = 0;
	const struct dwell_digest_subject **names = list_names(c, &count);

	if (!names)
		return DWELL_ENOMEM;
	c->matches = calloc(count + 1, sizeof(*c->matches));
	c->subjects = calloc(count * run_count(c) + 1, sizeof(*c->subjects));
	if (c->matches && c->subjects) {
		for (size_t i = 0; i < count; i++)
			fill(&c->matches[i], c, names[i], &c->subjects[i * run_count(c)]);
		c->match_count = count;
		join_renamed(c);
	}
	free(names);
	return c->matches && c->subjects ? DWELL_OK : DWELL_ENOMEM;
}
