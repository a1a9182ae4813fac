#ifndef DWELL_IMPORT_TRACECMD_FILE_H
#define DWELL_IMPORT_TRACECMD_FILE_H

#include "import/perf/formats.h"
#include "import/tracecmd/place.h"

/*
 * trace.dat, versions 6 and 7, as the manual pages trace-cmd.dat.v6(5) and trace-cmd.dat.v7(5)
 * specify it: what there is beside the events, and where those lie.
 */
enum {
	TRACECMD_STREAMS = 1 << 13,      /* CPUs of all buffers */
	TRACECMD_BUFFERS = 64,           /* instances of tracefs, the top one included */
	TRACECMD_LARGEST_PAGE = 1 << 20, /* a sub-buffer of the kernel is half of that at most */
	TRACECMD_LARGEST_CHUNK = 1 << 24,
	TRACECMD_LARGEST_SECTION = 1 << 26
};

enum tracecmd_packing { TRACECMD_PLAIN, TRACECMD_ZSTD, TRACECMD_ZLIB };

/* The sub-buffers of one CPU in one buffer. */
struct tracecmd_stream {
	uint32_t cpu;
	uint32_t buffer; /* its number in the file */
	uint32_t page;   /* bytes of a sub-buffer */
	bool packed;     /* in chunks */
	uint64_t at, size;
};

/* Of the recording's clock: how its values become nanoseconds. */
struct tracecmd_clock {
	char name[32];         /* "" where it is not told */
	uint32_t mult, shift;  /* TSC2NSEC; mult 0: they are nanoseconds */
	uint64_t offset_ns;    /* added to them, modulo 2^64 */
	bool shifted, is_wall; /* an offset was given; it makes them wall clock times */
};

struct tracecmd_file {
	struct dwell_bytes *bytes; /* not owned */
	int version;
	bool big;
	uint32_t commit_size; /* bytes of a sub-buffer's second field: the kernel's long */
	uint32_t page;
	enum tracecmd_packing packing;
	struct perf_formats formats;
	struct tracecmd_clock clock;
	struct tracecmd_stream *streams;
	uint32_t count, buffers;
	uint64_t dropped; /* events that full buffers refused, as their statistics tell */
	char *names;      /* "12 comm\n" each, or NULL */
	size_t names_size;
};

/* All zero at first. Release it on failure too. DWELL_EFORMAT, DWELL_ETRUNCATED, ... with diag. */
int tracecmd_file_read(
	struct tracecmd_file *file, struct dwell_bytes *bytes, struct dwell_diag *diag);
void tracecmd_file_release(struct tracecmd_file *file);

uint64_t tracecmd_time(const struct tracecmd_clock *clock, uint64_t value);

/* Parts of it, in the order in which versions have them; each from the place where it begins. */
int tracecmd_read_header(struct tracecmd_file *file, struct tracecmd_place *place);
int tracecmd_read_formats(struct tracecmd_file *file, struct tracecmd_place *place, bool own);
int tracecmd_read_names(struct tracecmd_file *file, struct tracecmd_place *place);
int tracecmd_add_stream(struct tracecmd_file *file, const struct tracecmd_stream *stream);

/* One option: at `place`, which ends with it. Those that tell places are their versions' own. */
enum {
	TRACECMD_OPTION_DONE = 0,
	TRACECMD_OPTION_DATE = 1,
	TRACECMD_OPTION_CPUSTAT = 2,
	TRACECMD_OPTION_BUFFER = 3,
	TRACECMD_OPTION_TRACECLOCK = 4,
	TRACECMD_OPTION_OFFSET = 7,
	TRACECMD_OPTION_CPUCOUNT = 8,
	TRACECMD_OPTION_TSC2NSEC = 14,
	TRACECMD_OPTION_HEADER_INFO = 16,
	TRACECMD_OPTION_FTRACE_EVENTS = 17,
	TRACECMD_OPTION_EVENT_FORMATS = 18,
	TRACECMD_OPTION_CMDLINES = 21,
	TRACECMD_OPTION_BUFFER_TEXT = 22
};
int tracecmd_option(struct tracecmd_file *file, uint16_t id, struct tracecmd_place place);

/* v6.c, v7.c: from behind the page size to the end of what they tell. */
int tracecmd_read_v6(
	struct tracecmd_file *file, struct tracecmd_place *place, struct dwell_diag *diag);
int tracecmd_read_v7(
	struct tracecmd_file *file, struct tracecmd_place *place, struct dwell_diag *diag);

/* packed.c: exactly as many bytes as were packed. DWELL_EFORMAT, DWELL_ENOMEM. */
int tracecmd_unpack(enum tracecmd_packing packing, const void *packed, size_t packed_size,
	void *out, size_t size);

#endif
