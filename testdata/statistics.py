#!/usr/bin/env python3
"""Expected figures of analyzer/tests/test_statistics.c, by NumPy and SciPy: prints its table.

    pip install numpy scipy; testdata/statistics.py > analyzer/tests/statistics_expected.h

Nothing here is taken from dwell: Hodges and Lehmann's shift and its interval by SciPy's exact distribution
of U, the permutation by all splits of itertools, step-down as Westfall and Young (1993, algorithm 4.1) have it,
windows drawn one by one by the generator that docs/statistics.md states.
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

# Few runs: docs/statistics.md, "Three or four runs a side", step by step. A window is a list of values for each series.
SHIFT, SEED = 24, 0x626c6f63
SERIES = [  # name; of base and head: at least so many values a window, and the least one; more values; spread
    ('latency', (16, 16), (200000, 210000), 4, 6), ('wait', (6, 4), (100000, 400000), 6, 9),
    ('hold', (5, 5), (300000, 180000), 3, 3)]
ROWS = [  # figure, of which series, more is worse, limit
    ('blocked', 'states', 1, 0.3), (0.99, 'latency', 1, 0.01), ('time', 'wait', 1, 0.05), ('count', 'wait', -1, 0.05),
    (0.5, 'hold', 1, 0.05)]
UNTOLD = 1  # run.duration: a row that windows tell nothing of


def run_of(x, number, head):
    """A run of 40 windows or fewer, the first and the last one cut."""
    count = 40 - number % 3
    begin = ((3 + number) << SHIFT) + 1000003 * (number + 1)
    end = (((begin >> SHIFT) + count - 1) << SHIFT) + 500000 + number
    windows = []
    for _ in range(count):
        window = {}
        for name, least, scale, more, spread in SERIES:
            window[name] = np.array([int(scale[head] * (1 + spread * next(x)))
                                     for _ in range(least[head] + int(more * next(x)))])
        window['states'] = np.array([int(1e6 * (1 + next(x))), int(4e5 * (1 + 2 * next(x))), int(3e6 * (1 + next(x)))])
        windows.append(window)
    return {'seconds': (end - begin) / 1e9, 'windows': windows}


def edges(steps):
    """Where buckets begin, so many to each power of two."""
    return np.array(list(range(steps)) + [(steps + i) << page for page in range(40) for i in range(steps)])


def within(values, share):
    """A quantile of which only the values' buckets and the buckets' means are known."""
    low = edges(4)
    buckets, rank, seen = np.searchsorted(low, values, 'right') - 1, share * len(values), 0
    for bucket in np.unique(buckets):
        inside = values[buckets == bucket]
        if seen + len(inside) >= rank:
            half = max(0, min(inside.mean() - low[bucket], low[bucket + 1] - inside.mean()))
            return inside.mean() + half * (2 * (rank - seen) / len(inside) - 1)
        seen += len(inside)


def whole_quantile(values, share):
    """Of a whole run: buckets are narrow, values lie evenly in them."""
    low = edges(64)
    buckets, rank, seen = np.searchsorted(low, values, 'right') - 1, share * len(values), 0
    for bucket in np.unique(buckets):
        count = np.sum(buckets == bucket)
        if seen + count >= rank:
            return min(low[bucket] + (low[bucket + 1] - low[bucket]) * (rank - seen) / count, values.max())
        seen += count


def figure(row, windows, seconds, quantile):
    what, series = row[:2]
    values = [window[series] for window in windows]
    if what == 'blocked':
        running, runnable, blocked = np.sum(values, axis=0)
        return blocked / (running + runnable + blocked)
    values = np.concatenate(values)
    return {'time': values.sum() / seconds, 'count': len(values) / seconds}[what] \
        if isinstance(what, str) else quantile(values, what)


def splitmix(state):
    """Steele, Lea and Flood 2014; 64 bits each."""
    mask = 2 ** 64 - 1
    while True:
        state = (state + 0x9e3779b97f4a7c15) & mask
        z = ((state ^ (state >> 30)) * 0xbf58476d1ce4e5b9) & mask
        z = ((z ^ (z >> 27)) * 0x94d049bb133111eb) & mask
        yield z ^ (z >> 31)


def drawn(row, runs, chosen):
    """A figure of the chosen windows of several runs, as if they were of one."""
    return np.log(figure(row, [run['windows'][i] for run, which in zip(runs, chosen) for i in which],
                         sum(run['seconds'] for run in runs), within))


def half(row, run, part):
    n = len(run['windows'])
    return np.log(figure(row, run['windows'][n * part // 2:n * (part + 1) // 2], run['seconds'] / 2, within))


def windows_report(runs, base, alpha=0.006):
    head, all_windows = len(runs) - base, [range(len(run['windows'])) for run in runs]
    blind = min(base, head) < 3
    wholes = [[figure(row, run['windows'], run['seconds'], whole_quantile) for run in runs] for row in ROWS]
    logs = [row[2] * np.log(whole) for row, whole in zip(ROWS, wholes)]

    def shift_of(row, chosen):
        return row[2] * (drawn(row, runs[base:], chosen[base:]) - drawn(row, runs[:base], chosen[:base]))

    random, draws = splitmix(SEED), []
    for _ in range(200 if blind else 1000):
        chosen = [[(next(random) >> 32) * len(run['windows']) >> 32 for _ in run['windows']] for run in runs]
        draws.append([shift_of(row, chosen) for row in ROWS])
    draws = np.array(draws)
    coarse = np.array([shift_of(row, all_windows) for row in ROWS])
    variance = draws.var(axis=0, ddof=1)
    error = np.sqrt(variance + 0.02 ** 2)
    maxima = np.sort(np.max(np.abs(draws - coarse) / error, axis=1))
    pairs = [*itertools.combinations(range(base), 2), *itertools.combinations(range(base, len(runs)), 2)]
    noise = np.array([max([abs(half(row, run, 0) - half(row, run, 1)) for run in runs] +
                          [abs(logs[i][a] - logs[i][b]) for a, b in pairs]) for i, row in enumerate(ROWS)])
    n = 2 / (1 / base + 1 / head)
    most = np.max(noise / (np.sqrt(2 * n) * error))
    for i, row in enumerate(ROWS):
        worse, limit = row[2], np.log1p(row[3])
        at = np.median(logs[i][base:]) - np.median(logs[i][:base])
        critical = max(maxima[int((1 - alpha) * (len(maxima) - 1))], 2 * most) * error[i]
        least = max(limit, 2 * noise[i])
        needed = max(critical, least)
        z = st.norm.ppf(1 - alpha / (len(ROWS) + UNTOLD)) + power
        deviation = max(noise[i] / 2, np.sqrt(variance[i] * n / 2 + 0.02 ** 2 / 2))
        status = 'WITHHELD' if blind else 'REGRESSED' if at > needed else 'IMPROVED' if -at > needed else \
            'SAME' if abs(at) + critical <= limit and noise[i] <= limit else 'WITHHELD'
        figures = [np.median(wholes[i][:base]), np.median(wholes[i][base:]), np.exp(worse * at),
                   np.exp(worse * at - 1.96 * error[i]), np.exp(worse * at + 1.96 * error[i]),
                   (np.sum(maxima >= abs(at) / error[i]) + 1) / (len(maxima) + 1), np.expm1(noise[i]),
                   np.exp(worse * least), np.inf if blind else np.exp(worse * (needed + power * error[i])),
                   max(5, np.ceil(2 * (deviation * z / limit) ** 2 + 2))]
        print('\t{ %d, %d, { %s }, DWELL_ROW_%s },' % (base, head, ', '.join(
            'INFINITY' if np.isinf(v) else f'{v:.9g}' for v in figures), status))


print('/* Of runs of windows: as above, seen from and runs needed last. */')
print('static const struct { unsigned base, head; double is[10]; unsigned status; } windows_rows[] = {')
for base, head in [(1, 1), (3, 3), (3, 4)]:
    x = iter(data(1000 * base + head, 1, 200000).ravel())
    windows_report([run_of(x, i, i >= base) for i in range(base + head)], base)
print('};')
