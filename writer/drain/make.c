#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "drain.h"
#include "dwell/error.h"
#include "fit.h"
#include "lib/clock.h"

/* Longer calls are recorded in any case, so that the drain can begin a wait that lasts. */
#define CALL_NS_MAX UINT64_C(250000)

static uint64_t to_ticks(uint64_t ns, uint64_t rate)
{
	return (uint64_t)((unsigned __int128)ns * rate / UINT64_C(1000000000));
}

static int open_file(const char *path)
{
	if (path)
		return open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return memfd_create("dwell-session", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

int dwell_session_make(struct dwell_session *session, int *fd, const char *path,
	struct dwell_session_options *options, uint64_t stack_ns, uint64_t call_ns)
{
	uint64_t bytes, rate;
	void *at = MAP_FAILED;
	int file = open_file(path);

	if (file < 0)
		return DWELL_EIO;
	options->clock = dwell_clock_choose();
	rate = dwell_clock_rate(options->clock);
	options->stack_ticks = to_ticks(stack_ns, rate);
	options->call_ticks = to_ticks(call_ns < CALL_NS_MAX ? call_ns : CALL_NS_MAX, rate);
	dwell_fit_read(options->clock, &options->start_ticks, &options->start_monotonic_ns);
	bytes = dwell_session_size(options);
	if (ftruncate(file, (off_t)bytes) == 0)
		at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (at == MAP_FAILED) {
		close(file);
		return DWELL_EIO;
	}
	/* A program could shrink the file under our feet otherwise. */
	if (!path)
		(void)fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	dwell_session_format(session, at, options);
	*fd = file;
	return 0;
}

void dwell_session_unmap(struct dwell_session *session)
{
	if (session->header)
		munmap(session->header, session->bytes);
	session->header = NULL;
}
