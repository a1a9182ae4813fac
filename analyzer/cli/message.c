#include "cli/message.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool is_ascii(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

int complain(int status, const char *what, const char *why, ...)
{
	const struct dwell_style style = { .file = stderr, .ascii = is_ascii() };
	char text[512];
	va_list args;

	va_start(args, why);
	vsnprintf(text, sizeof(text), why, args);
	va_end(args);
	/* The answer so far comes first where both go to one place. */
	fflush(stdout);
	fputs("dwell: ", stderr);
	dwell_print_escaped(&style, what, strlen(what));
	fputs(": ", stderr);
	dwell_print_escaped(&style, text, strlen(text));
	fputs("\n", stderr);
	return status;
}

static unsigned width_of(const char *text)
{
	char *end;
	const unsigned long value = text ? strtoul(text, &end, 10) : 0;

	return value && !*end && value < 10000 ? (unsigned)value : 0;
}

struct dwell_style terminal_style(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	const bool terminal = isatty(STDOUT_FILENO);
	struct dwell_style style = { .file = stdout, .ascii = is_ascii() };
	struct winsize size;

	style.color = terminal && !(no_color && *no_color) && term && strcmp(term, "dumb");
	style.width = width_of(getenv("COLUMNS"));
	if (!style.width && terminal && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		style.width = size.ws_col;
	return style;
}

void next_step(const struct dwell_style *style, const char *what, const char *path)
{
	dwell_style_tone(style, DWELL_TONE_FAINT);
	fprintf(style->file, "\n%s ", what);
	dwell_print_escaped(style, path, strlen(path));
	dwell_style_tone(style, DWELL_TONE_PLAIN);
	putc('\n', style->file);
}
