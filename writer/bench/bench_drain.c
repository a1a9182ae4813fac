/*
 * Ring to file on one core: slots to rows, into order, encoded and compressed, written. Four
 * threads' rings are filled (not measured), then drained (measured), in turn.
 *
 *	bench_drain [ROUNDS [WHICH]]     WHICH: one of the four lines, from 0
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "drain/drain.h"
#include "dwell/encoder.h"
#include "dwell/order.h"
#include "dwell/writer.h"
#include "lib/lib.h"

enum { WRITERS = 4, RING = 1 << 16, OBJECTS = 50, STACKS = 40 };

struct output {
	struct dwell_output output;
	int fd;
	uint64_t bytes;
};

static int write_all(struct dwell_output *output, const void *at, size_t size)
{
	struct output *file = (struct output *)output;

	file->bytes += size;
	return write(file->fd, at, size) == (ssize_t)size ? 0 : -1;
}

/* Counts rows on their way. */
struct counter {
	struct dwell_sink sink;
	struct dwell_sink *next;
	uint64_t rows;
};

static pthread_barrier_t filled, drained;
static unsigned what_to_write;
static int rounds = 30;
static uint64_t span;

static uint64_t random_of(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *state >> 33;
}

/* A wait began at some time since the thread's last record: its waits do not overlap. */
static void write_wait(
	struct dwell_self *self, uint64_t now, uint64_t since, uint64_t *seed, uint32_t stack)
{
	dwell_ring_put2(&self->writer, now, DWELL_RECORD_WAIT,
		dwell_what(stack, DWELL_WHY_MUTEX, DWELL_WHAT_MUTEX, 0),
		now - random_of(seed) % since, 0x7f0000001000 + random_of(seed) % OBJECTS * 64);
}

static void fill(struct dwell_self *self, uint64_t *seed, const uint32_t *stacks, uint32_t name)
{
	uint64_t step = span / RING, base = dwell_now();

	for (uint64_t i = 0; i + 3 < RING; i += 2) {
		uint64_t now = base + i * step;
		uint32_t stack = stacks[random_of(seed) % STACKS];
		if (what_to_write == 0) {
			dwell_ring_put1(&self->writer, now, DWELL_RECORD_MARK, name);
			dwell_ring_put1(&self->writer, now + step, DWELL_RECORD_MARK, name);
		} else {
			write_wait(self, now, 2 * step, seed, stack);
		}
	}
}

static void *write_rounds(void *argument)
{
	uint64_t seed = (uint64_t)(uintptr_t)argument;
	struct dwell_self *self = dwell_enter();
	uint32_t stacks[STACKS], name = dwell_text("bench");

	for (uint32_t i = 0; i < STACKS; i++) {
		uint64_t pcs[8] = { 0x1000, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000, 0x7000, i };
		stacks[i] = dwell_intern(&dwell_lib.session, DWELL_ENTRY_STACK, 0, pcs, 8);
	}
	for (int i = 0; i < rounds; i++) {
		fill(self, &seed, stacks, name);
		pthread_barrier_wait(&filled);
		pthread_barrier_wait(&drained);
	}
	return NULL;
}

static int on_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct counter *counter = (struct counter *)sink;

	counter->rows += count;
	if (!counter->next)
		return 0;
	return counter->next->ops->events(counter->next, events, count);
}

static struct dwell_event *on_room(struct dwell_sink *sink, size_t count)
{
	struct counter *counter = (struct counter *)sink;

	return counter->next ? counter->next->ops->room(counter->next, count) : NULL;
}

static int measure(const char *what, unsigned kind, bool to_file)
{
	static struct dwell_session session;
	struct dwell_session_options options = { .ring_first = RING, .ring_most = RING };
	struct dwell_drain_options how = { .states = true };
	struct dwell_trace_info info = { .source = { "dwell", 5 }, .tick_ns = 16, .levels = 1 };
	struct output output = { { write_all }, -1, 0 };
	struct dwell_encoder *encoder;
	struct dwell_order *order;
	struct dwell_registry *registry;
	struct dwell_drain *drain;
	struct dwell_sink *sink;
	struct counter counter;
	struct dwell_sink_ops counting;
	char name[] = "bench_drain", *argv[] = { name, NULL }, path[] = "/tmp/bench_drainXXXXXX";
	pthread_t writer[WRITERS];
	uint64_t watermark_ns, end_ns, took = 0, records = 0;
	struct dwell_drain_counts counts;
	int fd;

	what_to_write = kind;
	output.fd = mkstemp(path);
	unlink(path);
	if (dwell_session_make(&session, &fd, NULL, &options, 0, 0) != 0 ||
		dwell_encoder_new(&encoder, &output.output, NULL) != 0 ||
		dwell_order_new(&order, dwell_encoder_sink(encoder), 1 << 22) != 0)
		return 1;
	sink = dwell_order_sink(order);
	memset(&counting, 0, sizeof(counting));
	counting.room = on_room;
	counting.events = on_events;
	counter = (struct counter){ { &counting }, to_file ? sink : NULL, 0 };
	how.zero_monotonic_ns = session.start_monotonic_ns;
	if (sink->ops->begin(sink, &info) != 0 || dwell_registry_new(&registry, sink) != 0 ||
		dwell_drain_new(&drain, &session, registry, &counter.sink, &how) != 0 ||
		dwell_lib_adopt(&session, 1, argv) != DWELL_ATTACH_OK)
		return 1;
	/* Ticks in a round: stamps must not run ahead of the clock. */
	span = dwell_clock_rate(session.clock) / 1000;
	pthread_barrier_init(&filled, NULL, WRITERS + 1);
	pthread_barrier_init(&drained, NULL, WRITERS + 1);
	for (uintptr_t i = 0; i < WRITERS; i++)
		pthread_create(&writer[i], NULL, write_rounds, (void *)(i + 1));
	for (int i = 0; i < rounds; i++) {
		pthread_barrier_wait(&filled);
		uint64_t start = bench_cpu_ns();
		if (dwell_drain_pass(drain, &watermark_ns) != 0 ||
			sink->ops->watermark(sink, watermark_ns) != 0)
			return 1;
		took += bench_cpu_ns() - start;
		pthread_barrier_wait(&drained);
	}
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writer[i], NULL);
	dwell_drain_counts(drain, &counts);
	records = counts.records;
	if (dwell_drain_finish(drain, &end_ns) != 0)
		return 1;
	printf("%-28s %7.1f M rows/s  %7.1f M records/s  %5.2f bytes a row, %llu rows\n", what,
		(double)counter.rows * 1e3 / (double)took, (double)records * 1e3 / (double)took,
		(double)output.bytes / (double)counter.rows, (unsigned long long)counter.rows);
	dwell_drain_free(drain);
	dwell_registry_free(registry);
	dwell_order_free(order);
	dwell_encoder_free(encoder);
	dwell_lib_detach();
	close(output.fd);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "marks, slots to rows", "waits, slots to rows",
		"marks, ring to file", "waits, ring to file" };
	int failed = 0;

	if (argc > 1)
		rounds = (int)strtol(argv[1], NULL, 10);
	for (unsigned i = 0; i < 4; i++)
		if (argc < 3 || strtoul(argv[2], NULL, 10) == i)
			failed |= measure(names[i], i % 2, i >= 2);
	return failed;
}
