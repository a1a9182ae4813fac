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

/* Name (at most 16 bytes with its NUL) of a thread. */
bool dwell_proc_name(uint32_t process, uint32_t tid, char name[16]);

/* Name (at most 16 bytes with its NUL) and process of a thread. */
bool dwell_proc_thread(uint32_t tid, char name[16], uint32_t *process);

/* Who made a process; 0: not known. */
uint32_t dwell_proc_parent(uint32_t pid);
/* Its number in its own pid namespace; 0: it is gone. */
uint32_t dwell_proc_inside(uint32_t pid);

/* Whether the process has a thread of that number. */
bool dwell_proc_is_thread(uint32_t pid, uint32_t tid);
/* Whether the thread is there, and is not about to end. */
bool dwell_proc_lives(uint32_t tid);
/* Whether any thread of a process runs on. */
bool dwell_proc_process_lives(uint32_t pid);

/* What a thread that runs already is at: the letter of its state (R S D T I ...), 0: gone. */
char dwell_proc_state(uint32_t tid);

/* The system call that a thread waits in, and its registers there. */
struct dwell_proc_call {
	uint64_t number;
	uint64_t arguments[6];
	uint64_t sp, pc;
};

/* false: it waits in none, or we may not know. */
bool dwell_proc_call(uint32_t tid, struct dwell_proc_call *call);

/* How often it got a CPU; always 0 where the kernel keeps no account. */
uint64_t dwell_proc_turns(uint32_t tid);

/* The command line, arguments separated by spaces; its size, 0 where there is none. */
size_t dwell_proc_command(uint32_t pid, char *out, size_t size);

/* Whether code may run at an address of a process. Linux 6.11 and later tell of one address. */
enum dwell_proc_code { DWELL_PROC_NO_CODE, DWELL_PROC_CODE, DWELL_PROC_CODE_UNKNOWN };
enum dwell_proc_code dwell_proc_code_at(uint32_t pid, uint64_t address);

/* Call for every thread of the process, or of the whole machine with pid 0. */
void dwell_proc_each_thread(
	uint32_t pid, void (*tell)(void *context, uint32_t tid, uint32_t process), void *context);

/* Call for every process of the machine. */
void dwell_proc_each_process(void (*tell)(void *context, uint32_t pid), void *context);

#endif
