#ifndef DWELL_RING_HOTSPOT_H
#define DWELL_RING_HOTSPOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind.h"

/*
 * Java's frames in a stack of HotSpot's (x86-64), for whoever reads them, in the program or from
 * outside: compiled code has frames of a size that is told where its code lies, with the methods
 * that were compiled into one and where in their bytecode a call is; the interpreter has a frame
 * for each method. Where what lies the virtual machine tells its debuggers; the recorder puts it
 * together (record/hotspot_code.c), in the session's area where the program may read it too.
 */
enum { DWELL_HOTSPOT_HEAPS = 4, DWELL_HOTSPOT_OFFSET_MAX = 1 << 16 };

struct dwell_hotspot_code {
	uint64_t low, high;                     /* compiled code lies between */
	uint64_t interpreter, interpreter_size; /* its code, which is there too */
	uint64_t
		entry; /* where methods return to that the machine called: it has a frame pointer */
	struct dwell_hotspot_heap {
		uint64_t low, end_at; /* where it begins, and where it is told how far it reaches */
		uint64_t segments;    /* a byte for each: how far back the block's begin is */
		uint32_t shift;       /* size of a segment */
		uint32_t unused;
	} heaps[DWELL_HOTSPOT_HEAPS];
	uint32_t heap_count;
	uint32_t version; /* of the JDK */
	/* Offsets in its structures, and sizes of these. */
	uint32_t block_size, block_used;
	uint32_t blob_name, blob_frame, blob_code;
	uint32_t code_method, code_scopes, code_pcs, code_pcs_end, code_metadata, code_original;
	/* As of 25 what does not change lies apart, and so does what does; 0 before. */
	uint32_t code_immutable, code_mutable;
	uint32_t method_const, const_pool, const_name, const_size, const_flags, const_bytes;
	uint32_t pool_holder, pool_file, pool_bytes, class_name, symbol_length, symbol_body;
};

/* How memory is read: as many of the bytes as are there, from the first on. */
struct dwell_hotspot_view {
	const struct dwell_hotspot_code *code;
	size_t (*read)(void *context, uint64_t at, void *out, size_t size);
	void *context;
};

/* All numbers in it are such as can be; the heaps are some. */
bool dwell_hotspot_is_sane(const struct dwell_hotspot_code *code);

struct dwell_hotspot_method {
	uint64_t method;
	int32_t at; /* in its bytecode; -1: not known */
};

enum { DWELL_HOTSPOT_METHODS = 64 };

/*
 * From a frame of Java's to its caller's. Which methods are in it is told innermost first; a stub
 * of the machine's has none. false: where its caller is cannot be told, methods may be.
 */
bool dwell_hotspot_step(const struct dwell_hotspot_view *view,
	const struct dwell_unwind_stack *stack, struct dwell_unwind_frame *frame,
	struct dwell_hotspot_method *out, unsigned *count);

/* A method that waits to enter a monitor went on to what comes after: back to it. */
void dwell_hotspot_step_back(
	const struct dwell_hotspot_view *view, struct dwell_hotspot_method *method);

enum { DWELL_HOTSPOT_FUNCTION = 512, DWELL_HOTSPOT_FILE = 256 };

struct dwell_hotspot_name {
	char function[DWELL_HOTSPOT_FUNCTION]; /* java.lang.Thread.run */
	char file[DWELL_HOTSPOT_FILE];
	uint32_t function_size, file_size;
	uint32_t line; /* 0: not known */
};

/* false: that is no method. */
bool dwell_hotspot_name(const struct dwell_hotspot_view *view,
	const struct dwell_hotspot_method *method, struct dwell_hotspot_name *out);

/* What tells it from another that lay at this address before. */
uint64_t dwell_hotspot_key(
	const struct dwell_hotspot_view *view, const struct dwell_hotspot_method *method);

#endif
