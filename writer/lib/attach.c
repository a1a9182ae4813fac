#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib.h"
#include "thread.h"

enum { PAGE = 4096, PLACE_MAX = 256 };

static _Atomic uint64_t never = UINT64_MAX;

struct dwell_lib dwell_lib = { .epoch = &never };

/* The page that a fork empties: a child finds 0 in it and takes a slot of its own. */
static _Atomic uint64_t *make_epoch(void)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return NULL;
	if (madvise(page, PAGE, MADV_WIPEONFORK) != 0) {
		munmap(page, PAGE);
		return NULL;
	}
	return page;
}

static void copy_text(char *to, size_t size, const char *text)
{
	size_t length = text ? strnlen(text, size - 1) : 0;

	memcpy(to, text ? text : "", length);
	memset(to + length, 0, size - length);
}

static void copy_arguments(struct dwell_process_slot *slot, int argc, char *const *argv)
{
	size_t used = 0;

	memset(slot->command, 0, sizeof(slot->command));
	for (int i = 0; i < argc && argv[i] && used < sizeof(slot->command) - 1; i++) {
		size_t room = sizeof(slot->command) - 1 - used;
		size_t length = strnlen(argv[i], room);
		memcpy(slot->command + used, argv[i], length);
		used += length + 1;
	}
}

static void publish(struct dwell_process_slot *slot, uint32_t index)
{
	slot->clock = dwell_lib.clock;
	slot->minor = DWELL_SESSION_MINOR;
	slot->mapped = (uintptr_t)dwell_lib.session.header;
	slot->started = dwell_now();
	dwell_lib.process_index = index;
	dwell_lib.process_generation =
		atomic_load_explicit(&slot->generation, memory_order_relaxed);
	/* Release: the drain may read the slot now. */
	atomic_store_explicit(&slot->state, DWELL_SLOT_LIVE, memory_order_release);
}

static void choose_clock(const struct dwell_session *session)
{
	dwell_lib.clock = session->clock;
	dwell_lib.start_ticks = session->start_ticks;
	if (dwell_clock_allowed(session->clock))
		return;
	dwell_lib.clock = DWELL_CLOCK_MONOTONIC;
	dwell_lib.start_ticks = session->start_monotonic_ns;
	dwell_session_count_loss(session, DWELL_SESSION_OTHER_CLOCK);
}

enum dwell_attach dwell_lib_adopt(const struct dwell_session *session, int argc, char *const *argv)
{
	_Atomic uint64_t *epoch = make_epoch();
	struct dwell_process_slot *slot;
	uint32_t index;

	if (!epoch)
		return DWELL_ATTACH_NONE;
	slot = dwell_session_claim_process(session, &index);
	if (!slot) {
		munmap((void *)epoch, PAGE);
		return DWELL_ATTACH_FULL;
	}
	dwell_lib.session = *session;
	dwell_stack_init();
	choose_clock(session);
	slot->pid = getpid();
	slot->parent_pid = getppid();
	slot->parent = 0;
	atomic_store_explicit(&slot->unwind, 0, memory_order_relaxed);
	atomic_store_explicit(&slot->hotspot, 0, memory_order_relaxed);
	copy_text(slot->path, sizeof(slot->path),
		(const char *)getauxval(AT_EXECFN)); /* NOLINT: that is what it holds */
	copy_arguments(slot, argc, argv);
	publish(slot, index);
	dwell_lib.epoch_value++;
	atomic_store_explicit(epoch, dwell_lib.epoch_value, memory_order_relaxed);
	dwell_lib.attached = true;
	dwell_lib.epoch = epoch;
	return DWELL_ATTACH_OK;
}

static void *map_file(const char *path, uint64_t *bytes)
{
	struct stat status;
	void *at = MAP_FAILED;
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
		*bytes = (uint64_t)status.st_size;
		at = mmap(NULL, (size_t)*bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	}
	close(fd);
	return at == MAP_FAILED ? NULL : at;
}

static enum dwell_attach attach_to(const char *path, int argc, char *const *argv)
{
	struct dwell_session session;
	enum dwell_session_verdict verdict;
	enum dwell_attach result;
	uint64_t bytes = 0;
	void *at = map_file(path, &bytes);

	if (!at)
		return DWELL_ATTACH_NONE;
	verdict = dwell_session_open(&session, at, bytes);
	if (verdict == DWELL_SESSION_OK) {
		result = dwell_lib_adopt(&session, argc, argv);
		if (result == DWELL_ATTACH_OK)
			return result;
	} else {
		result =
			verdict == DWELL_SESSION_VERSION ? DWELL_ATTACH_VERSION : DWELL_ATTACH_NONE;
	}
	munmap(at, (size_t)bytes);
	return result;
}

/* By hand: a process starts here each time, and the C library's, faster over long texts, lies on
 * pages that nobody else has asked for yet. */
static size_t length_of_place(const char *places)
{
	size_t length = 0;

	while (places[length] && places[length] != ':')
		length++;
	return length;
}

enum dwell_attach dwell_lib_attach(const char *places, int argc, char *const *argv)
{
	enum dwell_attach result = DWELL_ATTACH_NONE;
	int saved = errno;

	while (places && *places && !dwell_lib.attached) {
		char path[PLACE_MAX];
		size_t length = length_of_place(places);
		if (length > 0 && length < sizeof(path)) {
			memcpy(path, places, length);
			path[length] = '\0';
			result = attach_to(path, argc, argv);
		}
		places += length + (places[length] == ':');
	}
	errno = saved;
	return result;
}

void dwell_lib_detach(void)
{
	dwell_lib.epoch = &never;
	dwell_lib.attached = false;
}

/* A fork's child: a process slot of its own, made from memory alone. */
bool dwell_lib_child(void)
{
	const struct dwell_session *session = &dwell_lib.session;
	uint64_t none = 0;
	uint32_t parent = dwell_lib.process_index, generation = dwell_lib.process_generation;
	struct dwell_process_slot *slot, *from = dwell_session_process(session, parent);
	uint32_t index;

	/* One thread of the child does it; the others record from their next event on. */
	if (!atomic_compare_exchange_strong(dwell_lib.epoch, &none, UINT64_MAX))
		return false;
	slot = dwell_session_claim_process(session, &index);
	if (!slot || !from) {
		dwell_lib_detach();
		return false;
	}
	/* The child of a fork has one thread, whose number is the process's. */
	slot->pid = dwell_lib_tid();
	slot->parent_pid = from->pid;
	slot->parent = parent + 1;
	slot->parent_generation = generation;
	/* What is mapped here is what is mapped there, for now. */
	atomic_store_explicit(&slot->unwind,
		atomic_load_explicit(&from->unwind, memory_order_acquire), memory_order_relaxed);
	atomic_store_explicit(&slot->hotspot,
		atomic_load_explicit(&from->hotspot, memory_order_acquire), memory_order_relaxed);
	memcpy(slot->path, from->path, sizeof(slot->path));
	memcpy(slot->command, from->command, sizeof(slot->command));
	publish(slot, index);
	dwell_lib.epoch_value++;
	atomic_store_explicit(dwell_lib.epoch, dwell_lib.epoch_value, memory_order_release);
	return true;
}
