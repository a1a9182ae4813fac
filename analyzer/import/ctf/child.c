#include "import/ctf/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "import/ctf/limits.h"

static int system_error(struct dwell_diag *diag)
{
	return dwell_diag_set(diag, errno == ENOMEM || errno == EAGAIN ? DWELL_ENOMEM : DWELL_EIO,
		UINT64_MAX, 0, "CTF: no process can be made to read it in");
}

_Noreturn static void run(const struct ctf_folders *folders, int fd)
{
	struct ctf_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		_exit(1);
	writer->fd = fd;
	ctf_limits_set(writer);
	_exit(ctf_read(folders, writer) ? 1 : 0);
}

int ctf_child_start(
	struct ctf_child *child, const struct ctf_folders *folders, struct dwell_diag *diag)
{
	int ends[2];

	if (pipe(ends))
		return system_error(diag);
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	child->at = child->used = 0;
	child->malformed = 0;
	child->pid = fork();
	if (!child->pid) {
		close(ends[0]);
		run(folders, ends[1]);
	}
	close(ends[1]);
	child->fd = ends[0];
	if (child->pid > 0)
		return DWELL_OK;
	child->pid = 0;
	close(ends[0]);
	return system_error(diag);
}

/* How it ended; 0 where nobody knows (somebody else waits for all processes). */
static int reap(struct ctf_child *child)
{
	int status = 0;

	close(child->fd);
	while (waitpid(child->pid, &status, 0) < 0)
		if (errno != EINTR) {
			status = 0;
			break;
		}
	child->pid = 0;
	return status;
}

void ctf_child_end(struct ctf_child *child)
{
	if (!child->pid)
		return;
	kill(child->pid, SIGKILL);
	reap(child);
}

/* It ended without a last record. */
static int died(struct ctf_child *child, struct dwell_diag *diag)
{
	const int status = reap(child);
	char how[32] = "it ended early";

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		snprintf(how, sizeof(how), "it does not get on");
	else if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "it died of signal %d", WTERMSIG(status));
	return dwell_diag_set(diag, DWELL_EFORMAT, UINT64_MAX, 0,
		"CTF: babeltrace2's library cannot read this: %s", how);
}

/* Bring in at least `size` bytes. DWELL_END: there are no more. */
static int fill(struct ctf_child *child, size_t size)
{
	if (child->used - child->at >= size)
		return DWELL_OK;
	memmove(child->bytes, child->bytes + child->at, child->used - child->at);
	child->used -= child->at;
	child->at = 0;
	while (child->used < size) {
		const ssize_t got = read(
			child->fd, child->bytes + child->used, sizeof(child->bytes) - child->used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return DWELL_END;
		child->used += (size_t)got;
	}
	return DWELL_OK;
}

static int take(
	struct ctf_child *child, struct ctf_record *out, struct dwell_string texts[CTF_TEXTS])
{
	size_t size = sizeof(*out);

	if (fill(child, size))
		return DWELL_END;
	memcpy(out, child->bytes + child->at, sizeof(*out));
	for (int i = 0; i < CTF_TEXTS; i++) {
		if (out->sizes[i] > CTF_LONGEST_TEXT)
			return DWELL_END;
		size += out->sizes[i];
	}
	if (fill(child, size))
		return DWELL_END;
	size = child->at + sizeof(*out);
	for (int i = 0; i < CTF_TEXTS; size += out->sizes[i++])
		texts[i] =
			(struct dwell_string){ (const char *)child->bytes + size, out->sizes[i] };
	child->at = size;
	return DWELL_OK;
}

/* What the last record says. */
static int ended(struct ctf_child *child, const struct ctf_record *last,
	const struct dwell_string *why, struct dwell_diag *diag)
{
	const int err = last->value < 100 ? -(int)last->value : DWELL_EFORMAT;

	child->malformed = last->to_ns;
	reap(child);
	if (!err)
		return DWELL_END;
	return why->size ? dwell_diag_set(diag, err, UINT64_MAX, 0, "%.*s", (int)why->size, why->at)
			 : err;
}

int ctf_child_next(struct ctf_child *child, struct ctf_record *out,
	struct dwell_string texts[CTF_TEXTS], struct dwell_diag *diag)
{
	if (!child->pid)
		return DWELL_END;
	if (take(child, out, texts))
		return died(child, diag);
	return out->kind == CTF_RECORD_END ? ended(child, out, &texts[CTF_TEXT], diag) : DWELL_OK;
}
