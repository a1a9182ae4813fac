#ifndef DWELL_RECORD_RECORD_H
#define DWELL_RECORD_RECORD_H

/* Each returns the program's exit status, and has printed what there is to say. */
int dwell_record_main(int argc, char **argv);
int dwell_snapshot_main(int argc, char **argv);
int dwell_doctor_main(int argc, char **argv);

/* "dwell: what: why" on stderr; returns the exit status. */
int dwell_complain(int status, const char *what, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

enum dwell_exit {
	DWELL_EXIT_OK = 0,
	DWELL_EXIT_ASKED = 2,  /* asked wrongly */
	DWELL_EXIT_REFUSED = 5 /* rights, disk */
};

#endif
