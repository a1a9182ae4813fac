#ifndef DWELL_IMPORT_CTF_CLASSES_H
#define DWELL_IMPORT_CTF_CLASSES_H

#include <babeltrace2/babeltrace.h>

#include "import/intern.h"
#include "import/kernel/event.h"

/* Which fields of an event say what, by their places in its payload; -1: none does. */
enum ctf_field {
	CTF_OTHER,
	CTF_OTHER_COMM,
	CTF_OTHER_TGID,
	CTF_PREV,
	CTF_PREV_COMM,
	CTF_STATE,
	CTF_VALUE,
	CTF_TID,
	CTF_COMM,
	CTF_FIELDS
};

enum ctf_kind {
	CTF_IGNORED,
	CTF_KERNEL,    /* `event` says what of it */
	CTF_IRQ_ENTER, /* hardware interrupts: what is woken in one, is woken by nobody */
	CTF_IRQ_EXIT,
	CTF_USER /* of a program: a mark */
};

/* What a class of events means, looked up once for each class. */
struct ctf_class {
	uint8_t kind;  /* enum ctf_kind */
	uint8_t event; /* enum kernel_event_kind */
	int16_t fields[CTF_FIELDS];
	int16_t context_tid, context_tgid, context_comm; /* in the common context */
	struct dwell_string name;                        /* of a call without its prefix */
};

struct ctf_classes {
	struct import_map numbers; /* the library's object to a place in `all`, + 1 */
	struct ctf_class *all;
	uint32_t count, room;
};

/* NULL: no memory. Valid until the next call. */
const struct ctf_class *ctf_class_of(
	struct ctf_classes *classes, const bt_event_class *class, bool user);
void ctf_classes_release(struct ctf_classes *classes);

/* Values of fields, whatever their type is: 0 and "" where it is another. */
int64_t ctf_integer(const bt_field *parent, int16_t place);
struct dwell_string ctf_text(const bt_field *parent, int16_t place);
/* The place of a member of a structure, -1: none. */
int16_t ctf_place(const bt_field_class *structure, const char *name);

#endif
