#ifndef DWELL_DRAIN_FLUSH_H
#define DWELL_DRAIN_FLUSH_H

#include <stdbool.h>
#include <stdint.h>

/*
 * When rows that are encoded are written, so that a recorder that is killed leaves a file that
 * lacks the last second at most. A pass lets go what came before the pass ahead of it: with passes
 * that come late because the recorder is kept from running, each of them writes.
 */
struct dwell_flush {
	uint64_t flushed_ns, passed_ns;
};

#define DWELL_FLUSH_LATE_NS UINT64_C(100000000)

/* Whether the pass ahead of this one was long ago. Then a second one right behind it lets go what
 * came in between. */
static inline bool dwell_flush_late(const struct dwell_flush *flush, uint64_t now_ns)
{
	return now_ns - flush->passed_ns > DWELL_FLUSH_LATE_NS;
}

/* Asked once in each pass. */
static inline bool dwell_flush_due(struct dwell_flush *flush, uint64_t now_ns, uint64_t every_ns)
{
	const bool due = dwell_flush_late(flush, now_ns) || now_ns - flush->flushed_ns >= every_ns;

	flush->passed_ns = now_ns;
	flush->flushed_ns = due ? now_ns : flush->flushed_ns;
	return due;
}

#endif
