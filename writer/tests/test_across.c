/* Semaphores in memory that processes share: one object for all of them. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collect.h"
#include "drain/across.h"

enum { SIZE = 8192 };

static uint64_t map_at(int flags, int file)
{
	void *at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, flags, file, 0);

	cr_assert(ne(ptr, at, MAP_FAILED));
	return (uint64_t)(uintptr_t)at;
}

Test(across, one_object_wherever_it_is_mapped)
{
	struct collect *got = collect_new();
	struct dwell_registry *registry;
	struct dwell_map known = { 0 };
	const int file = memfd_create("across", MFD_CLOEXEC);
	const uint64_t here = map_at(MAP_SHARED, file), there = map_at(MAP_SHARED, file),
		       own = map_at(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	const pid_t me = getpid();
	uint32_t object;

	cr_assert(eq(int, dwell_registry_new(&registry, &got->sink), 0));
	object = dwell_across_object(&known, registry, me, 1, here + 64);
	cr_expect(ne(u32, object, 0));
	cr_expect(eq(u32, dwell_across_object(&known, registry, me, 2, there + 64), object));
	cr_expect(ne(u32, dwell_across_object(&known, registry, me, 2, there + 96), object));
	cr_expect(eq(u32, dwell_across_object(&known, registry, me, 1, here + 96),
		dwell_across_object(&known, registry, me, 2, there + 96)));

	/* Of its own memory each process has another one; so, too, of what cannot be looked at. */
	cr_expect(ne(u32, dwell_across_object(&known, registry, me, 1, own),
		dwell_across_object(&known, registry, me, 2, own)));
	cr_expect(ne(u32, dwell_across_object(&known, registry, 0, 3, here + 64), object));

	/* What was found is kept, when the process is gone, too. */
	munmap((void *)(uintptr_t)here, SIZE); /* NOLINT */
	cr_expect(eq(u32, dwell_across_object(&known, registry, me, 1, here + 64), object));
	dwell_map_release(&known);
	dwell_registry_free(registry);
	free(got);
	close(file);
}
