#include "snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "options.h"
#include "proc.h"
#include "record.h"

enum { PARENTS_MAX = 8, PATIENCE_S = 60 };

static socklen_t address_of(unsigned long pid, struct sockaddr_un *out)
{
	int length;

	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	/* A name that begins with NUL stands in no folder. */
	length = snprintf(out->sun_path + 1, sizeof(out->sun_path) - 1, "dwell-record-%lu", pid);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

int dwell_snapshot_listen(void)
{
	struct sockaddr_un address;
	const socklen_t size = address_of((unsigned long)getpid(), &address);
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 4) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int dwell_snapshot_accept(int listening, char path[PATH_MAX])
{
	const int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	const struct timeval patience = { .tv_sec = 1 };
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);
	ssize_t got;

	if (fd < 0)
		return -1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
		(peer.uid != geteuid() && peer.uid != 0)) {
		dwell_snapshot_answer(fd, "not your recording");
		return -1;
	}
	/* Whoever connects and says nothing does not hold the recording up. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	got = recv(fd, path, PATH_MAX - 1, 0);
	if (got <= 0) {
		close(fd);
		return -1;
	}
	path[got] = '\0';
	return fd;
}

void dwell_snapshot_answer(int connection, const char *text)
{
	(void)send(connection, text, strlen(text) + 1, MSG_NOSIGNAL);
	close(connection);
}

/* The recorder with this number, or of the program with it: then it is among its parents. */
static int reach(unsigned long pid)
{
	for (int i = 0; i < PARENTS_MAX && pid > 1; i++) {
		struct sockaddr_un address;
		const socklen_t size = address_of(pid, &address);
		const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

		if (fd < 0)
			return -1;
		if (connect(fd, (struct sockaddr *)&address, size) == 0)
			return fd;
		close(fd);
		pid = dwell_proc_parent((uint32_t)pid);
	}
	return -1;
}

/* The recorder has another folder than we. */
static int absolute(const char *path, char out[PATH_MAX])
{
	char folder[PATH_MAX];

	if (path[0] == '/')
		return snprintf(out, PATH_MAX, "%s", path) < PATH_MAX ? 0 : -1;
	if (!getcwd(folder, sizeof(folder)))
		return -1;
	return snprintf(out, PATH_MAX, "%s/%s", folder, path) < PATH_MAX ? 0 : -1;
}

static int ask(unsigned long pid, const char *who, const char *path)
{
	char place[PATH_MAX], answer[256] = "";
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	const int fd = reach(pid);
	ssize_t got = -1;

	if (fd < 0)
		return dwell_complain(
			DWELL_EXIT_ASKED, who, "no recording with --flight here or above");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (absolute(path, place) == 0 && send(fd, place, strlen(place), MSG_NOSIGNAL) > 0)
		got = recv(fd, answer, sizeof(answer) - 1, 0);
	close(fd);
	if (got <= 0)
		return dwell_complain(DWELL_EXIT_REFUSED, who, "the recorder does not answer");
	if (answer[0])
		return dwell_complain(DWELL_EXIT_REFUSED, path, "%s", answer);
	return DWELL_EXIT_OK;
}

static const char help[] =
	"usage: dwell snapshot PID [-o FILE]\n"
	"\n"
	"Write what the flight recorder of a recording holds; it goes on. PID is that of\n"
	"dwell record --flight or of the program that it records.\n"
	"\n"
	"  -o, --output FILE  write FILE instead of dwell.trace; what was there becomes FILE.old\n"
	"  -h, --help         print this\n";

int dwell_snapshot_main(int argc, char **argv)
{
	const char *path = "dwell.trace", *who = NULL;
	unsigned long pid = 0;
	char *end = NULL;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
			fputs(help, stdout);
			return DWELL_EXIT_OK;
		}
		if ((strcmp(argv[i], "-o") == 0 || strcmp(argv[i], "--output") == 0) &&
			i + 1 < argc)
			path = argv[++i];
		else if (!who && argv[i][0] >= '0' && argv[i][0] <= '9')
			who = argv[i];
		else
			return dwell_complain(DWELL_EXIT_ASKED, argv[i], "not understood");
	}
	if (who)
		pid = strtoul(who, &end, 10);
	if (!who || *end != '\0' || pid == 0 || pid > 1 << 22)
		return dwell_complain(DWELL_EXIT_ASKED, "snapshot", "give the number of a process");
	return ask(pid, who, path);
}
