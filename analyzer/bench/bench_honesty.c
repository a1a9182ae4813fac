/*
 * What `dwell diff` answers where the truth is known.
 *
 *     bench_honesty false SIDE SPLITS DIGEST...
 *     bench_honesty power SIDE SPLITS METRIC KEY DIGEST... -- DIGEST...
 *
 * false: digests of one program are split at random into two sides of SIDE runs each; any regressed
 * row is a false alarm. power: SIDE runs of the left against SIDE of the right ones, in
 * which the row METRIC of KEY (a glob) is known to be worse; it is found where it, or any row
 * with that subject, is regressed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/statistics.h"
#include "dwell/bytes.h"
#include "dwell/compare.h"
#include "model/drive.h"

struct pool {
	const struct dwell_digest *runs[1024];
	size_t count;
};

static const struct dwell_digest *load(const char *path)
{
	struct dwell_bytes *bytes;
	struct dwell_digest *digest;
	struct dwell_diag diag = { .what = "cannot be read" };
	unsigned char *at;
	size_t got = 0;

	if (dwell_bytes_open_file(&bytes, path)) {
		perror(path);
		exit(1);
	}
	at = malloc(bytes->size + 1);
	if (!at || bytes->ops->read(bytes, 0, at, bytes->size, &got) ||
		dwell_digest_decode(&digest, at, got, &diag)) {
		fprintf(stderr, "%s: %s\n", path, diag.what);
		exit(1);
	}
	free(at);
	dwell_bytes_close(bytes);
	return digest;
}

static int load_pool(struct pool *pool, int argc, char **argv)
{
	int i = 0;

	for (; i < argc && strcmp(argv[i], "--") != 0 && pool->count < 1024; i++)
		pool->runs[pool->count++] = load(argv[i]);
	return i;
}

/* The first `count` places become a random choice. */
static void shuffle(struct pool *pool, size_t count, struct stat_random *random)
{
	for (size_t i = 0; i < count; i++) {
		const size_t j = i + stat_below(random, (uint32_t)(pool->count - i));
		const struct dwell_digest *run = pool->runs[i];

		pool->runs[i] = pool->runs[j];
		pool->runs[j] = run;
	}
}

/* Wilson's 95 % interval of a share, in percent. */
static void print_share(const char *what, size_t hits, size_t of)
{
	const double n = (double)of, p = (double)hits / n, z = 1.96;
	const double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
	const double half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n);

	printf("%s %zu of %zu, %.2f %% (%.2f … %.2f %%)", what, hits, of, 100 * p,
		100 * fmax(0, middle - half), 100 * (middle + half));
}

static struct dwell_comparison *compare(
	const struct dwell_digest *const *base, const struct dwell_digest *const *head, size_t side)
{
	const struct dwell_side left = { base, side }, right = { head, side };
	struct dwell_comparison *out;
	struct dwell_policy policy;

	dwell_policy_init(&policy);
	if (dwell_compare(&out, &left, &right, &policy))
		exit(1);
	return out;
}

static void say_rows(const struct dwell_comparison *c)
{
	for (size_t i = 0; i < c->count && getenv("VERBOSE"); i++)
		if (c->rows[i].status == DWELL_ROW_REGRESSED)
			printf("  %s %s %.3f p %.4f threshold %.3f\n", c->rows[i].metric->name,
				c->rows[i].head->key, c->rows[i].ratio, c->rows[i].p,
				c->rows[i].threshold);
}

static void measure_false(struct pool *pool, size_t side, size_t splits)
{
	struct stat_random random = { 1 };
	size_t hits = 0, withheld = 0, tested = 0;

	for (size_t i = 0; i < splits; i++) {
		struct dwell_comparison *c;

		shuffle(pool, 2 * side, &random);
		c = compare(pool->runs, pool->runs + side, side);
		hits += c->by_status[DWELL_ROW_REGRESSED] > 0;
		withheld += c->verdict == DWELL_WITHHELD;
		tested += c->tested;
		say_rows(c);
		dwell_comparison_free(c);
	}
	print_share("false alarms", hits, splits);
	printf(", withheld %zu, %.0f rows\n", withheld, (double)tested / (double)splits);
}

static bool is_row(const struct dwell_compare_row *row, const char *metric, const char *key)
{
	const struct dwell_digest_subject *of = row->head;

	return of && !strcmp(row->metric->name, metric) &&
	       glob_matches(key, (struct dwell_string){ of->key, strlen(of->key) });
}

static void measure_power(struct pool *base, struct pool *head, size_t side, size_t splits,
	const char *metric, const char *key)
{
	struct stat_random random = { 1 };
	double *visible = calloc(splits, sizeof(double)), *ratio = calloc(splits, sizeof(double));
	size_t hits = 0, known = 0;

	if (!visible || !ratio)
		exit(1);
	for (size_t i = 0; i < splits; i++) {
		struct dwell_comparison *c;

		shuffle(base, side, &random);
		shuffle(head, side, &random);
		c = compare(base->runs, head->runs, side);
		for (size_t j = 0; j < c->count; j++) {
			if (!is_row(&c->rows[j], metric, key))
				continue;
			hits += c->rows[j].status == DWELL_ROW_REGRESSED;
			if (!isnan(c->rows[j].visible)) {
				ratio[known] = c->rows[j].ratio;
				visible[known++] = c->rows[j].visible;
			}
			break;
		}
		dwell_comparison_free(c);
	}
	print_share("found", hits, splits);
	printf(", measured %+.1f %%, seen from %+.1f %%\n", 100 * (stat_median(ratio, known) - 1),
		100 * (stat_median(visible, known) - 1));
	free(visible);
	free(ratio);
}

int main(int argc, char **argv)
{
	static struct pool base, head;
	size_t side, splits;

	if (argc < 6)
		return 2;
	side = strtoul(argv[2], NULL, 10);
	splits = strtoul(argv[3], NULL, 10);
	if (!strcmp(argv[1], "false")) {
		load_pool(&base, argc - 4, argv + 4);
		if (base.count < 2 * side)
			return 2;
		measure_false(&base, side, splits);
	} else {
		const int left = load_pool(&base, argc - 6, argv + 6);

		load_pool(&head, argc - 7 - left, argv + 7 + left);
		if (base.count < side || head.count < side)
			return 2;
		measure_power(&base, &head, side, splits, argv[4], argv[5]);
	}
	return 0;
}
