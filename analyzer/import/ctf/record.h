#ifndef DWELL_IMPORT_CTF_RECORD_H
#define DWELL_IMPORT_CTF_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "dwell/tables.h"

/* What the process that reads CTF tells the one that asked: between copies of one program, so as
 * it lies in memory. */
enum ctf_record_kind {
	CTF_RECORD_BEGIN = 1, /* time_ns: the first event's; value: wall clock, to_ns: monotonic */
	CTF_RECORD_EVENT,
	CTF_RECORD_LOSS, /* time_ns to to_ns, value events of this CPU */
	CTF_RECORD_END /* value: an error's number, positive; to_ns: malformed records; text: why */
};

/* What the events that were read so far can say, in each record. */
enum ctf_record_flags {
	CTF_WAKING = 1,
	CTF_NEWBORN = 2,
	CTF_CALLS_TOLD = 4,
	CTF_IN_INTERRUPT = 8,
	CTF_PREEMPTED = 16
};

enum ctf_record_text { CTF_TEXT_COMM, CTF_TEXT_OTHER, CTF_TEXT_PREV, CTF_TEXT, CTF_TEXTS };
enum { CTF_LONGEST_TEXT = 4096 };

/* The members of struct kernel_event have the same names; behind it stand its texts. */
struct ctf_record {
	uint64_t time_ns, value, to_ns;
	uint32_t cpu;
	int32_t tid, tgid, other, other_tgid, prev;
	uint16_t sizes[CTF_TEXTS];
	uint8_t kind, event, flags;
	char state;
	uint32_t zero; /* else its bytes would be any */
};

enum { CTF_LONGEST_RECORD = sizeof(struct ctf_record) + CTF_TEXTS * CTF_LONGEST_TEXT };

#endif
