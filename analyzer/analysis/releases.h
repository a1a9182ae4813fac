#ifndef DWELL_ANALYSIS_RELEASES_H
#define DWELL_ANALYSIS_RELEASES_H

#include "analysis/fold.h"

/*
 * Who gave each object up, and when: from one release to the next it was held by who released
 * it then. A release is a RELEASE row; of objects that never had one, the wake that ended a wait
 * for it.
 */
enum { RELEASES = 512, LATE = 256 }; /* kept of one object */

struct release {
	uint64_t time_ns;
	uint32_t task, stack;
};

enum { RELEASED_VIEWS = 2 }; /* of waits: analysis/waits.h */

/* Tasks that waited for it or acquired it, some of them: only they can have held it. */
struct members {
	uint32_t at[16];
	uint32_t count;
	uint64_t returns; /* releases by one of them */
};

/* The end of a wait that ran out of time: who held the object then, its next release tells. */
struct late {
	struct group *groups[RELEASED_VIEWS];
	uint64_t from_ns, to_ns;
	uint32_t task;
};

struct released {
	struct release *at; /* a ring once it has RELEASES */
	uint32_t count, next, cap;
	bool has_rows;                          /* RELEASE rows say */
	bool waited;                            /* somebody waited for it */
	struct members members[RELEASED_VIEWS]; /* by the waits that a view shows */
	/* Hand-overs to one waiter while others waited on. */
	struct dwell_convoy chain, longest;
	uint64_t convoys, convoy_ns;
	uint32_t queue; /* that wait now */
	/* While somebody waits: hand-overs, and times it was taken again past who waits. */
	struct press {
		uint64_t start_ns, end_ns, changes;
	} press, longest_press;
	uint64_t passes, pressed_ns;
	/* Who alone has got it by a wait since the last release; it may be several. */
	uint32_t owner;
	bool several;
	/* Who last began to wait for it while nobody was read to hold it. */
	uint32_t asked;
	uint64_t asked_ns;
	uint64_t releases, turns; /* of them by the owner */
	uint64_t for_all;         /* wakes for any number of those who wait */
	struct late *late;        /* since the last release, in order */
	uint32_t late_count, late_cap;
};

struct releases {
	struct table objects; /* struct released */
};

void releases_init(struct releases *releases);
void releases_release(struct releases *releases);

/* NULL: no memory. */
struct released *releases_of(struct releases *releases, uint32_t object);
int released_add(struct released *of, uint64_t time_ns, uint32_t task, uint32_t stack);
/* It went from one to the next often enough to be a lock: two threads that wait for one another
 * when one starts and when it ends do so once or twice. */
bool released_is_lock(const struct released *of, unsigned view, unsigned reason);
/* Whoever waits is let go at once, by who waits for it as well at other times: it is passed
 * together, as a barrier is. */
bool released_is_barrier(const struct released *of, unsigned view);
void members_add(struct members *members, uint32_t task);
bool members_have(const struct members *members, uint32_t task);

/* A wait for it ended, not for want of time. */
void released_got(struct released *of, uint32_t task);
/* It is given up: was it by who alone had got it? */
bool released_turn(struct released *of, uint32_t task);
/* Keep it until the next release; of too many the older half is forgotten. */
int released_defer(struct released *of, const struct late *late);

/* The i-th latest release, or NULL. */
const struct release *released_latest(const struct released *of, uint32_t i);

/* A wait for it ended: does it go on a convoy? */
void released_handover(struct released *of, uint64_t start_ns, uint64_t end_ns);
/* It is given up, by its own row: was it taken past those who wait? Before released_turn. */
void released_pass(struct released *of, const struct release *release, bool shared);
/* Nobody waits any more. */
void released_calm(struct released *of);
/* The last convoy ends. */
void released_close(struct released *of);

#endif
