/* dwell-tui: run by `dwell tui`. */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "term/loop.h"
#include "term/screen.h"
#include "view/palette.h"

enum { STATUS_DONE = 0, STATUS_ASKED = 2, STATUS_INPUT = 3, STATUS_REFUSED = 5 };

struct request_options {
	const char *path, *at, *against, *palette;
	bool ascii, others;
};

static const char usage[] =
	"usage: dwell tui [options] [TRACE]\n"
	"\n"
	"Browse a trace on a timeline in the terminal.\n"
	"\n"
	"      --at ID            open at what has this id in a report\n"
	"      --against BASE     compare with another trace, class by class\n"
	"      --all-processes    also tasks of processes that were not to be recorded\n"
	"      --palette NAME     dark, light, safe (for the colour-blind), mono\n"
	"      --ascii            draw with ASCII only\n"
	"      --keys             print the keys and what they do\n"
	"  -h, --help             print this\n"
	"\n"
	"? shows the keys. See also: dwell help tui\n";

static int complain(int status, const char *what, const char *why)
{
	fprintf(stderr, "dwell: %s: %s\n", what, why);
	return status;
}

/* As the manual page has them. */
static int print_keys(void)
{
	for (size_t i = 0; i < request_row_count; i++) {
		const struct request_row *row = &request_rows[i];

		if (row->group)
			printf("%s%s\n", i ? "\n" : "", row->group);
		else
			printf("  %-16s %s\n", row->keys, row->help);
	}
	return STATUS_DONE;
}

/* -1: go on; else an exit status. */
static int read_options(int argc, char **argv, struct request_options *out)
{
	static const struct option options[] = {
		{ "at", required_argument, NULL, '@' },
		{ "against", required_argument, NULL, 'b' },
		{ "all-processes", no_argument, NULL, 'a' },
		{ "palette", required_argument, NULL, 'p' },
		{ "ascii", no_argument, NULL, 'A' },
		{ "keys", no_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case '@':
			out->at = optarg;
			break;
		case 'b':
			out->against = optarg;
			break;
		case 'a':
			out->others = true;
			break;
		case 'p':
			out->palette = optarg;
			break;
		case 'A':
			out->ascii = true;
			break;
		case 'k':
			return print_keys();
		case 'h':
			fputs(usage, stdout);
			return STATUS_DONE;
		default:
			return complain(STATUS_ASKED, argv[optind - 1],
				"no such option (see dwell tui --help)");
		}
	}
	if (argc - optind > 1)
		return complain(STATUS_ASKED, argv[optind + 1], "one trace at a time");
	out->path = optind < argc ? argv[optind] : "dwell.trace";
	return -1;
}

static int cannot_open(const char *path, int err, const struct dwell_diag *diag)
{
	if (err == DWELL_EIO)
		return complain(STATUS_INPUT, path, strerror(errno));
	return complain(err == DWELL_ENOMEM ? STATUS_REFUSED : STATUS_INPUT, path,
		*diag->what ? diag->what : dwell_strerror(err));
}

static unsigned choose_palette(const struct request_options *options)
{
	if (options->palette)
		return palette_of_name(options->palette);
	if (screen_colours() == COLOURS_NONE)
		return PALETTE_MONO;
	return screen_light() ? PALETTE_LIGHT : PALETTE_DARK;
}

static int show(struct dwell_timeline *timeline, struct dwell_timeline *base,
	const struct request_options *options)
{
	struct tui *tui = tui_new(timeline, options->path);
	const char *message = "out of memory";
	int status = STATUS_REFUSED;

	if (tui && (!base || tui_against(tui, base)) && screen_open(&message)) {
		tui->palette = choose_palette(options);
		if (!options->palette && tui->palette == PALETTE_DARK)
			screen_ask_ground();
		tui->ascii = options->ascii || !screen_utf8();
		tui->wanted_text = options->at;
		tui->others = options->others;
		status = loop_run(tui) ? STATUS_DONE : STATUS_REFUSED;
		screen_close();
		if (tui->err)
			status = cannot_open(options->path, tui->err, &tui->diag);
	} else {
		complain(status, "tui", message);
	}
	tui_free(tui);
	return status;
}

/* What was read of a trace is given back when it is let go: big pieces by themselves, and no heap
 * for each thread that comes and goes; but enough of them that who answers keys does not share one
 * with a thread that may be put off while it holds its lock. */
static void keep_memory_small(void)
{
	mallopt(M_MMAP_THRESHOLD, 1 << 17);
	mallopt(M_TRIM_THRESHOLD, 1 << 18);
	mallopt(M_ARENA_MAX, 5);
}

int main(int argc, char **argv)
{
	struct request_options options = { .path = NULL };
	struct dwell_timeline *timeline = NULL, *base = NULL;
	struct dwell_diag diag = { .offset = UINT64_MAX };
	int status = read_options(argc, argv, &options), err;

	if (status >= 0)
		return status;
	if (options.palette && palette_of_name(options.palette) == PALETTE_COUNT)
		return complain(STATUS_ASKED, options.palette,
			"no such palette: dark, light, safe or mono");
	setlocale(LC_ALL, "");
	keep_memory_small();
	err = dwell_timeline_open(&timeline, options.path, &diag);
	if (err)
		return cannot_open(options.path, err, &diag);
	if (options.against) {
		err = dwell_timeline_open(&base, options.against, &diag);
		if (err)
			return cannot_open(options.against, err, &diag);
	}
	status = show(timeline, base, &options);
	/* What still goes on is of no use to anybody: it ends with us. */
	fflush(stdout);
	_exit(status);
}
