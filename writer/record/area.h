#ifndef DWELL_RECORD_AREA_H
#define DWELL_RECORD_AREA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cfi.h"
#include "ring/session.h"
#include "ring/unwind.h"

/*
 * The memory that tables and lists of ring/unwind.h lie in: a session's, where programs read it
 * too, else the recorder's own. Tables stay; lists come and go with what is mapped, and a place is
 * used again only after LIST_REST_NS, since somebody may still be reading it.
 */
struct dwell_area_list {
	uint64_t offset; /* 0: none */
	uint64_t room;   /* ranges */
};

struct dwell_area {
	uint8_t *at;
	uint64_t bytes, used;
	uint64_t before; /* where it begins in the session's file */
	int fd;          /* of the session, or -1: the memory is our own */
	bool full;
	uint64_t tables, table_bytes; /* for the notes */
	struct area_retired {
		struct dwell_area_list list;
		uint64_t since_ns;
	} * retired;
	size_t retired_count, retired_room;
};

/* session: NULL, or one whose file is fd. DWELL_ENOMEM. */
int dwell_area_open(struct dwell_area *area, const struct dwell_session *session, int fd);
void dwell_area_close(struct dwell_area *area);

/* The offset of a table with these rows; 0: there is no room. */
uint64_t dwell_area_table(struct dwell_area *area, const struct dwell_cfi *cfi);

/* The same of anything else, which stays as well. */
uint64_t dwell_area_put(struct dwell_area *area, const void *what, size_t size);

/* A list of ranges; its offset is 0 where there is no room. */
struct dwell_area_list dwell_area_list(struct dwell_area *area,
	const struct dwell_unwind_range *ranges, size_t count, uint64_t now_ns);
void dwell_area_retire(struct dwell_area *area, struct dwell_area_list list, uint64_t now_ns);

#endif
