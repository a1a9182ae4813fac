/* Open a trace for a viewer: at once where it is one of ours with a pyramid, else by reading it
 * into one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dwell/relay.h"
#include "timeline/region.h"

int timeline_take(struct dwell_timeline *timeline, struct dwell_import *out)
{
	pthread_mutex_lock(&timeline->lock);
	if (timeline->idle_count) {
		*out = timeline->idle[--timeline->idle_count];
		pthread_mutex_unlock(&timeline->lock);
		return DWELL_OK;
	}
	pthread_mutex_unlock(&timeline->lock);
	return dwell_import_open(out, timeline->path, NULL);
}

void timeline_give(struct dwell_timeline *timeline, struct dwell_import *import)
{
	pthread_mutex_lock(&timeline->lock);

	const bool kept = timeline->idle_count < IDLE_READERS;

	if (kept)
		timeline->idle[timeline->idle_count++] = *import;
	pthread_mutex_unlock(&timeline->lock);
	if (!kept)
		dwell_import_close(import);
}

/* Definitions to the catalog. */
struct tables {
	struct dwell_sink sink;
	struct dwell_catalog *catalog;
};

#define TO_CATALOG(word)                                                                           \
	static int tables_##word(struct dwell_sink *sink, const struct dwell_##word *word)         \
	{                                                                                          \
		return catalog_put_##word(((struct tables *)sink)->catalog, 0, word);              \
	}
TO_CATALOG(process)
TO_CATALOG(task)
TO_CATALOG(executor)
TO_CATALOG(object)
TO_CATALOG(mapping)
TO_CATALOG(location)
TO_CATALOG(stack)
TO_CATALOG(label)
TO_CATALOG(counter)
TO_CATALOG(note)

static int read_tables(struct dwell_timeline *timeline)
{
	static const struct dwell_sink_ops ops = {
		.process = tables_process,
		.task = tables_task,
		.executor = tables_executor,
		.object = tables_object,
		.mapping = tables_mapping,
		.location = tables_location,
		.stack = tables_stack,
		.label = tables_label,
		.counter = tables_counter,
		.note = tables_note,
	};
	struct tables tables = { .sink = { &ops } };
	int err = catalog_new(&timeline->catalog);

	tables.catalog = timeline->catalog;
	if (!err)
		err = dwell_reader_drive_tables(timeline->seen.reader, &tables.sink);
	return err ? err : catalog_finish(timeline->catalog);
}

static void fill_facts(struct dwell_timeline *timeline)
{
	const struct dwell_summary *summary = dwell_reader_summary(timeline->seen.reader);
	struct dwell_timeline_facts *facts = &timeline->facts;

	if (!facts->kind) {
		facts->kind = timeline->seen.kind;
		facts->bytes = timeline->seen.bytes;
	}
	facts->source = summary->info.source;
	facts->begin_ns = summary->info.begin_ns;
	facts->end_ns = summary->end.end_ns;
	facts->start_unix_ns = summary->info.start_unix_ns;
	facts->tick_ns = summary->info.tick_ns;
	facts->events = summary->events;
	facts->lost_events = summary->lost_events;
	facts->losses = summary->events_by_kind[DWELL_EVENT_LOSS];
	facts->tasks = summary->tasks;
	facts->executors = summary->executors;
	facts->levels = summary->info.levels;
	facts->closed = summary->end.closed;
	facts->finest_ns = dwell_pyramid_finest_ns(timeline->pyramid);
	if (facts->end_ns <= facts->begin_ns)
		facts->end_ns = facts->begin_ns + 1;
}

int timeline_see(struct dwell_timeline *timeline, struct dwell_diag *diag)
{
	int err = dwell_pyramid_open(&timeline->pyramid, timeline->seen.reader, diag);

	if (err)
		return err;
	fill_facts(timeline);
	timeline_weigh(timeline);
	err = read_tables(timeline);
	if (!err && !timeline->facts.source.size)
		timeline->facts.source = (struct dwell_string){ "dwell", 5 };
	return err;
}

/* Bytes of the new file. */
struct fd_output {
	struct dwell_output output;
	struct dwell_timeline *timeline;
};

static int put(struct dwell_output *output, const void *at, size_t size)
{
	struct dwell_timeline *timeline = ((struct fd_output *)output)->timeline;

	for (size_t done = 0; done < size;) {
		const ssize_t n = write(timeline->file, (const char *)at + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return DWELL_EIO;
		done += (size_t)n;
	}
	return atomic_load(&timeline->stop) ? DWELL_EINVAL : DWELL_OK;
}

/* The encoder, and a count of what it was told. */
struct counted {
	struct dwell_relay relay;
	struct dwell_timeline *timeline;
};

static int count_events(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	struct counted *counted = (struct counted *)sink;

	atomic_fetch_add(&counted->timeline->rows, count);
	if (atomic_load(&counted->timeline->stop))
		return DWELL_EINVAL;
	return DWELL_TELL(counted->relay.next, events, rows, count);
}

static int encode(struct dwell_timeline *timeline)
{
	struct fd_output output = { .output = { put }, .timeline = timeline };
	struct dwell_source *source = timeline->origin.source;
	struct dwell_encoder *encoder = NULL;
	int err = dwell_encoder_new(&encoder, &output.output, NULL);

	if (!err) {
		struct counted counted = { .timeline = timeline };

		dwell_relay_init(&counted.relay, dwell_encoder_sink(encoder));
		counted.relay.ops.events = count_events;
		err = dwell_source_drive(source, NULL, &counted.relay.sink);
	}
	if (err < 0) {
		const struct dwell_diag *why = source->ops->diag ? source->ops->diag(source) : NULL;

		if (why && why->what[0])
			timeline->diag = *why;
	}
	dwell_encoder_free(encoder);
	return err;
}

static void *read_all(void *context)
{
	struct dwell_timeline *timeline = context;
	int err = encode(timeline);

	dwell_import_close(&timeline->origin);
	if (!err)
		err = dwell_import_open(&timeline->seen, timeline->path, &timeline->diag);
	if (!err)
		err = timeline_see(timeline, &timeline->diag);
	/* A trace without rows has no pyramid. */
	if (err == DWELL_END)
		err = dwell_diag_set(&timeline->diag, DWELL_EUNSUPPORTED, UINT64_MAX, 0,
			"nothing happens in this trace");
	pthread_mutex_lock(&timeline->lock);
	timeline->err = err;
	pthread_mutex_unlock(&timeline->lock);
	if (write(timeline->pipes[1], "", 1) < 0)
		errno = 0;
	return NULL;
}

static int temporary_file(void)
{
	const char *folder = getenv("TMPDIR");
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/dwell-XXXXXX", folder && *folder ? folder : "/var/tmp");
	fd = mkstemp(path);
	if (fd >= 0) {
		unlink(path);
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
	return fd;
}

/* Read what was given into a file of ours, in the background. */
static int begin_reading(struct dwell_timeline *timeline)
{
	if (timeline->file >= 0)
		close(timeline->file);
	timeline->file = temporary_file();
	if (timeline->file < 0)
		return DWELL_EIO;
	snprintf(timeline->path, sizeof(timeline->path), "/proc/self/fd/%d", timeline->file);
	timeline->facts.kind = timeline->origin.kind;
	timeline->facts.bytes = timeline->origin.bytes;
	timeline->err = DWELL_END;
	if (pthread_create(&timeline->reading, NULL, read_all, timeline))
		return DWELL_ENOMEM;
	timeline->is_reading = true;
	return DWELL_OK;
}

/* A file that can be opened again and again through its descriptor. */
static int open_again(struct dwell_timeline *timeline, const char *path)
{
	struct stat about;

	timeline->file = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (timeline->file < 0 || fstat(timeline->file, &about) || !S_ISREG(about.st_mode))
		return dwell_import_open(&timeline->origin, path, &timeline->diag);
	snprintf(timeline->path, sizeof(timeline->path), "/proc/self/fd/%d", timeline->file);
	return dwell_import_open(&timeline->origin, timeline->path, &timeline->diag);
}

/* One of ours, as it is in the file. */
static bool is_plain(const struct dwell_timeline *timeline)
{
	const struct dwell_import *origin = &timeline->origin;

	return timeline->path[0] && origin->reader &&
	       dwell_reader_summary(origin->reader)->bytes == origin->bytes &&
	       dwell_reader_summary(origin->reader)->indexed;
}

static int open_it(struct dwell_timeline *timeline, const char *path)
{
	int err = pipe(timeline->pipes);

	if (err)
		return DWELL_EIO;
	for (unsigned i = 0; i < 2; i++) {
		fcntl(timeline->pipes[i], F_SETFL, O_NONBLOCK);
		fcntl(timeline->pipes[i], F_SETFD, FD_CLOEXEC);
	}
	err = open_again(timeline, path);
	if (err)
		return err;
	if (!is_plain(timeline))
		return begin_reading(timeline);
	timeline->seen = timeline->origin;
	timeline->origin = (struct dwell_import){ .source = NULL };
	err = timeline_see(timeline, &timeline->diag);
	if (err != DWELL_END)
		return err;
	timeline->origin = timeline->seen;
	timeline->seen = (struct dwell_import){ .source = NULL };
	return begin_reading(timeline);
}

int dwell_timeline_open(struct dwell_timeline **out, const char *path, struct dwell_diag *diag)
{
	struct dwell_timeline *timeline = calloc(1, sizeof(*timeline));

	if (!timeline)
		return DWELL_ENOMEM;
	timeline->file = timeline->pipes[0] = timeline->pipes[1] = -1;
	timeline->diag.offset = UINT64_MAX;
	pthread_mutex_init(&timeline->lock, NULL);
	pthread_mutex_init(&timeline->pyramid_lock, NULL);
	pthread_mutex_init(&timeline->region_lock, NULL);
	pthread_cond_init(&timeline->ended, NULL);

	const int err = open_it(timeline, path);
	if (!err) {
		*out = timeline;
		return DWELL_OK;
	}

	const int why = errno;
	if (diag)
		*diag = timeline->diag;
	dwell_timeline_close(timeline);
	errno = why;
	return err;
}

void dwell_timeline_close(struct dwell_timeline *timeline)
{
	if (!timeline)
		return;
	atomic_store(&timeline->stop, true);
	if (timeline->is_reading && !timeline->joined)
		pthread_join(timeline->reading, NULL);
	pthread_mutex_lock(&timeline->lock);
	while (timeline->jobs)
		pthread_cond_wait(&timeline->ended, &timeline->lock);
	pthread_mutex_unlock(&timeline->lock);
	timeline_await_weights(timeline);
	free(timeline->weights.ns);
	for (unsigned i = 0; i < REGIONS; i++)
		region_release(&timeline->regions[i]);
	dwell_pyramid_free(timeline->pyramid);
	for (unsigned i = 0; i < timeline->idle_count; i++)
		dwell_import_close(&timeline->idle[i]);
	dwell_import_close(&timeline->seen);
	dwell_import_close(&timeline->ahead);
	dwell_import_close(&timeline->origin);
	catalog_free(timeline->catalog);
	for (unsigned i = 0; i < 2; i++)
		if (timeline->pipes[i] >= 0)
			close(timeline->pipes[i]);
	if (timeline->file >= 0)
		close(timeline->file);
	pthread_mutex_destroy(&timeline->lock);
	pthread_mutex_destroy(&timeline->pyramid_lock);
	pthread_mutex_destroy(&timeline->region_lock);
	pthread_cond_destroy(&timeline->ended);
	free(timeline);
}

int dwell_timeline_ready(struct dwell_timeline *timeline, uint64_t *rows, struct dwell_diag *diag)
{
	int err;

	pthread_mutex_lock(&timeline->lock);
	err = timeline->err;
	pthread_mutex_unlock(&timeline->lock);
	*rows = atomic_load(&timeline->rows);
	if (err == DWELL_END)
		return err;
	if (timeline->is_reading && !timeline->joined) {
		pthread_join(timeline->reading, NULL);
		timeline->joined = true;
	}
	if (err && diag)
		*diag = timeline->diag;
	return err;
}

const struct dwell_timeline_facts *dwell_timeline_facts(const struct dwell_timeline *timeline)
{
	return &timeline->facts;
}

const struct dwell_catalog *dwell_timeline_catalog(const struct dwell_timeline *timeline)
{
	return timeline->catalog;
}

int dwell_timeline_fd(const struct dwell_timeline *timeline)
{
	return timeline->pipes[0];
}

void dwell_timeline_drain(struct dwell_timeline *timeline)
{
	char bytes[64];

	while (read(timeline->pipes[0], bytes, sizeof(bytes)) > 0)
		;
}
