#ifndef DWELL_RECORD_ENDS_H
#define DWELL_RECORD_ENDS_H

#include <stdbool.h>
#include <stdint.h>

#include "drain/map.h"

/* Which processes have ended, where no scheduler's events tell: the kernel says so of each that was
 * asked for once (pidfd, Linux 5.3), so that those which live cost nothing. All zero: empty. */
struct dwell_ends {
	uint32_t most;       /* descriptors: others are needed for other things */
	int epoll;           /* 0: not opened yet; -1: there is none */
	struct dwell_map at; /* pid, 0 -> descriptor + 1, and whether it has ended */
};

void dwell_ends_release(struct dwell_ends *ends);

/* Take over who has ended since. */
void dwell_ends_look(struct dwell_ends *ends);

/* Whether any thread of the process lives, by the last look; asked for once more after that,
 * another process is meant. */
bool dwell_ends_lives(struct dwell_ends *ends, uint32_t pid);

#endif
