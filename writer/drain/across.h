#ifndef DWELL_DRAIN_ACROSS_H
#define DWELL_DRAIN_ACROSS_H

#include <sys/types.h>

#include "map.h"
#include "registry.h"

/*
 * The object that stands for a semaphore in memory which processes share, each at an address of its
 * own: known by its place in what is mapped there, which /proc/PID/maps tells. Where that cannot be
 * read, or the memory is the process's own, by its address in its process. What was found once
 * for an address is kept in `known`, which starts as zero; release it by dwell_map_release().
 */
uint32_t dwell_across_object(struct dwell_map *known, struct dwell_registry *registry, pid_t pid,
	uint32_t process, uint64_t address);

#endif
