/* Whose numbers are whose: by what the kernel told of births, for who is gone from /proc. */
#include <criterion/criterion.h>

#include "record/numbers.h"

/* Higher than the kernel's own, so that nobody has them. */
enum { FIRST = 5000000, SPACE = 1, OTHER_SPACE = 2 };

static int64_t pid_of(struct dwell_numbers *numbers, int32_t pid, int32_t parent)
{
	const struct dwell_process_slot slot = { .pid = pid, .parent_pid = parent };

	return dwell_numbers_pid(numbers, &slot);
}

static void born(struct dwell_numbers *numbers, uint32_t tid, uint32_t process, uint32_t parent,
	uint32_t inside, uint32_t space)
{
	const struct dwell_kernel_birth birth = { tid, process, parent, inside, space };

	dwell_numbers_born(numbers, &birth);
}

Test(numbers, who_is_gone)
{
	struct dwell_numbers numbers;

	dwell_numbers_init(&numbers, -1);
	cr_assert(numbers.space != 0);
	/* A namespace's first, its child with a thread, and one of the same number in ours. */
	born(&numbers, FIRST + 1, FIRST + 1, FIRST, 1, SPACE);
	born(&numbers, FIRST + 2, FIRST + 2, FIRST + 1, FIRST + 3, SPACE);
	born(&numbers, FIRST + 9, FIRST + 2, FIRST + 1, 7, SPACE);
	born(&numbers, FIRST + 4, FIRST + 4, FIRST, FIRST + 4, numbers.space);
	cr_expect(pid_of(&numbers, 1, 0) == FIRST + 1);
	cr_expect(pid_of(&numbers, FIRST + 3, 1) == FIRST + 2);
	cr_expect(pid_of(&numbers, FIRST + 4, FIRST) == FIRST + 4);
	cr_expect(dwell_numbers_tid(&numbers, FIRST + 2, FIRST + 3) == FIRST + 2);
	cr_expect(dwell_numbers_tid(&numbers, FIRST + 2, 7) == FIRST + 9);
	cr_expect(dwell_numbers_tid(&numbers, FIRST + 4, 7) == 7, "it is ours");
	/* Its parent only forked, so it speaks of the one before. */
	born(&numbers, FIRST + 12, FIRST + 12, FIRST + 2, FIRST + 13, SPACE);
	born(&numbers, FIRST + 14, FIRST + 14, FIRST + 12, FIRST + 15, SPACE);
	cr_expect(pid_of(&numbers, FIRST + 15, FIRST + 3) == FIRST + 14);
	/* Nobody told of that one. */
	cr_expect(dwell_numbers_tid(&numbers, FIRST + 2, 8) >= DWELL_NUMBERS_MADE_UP);
	/* A number that is given anew is the last one's. */
	born(&numbers, FIRST + 10, FIRST + 2, FIRST + 1, 7, SPACE);
	cr_expect(dwell_numbers_tid(&numbers, FIRST + 2, 7) == FIRST + 10);
	dwell_numbers_release(&numbers);
}

Test(numbers, not_known_which)
{
	struct dwell_numbers numbers;

	dwell_numbers_init(&numbers, -1);
	for (uint32_t space = SPACE; space <= OTHER_SPACE; space++) {
		born(&numbers, FIRST + 10 * space, FIRST + 10 * space, FIRST, 1, space);
		born(&numbers, FIRST + 10 * space + 1, FIRST + 10 * space + 1, FIRST + 10 * space,
			FIRST + 5, space);
	}
	cr_expect(pid_of(&numbers, FIRST + 5, 1) >= DWELL_NUMBERS_MADE_UP);
	/* A parent of another number tells them apart. */
	born(&numbers, FIRST + 30, FIRST + 30, FIRST + 11, FIRST + 6, SPACE);
	born(&numbers, FIRST + 31, FIRST + 31, FIRST + 20, FIRST + 6, OTHER_SPACE);
	cr_expect(pid_of(&numbers, FIRST + 6, FIRST + 5) == FIRST + 30);
	dwell_numbers_release(&numbers);
}
