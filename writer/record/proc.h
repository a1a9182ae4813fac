#ifndef DWELL_RECORD_PROC_H
#define DWELL_RECORD_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What /proc says. Everything may be gone at any moment: then false, or nothing. */

/* A small file into out, ended by NUL; its size, or -1. */
long dwell_proc_read(const char *path, char *out, size_t size);

/* Its status; NULL: it is gone. anew: as it is now, else it may be 2 ms old. One thread asks, and
 * it is valid until the next call of anything here. */
const char *dwell_proc_status(uint32_t tid, bool anew);

/* Name (at most 16 bytes with its NUL) and process of a thread. */
bool dwell_proc_thread(uint32_t tid, char name[16], uint32_t *process);

/* Who made a process; 0: not known. */
uint32_t dwell_proc_parent(uint32_t pid);
/* Its number in its own pid namespace; 0: it is gone. */
uint32_t dwell_proc_inside(uint32_t pid);

/* Whether the thread is there, and is not about to end. */
bool dwell_proc_lives(uint32_t tid);
/* Whether any thread of a process runs on. */
bool dwell_proc_process_lives(uint32_t pid);

/*
 * What a thread that runs already is at: the letter of its state (R S D T I ...), 0: gone; and for
 * one that waits in a system call that call << 48 | its first argument as the scheduler's events
 * have it, UINT64_MAX: in none, or we may not know.
 */
char dwell_proc_state(uint32_t tid, uint64_t *why);

/* The command line, arguments separated by spaces; its size, 0 where there is none. */
size_t dwell_proc_command(uint32_t pid, char *out, size_t size);

/* Call for every thread of the process, or of the whole machine with pid 0. */
void dwell_proc_each_thread(
	uint32_t pid, void (*tell)(void *context, uint32_t tid, uint32_t process), void *context);

/* Call for every process of the machine. */
void dwell_proc_each_process(void (*tell)(void *context, uint32_t pid), void *context);

#endif
