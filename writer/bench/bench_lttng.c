/* LTTng-UST's event, measured by the same loop: prints "lttng NS". Starts a session daemon of its
 * own in a folder of its own and takes it down again. */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "lttng_tp.h"

#include <stdlib.h>
#include <unistd.h>

#include "bench.h"

enum { COUNT = 100000, RUNS = 100, WAIT_US = 300000 };

static void events(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		lttng_ust_tracepoint(dwell_bench, event, 1, i);
}

static int measure(void)
{
	/* Let the daemon find and enable us. */
	usleep(WAIT_US);
	printf("lttng %.2f\n", bench_best(events, COUNT, RUNS));
	return 0;
}

int main(int argc, char **argv)
{
	static const char script[] =
		"h=$(mktemp -d) && export LTTNG_HOME=$h HOME=$h && "
		"lttng-sessiond --daemonize --quiet && "
		"p=$(cat $h/.lttng/lttng-sessiond.pid /run/lttng/lttng-sessiond.pid 2>/dev/null "
		"| head -1) && "
		"lttng -q create bench --output=$h/out && "
		"lttng -q enable-channel -u --overwrite --subbuf-size=1M --num-subbuf=4 c && "
		"lttng -q enable-event -u -c c dwell_bench:event && lttng -q start && "
		"\"$0\" measure; lttng -q destroy --no-wait; kill $p; rm -rf $h";

	if (argc > 1)
		return measure();
	execl("/bin/sh", "sh", "-c", script, argv[0], (char *)NULL);
	return 1;
}
