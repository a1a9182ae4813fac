#ifndef DWELL_ANALYSIS_RELEASES_H
#define DWELL_ANALYSIS_RELEASES_H

#include "analysis/fold.h"

/*
 * Who gave each object up, and when: from one release to the next it was held by who released
 * it then. A release is a RELEASE row; of objects that never had one, the wake that ended a wait
 * for it.
 */
enum { RELEASES = 512 }; /* kept of one object */

struct release {
	uint64_t time_ns;
	uint32_t task, stack;
};

struct released {
	struct release *at; /* a ring once it has RELEASES */
	uint32_t count, next, cap;
	bool has_rows; /* RELEASE rows say */
	bool waited;   /* somebody waited for it */
	/* Tasks that waited for it or acquired it, some of them: only they can have held it. */
	uint32_t members[16];
	uint32_t member_count;
	/* Hand-overs to one waiter while others waited on. */
	struct dwell_convoy chain, longest;
	uint64_t convoys, convoy_ns;
	uint32_t queue; /* that wait now */
};

struct releases {
	struct table objects; /* struct released */
};

void releases_init(struct releases *releases);
void releases_release(struct releases *releases);

/* NULL: no memory. */
struct released *releases_of(struct releases *releases, uint32_t object);
int released_add(struct released *of, uint64_t time_ns, uint32_t task, uint32_t stack);
void released_member(struct released *of, uint32_t task);
bool released_is_member(const struct released *of, uint32_t task);

/* The i-th latest release, or NULL. */
const struct release *released_latest(const struct released *of, uint32_t i);

/* A wait for it ended: does it go on a convoy? Close ends the last one. */
void released_handover(struct released *of, uint64_t start_ns, uint64_t end_ns);
void released_close(struct released *of);

#endif
