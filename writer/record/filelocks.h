#ifndef DWELL_RECORD_FILELOCKS_H
#define DWELL_RECORD_FILELOCKS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The process that keeps another one, which waits in its descriptor fd for a lock of that file,
 * from having it; 0: not known. kinds: of the call that it waits in. Asks /proc which open files of
 * which processes have locks: the kernel's table of all (/proc/locks) names who took a lock, who
 * may be gone while a child has it, and to read it stops everybody who locks a file for
 * milliseconds. Locks of processes (fcntl's classic ones) are not looked for: of these the waiter
 * itself can ask.
 *
 * A process that shares the open file with others has the lock as they do: told is who took it, or
 * the one of the least number. 0 where locks of several parts of the file are held.
 */
enum dwell_filelock_kinds {
	DWELL_FILELOCK_OPEN = 1,   /* an open file's: flock, and fcntl's of that kind */
	DWELL_FILELOCK_PROCESS = 2 /* fcntl's classic ones: a waiter that is ours asks itself */
};
uint32_t dwell_filelocks_holder(uint32_t waiter, uint32_t fd, bool shared, unsigned kinds);

#endif
