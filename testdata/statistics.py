#!/usr/bin/env python3
"""Expected figures of analyzer/tests/test_statistics.c, by NumPy and SciPy: prints its table.

    pip install numpy scipy; testdata/statistics.py > analyzer/tests/statistics_expected.h

Nothing here is taken from dwell: Hodges and Lehmann's shift and its interval by SciPy's exact distribution
of U, the permutation by all splits of itertools, step-down as Westfall and Young (1993, algorithm 4.1) have it.
"""
import itertools

import numpy as np
import scipy.stats as st


def data(seed, rows, runs):
    """The same generator as in the test: a linear congruence, to have the same numbers in both."""
    out = []
    for _ in range(rows * runs):
        seed = (seed * 16807) % 2147483647
        out.append(seed / 2147483647)
    return np.array(out).reshape(runs, rows)


def shift(a, b):
    differences = np.sort(np.subtract.outer(b, a).ravel())
    m, n = len(a), len(b)
    # Distribution of U without ties, from the definition: every choice of ranks.
    if m * n <= 50:
        us = [sum(c) - m * (m - 1) // 2 for c in itertools.combinations(range(m + n), m)]
        cdf = [np.mean([u <= k for u in us]) for k in range(m * n + 1)]
    else:
        cdf = exact_cdf(m, n)
    k = max([k for k in range(1, m * n // 2 + 1) if cdf[k - 1] <= 0.025], default=0)
    return np.median(differences), differences[k - 1], differences[len(differences) - k]


def exact_cdf(m, n):
    """P(U <= k) for all k by SciPy's exact distribution."""
    from scipy.stats._mannwhitneyu import _MWU
    mwu = _MWU(m, n)
    return [mwu.cdf(np.array([k]))[0] for k in range(m * n + 1)]


def permute(values, base, fudge, alpha, odd=()):
    runs, rows = values.shape
    spread = np.sqrt(values.var(axis=0) + fudge ** 2)

    def statistic(chosen):
        rest = [i for i in range(runs) if i not in chosen]
        return (values[rest].mean(axis=0) - values[list(chosen)].mean(axis=0)) / spread

    observed = statistic(range(base))
    order = np.argsort(-observed, kind='stable')
    fixed = len([run for run in odd if run < base])
    splits = np.array([statistic(c) for c in itertools.combinations(range(runs), base)
                       if len(set(c) & set(odd)) == fixed])
    p = np.empty(rows)
    for i in range(rows):
        p[order[i]] = np.mean(splits[:, order[i:]].max(axis=1) >= observed[order[i]] - 1e-9)
    for i in range(1, rows):
        p[order[i]] = max(p[order[i]], p[order[i - 1]])
    # The first split is the observed one: what it has to pass is made of the others.
    others = np.sort(splits[1:].max(axis=1))
    return observed, p, others[len(others) - int(alpha * len(splits))]


def numbers(name, values):
    print(f'static const double {name}[] = {{ ' + ', '.join(f'{v:.9g}' for v in np.ravel(values)) + ' };')


print('/* By testdata/statistics.py, NumPy ' + np.__version__ + ', SciPy ' + __import__('scipy').__version__ + '. */')
sizes = [(5, 5), (5, 7), (10, 10), (20, 30)]
print('static const struct { unsigned a, b; double at, low, high; } shifts[] = {')
for a, b in sizes:
    x = data(17 * a + b, 1, a + b).ravel()
    print('\t{ %d, %d, %.9g, %.9g, %.9g },' % (a, b, *shift(x[:a], x[a:] * 1.5)))
print('};')
print('static const struct { unsigned a, b; double u, p; } mann_whitney[] = {')
for a, b, u in [(5, 5, 2), (5, 5, 3), (4, 9, 10), (10, 10, 23), (30, 40, 450)]:
    print('\t{ %d, %d, %d, %.9g },' % (a, b, u, exact_cdf(a, b)[u]))
print('};')
numbers('normal_p', [0.5, 0.975, 0.99, 0.99999])
numbers('normal_z', st.norm.ppf([0.5, 0.975, 0.99, 0.99999]))
values = data(4711, 7, 10)
values[5:, 2] += 0.9
values[5:, 4] += 0.5
observed, p, critical = permute(values, 5, 0.02, 0.05)
numbers('permuted_statistic', observed)
numbers('permuted_p', p)
numbers('permuted_critical', [critical])
values = data(815, 7, 10)
values[5:, 3] += 0.7
observed, p, critical = permute(values, 5, 0.02, 0.05, (0, 3, 7))
numbers('dealt_statistic', observed)
numbers('dealt_p', p)
numbers('dealt_critical', [critical])
x = data(99, 1, 12).ravel()
numbers('twelve_variance_median', [x.var(ddof=1), np.median(x), np.median(x[:11])])

# A whole report with one tested row, how long runs took: docs/statistics.md's formulas, one after the other.
base = 1e8 * (1 + data(7, 1, 6).ravel() / 3)
head = 1e8 * (1.5 + data(8, 1, 8).ravel() / 3)
base, head = np.floor(base), np.floor(head)
logs = np.log(np.concatenate([base, head]))
a, b, n = len(base), len(head), len(base) + len(head)
observed, p, critical = permute(logs.reshape(n, 1), a, 0.02, 0.006)
at, low, high = shift(logs[:a], logs[a:])
variance = (logs[:a].var(ddof=1) * (a - 1) + logs[a:].var(ddof=1) * (b - 1)) / (n - 2)
noise = np.expm1(2 * np.sqrt(logs[:a].var(ddof=1) * (1 / a + 1 / b)))
limit, power = 0.05, st.norm.ppf(0.8)
threshold = 1 + max(noise, limit)
error = np.sqrt(variance * (1 / a + 1 / b))
seen = max(critical * np.sqrt((variance * (n - 2) / n + 0.02 ** 2) / (1 - critical ** 2 * a * b / n ** 2)),
           np.log(threshold)) + power * error
needed = max(5, np.ceil(2 * variance * (st.norm.ppf(1 - 0.006) + power) ** 2 / np.log1p(limit) ** 2 + 2))
numbers('report_base', base)
numbers('report_head', head)
print('/* median of the base, of the head; ratio, low, high; p, noise, threshold, seen from, runs needed */')
numbers('report_row', [np.median(base), np.median(head), np.exp(at), np.exp(low), np.exp(high), p[0], noise, threshold,
                   np.exp(seen), needed])
