#include "term/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum key_event take(struct key_input *in, size_t size, enum key_event event)
{
	memmove(in->bytes, in->bytes + size, in->size - size);
	in->size -= size;
	return event;
}

static uint32_t letter_key(unsigned char letter, unsigned modifier)
{
	const bool shift = modifier == 2;

	switch (letter) {
	case 'A':
		return KEY_UP;
	case 'B':
		return KEY_DOWN;
	case 'C':
		return shift ? KEY_SHIFT_RIGHT : KEY_RIGHT;
	case 'D':
		return shift ? KEY_SHIFT_LEFT : KEY_LEFT;
	case 'H':
		return KEY_HOME;
	case 'F':
		return KEY_END;
	case 'P':
		return KEY_F1;
	case 'Z':
		return KEY_SHIFT_TAB;
	default:
		return KEY_NONE;
	}
}

static uint32_t number_key(unsigned number)
{
	switch (number) {
	case 1:
	case 7:
		return KEY_HOME;
	case 4:
	case 8:
		return KEY_END;
	case 3:
		return KEY_DELETE;
	case 5:
		return KEY_PAGE_UP;
	case 6:
		return KEY_PAGE_DOWN;
	case 11:
		return KEY_F1;
	default:
		return KEY_NONE;
	}
}

/* The numbers of a sequence, between its introducer and its last byte. */
static unsigned numbers(const unsigned char *at, const unsigned char *end, unsigned out[3])
{
	unsigned count = 0;

	out[0] = out[1] = out[2] = 0;
	for (; at < end && count < 3; at++) {
		if (*at == ';')
			count++;
		else if (*at >= '0' && *at <= '9' && out[count] < 100000)
			out[count] = out[count] * 10 + (unsigned)(*at - '0');
	}
	return count + 1;
}

/* CSI < button ; x ; y M: pressed or moved; m: released. */
static enum key_event mouse_event(struct key_input *in, size_t end, struct tui_mouse *mouse)
{
	unsigned n[3];
	const bool released = in->bytes[end] == 'm';

	numbers(in->bytes + 3, in->bytes + end, n);
	mouse->x = n[1] ? n[1] - 1 : 0;
	mouse->y = n[2] ? n[2] - 1 : 0;
	if (n[0] & 64)
		mouse->kind = n[0] & 1 ? MOUSE_WHEEL_DOWN : MOUSE_WHEEL_UP;
	else if (released)
		mouse->kind = MOUSE_RELEASE;
	else if ((n[0] & 3) == 0)
		mouse->kind = n[0] & 32 ? MOUSE_DRAG : MOUSE_PRESS;
	else
		return take(in, end + 1, KEY_EVENT_NONE);
	return take(in, end + 1, KEY_EVENT_MOUSE);
}

static enum key_event control(
	struct key_input *in, bool last, uint32_t *key, struct tui_mouse *mouse)
{
	size_t end = 2;
	unsigned n[3];

	while (end < in->size && (in->bytes[end] < 0x40 || in->bytes[end] > 0x7e))
		end++;
	if (end >= in->size) {
		/* Too long for one of ours, or cut: none. */
		if (last || in->size == sizeof(in->bytes))
			return take(in, in->size, KEY_EVENT_NONE);
		return KEY_EVENT_PART;
	}
	if (in->bytes[2] == '<')
		return mouse_event(in, end, mouse);
	numbers(in->bytes + 2, in->bytes + end, n);
	*key = in->bytes[end] == '~' ? number_key(n[0]) : letter_key(in->bytes[end], n[1]);
	return take(in, end + 1, *key == KEY_NONE ? KEY_EVENT_NONE : KEY_EVENT_KEY);
}

/* "11;rgb:ffff/ffff/ffff": of each colour as many digits as the terminal likes. */
static bool is_light(const unsigned char *at, size_t size)
{
	enum { RED = 299, GREEN = 587, BLUE = 114, HALF = (RED + GREEN + BLUE) / 2 };
	char text[64];
	unsigned red, green, blue, most;

	snprintf(text, sizeof(text), "%.*s", (int)size, (const char *)at);
	if (sscanf(text, "11;rgb:%4x/%4x/%4x", &red, &green, &blue) != 3)
		return false;
	most = (1u << 4 * strcspn(text + strlen("11;rgb:"), "/")) - 1;
	return RED * red + GREEN * green + BLUE * blue > HALF * most;
}

/* OSC ... BEL, or ESC \: what the terminal was asked for. It may come in pieces, however late. */
static enum key_event answer(struct key_input *in)
{
	enum { LONGEST = 64, BEL = 7 };
	size_t end = 2;

	while (end < in->size && in->bytes[end] != BEL && in->bytes[end] != KEY_ESCAPE)
		end++;
	if (end + (end < in->size && in->bytes[end] == KEY_ESCAPE) >= in->size)
		return in->size > LONGEST ? take(in, in->size, KEY_EVENT_NONE) : KEY_EVENT_PART;

	const bool light = is_light(in->bytes + 2, end - 2);
	return take(in, end + (in->bytes[end] == BEL ? 1 : 2),
		light ? KEY_EVENT_LIGHT : KEY_EVENT_NONE);
}

static enum key_event escape(
	struct key_input *in, bool last, uint32_t *key, struct tui_mouse *mouse)
{
	if (in->size == 1 && !last)
		return KEY_EVENT_PART;
	if (in->size >= 2 && in->bytes[1] == '[')
		return in->size == 2 && !last ? KEY_EVENT_PART : control(in, last, key, mouse);
	if (in->size == 2 && in->bytes[1] == ']' && !last)
		return KEY_EVENT_PART;
	if (in->size > 2 && in->bytes[1] == ']' && in->bytes[2] == '1')
		return answer(in);
	if (in->size >= 2 && in->bytes[1] == 'O') {
		if (in->size == 2 && !last)
			return KEY_EVENT_PART;
		if (in->size > 2) {
			*key = letter_key(in->bytes[2], 0);
			return take(in, 3, *key == KEY_NONE ? KEY_EVENT_NONE : KEY_EVENT_KEY);
		}
	}
	*key = KEY_ESCAPE;
	return take(in, 1, KEY_EVENT_KEY);
}

enum key_event keys_next(struct key_input *in, bool last, uint32_t *key, struct tui_mouse *mouse)
{
	const unsigned first = in->bytes[0];
	const size_t length = first < 0x80   ? 1
			      : first < 0xc2 ? 0
			      : first < 0xe0 ? 2
			      : first < 0xf0 ? 3
					     : 4;

	if (!in->size)
		return KEY_EVENT_NONE;
	if (first == KEY_ESCAPE)
		return escape(in, last, key, mouse);
	if (in->size < length && !last)
		return KEY_EVENT_PART;
	if (!length || first > 0xf4 || in->size < length)
		return take(in, 1, KEY_EVENT_NONE);
	*key = length == 1 ? first : first & (0x7fu >> length);
	for (size_t i = 1; i < length; i++)
		*key = *key << 6 | (in->bytes[i] & 0x3fu);
	return take(in, length, *key < KEY_NONE ? KEY_EVENT_KEY : KEY_EVENT_NONE);
}
