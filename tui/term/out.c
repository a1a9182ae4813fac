#include "term/out.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Behind all else: they define many short names. */
#include <curses.h>
/* It needs curses.h. */
#include <term.h>

static struct {
	char *at;
	size_t size, cap;
} out;

void out_bytes(const char *bytes, size_t size)
{
	if (out.size + size > out.cap) {
		const size_t cap = (out.size + size) * 2 + 4096;
		char *grown = realloc(out.at, cap);

		if (!grown)
			return;
		out.at = grown;
		out.cap = cap;
	}
	memcpy(out.at + out.size, bytes, size);
	out.size += size;
}

void out_text(const char *text)
{
	out_bytes(text, strlen(text));
}

void out_format(const char *format, ...)
{
	char text[128];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	out_text(text);
}

static int put_char(int c)
{
	const char byte = (char)c;

	out_bytes(&byte, 1);
	return c;
}

bool out_can(const char *name)
{
	const char *text = tigetstr(name);

	return text && text != (char *)-1;
}

void out_cap(const char *name)
{
	if (out_can(name))
		tputs(tigetstr(name), 1, put_char);
}

void out_move(unsigned x, unsigned y)
{
	tputs(tparm(tigetstr("cup"), (long)y, (long)x, 0L, 0L, 0L, 0L, 0L, 0L, 0L), 1, put_char);
}

size_t out_size(void)
{
	return out.size;
}

void out_keep_first(size_t middle)
{
	out.size = middle;
}

void out_keep_second(size_t begin, size_t middle)
{
	memmove(out.at + begin, out.at + middle, out.size - middle);
	out.size -= middle - begin;
}

void out_drop(void)
{
	out.size = 0;
}

void out_send(void)
{
	for (size_t done = 0; done < out.size;) {
		const ssize_t n = write(STDOUT_FILENO, out.at + done, out.size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			poll(&(struct pollfd){ .fd = STDOUT_FILENO, .events = POLLOUT }, 1, -1);
			continue;
		}
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	out.size = 0;
}
