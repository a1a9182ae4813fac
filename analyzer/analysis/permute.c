/* Permutation of runs: the distribution of the maximum over all rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/statistics.h"
#include "dwell/error.h"

enum { SEED = 0x6477656c };

/* Values that are equal but for rounding are equal. */
static const double SLACK = 1e-9;

struct ranked_row {
	double statistic;
	double scale; /* from the sum of the base's values to the statistic */
	double mean;
	size_t row;
};

struct permuting {
	size_t rows, base, runs;
	struct ranked_row *order; /* largest statistic first */
	double *values;           /* by run, then place in the order; about the row's mean */
	double *sums;             /* of the base of one split */
	uint64_t *reached;        /* splits in which the maximum from this place on reaches it */
	double *maxima;           /* of each split */
	uint64_t splits;
	/* Runs that are dealt among themselves: those that are like the others, and the odd ones.
	 */
	struct deal {
		size_t *runs; /* of both sides, the base's first */
		size_t count, base;
		size_t *choice; /* places among runs that the base gets, ascending */
	} deals[2];
};

static int largest_first(const void *a, const void *b)
{
	const struct ranked_row *x = a, *y = b;

	if (x->statistic != y->statistic)
		return x->statistic > y->statistic ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

static void rank_row(struct ranked_row *out, const struct permuting *p, const double *values,
	size_t row, double fudge)
{
	const double base = (double)p->base, head = (double)(p->runs - p->base);
	double all = 0, first = 0, squares = 0;

	for (size_t run = 0; run < p->runs; run++) {
		all += values[run * p->rows + row];
		first += run < p->base ? values[run * p->rows + row] : 0;
	}
	out->row = row;
	out->mean = all / (double)p->runs;
	for (size_t run = 0; run < p->runs; run++) {
		const double d = values[run * p->rows + row] - out->mean;

		squares += d * d;
	}
	out->scale = sqrt(squares / (double)p->runs + fudge * fudge);
	/* About the mean, the head's sum is the base's with the other sign. */
	out->scale = out->scale > 0 ? -(1 / base + 1 / head) / out->scale : 0;
	out->statistic = (first - base * out->mean) * out->scale;
}

static void add_up(struct permuting *p, const struct deal *deal)
{
	for (size_t i = 0; i < deal->base; i++) {
		const double *values = &p->values[deal->runs[deal->choice[i]] * p->rows];

		for (size_t row = 0; row < p->rows; row++)
			p->sums[row] += values[row];
	}
}

static void try_split(struct permuting *p)
{
	double most = -INFINITY;

	memset(p->sums, 0, p->rows * sizeof(*p->sums));
	add_up(p, &p->deals[0]);
	add_up(p, &p->deals[1]);
	for (size_t row = p->rows; row--;) {
		const double statistic = p->sums[row] * p->order[row].scale;

		if (statistic > most)
			most = statistic;
		p->reached[row] += most >= p->order[row].statistic - SLACK;
	}
	p->maxima[p->splits++] = most;
}

static void first_choice(struct deal *deal)
{
	for (size_t i = 0; i < deal->base; i++)
		deal->choice[i] = i;
}

/* The next choice of runs, in order; false after the last. */
static bool next_choice(struct deal *deal)
{
	size_t *choice = deal->choice, i = deal->base;

	while (i && choice[i - 1] == deal->count - deal->base + i - 1)
		i--;
	if (!i)
		return false;
	choice[i - 1]++;
	for (; i < deal->base; i++)
		choice[i] = choice[i - 1] + 1;
	return true;
}

static void random_choice(struct deal *deal, size_t *pool, struct stat_random *random)
{
	for (size_t i = 0; i < deal->count; i++)
		pool[i] = i;
	for (size_t i = 0; i < deal->base; i++) {
		const size_t j = i + stat_below(random, (uint32_t)(deal->count - i));

		deal->choice[i] = pool[j];
		pool[j] = pool[i];
	}
}

/* Saturates beyond what is asked for. */
static double choices(const struct deal *deal)
{
	double all = 1;

	for (size_t i = 1; i <= deal->base; i++)
		all = all * (double)(deal->count - deal->base + i) / (double)i;
	return all > 1e9 ? 1e9 : floor(all + 0.5);
}

static void try_all(struct permuting *p)
{
	do {
		first_choice(&p->deals[1]);
		do
			try_split(p);
		while (next_choice(&p->deals[1]));
	} while (next_choice(&p->deals[0]));
}

static void try_some(struct permuting *p, size_t *pool)
{
	struct stat_random random = { SEED };

	try_split(p); /* the observed one */
	while (p->splits < STAT_SPLITS) {
		random_choice(&p->deals[0], pool, &random);
		random_choice(&p->deals[1], pool, &random);
		try_split(p);
	}
}

static void deal_out(struct permuting *p, const bool *odd)
{
	for (size_t run = 0; run < p->runs; run++) {
		struct deal *deal = &p->deals[odd && odd[run]];

		deal->base += run < p->base;
		deal->runs[deal->count++] = run;
	}
	first_choice(&p->deals[0]);
	first_choice(&p->deals[1]);
}

static int try_splits(struct permuting *p, const bool *odd)
{
	size_t *room = calloc(p->runs * 5, sizeof(*room));

	if (!room)
		return DWELL_ENOMEM;
	p->deals[0] = (struct deal){ .runs = room, .choice = room + p->runs };
	p->deals[1] = (struct deal){ .runs = room + 2 * p->runs, .choice = room + 3 * p->runs };
	deal_out(p, odd);
	if (choices(&p->deals[0]) * choices(&p->deals[1]) <= (double)STAT_SPLITS)
		try_all(p);
	else
		try_some(p, room + 4 * p->runs);
	free(room);
	return DWELL_OK;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void conclude(struct stat_permutation *out, struct permuting *p, double alpha)
{
	const uint64_t allowed = (uint64_t)(alpha * (double)p->splits);
	const double observed = p->maxima[0];
	double least = 0;

	for (size_t i = 0; i < p->rows; i++) {
		const double share = (double)p->reached[i] / (double)p->splits;

		/* A row is no surer than one with a larger statistic. */
		least = share > least ? share : least;
		out->p[p->order[i].row] = least;
		out->statistic[p->order[i].row] = p->order[i].statistic;
	}
	qsort(p->maxima, p->splits, sizeof(*p->maxima), ascending);
	/* A change that is there is in the observed one: it is no bar to itself. */
	out->critical = allowed ? p->maxima[p->splits - allowed] : INFINITY;
	if (allowed && allowed < p->splits && observed >= out->critical)
		out->critical = p->maxima[p->splits - allowed - 1];
	out->splits = p->splits;
}

static int make(struct permuting *p, const double *values, double fudge)
{
	p->order = calloc(p->rows, sizeof(*p->order));
	p->values = calloc(p->rows * p->runs, sizeof(*p->values));
	p->sums = calloc(p->rows, sizeof(*p->sums));
	p->reached = calloc(p->rows, sizeof(*p->reached));
	p->maxima = calloc(STAT_SPLITS, sizeof(*p->maxima));
	if (!p->order || !p->values || !p->sums || !p->reached || !p->maxima)
		return DWELL_ENOMEM;
	for (size_t row = 0; row < p->rows; row++)
		rank_row(&p->order[row], p, values, row, fudge);
	qsort(p->order, p->rows, sizeof(*p->order), largest_first);
	for (size_t run = 0; run < p->runs; run++)
		for (size_t i = 0; i < p->rows; i++)
			p->values[run * p->rows + i] =
				values[run * p->rows + p->order[i].row] - p->order[i].mean;
	return DWELL_OK;
}

int stat_permute(struct stat_permutation *out, const double *values, size_t rows, size_t base_count,
	size_t head_count, const bool *odd, double fudge, double alpha)
{
	struct permuting p = { .rows = rows, .base = base_count, .runs = base_count + head_count };
	int err = DWELL_OK;

	*out = (struct stat_permutation){ .critical = INFINITY };
	if (!rows)
		return DWELL_OK;
	out->p = calloc(rows, sizeof(*out->p));
	out->statistic = calloc(rows, sizeof(*out->statistic));
	if (!out->p || !out->statistic)
		err = DWELL_ENOMEM;
	if (!err)
		err = make(&p, values, fudge);
	if (!err)
		err = try_splits(&p, odd);
	if (!err)
		conclude(out, &p, alpha);
	else
		stat_permutation_release(out);
	free(p.order);
	free(p.values);
	free(p.sums);
	free(p.reached);
	free(p.maxima);
	return err;
}

void stat_permutation_release(struct stat_permutation *permutation)
{
	free(permutation->p);
	free(permutation->statistic);
	permutation->p = NULL;
	permutation->statistic = NULL;
}
