#ifndef DWELL_NAMES_H
#define DWELL_NAMES_H

#include <stdbool.h>

#include "dwell/model.h"

/*
 * What stands for a task, an object or a place wherever people read it: one text of what a
 * catalog knows. Names come from the trace and may be hostile: who prints them escapes them.
 *
 * Each writes into out, ended by NUL and cut where it is too long, and returns out.
 */
enum { DWELL_NAME_SIZE = 512 };

/* "worker-3 (1234)": never empty but for task 0. */
const char *dwell_name_task(
	char out[DWELL_NAME_SIZE], const struct dwell_catalog *catalog, uint32_t task);

/* The class of a task; "" where it has none. */
const char *dwell_name_class(
	char out[DWELL_NAME_SIZE], const struct dwell_catalog *catalog, uint32_t task);

/* The number a system gives an object of this kind: an address is read in hexadecimal, a thread,
 * a process, a descriptor or an inode is not. */
enum { DWELL_NATIVE_SIZE = 24 };
const char *dwell_name_native(char out[DWELL_NATIVE_SIZE], uint8_t kind, uint64_t native_id);

/* Its name, where it was made, or its kind and number: "mutex 0x7f12". "" for none. */
const char *dwell_name_object(
	char out[DWELL_NAME_SIZE], const struct dwell_catalog *catalog, uint32_t object);

/* "take (pool.c:41)": the innermost place of a stack that is the program's own. "" for none. */
const char *dwell_name_site(
	char out[DWELL_NAME_SIZE], const struct dwell_catalog *catalog, uint32_t stack);

/* Its name or number: "cpu 3". */
const char *dwell_name_executor(
	char out[DWELL_NAME_SIZE], const struct dwell_catalog *catalog, uint32_t executor);

/* "take", with its place "take (pool.c:41)"; "libpool.so+0x1f3c", the module and the place in its
 * file, where it has no function. */
const char *dwell_name_frame(
	char out[DWELL_NAME_SIZE], const struct dwell_frame *frame, bool place);

#endif
