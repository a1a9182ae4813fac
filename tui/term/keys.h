#ifndef DWELL_TUI_KEYS_H
#define DWELL_TUI_KEYS_H

#include "core/tui.h"

/* Bytes from a terminal as keys and what was done with the mouse. */
struct key_input {
	unsigned char bytes[256];
	size_t size;
};

/* LIGHT: the terminal was asked for its background (screen_ask_ground), and it is light. */
enum key_event { KEY_EVENT_NONE, KEY_EVENT_KEY, KEY_EVENT_MOUSE, KEY_EVENT_PART, KEY_EVENT_LIGHT };

/*
 * Take the first event off the bytes. PART: more must come; `last`: no more will, so that an
 * escape is the key of that name.
 */
enum key_event keys_next(struct key_input *in, bool last, uint32_t *key, struct tui_mouse *mouse);

#endif
