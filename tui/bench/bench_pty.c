/*
 * The viewer as a user has it: the real program behind a pseudo terminal of 200x60.
 *
 *     bench_pty TRACE [PROGRAM]
 *
 * Prints the time from exec to the first frame, from a key to the frame that answers it (p50,
 * p99), the bytes that a key costs, the time until everything is exact after a jump, and memory. A
 * frame ends with the sequence that tells the terminal to show it. "browsing" is what a person
 * does, begun as soon as the first frame is there: places and widths that were not seen before, the
 * same ones in each run. DWELL_BENCH_SLOW=MS names keys that took longer.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 200, HEIGHT = 60, BROWSING = 600, QUIET = 400 };

static const char frame_end[] = "\033[?2026l";

struct viewer {
	pid_t child;
	int terminal;
	size_t matched; /* of frame_end */
	uint64_t bytes;
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void become(const char *program, const char *trace, const char *terminal)
{
	const int fd = (setsid(), open(terminal, O_RDWR));
	const struct winsize size = { .ws_col = WIDTH, .ws_row = HEIGHT };

	if (fd < 0)
		_exit(127);
	ioctl(fd, TIOCSCTTY, 0);
	ioctl(fd, TIOCSWINSZ, &size);
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	execl(program, "dwell-tui", trace, (char *)NULL);
	_exit(127);
}

static bool start(struct viewer *viewer, const char *program, const char *trace)
{
	*viewer = (struct viewer){ .terminal = posix_openpt(O_RDWR | O_NOCTTY) };
	if (viewer->terminal < 0 || grantpt(viewer->terminal) || unlockpt(viewer->terminal))
		return false;

	const char *name = ptsname(viewer->terminal);
	viewer->child = fork();
	if (viewer->child == 0)
		become(program, trace, name);
	return viewer->child > 0;
}

/* How many frames ended in what has come. */
static unsigned frames_in(struct viewer *viewer, const char *at, size_t size)
{
	unsigned frames = 0;

	for (size_t i = 0; i < size; i++) {
		viewer->matched = at[i] == frame_end[viewer->matched] ? viewer->matched + 1
				  : at[i] == frame_end[0]             ? 1
								      : 0;
		if (frame_end[viewer->matched])
			continue;
		viewer->matched = 0;
		frames++;
	}
	return frames;
}

/* Read until a frame has ended; false: none came in time. */
static bool await_frame(struct viewer *viewer, int milliseconds)
{
	char bytes[1 << 16];

	for (;;) {
		struct pollfd wanted = { .fd = viewer->terminal, .events = POLLIN };
		ssize_t n;

		if (poll(&wanted, 1, milliseconds) <= 0)
			return false;
		n = read(viewer->terminal, bytes, sizeof(bytes));
		if (n <= 0)
			return false;
		viewer->bytes += (uint64_t)n;
		if (frames_in(viewer, bytes, (size_t)n))
			return true;
	}
}

/* Until nothing more comes; the time of the last frame. */
static double await_quiet(struct viewer *viewer)
{
	double last = now_ms();

	while (await_frame(viewer, QUIET))
		last = now_ms();
	return last;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* What comes by itself is not the answer to the next key. */
static void drain(struct viewer *viewer)
{
	struct pollfd wanted = { .fd = viewer->terminal, .events = POLLIN };

	while (poll(&wanted, 1, 5) > 0 && await_frame(viewer, 300))
		;
}

/* The time to the frame that answers a key, and its bytes. */
static bool press(struct viewer *viewer, const char *key, double *took, uint64_t *bytes)
{
	double begin;

	drain(viewer);
	*bytes = viewer->bytes;
	begin = now_ms();
	if (write(viewer->terminal, key, strlen(key)) < 0 || !await_frame(viewer, 300))
		return false;
	*took = now_ms() - begin;
	*bytes = viewer->bytes - *bytes;
	return true;
}

/* What the viewer has used of the CPU so far, in ms, its background threads included. */
static double cpu_ms(pid_t child)
{
	char path[64], line[1024];
	unsigned long long user = 0, system = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)child);
	file = fopen(path, "r");
	if (file && fgets(line, sizeof(line), file)) {
		const char *behind = strrchr(line, ')');

		if (behind)
			sscanf(behind, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
				&user, &system);
	}
	if (file)
		fclose(file);
	return (double)(user + system) * 1e3 / (double)sysconf(_SC_CLK_TCK);
}

static uint32_t pick(uint32_t *random, uint32_t end)
{
	*random = *random * 1664525u + 1013904223u;
	return (*random >> 8) % end;
}

/* The same key a few times, then another, as people do. */
static void make_browsing(char *out, unsigned count)
{
	static const char keys[] = "wwwwssssaaddhhlljjjkkgGf0$u";
	uint32_t random = 7;
	char key = 'w';

	for (unsigned i = 0; i < count; i++) {
		if (pick(&random, 3) == 0)
			key = keys[pick(&random, sizeof(keys) - 1)];
		out[i] = key;
	}
	out[count] = '\0';
}

/* m leaves words on the last line, which the next key wipes away: so that one is answered by a
 * frame wherever one is. Help knows no m, and changes with each of its keys. */
static void measure_keys(
	struct viewer *viewer, const char *name, const char *keys, unsigned count, bool marked)
{
	double *took = malloc(count * sizeof(*took));
	const double cpu = cpu_ms(viewer->child);
	const char *told = getenv("DWELL_BENCH_SLOW");
	const double slow = told ? strtod(told, NULL) : 1e9;
	uint64_t bytes, sum = 0, most = 0;
	unsigned n = 0;

	for (unsigned i = 0; took && i < count; i++) {
		const char key[2] = { keys[i % strlen(keys)], '\0' };

		if (marked)
			press(viewer, "m", &took[n], &bytes);
		if (!press(viewer, key, &took[n], &bytes))
			continue;
		if (took[n++] > slow)
			printf("%s: key %u, %s: %.1f ms\n", name, i, key, took[n - 1]);
		sum += bytes;
		most = bytes > most ? bytes : most;
	}
	if (n) {
		qsort(took, n, sizeof(*took), compare);
		printf("%-12s %4u keys  p50 %6.2f  p99 %6.2f  most %6.2f ms  cpu %5.1f ms  bytes "
		       "%6.0f, most %6llu\n",
			name, n, took[n / 2], took[n * 99 / 100], took[n - 1],
			(cpu_ms(viewer->child) - cpu) / (marked ? 2 * n : n), (double)sum / n,
			(unsigned long long)most);
	}
	free(took);
}

static void measure_settled(struct viewer *viewer, const char *name, const char *keys)
{
	for (const char *key = keys; *key; key++) {
		const char one[2] = { *key, '\0' };
		const double begin = now_ms();

		if (write(viewer->terminal, one, 1) < 0)
			return;
		if (!key[1])
			printf("%-22s %8.1f ms\n", name, await_quiet(viewer) - begin);
		else
			await_quiet(viewer);
	}
}

static void print_memory(pid_t child)
{
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)child);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "VmHWM", 5) || !strncmp(line, "RssAnon", 7) ||
			!strncmp(line, "RssFile", 7))
			fputs(line, stdout);
	if (file)
		fclose(file);
}

int main(int argc, char **argv)
{
	const char *program = argc > 2 ? argv[2] : DWELL_BIN "/dwell-tui";
	struct viewer viewer;
	char browsing[BROWSING + 1];
	double begin;

	if (argc < 2) {
		fprintf(stderr, "usage: bench_pty TRACE [PROGRAM]\n");
		return 2;
	}
	for (unsigned i = 0; i < 5; i++) {
		begin = now_ms();
		if (!start(&viewer, program, argv[1]) || !await_frame(&viewer, 20000))
			return 1;
		printf("first screen           %8.1f ms\n", now_ms() - begin);
		if (i == 4)
			break;
		kill(viewer.child, SIGTERM);
		waitpid(viewer.child, NULL, 0);
		close(viewer.terminal);
	}
	make_browsing(browsing, BROWSING);
	measure_keys(&viewer, "browsing", browsing, BROWSING, true);
	if (write(viewer.terminal, "fg", 2) < 0)
		return 1;
	await_quiet(&viewer);
	measure_keys(&viewer, "rows", "jjjjjjkkkk", 200, true);
	measure_keys(&viewer, "cursor", "lllllhhh", 200, true);
	measure_keys(&viewer, "zoom, far", "wswwssws", 100, true);
	measure_settled(&viewer, "zoomed in 8 times", "wwwwwwww");
	measure_keys(&viewer, "pan, near", "ddddaaad", 100, true);
	measure_keys(&viewer, "zoom, near", "wswwssws", 100, true);
	measure_settled(&viewer, "zoomed in 8 more", "wwwwwwww");
	measure_keys(&viewer, "pan, nearer", "ddddaaad", 200, true);
	measure_keys(&viewer, "screens", "?\033", 20, false);
	print_memory(viewer.child);
	kill(viewer.child, SIGTERM);
	waitpid(viewer.child, NULL, 0);
	return 0;
}
