#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "drain.h"
#include "dwell/encoder.h"
#include "dwell/error.h"
#include "dwell/order.h"
#include "dwell/types.h"
#include "dwell/writer.h"
#include "flush.h"
#include "lib/api.h"
#include "urgent.h"

/*
 * libdwell's own recorder: a session in this process, a thread that drains it into a file, or, in
 * flight mode, a file written from what the rings hold when it is asked for.
 */
enum { DRAIN_MS = 10, ORDER_ROWS = 1 << 20, STACK_NS = 1000, CALL_NS = 20000 };
#define FLUSH_NS UINT64_C(400000000)

struct output {
	struct dwell_output output;
	int fd;
};

/* From rings to a file. */
struct chain {
	struct output output;
	struct dwell_encoder *encoder;
	struct dwell_order *order;
	struct dwell_registry *registry;
	struct dwell_drain *drain;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	pthread_key_t key;
	bool have_key;
	bool running; /* a recording of our own or of a recorder's */
	bool own;
	bool draining;
	bool stop;
	int error;
	unsigned drain_ms;
	int fd;
	struct dwell_session session;
	struct chain chain;
} own = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int write_all(struct dwell_output *output, const void *at, size_t size)
{
	const struct output *file = (const struct output *)output;
	const char *from = at;

	while (size > 0) {
		ssize_t written = write(file->fd, from, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return DWELL_EIO;
		from += written;
		size -= (size_t)written;
	}
	return 0;
}

static void close_chain(struct chain *chain)
{
	dwell_drain_free(chain->drain);
	dwell_registry_free(chain->registry);
	dwell_order_free(chain->order);
	dwell_encoder_free(chain->encoder);
	if (chain->output.fd >= 0)
		close(chain->output.fd);
	*chain = (struct chain){ .output.fd = -1 };
}

static uint64_t unix_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static int begin_trace(struct chain *chain)
{
	struct dwell_sink *sink = dwell_order_sink(chain->order);
	uint64_t since = dwell_clock_monotonic_ns() - own.session.start_monotonic_ns;
	struct dwell_trace_info info = { .source = { "dwell", 5 },
		.start_unix_ns = unix_ns() - since,
		.start_monotonic_ns = own.session.start_monotonic_ns,
		.tick_ns = 1,
		.levels = DWELL_LEVEL_PROGRAM | DWELL_LEVEL_STACKS };

	return sink->ops->begin ? sink->ops->begin(sink, &info) : 0;
}

static int open_chain(struct chain *chain, const char *path)
{
	struct dwell_drain_options how = { .states = true,
		.zero_monotonic_ns = own.session.start_monotonic_ns };
	int err;

	*chain = (struct chain){ .output = { { write_all }, -1 } };
	chain->output.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (chain->output.fd < 0)
		return DWELL_EIO;
	err = dwell_encoder_new(&chain->encoder, &chain->output.output, NULL);
	if (!err)
		err = dwell_order_new(
			&chain->order, dwell_encoder_sink(chain->encoder), ORDER_ROWS);
	if (!err)
		err = dwell_registry_new(&chain->registry, dwell_order_sink(chain->order));
	if (!err)
		err = begin_trace(chain);
	if (!err)
		err = dwell_drain_new(&chain->drain, &own.session, chain->registry,
			dwell_order_sink(chain->order), &how);
	if (err)
		close_chain(chain);
	return err;
}

static int finish_chain(struct chain *chain, bool closed)
{
	struct dwell_sink *sink = dwell_order_sink(chain->order);
	struct dwell_trace_end end = { .closed = closed };
	int err = dwell_drain_finish(chain->drain, &end.end_ns);

	if (!err && sink->ops->end)
		err = sink->ops->end(sink, &end);
	return err;
}

static int drain_once(struct chain *chain)
{
	struct dwell_sink *sink = dwell_order_sink(chain->order);
	uint64_t watermark_ns;
	int err = dwell_drain_pass(chain->drain, &watermark_ns);

	if (!err && sink->ops->watermark)
		err = sink->ops->watermark(sink, watermark_ns);
	return err;
}

/* Sleep for a pass; false when it is time to stop. */
static bool pause_for_pass(void)
{
	struct timespec until;
	bool stop;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)own.drain_ms * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&own.lock);
	if (!own.stop)
		pthread_cond_timedwait(&own.wake, &own.lock, &until);
	stop = own.stop;
	pthread_mutex_unlock(&own.lock);
	return !stop;
}

static void *drain_thread(void *argument)
{
	const uint64_t begun_ns = dwell_clock_monotonic_ns();
	struct dwell_flush flush = { begun_ns, begun_ns };
	int err = 0;

	(void)argument;
	/* What records the others is not itself recorded. */
	dwell_self.quiet++;
	(void)dwell_urgent_begin(0);
	while (!err && pause_for_pass()) {
		const bool late = dwell_flush_late(&flush, dwell_clock_monotonic_ns());

		err = drain_once(&own.chain);
		if (!err && late)
			err = drain_once(&own.chain);
		if (!err && dwell_flush_due(&flush, dwell_clock_monotonic_ns(), FLUSH_NS))
			err = dwell_encoder_flush(own.chain.encoder);
	}
	own.error = err;
	/* A file that cannot be written any more: the program goes on, its rings are not read. */
	if (err)
		atomic_store(&own.session.header->stopped, 1);
	return NULL;
}

static int start_thread(void)
{
	pthread_condattr_t attr;
	sigset_t all, before;
	int err;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&own.wake, &attr);
	pthread_condattr_destroy(&attr);
	own.stop = false;
	/* The program's signals go to the program's threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	err = pthread_create(&own.thread, NULL, drain_thread, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	own.draining = err == 0;
	return err ? DWELL_ENOMEM : 0;
}

/* Destructors of thread-local data run in rounds; ours waits for the last, since the others may
 * still record. */
static void thread_ends(void *value)
{
	uintptr_t round = (uintptr_t)value;

	if (round < PTHREAD_DESTRUCTOR_ITERATIONS - 1 &&
		pthread_setspecific(own.key, (void *)(round + 1)) == 0)
		return;
	dwell_thread_end();
}

static void on_register(struct dwell_self *self)
{
	(void)self;
	dwell_thread_ask_bounds();
	if (own.have_key)
		(void)pthread_setspecific(own.key, (void *)(uintptr_t)1);
}

static int make_session(const struct dwell_options *options)
{
	struct dwell_session_options how = { .thread_max = 4096, .process_max = 64 };
	uint64_t stack_ns = options->stack_ns ? options->stack_ns : STACK_NS;

	how.flags = DWELL_SESSION_RELEASES;
	if ((options->flags & DWELL_START_FLIGHT) != 0)
		how.flags |= DWELL_SESSION_FLIGHT;
	if ((options->flags & DWELL_START_NO_STACKS) == 0)
		how.flags |= DWELL_SESSION_STACKS;
	how.ring_most = (uint32_t)(options->ring_bytes / DWELL_SLOT_BYTES);
	how.ring_bytes = options->memory_bytes;
	return dwell_session_make(&own.session, &own.fd, NULL, &how, stack_ns, CALL_NS);
}

static int attach_own(void)
{
	static char no_name[] = "";
	char *argv[] = { program_invocation_name ? program_invocation_name : no_name, NULL };

	return dwell_lib_adopt(&own.session, 1, argv) == DWELL_ATTACH_OK ? 0 : DWELL_ENOMEM;
}

static int start_own(const struct dwell_options *options)
{
	bool flight = (options->flags & DWELL_START_FLIGHT) != 0;
	int err = make_session(options);

	if (err)
		return err;
	own.drain_ms = options->drain_ms ? options->drain_ms : DRAIN_MS;
	if (!flight)
		err = open_chain(&own.chain, options->path ? options->path : "dwell.trace");
	if (!err)
		err = attach_own();
	if (!err && !flight)
		err = start_thread();
	if (!err) {
		dwell_lib_modules();
		own.own = true;
		return 0;
	}
	dwell_lib_detach();
	close_chain(&own.chain);
	dwell_session_unmap(&own.session);
	close(own.fd);
	return err;
}

static int start_within(const char *places)
{
	char *argv[] = { program_invocation_name, NULL };

	switch (dwell_lib_attach(places, 1, argv)) {
	case DWELL_ATTACH_OK:
		dwell_lib_modules();
		return 0;
	case DWELL_ATTACH_VERSION:
		return DWELL_EVERSION;
	default:
		return DWELL_EIO;
	}
}

DWELL_API int dwell_start(const struct dwell_options *options)
{
	struct dwell_options mine = { .size = sizeof(mine) };
	const char *places = getenv(DWELL_SESSION_ENV);
	int err;

	if (options)
		memcpy(&mine, options, options->size < sizeof(mine) ? options->size : sizeof(mine));
	pthread_mutex_lock(&own.lock);
	if (own.running) {
		pthread_mutex_unlock(&own.lock);
		return DWELL_EINVAL;
	}
	if (!own.have_key)
		own.have_key = pthread_key_create(&own.key, thread_ends) == 0;
	dwell_lib_on_register = on_register;
	own.error = 0;
	err = places && *places ? start_within(places) : start_own(&mine);
	own.running = err == 0;
	pthread_mutex_unlock(&own.lock);
	return err;
}

static void stop_thread(void)
{
	pthread_mutex_lock(&own.lock);
	own.stop = true;
	pthread_cond_signal(&own.wake);
	pthread_mutex_unlock(&own.lock);
	pthread_join(own.thread, NULL);
	pthread_cond_destroy(&own.wake);
	own.draining = false;
}

DWELL_API int dwell_stop(void)
{
	int err;

	pthread_mutex_lock(&own.lock);
	if (!own.running) {
		pthread_mutex_unlock(&own.lock);
		return 0;
	}
	own.running = false;
	pthread_mutex_unlock(&own.lock);
	if (own.own)
		atomic_store(&own.session.header->stopped, 1);
	if (own.draining)
		stop_thread();
	err = own.error;
	if (own.own && own.chain.drain && !err)
		err = finish_chain(&own.chain, true);
	close_chain(&own.chain);
	dwell_lib_detach();
	/* The mapping stays: another thread may be in the middle of writing to it. */
	if (own.own)
		close(own.fd);
	own.own = false;
	return err;
}

DWELL_API int dwell_snapshot(const char *path)
{
	struct chain chain;
	int err = DWELL_EINVAL;

	pthread_mutex_lock(&own.lock);
	if (own.running && own.own && own.session.flight) {
		err = open_chain(&chain, path);
		if (!err) {
			err = finish_chain(&chain, true);
			close_chain(&chain);
		}
	}
	pthread_mutex_unlock(&own.lock);
	return err;
}
