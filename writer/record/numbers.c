#include "numbers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "drain/grow.h"
#include "proc.h"

/* Beyond them, /proc is asked. */
enum { MOST_BIRTHS = 1 << 20 };

struct numbers_birth {
	struct dwell_kernel_birth of;
	uint32_t previous; /* index + 1 of the one before under the same number, whatever space */
};

/* What the status of a process or thread says. */
struct status {
	uint32_t process; /* whose thread it is */
	uint32_t parent;
	uint32_t inside; /* its number in its own namespace */
	bool away;       /* which is not ours */
};

static bool number_after(const char *text, const char *word, uint32_t *out)
{
	const char *at = strstr(text, word);

	if (!at)
		return false;
	*out = (uint32_t)strtoul(at + strlen(word), NULL, 10);
	return true;
}

static bool read_status(const char *text, struct status *out)
{
	const char *numbers;
	char *end;
	uint32_t count = 0;

	if (!number_after(text, "\nTgid:", &out->process) ||
		!number_after(text, "\nPPid:", &out->parent))
		return false;
	numbers = strstr(text, "\nNSpid:");
	/* A kernel without namespaces, or older than 4.1. */
	if (!numbers)
		return number_after(text, "\nPid:", &out->inside);
	numbers += strlen("\nNSpid:");
	for (; *numbers == '\t' || *numbers == ' '; numbers = end, count++)
		out->inside = (uint32_t)strtoul(numbers, &end, 10);
	out->away = count > 1;
	return count > 0;
}

static bool status_of(uint32_t pid, struct status *out)
{
	/* Whether it is there is asked twice, and the second answer counts. */
	const char *text = dwell_proc_status(pid, true);

	*out = (struct status){ 0 };
	return text && read_status(text, out) && out->process == pid;
}

/* In ticks since the machine's start; 0: not known. */
static uint64_t born(const char *path)
{
	char text[1024];
	unsigned long long ticks = 0;
	const char *after;

	if (dwell_proc_read(path, text, sizeof(text)) <= 0)
		return 0;
	after = strrchr(text, ')');
	if (!after ||
		sscanf(after,
			") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			"%*d %*d %llu",
			&ticks) != 1)
		return 0;
	return ticks;
}

/* Whatever is recorded was made after the recorder. */
static bool younger(const struct dwell_numbers *numbers, uint32_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/stat", pid);
	return born(path) >= numbers->born_ticks;
}

static bool maps_session(const struct dwell_numbers *numbers, uint32_t pid)
{
	bool found = false;
	char *line = NULL;
	size_t room = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/maps", pid);
	file = numbers->session[0] ? fopen(path, "re") : NULL;
	if (!file)
		return false;
	while (!found && getline(&line, &room, file) > 0)
		found = strstr(line, numbers->session) != NULL;
	free(line);
	fclose(file);
	return found;
}

void dwell_numbers_init(struct dwell_numbers *numbers, int session_fd)
{
	struct stat about;

	*numbers = (struct dwell_numbers){ .born_ticks = born("/proc/self/stat"),
		.made_up = DWELL_NUMBERS_MADE_UP };
	if (session_fd >= 0 && fstat(session_fd, &about) == 0)
		snprintf(numbers->session, sizeof(numbers->session), " %02x:%02x %" PRIu64 " ",
			major(about.st_dev), minor(about.st_dev), (uint64_t)about.st_ino);
	if (stat("/proc/self/ns/pid", &about) == 0)
		numbers->space = (uint32_t)about.st_ino;
}

void dwell_numbers_release(struct dwell_numbers *numbers)
{
	dwell_map_release(&numbers->away);
	dwell_map_release(&numbers->tids);
	dwell_map_release(&numbers->seen);
	dwell_map_release(&numbers->theirs);
	dwell_map_release(&numbers->ours);
	dwell_map_release(&numbers->by_inside);
	dwell_map_release(&numbers->by_process);
	free(numbers->births);
	numbers->births = NULL;
}

/* --- births --- */

void dwell_numbers_born(struct dwell_numbers *numbers, const struct dwell_kernel_birth *birth)
{
	const bool process = birth->tid == birth->process;

	if (birth->space == numbers->space) {
		if (process)
			(void)dwell_map_set(&numbers->ours, birth->tid, 0, 1);
		return;
	}
	if (numbers->birth_count == MOST_BIRTHS ||
		!dwell_grow((void **)&numbers->births, numbers->birth_count, &numbers->birth_room,
			sizeof(*numbers->births), 64))
		return;
	numbers->births[numbers->birth_count++] = (struct numbers_birth){ .of = *birth,
		.previous = dwell_map_get(&numbers->by_inside, birth->inside, 0) };
	(void)dwell_map_set(&numbers->by_inside, birth->inside, 0, (uint32_t)numbers->birth_count);
	if (process)
		(void)dwell_map_set(
			&numbers->by_process, birth->tid, 0, (uint32_t)numbers->birth_count);
	/* The number may have been somebody else's. */
	dwell_map_remove(&numbers->ours, birth->tid, 0);
}

/* Its parent, where that is of its namespace, too. */
static const struct dwell_kernel_birth *parent_of(
	const struct dwell_numbers *numbers, const struct dwell_kernel_birth *birth)
{
	const uint32_t at = dwell_map_get(&numbers->by_process, birth->parent, 0);
	const struct dwell_kernel_birth *parent = at ? &numbers->births[at - 1].of : NULL;

	return parent && parent->space == birth->space ? parent : NULL;
}

/*
 * Is it a child of who has that number in there (0: who lies outside), or of a child of that one,
 * and so on? A process that did nothing but fork has no slot, and its child speaks of the last one
 * above it that has: at most far generations.
 */
static bool descends(const struct dwell_numbers *numbers, const struct dwell_kernel_birth *birth,
	uint32_t from, int far)
{
	for (int i = 0; i < far && birth; i++) {
		birth = parent_of(numbers, birth);
		if ((birth ? birth->inside : 0) == from)
			return true;
	}
	return false;
}

/* The process of that number that comes from who has that one; 0: none, or several namespaces have.
 */
static uint32_t born_within(
	const struct dwell_numbers *numbers, uint32_t pid, uint32_t parent, int far)
{
	enum { ITS_FIRST = 1 }; /* it takes who has lost its parent */
	const struct dwell_kernel_birth *found = NULL;

	for (uint32_t at = dwell_map_get(&numbers->by_inside, pid, 0); at != 0;
		at = numbers->births[at - 1].previous) {
		const struct dwell_kernel_birth *birth = &numbers->births[at - 1].of;

		if (birth->tid != birth->process ||
			(parent != ITS_FIRST && !descends(numbers, birth, parent, far)))
			continue;
		if (found && found->space != birth->space)
			return 0;
		found = found ? found : birth;
	}
	return found ? found->tid : 0;
}

static uint32_t born_process(const struct dwell_numbers *numbers, uint32_t pid, uint32_t parent)
{
	enum { FAR = 16 };
	const uint32_t child = born_within(numbers, pid, parent, 1);

	return child || parent == 0 ? child : born_within(numbers, pid, parent, FAR);
}

static uint32_t born_thread(const struct dwell_numbers *numbers, int64_t pid, uint32_t tid)
{
	uint32_t at = dwell_map_get(&numbers->by_inside, tid, 0);

	while (at != 0 && numbers->births[at - 1].of.process != pid)
		at = numbers->births[at - 1].previous;
	return at ? numbers->births[at - 1].of.tid : 0;
}

/* --- what /proc says --- */

struct search {
	const struct dwell_numbers *numbers;
	uint32_t inside;
	uint32_t found;
};

static void try_process(void *context, uint32_t pid)
{
	struct search *search = context;
	struct status status;

	if (search->found == 0 && status_of(pid, &status) && status.away &&
		status.inside == search->inside && maps_session(search->numbers, pid))
		search->found = pid;
}

static int64_t make_up(struct dwell_numbers *numbers)
{
	return (int64_t)numbers->made_up++;
}

/* Its threads' numbers must be asked for from now on. */
static int64_t is_away(struct dwell_numbers *numbers, int64_t pid, uint32_t inside)
{
	(void)dwell_map_set(&numbers->away, (uint64_t)pid, 0, 1);
	(void)dwell_map_set(&numbers->tids, (uint64_t)pid, inside, (uint32_t)pid);
	(void)dwell_map_set(&numbers->theirs, inside, 0, 1);
	return pid;
}

int64_t dwell_numbers_pid(struct dwell_numbers *numbers, const struct dwell_process_slot *slot)
{
	const uint32_t pid = (uint32_t)slot->pid, parent = (uint32_t)slot->parent_pid;
	const bool stranger = parent <= 1 || dwell_map_get(&numbers->theirs, parent, 0) != 0;
	const bool ours = dwell_map_get(&numbers->ours, pid, 0) != 0;
	const uint32_t born = born_process(numbers, pid, parent);
	struct search search = { numbers, pid, 0 };
	struct status status;
	bool there;

	if (ours && born == 0)
		return pid;
	if (!ours && born != 0)
		return is_away(numbers, born, pid);
	there = status_of(pid, &status) && !status.away && younger(numbers, pid);
	/* By far most often: the process of that number has the parent that it spoke of. */
	if (there && !stranger && status.parent == parent)
		return pid;
	if (there && maps_session(numbers, pid))
		return pid;
	/* Gone before we looked, or meanwhile: nobody else has its number. */
	if (!stranger && (status.process == 0 || (!there && !status_of(pid, &status))))
		return pid;
	dwell_proc_each_process(try_process, &search);
	if (search.found != 0)
		return is_away(numbers, search.found, pid);
	/* It may have begun another program, which does not bear the library. */
	if (there && parent != 0 && !dwell_map_get(&numbers->theirs, parent, 0))
		return pid;
	return is_away(numbers, make_up(numbers), pid);
}

struct threads {
	struct dwell_numbers *numbers;
	bool again; /* numbers may have been given anew */
};

static void learn_thread(void *context, uint32_t tid, uint32_t pid)
{
	const struct threads *threads = context;
	struct dwell_numbers *numbers = threads->numbers;
	struct status status = { 0 };
	char path[64], text[4096];

	if (!threads->again && dwell_map_get(&numbers->seen, pid, tid) != 0)
		return;
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/task/%" PRIu32 "/status", pid, tid);
	if (dwell_proc_read(path, text, sizeof(text)) <= 0 || !read_status(text, &status))
		return;
	(void)dwell_map_set(&numbers->seen, pid, tid, 1);
	(void)dwell_map_set(&numbers->tids, pid, status.inside, tid);
}

int64_t dwell_numbers_tid(struct dwell_numbers *numbers, int64_t pid, int32_t tid)
{
	struct threads threads = { numbers, false };
	const uint64_t inside = (uint32_t)tid;
	uint32_t known;

	if (dwell_map_get(&numbers->away, (uint64_t)pid, 0) == 0)
		return tid;
	known = born_thread(numbers, pid, (uint32_t)tid);
	if (known == 0)
		known = dwell_map_get(&numbers->tids, (uint64_t)pid, inside);
	for (int i = 0; i < 2 && known == 0 && pid < DWELL_NUMBERS_MADE_UP; i++) {
		threads.again = i == 1;
		dwell_proc_each_thread((uint32_t)pid, learn_thread, &threads);
		known = dwell_map_get(&numbers->tids, (uint64_t)pid, inside);
	}
	if (known != 0)
		return known;
	known = (uint32_t)make_up(numbers);
	(void)dwell_map_set(&numbers->tids, (uint64_t)pid, inside, known);
	return known;
}
