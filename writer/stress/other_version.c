/*
 * A process whose library has another minor version than the recorder's, as far as that can see:
 * other_version MINOR
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ring/session.h"

/* The session is one file where the recorder's own user records. */
static void *map(uint64_t *bytes)
{
	const char *path = getenv(DWELL_SESSION_ENV);
	const int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	struct stat status;
	void *at;

	if (fd < 0 || fstat(fd, &status) != 0)
		return NULL;
	*bytes = (uint64_t)status.st_size;
	at = mmap(NULL, (size_t)*bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return at == MAP_FAILED ? NULL : at;
}

int main(int argc, char **argv)
{
	struct dwell_session session;
	struct dwell_process_slot *slot;
	uint64_t bytes = 0;
	void *at = map(&bytes);
	uint32_t index;

	if (argc != 2 || !at || dwell_session_open(&session, at, bytes) != DWELL_SESSION_OK)
		return 1;
	slot = dwell_session_claim_process(&session, &index);
	if (!slot)
		return 1;
	slot->pid = getpid();
	slot->clock = session.clock;
	slot->minor = (uint32_t)strtoul(argv[1], NULL, 10);
	/* Release: the drain may read the slot now. */
	atomic_store_explicit(&slot->state, DWELL_SLOT_LIVE, memory_order_release);
	return 0;
}
