#ifndef DWELL_RECORD_WATCH_H
#define DWELL_RECORD_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "sched.h"

/*
 * What threads of running programs wait for where the kernel tells us of nothing: they are looked
 * at again and again. Known is a wait in which a thread stood still from one look to the next; what
 * else it did is not. Looks take a hundredth of a CPU at most: the longer one took, the later is
 * the next.
 */
struct dwell_watch;

/* sched must outlive it. DWELL_ENOMEM. */
int dwell_watch_new(struct dwell_watch **out, struct dwell_sched *sched);
void dwell_watch_free(struct dwell_watch *watch);

/* Whether it is time for one. */
bool dwell_watch_is_due(const struct dwell_watch *watch, uint64_t now_ns);

/*
 * A look: begins, goes over the threads of each process, ends. Errors are told at the end. To find
 * the processes costs more than to look at them: where begin says false, those of the look before
 * are gone over by itself.
 */
bool dwell_watch_begin(struct dwell_watch *watch, uint64_t now_ns);
void dwell_watch_process(struct dwell_watch *watch, uint32_t pid);
int dwell_watch_end(struct dwell_watch *watch, uint64_t now_ns);

/* Of before this time no look will tell any more. */
uint64_t dwell_watch_known_ns(const struct dwell_watch *watch);
uint64_t dwell_watch_looks(const struct dwell_watch *watch);

/* Whether a process may be looked at so: 0, or the errno. */
int dwell_watch_try(uint32_t pid);

#endif
