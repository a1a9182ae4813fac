#include "cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "dwell/report.h"

enum { BAR = 30 };

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void progress_begin(struct progress *progress, uint64_t from_ns, uint64_t to_ns)
{
	*progress = (struct progress){
		.from_ns = from_ns,
		.total_ns = to_ns > from_ns ? to_ns - from_ns : 0,
		.began_ns = clock_ns(),
		.terminal = isatty(STDERR_FILENO),
	};
}

static void put_bar(uint64_t at_ns, uint64_t total_ns)
{
	const uint64_t ppm = dwell_share_ppm(at_ns < total_ns ? at_ns : total_ns, total_ns);
	char share[DWELL_NUMBER_SIZE];

	fputs(" [", stderr);
	for (unsigned i = 0; i < BAR; i++)
		putc(i < ppm * BAR / 1000000 ? '#' : ' ', stderr);
	fprintf(stderr, "] %s", dwell_format_share(share, ppm));
}

static void show(const struct progress *progress, uint64_t now_ns, uint64_t at_ns)
{
	const double seconds = (double)(now_ns - progress->began_ns) / 1e9;
	const double rate = (double)at_ns / seconds; /* of the trace, in a second */
	char text[DWELL_NUMBER_SIZE];

	fputs("\rdwell: read", stderr);
	if (progress->total_ns)
		put_bar(at_ns, progress->total_ns);
	else
		fprintf(stderr, " %s", dwell_format_duration(text, at_ns, true));
	fprintf(stderr, ", %s of it a second", dwell_format_duration(text, (uint64_t)rate, true));
	if (progress->total_ns > at_ns && rate > 0)
		fprintf(stderr, ", %s left",
			dwell_format_duration(text,
				(uint64_t)((double)(progress->total_ns - at_ns) / rate * 1e9),
				true));
	fputs("\033[K", stderr);
}

void progress_tell(void *context, uint64_t at_ns)
{
	struct progress *progress = context;

	if (!progress->terminal)
		return;

	const uint64_t now_ns = clock_ns();

	if (now_ns - progress->began_ns < 500000000 || now_ns - progress->told_ns < 100000000)
		return;
	progress->told_ns = now_ns;
	progress->shown = true;
	show(progress, now_ns, at_ns > progress->from_ns ? at_ns - progress->from_ns : 0);
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}
