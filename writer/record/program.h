#ifndef DWELL_RECORD_PROGRAM_H
#define DWELL_RECORD_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

/* What a command is, as far as it matters for a library that is loaded into it. */
enum dwell_program_kind {
	DWELL_PROGRAM_LOADS = 0,    /* a library can be loaded into it */
	DWELL_PROGRAM_UNKNOWN,      /* not found, or not to be read: exec will tell */
	DWELL_PROGRAM_STATIC,       /* has no loader: Go, static C */
	DWELL_PROGRAM_OTHER_LOADER, /* musl's, for example */
	DWELL_PROGRAM_OTHER_CLASS,  /* a 32-bit program, or of another machine */
	DWELL_PROGRAM_PRIVILEGED    /* setuid, setgid or with capabilities */
};

struct dwell_program {
	enum dwell_program_kind kind;
	char sanitizer[64]; /* the library that must come first, or empty */
};

/* Look at what execvp would run, through the interpreters of scripts. */
void dwell_program_look(const char *command, struct dwell_program *out);

/* Why nothing can be loaded into it: a phrase for people; NULL when it can. */
const char *dwell_program_why(const struct dwell_program *program);

#endif
