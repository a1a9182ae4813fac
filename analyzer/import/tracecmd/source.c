/* trace.dat as a source: one part, the events of all CPUs merged by time. */
#include <stdlib.h>
#include <string.h>

#include "import/importer.h"
#include "import/kernel/rows.h"
#include "import/source.h"
#include "import/tracecmd/events.h"

enum {
	/* How far is looked ahead, in each CPU, for which events there are. */
	LOOK_AHEAD = 20000,
	NOBODY = TRACECMD_BUFFERS,
	KINDS = KERNEL_LOST + 1
};

/* A CPU of a buffer, on the heap of those that have a next event. */
struct next {
	uint64_t time_ns;
	uint32_t ring;
};

struct tracecmd {
	struct import_source source;
	struct tracecmd_file file;
	struct tracecmd_ring *rings; /* as file.streams */
	uint64_t *last_ns;           /* of each: its last event's time */
	struct next *heap;           /* the earliest first */
	uint32_t live;
	/* Which buffer tells of each kind of event: where several recorded the same, one counts. */
	uint8_t teller[KINDS];
	uint32_t kinds; /* bits of those that were seen */
	uint64_t malformed, elsewhere;
	bool cut;
	struct kernel_rows rows;
};

static struct tracecmd *self_of(struct import_source *source)
{
	return (struct tracecmd *)source;
}

static bool before(const struct next *a, const struct next *b)
{
	return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->ring < b->ring;
}

/* The heap's first is not in its place. */
static void sink_down(struct tracecmd *self)
{
	const struct next moved = self->heap[0];
	uint32_t at = 0;

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= self->live)
			break;
		if (child + 1 < self->live && before(&self->heap[child + 1], &self->heap[child]))
			child++;
		if (!before(&self->heap[child], &moved))
			break;
		self->heap[at] = self->heap[child];
		at = child;
	}
	self->heap[at] = moved;
}

static void float_up(struct tracecmd *self)
{
	uint32_t at = self->live - 1;
	const struct next moved = self->heap[at];

	for (; at && before(&moved, &self->heap[(at - 1) / 2]); at = (at - 1) / 2)
		self->heap[at] = self->heap[(at - 1) / 2];
	self->heap[at] = moved;
}

static uint64_t time_of(const struct tracecmd *self, uint32_t ring)
{
	return tracecmd_time(&self->file.clock, self->rings[ring].time);
}

static void release_rings(struct tracecmd *self)
{
	for (uint32_t i = 0; self->rings && i < self->file.count; i++)
		tracecmd_ring_release(&self->rings[i]);
	free(self->rings);
	free(self->last_ns);
	free(self->heap);
	self->rings = NULL;
	self->last_ns = NULL;
	self->heap = NULL;
	self->live = 0;
}

static int open_rings(struct tracecmd *self)
{
	const uint32_t count = self->file.count;
	int err = DWELL_OK;

	release_rings(self);
	self->rings = calloc(count + 1, sizeof(*self->rings));
	self->last_ns = calloc(count + 1, sizeof(*self->last_ns));
	self->heap = calloc(count + 1, sizeof(*self->heap));
	if (!self->rings || !self->last_ns || !self->heap)
		return DWELL_ENOMEM;
	for (uint32_t i = 0; i < count && !err; i++) {
		tracecmd_ring_open(&self->rings[i], &self->file, &self->file.streams[i]);
		err = tracecmd_ring_next(&self->rings[i]);
		if (err == DWELL_END) {
			err = DWELL_OK;
			continue;
		}
		self->heap[self->live++] = (struct next){ time_of(self, i), i };
		float_up(self);
	}
	return err;
}

/* Which kinds of events the first ones of a ring are. */
static int survey(const struct tracecmd *self, uint32_t stream, uint32_t *kinds)
{
	struct tracecmd_ring ring;
	int err;

	tracecmd_ring_open(&ring, &self->file, &self->file.streams[stream]);
	for (int i = 0; i < LOOK_AHEAD; i++) {
		err = tracecmd_ring_next(&ring);
		if (err)
			break;
		*kinds |= UINT32_C(1) << tracecmd_kind(&ring);
	}
	tracecmd_ring_release(&ring);
	return err == DWELL_END ? DWELL_OK : err;
}

static uint32_t first_with(const uint32_t *kinds, enum kernel_event_kind kind)
{
	for (uint32_t i = 0; i < TRACECMD_BUFFERS; i++)
		if (kinds[i] >> kind & 1)
			return i;
	return NOBODY;
}

/* All from the buffer that tells switches, as far as it has them. */
static int choose_tellers(struct tracecmd *self)
{
	uint32_t kinds[TRACECMD_BUFFERS + 1] = { 0 }, main;
	int err = DWELL_OK;

	self->kinds = 0;
	for (uint32_t i = 0; i < self->file.count && !err; i++)
		err = survey(self, i, &kinds[self->file.streams[i].buffer]);
	main = first_with(kinds, KERNEL_SWITCH);
	for (unsigned kind = 0; kind < KINDS; kind++) {
		const uint32_t other = first_with(kinds, kind);

		self->teller[kind] =
			(uint8_t)(kinds[main] >> kind & 1 || other == NOBODY ? main : other);
		self->kinds |= (uint32_t)(other != NOBODY) << kind;
	}
	return err;
}

static bool has(const struct tracecmd *self, enum kernel_event_kind kind)
{
	return self->kinds >> kind & 1;
}

/* Does what a buffer lacks matter to the states of tasks? */
static bool tells(const struct tracecmd *self, uint32_t buffer)
{
	for (unsigned kind = KERNEL_SWITCH; kind <= KERNEL_FORK; kind++)
		if (has(self, kind) && self->teller[kind] == buffer)
			return true;
	return false;
}

/* As after opening: a source may be driven more than once. */
static int reset(struct tracecmd *self)
{
	int err = kernel_rows_init(&self->rows);

	self->malformed = self->elsewhere = 0;
	self->cut = false;
	if (!err)
		err = open_rings(self);
	return err;
}

static int start(struct import_source *source, struct dwell_sink *sink)
{
	struct tracecmd *self = self_of(source);
	struct kernel_rows *rows = &self->rows;
	int err = reset(self);

	if (err)
		return err;
	rows->sink = sink;
	rows->waking = has(self, KERNEL_WAKING);
	rows->newborn = has(self, KERNEL_WAKEUP_NEW);
	rows->zero_ns = self->live ? self->heap[0].time_ns : 0;

	const struct tracecmd_clock *clock = &self->file.clock;
	const bool mono = !strcmp(clock->name, "mono") && !clock->shifted && !clock->mult;
	struct dwell_trace_info info = {
		.source = { "trace-cmd", 9 },
		.tick_ns = 1,
		.start_unix_ns = clock->is_wall ? rows->zero_ns : 0,
		.start_monotonic_ns = mono ? rows->zero_ns : 0,
		.levels = has(self, KERNEL_SWITCH) ? DWELL_LEVEL_SWITCHES : 0,
	};
	if (info.levels && (rows->waking || has(self, KERNEL_WAKEUP)))
		info.levels |= DWELL_LEVEL_SCHEDULER;
	return import_tell_begin(sink, &info, rows->zero_ns);
}

/* Threads that trace-cmd knew the names of: "12 comm" in a line each. */
static int tell_names(struct tracecmd *self, uint32_t cpu)
{
	const char *at = self->file.names, *end = at ? at + self->file.names_size : at;
	int err = DWELL_OK;

	while (at < end && !err) {
		const char *line = at, *stop = memchr(at, '\n', (size_t)(end - at));
		char *name;
		const long tid = strtol(line, &name, 10); /* the text is ended by NUL */

		stop = stop ? stop : end;
		at = stop + 1;
		if (name >= stop || *name != ' ' || tid < 1 || tid > INT32_MAX)
			continue;
		const struct kernel_event known = {
			.kind = KERNEL_KNOWN,
			.cpu = cpu,
			.time_ns = self->rows.zero_ns,
			.tid = KERNEL_CURRENT,
			.other = (int32_t)tid,
			.other_comm = { name + 1, (size_t)(stop - name - 1) },
		};
		err = kernel_rows_event(&self->rows, &known);
	}
	return err;
}

/* Events of a CPU are missing before the one that comes next: told ahead. */
static int put_loss(struct tracecmd *self, uint32_t ring, uint64_t from_ns)
{
	const struct tracecmd_ring *at = &self->rings[ring];

	if (!at->lost)
		return DWELL_OK;
	if (!tells(self, at->stream->buffer)) {
		self->elsewhere++;
		return DWELL_OK;
	}
	return kernel_rows_loss(
		&self->rows, at->stream->cpu, from_ns, time_of(self, ring), at->lost_count);
}

/* To the ring's next event; the heap's first is that ring. */
static int move_on(struct tracecmd *self, uint32_t ring, uint64_t now_ns)
{
	int err = tracecmd_ring_next(&self->rings[ring]);

	self->last_ns[ring] = now_ns;
	if (!err) {
		self->heap[0].time_ns = time_of(self, ring);
		err = put_loss(self, ring, now_ns);
	} else if (err == DWELL_END) {
		self->heap[0] = self->heap[--self->live];
		err = DWELL_OK;
	}
	if (self->live)
		sink_down(self);
	return err;
}

static int put_event(struct tracecmd *self, const struct next *next)
{
	const struct tracecmd_ring *ring = &self->rings[next->ring];
	struct kernel_event event;

	if (!tracecmd_event(&event, ring)) {
		self->malformed++;
		event.kind = KERNEL_OTHER;
	}
	/* Marks are each in one buffer only. */
	if (event.kind != KERNEL_MARK && ring->stream->buffer != self->teller[event.kind])
		event.kind = KERNEL_OTHER;
	event.time_ns = next->time_ns;
	return kernel_rows_event(&self->rows, &event);
}

/* What is missing at the end of a CPU: to the end of the trace. */
static int put_ends(struct tracecmd *self)
{
	int err = DWELL_OK;

	for (uint32_t i = 0; i < self->file.count && !err; i++) {
		const struct tracecmd_ring *ring = &self->rings[i];
		const uint64_t last = self->last_ns[i], zero = self->rows.zero_ns;
		const struct dwell_event row = {
			.kind = DWELL_EVENT_LOSS,
			.reason = ring->cut ? DWELL_LOSS_CUT : DWELL_LOSS_KERNEL,
			.executor = ring->stream->cpu + 1,
			.extra = last > zero ? last - zero : 0,
		};

		self->malformed += ring->malformed;
		self->cut |= ring->cut;
		if ((ring->cut || ring->lost) && self->rows.cpus[ring->stream->cpu].last_ns &&
			tells(self, ring->stream->buffer))
			err = kernel_put(&self->rows, &row);
	}
	return err;
}

static int rows(struct import_source *source, struct dwell_sink *sink)
{
	struct tracecmd *self = self_of(source);
	int err = DWELL_OK;

	self->rows.sink = sink;
	if (self->live)
		err = tell_names(self, self->rings[self->heap[0].ring].stream->cpu);
	for (uint32_t i = 0; i < self->live && !err; i++)
		err = put_loss(self, self->heap[i].ring, self->rows.zero_ns);
	while (self->live && !err) {
		const struct next next = self->heap[0];

		err = put_event(self, &next);
		if (!err)
			err = move_on(self, next.ring, next.time_ns);
	}
	if (!err)
		err = put_ends(self);
	return err ? err : kernel_rows_flush(&self->rows);
}

static int finish(
	struct import_source *source, struct dwell_sink *sink, struct dwell_trace_end *end)
{
	const struct tracecmd *self = self_of(source);
	int err = import_tell_count(sink, "import.ignored", self->rows.ignored);

	*end = (struct dwell_trace_end){ .end_ns = self->rows.last_ns, .closed = !self->cut };
	if (!err)
		err = import_tell_count(sink, "import.malformed", self->malformed);
	if (!err)
		err = import_tell_count(sink, "import.dropped", self->file.dropped);
	if (!err)
		err = import_tell_count(sink, "import.lost_elsewhere", self->elsewhere);
	if (!err && self->cut)
		err = import_tell_note(sink, "import.broken",
			"trace-cmd: events of a CPU end early or are damaged");
	return err ? err : import_tell_count(sink, "import.late", self->rows.late);
}

static int open_file(struct import_source *source)
{
	struct tracecmd *self = self_of(source);
	const int err = tracecmd_file_read(&self->file, source->bytes, &source->diag);

	return err ? err : choose_tellers(self);
}

static void release(struct import_source *source)
{
	struct tracecmd *self = self_of(source);

	release_rings(self);
	kernel_rows_release(&self->rows);
	tracecmd_file_release(&self->file);
}

static int open_tracecmd(
	struct dwell_import *out, struct dwell_bytes *bytes, struct dwell_diag *diag)
{
	static const struct import_source_ops ops = { open_file, start, rows, finish, release };

	return import_source_open(out, &ops, sizeof(struct tracecmd), bytes, diag);
}

static bool recognizes(const void *data, size_t size)
{
	static const uint8_t magic[] = { 0x17, 0x08, 0x44, 't', 'r', 'a', 'c', 'i', 'n', 'g' };

	return size >= sizeof(magic) && !memcmp(data, magic, sizeof(magic));
}

const struct importer dwell_importer_tracecmd = {
	.kind = "trace-cmd",
	.recognizes = recognizes,
	.open = open_tracecmd,
};
