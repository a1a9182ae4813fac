#ifndef DWELL_ANALYSIS_TEAMS_H
#define DWELL_ANALYSIS_TEAMS_H

#include "analysis/fold.h"

/* A task whose life is whole, as far as rules compare it with others. */
struct team_member {
	uint64_t running_ns, runnable_ns, blocked_ns;
	uint64_t waited_ns; /* of it, for what other tasks do */
	uint64_t created_ns, ended_ns;
	uint32_t task; /* 0: none */
};

/* As `tasks` lists them: who wanted an executor most comes first. */
bool member_is_before(const struct team_member *a, const struct team_member *b);

/* What its tasks have in common: their process and class, and what they were started for. */
struct alike {
	uint32_t process, class_id; /* while the class is not named yet: its shape */
	bool python;                /* started by it, */
	uint64_t job;               /* for this; 0: not known */
};

/* The workers of a process: tasks that are alike, added up. */
struct team {
	struct alike alike;
	uint32_t count, ended;
	uint64_t begin_ns, last_ns; /* the first one was created, the last one was */
	uint64_t end_ns;            /* the last one that has ended did; its ends add up to: */
	uint64_t ends_ns;
	uint64_t total_ns, waited_ns; /* running; waiting for others */
	struct team_member busiest;   /* of two that ran alike the one that is listed last */
};

/* Teams by what they have in common. All zero is empty. */
struct teams {
	struct team *at;
	size_t count, cap;
	uint32_t *slots; /* index + 1; twice as many as there may be teams, a power of two */
	size_t slot_count;
};

void teams_release(struct teams *teams);
/* 0 or DWELL_ENOMEM, both. */
int teams_add(struct teams *teams, const struct alike *alike, const struct team_member *member);
int teams_join(struct teams *teams, const struct alike *alike, const struct team *team);

#endif
