#ifndef DWELL_RECORD_WHO_H
#define DWELL_RECORD_WHO_H

#include <stdbool.h>
#include <stdint.h>

#include "drain/registry.h"

/*
 * Which task has which thread number now, and which threads belong to the recorded program. Tasks
 * are defined when they are first mentioned, with the name and process that are known by then.
 */
struct dwell_who;

/* DWELL_ENOMEM. The registry must outlive it. */
int dwell_who_new(struct dwell_who **out, struct dwell_registry *registry);
void dwell_who_free(struct dwell_who *who);

/* Look through /proc for the threads that there are; all_followed: of all programs. */
void dwell_who_scan(struct dwell_who *who);

/* The threads of this process, and all that they make, are of the recorded program, known from
   time_ns on. */
void dwell_who_follow(struct dwell_who *who, uint32_t pid, uint64_t time_ns);
/*
 * So is the process that will get this number by a fork, from its exec on; before that it is a copy
 * of the recorder that waits for the word to go, and a task of its own.
 */
void dwell_who_expect(struct dwell_who *who, uint32_t pid);
/* The expected process became the program: the task that it was until now and the one that it is
   now. False: another process, or it did so before. */
bool dwell_who_launched(struct dwell_who *who, uint32_t pid, const char name[16], uint64_t time_ns,
	uint32_t *copy, uint32_t *task);
/* Everything is, also what comes; marked: and the trace names it as what was to be recorded. */
void dwell_who_follow_all(struct dwell_who *who, bool marked);

/* The task with this number now; 0 for number 0 (idle). Defines it where it is new. */
uint32_t dwell_who_task(struct dwell_who *who, uint32_t tid, uint64_t time_ns);
/* The same, of a process's first thread that the kernel may not have told of yet; its name where
 * it is gone by now. */
void dwell_who_early(
	struct dwell_who *who, uint32_t pid, struct dwell_string name, uint64_t time_ns);
bool dwell_who_followed(const struct dwell_who *who, uint32_t tid);
/* The process of a thread as the kernel numbers it; 0: not known. And ours. */
uint32_t dwell_who_pid(const struct dwell_who *who, uint32_t tid);
uint32_t dwell_who_process(struct dwell_who *who, uint32_t pid);

/* A new thread: its task, defined as born. */
uint32_t dwell_who_fork(struct dwell_who *who, uint32_t tid, uint32_t pid, uint32_t parent_tid,
	const char name[16], uint64_t time_ns);
void dwell_who_rename(struct dwell_who *who, uint32_t tid, uint32_t pid, const char name[16]);
void dwell_who_exec(struct dwell_who *who, uint32_t pid, const char name[16]);
/* Its exit status, told when it leaves for ever. */
void dwell_who_exiting(struct dwell_who *who, uint32_t tid, uint32_t code);
bool dwell_who_code(const struct dwell_who *who, uint32_t tid, uint32_t *code);
/* Call once for each that has begun to exit and has not left. */
void dwell_who_take_exiting(struct dwell_who *who,
	void (*tell)(void *context, uint32_t tid, uint32_t code), void *context);
/* It left for ever: the number is free. Returns its process when that ended with it, else 0. */
uint32_t dwell_who_gone(struct dwell_who *who, uint32_t tid);

/* Then, once nobody asks for that process any more: its number may be another's. */
void dwell_who_process_gone(struct dwell_who *who, uint32_t pid);

/* It left its CPU to wait; and it came back: how long ago that was, 0 where it did not wait. */
void dwell_who_left(struct dwell_who *who, uint32_t tid, uint64_t time_ns);
uint64_t dwell_who_entered(struct dwell_who *who, uint32_t tid, uint64_t time_ns);

/* How many threads of the recorded program live. */
uint32_t dwell_who_alive(const struct dwell_who *who);

#endif
