#include "proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"

#define STATUS_NS UINT64_C(2000000)

long dwell_proc_read(const char *path, char *out, size_t size)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t got = 1;

	if (fd < 0)
		return -1;
	while (used + 1 < size && got > 0) {
		got = read(fd, out + used, size - 1 - used);
		used += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	out[used] = '\0';
	return got < 0 ? -1 : (long)used;
}

/* The number after a word at the start of a line. */
static bool number_after(const char *text, const char *word, uint32_t *out)
{
	const char *at = strstr(text, word);

	if (!at)
		return false;
	*out = (uint32_t)strtoul(at + strlen(word), NULL, 10);
	return true;
}

/* The kernel takes some 20 us to write a status, and whoever meets a process asks for it several
 * times: what was read last is kept for a moment. */
const char *dwell_proc_status(uint32_t tid, bool anew)
{
	static struct {
		char text[4096];
		uint64_t read_ns;
		uint32_t tid;
		bool there;
	} last;
	char path[64];

	if (anew || last.tid != tid || dwell_monotonic_ns() - last.read_ns > STATUS_NS) {
		snprintf(path, sizeof(path), "/proc/%u/status", tid);
		last.read_ns = dwell_monotonic_ns();
		last.tid = tid;
		last.there = dwell_proc_read(path, last.text, sizeof(last.text)) > 0;
	}
	return last.there ? last.text : NULL;
}

bool dwell_proc_name(uint32_t process, uint32_t tid, char name[16])
{
	char path[64], comm[64];

	snprintf(path, sizeof(path), "/proc/%u/task/%u/comm", process, tid);
	if (dwell_proc_read(path, comm, sizeof(comm)) < 0)
		return false;
	snprintf(name, 16, "%.*s", (int)strcspn(comm, "\n"), comm);
	return true;
}

/* In comm, unlike in status, nothing is escaped. */
static bool read_name(uint32_t tid, const char *status, char name[16])
{
	static const char key[] = "Name:\t";
	const bool keyed = strncmp(status, key, sizeof(key) - 1) == 0;
	const char *text = status + sizeof(key) - 1;

	if (!keyed || memchr(text, '\\', strcspn(text, "\n")))
		return dwell_proc_name(tid, tid, name);
	snprintf(name, 16, "%.*s", (int)strcspn(text, "\n"), text);
	return true;
}

bool dwell_proc_thread(uint32_t tid, char name[16], uint32_t *process)
{
	const char *status = dwell_proc_status(tid, false);

	return status && number_after(status, "\nTgid:", process) && read_name(tid, status, name);
}

uint32_t dwell_proc_inside(uint32_t pid)
{
	const char *text = dwell_proc_status(pid, false);
	const char *numbers;
	char *end;
	uint32_t inside = pid;

	if (!text)
		return 0;
	/* The innermost is last. Kernels before 4.1 do not tell. */
	numbers = strstr(text, "\nNSpid:");
	for (numbers = numbers ? numbers + 7 : ""; *numbers == '\t' || *numbers == ' ';
		numbers = end)
		inside = (uint32_t)strtoul(numbers, &end, 10);
	return inside;
}

uint32_t dwell_proc_parent(uint32_t pid)
{
	const char *status = dwell_proc_status(pid, false);
	uint32_t parent = 0;

	if (status)
		(void)number_after(status, "\nPPid:", &parent);
	return parent;
}

/* Whether a thread runs on; threads: how many its process has, it counted. */
static bool look_at_life(uint32_t tid, unsigned *threads)
{
	enum { EXITING = 0x4 }; /* PF_EXITING */
	char path[64], text[1024];
	const char *after;
	unsigned flags = 0;
	char state;

	*threads = 0;
	snprintf(path, sizeof(path), "/proc/%u/stat", tid);
	if (dwell_proc_read(path, text, sizeof(text)) <= 0)
		return false;
	after = strrchr(text, ')');
	if (!after ||
		sscanf(after,
			") %c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %u",
			&state, &flags, threads) != 3)
		return false;
	return state != 'Z' && state != 'X' && !(flags & EXITING);
}

bool dwell_proc_is_thread(uint32_t pid, uint32_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/task/%u", pid, tid);
	return access(path, F_OK) == 0;
}

bool dwell_proc_lives(uint32_t tid)
{
	unsigned threads;

	return look_at_life(tid, &threads);
}

bool dwell_proc_process_lives(uint32_t pid)
{
	unsigned threads;

	/* Its first thread may have ended before the others. */
	return look_at_life(pid, &threads) || threads > 1;
}

/* "202 0x7f... (six) 0x7ffd... 0x7f..." */
bool dwell_proc_call(uint32_t tid, struct dwell_proc_call *call)
{
	enum { NUMBERS = 9 };
	uint64_t numbers[NUMBERS];
	char path[64], text[256];
	char *at = text, *end;

	snprintf(path, sizeof(path), "/proc/%u/syscall", tid);
	if (dwell_proc_read(path, text, sizeof(text)) <= 0 || text[0] < '0' || text[0] > '9')
		return false;
	for (int i = 0; i < NUMBERS; i++, at = end) {
		numbers[i] = strtoull(at, &end, 0);
		if (end == at)
			return false;
	}
	call->number = numbers[0];
	memcpy(call->arguments, numbers + 1, sizeof(call->arguments));
	call->sp = numbers[NUMBERS - 2];
	call->pc = numbers[NUMBERS - 1];
	return true;
}

/* Time on CPUs, time waited for them, times it got one. */
uint64_t dwell_proc_turns(uint32_t tid)
{
	char path[64], text[128];
	uint64_t turns = 0;

	snprintf(path, sizeof(path), "/proc/%u/schedstat", tid);
	if (dwell_proc_read(path, text, sizeof(text)) > 0)
		(void)sscanf(text, "%*u %*u %" SCNu64, &turns);
	return turns;
}

char dwell_proc_state(uint32_t tid)
{
	char path[64], text[1024];
	const char *after;

	snprintf(path, sizeof(path), "/proc/%u/stat", tid);
	if (dwell_proc_read(path, text, sizeof(text)) <= 0)
		return '\0';
	after = strrchr(text, ')');
	return after && after[1] == ' ' ? after[2] : '\0';
}

size_t dwell_proc_command(uint32_t pid, char *out, size_t size)
{
	char path[64];
	long got;

	snprintf(path, sizeof(path), "/proc/%u/cmdline", pid);
	got = dwell_proc_read(path, out, size);
	if (got <= 0)
		return 0;
	if (out[got - 1] == '\0')
		got--;
	for (long i = 0; i < got; i++)
		if (out[i] == '\0')
			out[i] = ' ';
	return (size_t)got;
}

/* As of Linux 6.11's linux/fs.h, which the machine that builds need not have. */
struct mapping_query {
	uint64_t size, flags, address;
	uint64_t start, end, its_flags, page_size, offset, inode;
	uint32_t device[2];
	uint32_t name_size, build_id_size;
	uint64_t name, build_id;
};

enum dwell_proc_code dwell_proc_code_at(uint32_t pid, uint64_t address)
{
	enum { EXECUTABLE = 0x04 };
	struct mapping_query query = {
		.size = sizeof(query), .flags = EXECUTABLE, .address = address
	};
	enum dwell_proc_code result = DWELL_PROC_CODE_UNKNOWN;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return result;
	if (ioctl(fd, _IOWR('f', 17, struct mapping_query), &query) == 0)
		result = DWELL_PROC_CODE;
	else if (errno == ENOENT)
		result = DWELL_PROC_NO_CODE;
	close(fd);
	return result;
}

static void each_number(
	const char *path, void (*tell)(void *context, uint32_t number), void *context)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;

	if (!folder)
		return;
	while ((entry = readdir(folder)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			tell(context, (uint32_t)strtoul(entry->d_name, NULL, 10));
	closedir(folder);
}

struct walk {
	void (*tell)(void *context, uint32_t tid, uint32_t process);
	void *context;
	uint32_t process;
};

static void found_thread(void *context, uint32_t tid)
{
	const struct walk *walk = context;

	walk->tell(walk->context, tid, walk->process);
}

static void found_process(void *context, uint32_t pid)
{
	struct walk *walk = context;
	char path[64];

	walk->process = pid;
	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	each_number(path, found_thread, walk);
}

void dwell_proc_each_thread(
	uint32_t pid, void (*tell)(void *context, uint32_t tid, uint32_t process), void *context)
{
	struct walk walk = { tell, context, 0 };

	if (pid != 0)
		found_process(&walk, pid);
	else
		each_number("/proc", found_process, &walk);
}

void dwell_proc_each_process(void (*tell)(void *context, uint32_t pid), void *context)
{
	each_number("/proc", tell, context);
}
