#ifndef DWELL_RECORD_DOCTOR_H
#define DWELL_RECORD_DOCTOR_H

#include <stdbool.h>

/* One level of sight on this machine, for this user. */
struct dwell_doctor_level {
	const char *name; /* as in a trace's levels */
	const char *gives;
	bool available;
	char why[400];
	char fix[600]; /* empty where there is nothing to be done */
};

enum { DWELL_DOCTOR_LEVELS = 5 };

/* Find out by trying. */
void dwell_doctor_look(struct dwell_doctor_level levels[DWELL_DOCTOR_LEVELS]);

#endif
