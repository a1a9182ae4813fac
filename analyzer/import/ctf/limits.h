#ifndef DWELL_IMPORT_CTF_LIMITS_H
#define DWELL_IMPORT_CTF_LIMITS_H

#include "import/ctf/read.h"

/*
 * For the process that reads CTF: no core, memory of 4 GiB above what it began with, no word on
 * the terminal. Dying of a fault, it still writes what it has read.
 */
void ctf_limits_set(struct ctf_writer *writer);
/* It got on: CPU time of 20 s from now. */
void ctf_limits_renew(void);

#endif
