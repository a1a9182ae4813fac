#ifndef DWELL_RECORD_NUMBERS_H
#define DWELL_RECORD_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "drain/map.h"
#include "kernel.h"
#include "ring/layout.h"

/*
 * Programs know their numbers as their own pid namespace has them; all else in a recording goes by
 * those of the recorder's. What /proc says joins the two: NSpid of a process's status has its
 * number in every namespace, and its maps say whether it writes to our session.
 *
 * Where the kernel tells of births, it tells both numbers, and who is gone by now is found, too.
 * Else a process or thread that was gone before anyone looked gets a number from
 * DWELL_NUMBERS_MADE_UP on: its own, and no other's.
 */
enum { DWELL_NUMBERS_MADE_UP = 1 << 23 };

struct dwell_numbers {
	char session[64];             /* device and inode as maps have them; "": no session */
	uint64_t born_ticks;          /* when the recorder began, as stat has it */
	struct dwell_map away;        /* processes of another namespace: pid -> 1 */
	struct dwell_map tids;        /* of those: pid, tid in there -> tid */
	struct dwell_map seen;        /* of those: pid, tid -> 1 */
	struct dwell_map theirs;      /* pids in there -> 1 */
	uint32_t space;               /* our own namespace, as births name it; 0: not known */
	struct dwell_map ours;        /* processes that were born in it -> 1 */
	struct numbers_birth *births; /* in others */
	size_t birth_count, birth_room;
	struct dwell_map by_inside;  /* number in there -> index + 1 of the last one */
	struct dwell_map by_process; /* pid -> index + 1 */
	uint32_t made_up;
};

/* session_fd: the session that recorded programs map, or -1. */
void dwell_numbers_init(struct dwell_numbers *numbers, int session_fd);
void dwell_numbers_release(struct dwell_numbers *numbers);

void dwell_numbers_born(struct dwell_numbers *numbers, const struct dwell_kernel_birth *birth);

/* The recorder's number of a process that writes to the session; never 0. */
int64_t dwell_numbers_pid(struct dwell_numbers *numbers, const struct dwell_process_slot *slot);

/* The recorder's number of a thread; pid as dwell_numbers_pid gave it. */
int64_t dwell_numbers_tid(struct dwell_numbers *numbers, int64_t pid, int32_t tid);

#endif
