#ifndef DWELL_DRAIN_GROW_H
#define DWELL_DRAIN_GROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/*
 * Room for one more behind `count` elements of `size` bytes each in *array, which has room for
 * *room: twice as much where it is full, for `first` where there was none. False: out of memory;
 * all is as it was.
 */
static inline bool dwell_grow(void **array, size_t count, size_t *room, size_t size, size_t first)
{
	const size_t more = *room ? *room * 2 : first;
	void *larger;

	if (count < *room)
		return true;
	larger = realloc(*array, more * size);
	if (!larger)
		return false;
	*array = larger;
	*room = more;
	return true;
}

#endif
