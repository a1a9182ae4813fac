/* CTF made by hand: each field that can be wrong, and what becomes of each event. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dwell/importer.h"
#include "tests/ctf_folder.h"

#define U(bits) "integer { size = " #bits "; align = 8; signed = false; } "
#define I(bits) "integer { size = " #bits "; align = 8; signed = true; } "
#define TIME "integer { size = 64; align = 8; signed = false; map = clock.monotonic.value; } "

static const char head[] =
	"/* CTF 1.8 */ trace { major = 1; minor = 8; byte_order = le; packet.header := struct { " U(
		32) "magic; " U(32) "stream_id; }; }; env { domain = \"kernel\"; };";
static const char clock_text[] =
	"clock { name = monotonic; freq = 1000000000; offset = 1000; absolute = true; };";
static const char stream_text[] =
	"stream { id = 0; packet.context := struct { " TIME "timestamp_begin; " TIME
	"timestamp_end; " U(64) "content_size; " U(64) "packet_size; " U(64) "events_discarded; " U(
		32) "cpu_id; }; event.header := struct { " U(8) "id; " TIME "timestamp; }; };";
static const char events_text[] =
	"event { name = \"sched_switch\"; id = 0; stream_id = 0; fields := struct { "
	"string prev_comm; " I(32) "prev_tid; " I(64) "prev_state; string next_comm; " I(
		32) "next_tid; }; };"
		    "event { name = \"sched_waking\"; id = 1; stream_id = 0; fields := struct { "
		    "string comm; " I(
			    32) "tid; }; };"
				"event { name = \"syscall_entry_futex\"; id = 2; stream_id = 0; fields := struct { " U(
					64) "uaddr; }; };"
					    "event { name = \"syscall_exit_futex\"; id = 3; stream_id = 0; fields := struct { " I(
						    64) "ret; }; };"
							"event { name = \"lttng_statedump_process_state\"; id = 4; stream_id = 0; "
							"fields := struct { " I(32) "tid; " I(
								32) "pid; string name; }; };"
								    "event { name = \"irq_handler_entry\"; id = 5; stream_id = 0; fields := struct { " I(
									    32) "irq; }; };"
										"event { name = \"sched_wakeup_new\"; id = 6; stream_id = 0; fields := struct { " U(
											8) "comm; string tid; }; };"
											   "event { name = \"sched:sched_switch\"; id = 7; stream_id = 0; fields := struct { " I(
												   32) "next_pid; }; };";

/* A stream's bytes. */
struct bytes {
	uint8_t at[8192];
	size_t size, packet;
};

static void put(struct bytes *to, uint64_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		to->at[to->size++] = (uint8_t)(value >> 8 * i);
}

static void text(struct bytes *to, const char *words)
{
	memcpy(to->at + to->size, words, strlen(words) + 1);
	to->size += strlen(words) + 1;
}

static void end_packet(struct bytes *to)
{
	struct bytes sizes = { .size = 0 };

	put(&sizes, 8 * (to->size - to->packet), 8);
	put(&sizes, 8 * (to->size - to->packet), 8);
	memcpy(to->at + to->packet + 24, sizes.at, 16);
	to->packet = to->size;
}

static void packet(struct bytes *to, uint64_t begin, uint64_t end, uint64_t discarded, uint32_t cpu)
{
	put(to, 0xC1FC1FC1, 4);
	put(to, 0, 4);
	put(to, begin, 8);
	put(to, end, 8);
	put(to, 0, 8);
	put(to, 0, 8);
	put(to, discarded, 8);
	put(to, cpu, 4);
}

static void event(struct bytes *to, uint8_t id, uint64_t time)
{
	put(to, id, 1);
	put(to, time, 8);
}

static void change(struct bytes *to, uint64_t time, uint32_t from, uint64_t state, uint32_t into)
{
	event(to, 0, time);
	text(to, "from");
	put(to, from, 4);
	put(to, state, 8);
	text(to, "into");
	put(to, into, 4);
}

static void waking(struct bytes *to, uint64_t time, uint32_t whom)
{
	event(to, 1, time);
	text(to, "whom");
	put(to, whom, 4);
}

/* What a trace gave: rows, an object, notes. */
struct seen {
	struct dwell_sink base;
	struct dwell_event rows[64];
	size_t count, processes;
	struct dwell_object object;
	struct dwell_trace_info info;
	struct dwell_trace_end end;
	char notes[256];
	int err;
	struct dwell_diag diag;
};

static struct seen *seen_of(struct dwell_sink *sink)
{
	return (struct seen *)sink;
}

static int take_begin(struct dwell_sink *sink, const struct dwell_trace_info *info)
{
	seen_of(sink)->info = *info;
	return 0;
}

static int take_process(struct dwell_sink *sink, const struct dwell_process *process)
{
	seen_of(sink)->processes += process->pid == 77;
	return 0;
}

static int take_object(struct dwell_sink *sink, const struct dwell_object *object)
{
	seen_of(sink)->object = *object;
	return 0;
}

static int take_rows(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	for (size_t i = 0; i < count && seen_of(sink)->count < 64; i++)
		seen_of(sink)->rows[seen_of(sink)->count++] = rows[i];
	return 0;
}

static int take_note(struct dwell_sink *sink, const struct dwell_note *note)
{
	struct seen *seen = seen_of(sink);
	const size_t used = strlen(seen->notes);

	snprintf(seen->notes + used, sizeof(seen->notes) - used, "%.*s=%.*s;", (int)note->key.size,
		note->key.at, (int)note->value.size, note->value.at);
	return 0;
}

static int take_end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	seen_of(sink)->end = *end;
	return 0;
}

static struct seen read_folder(const char *path)
{
	static const struct dwell_sink_ops ops = { .begin = take_begin,
		.process = take_process,
		.object = take_object,
		.events = take_rows,
		.note = take_note,
		.end = take_end };
	struct seen seen = { .base = { &ops } };
	struct dwell_import import;

	seen.err = dwell_import_open(&import, path, &seen.diag);
	if (seen.err)
		return seen;
	seen.err = dwell_source_drive(import.source, NULL, &seen.base);
	if (seen.err)
		seen.diag = *import.source->ops->diag(import.source);
	dwell_import_close(&import);
	return seen;
}

static struct seen read_trace(const char *metadata, const struct bytes *stream)
{
	struct ctf_folder folder;
	struct seen seen;

	cr_assert(ctf_folder_make(&folder, metadata, strlen(metadata), stream->at, stream->size));
	seen = read_folder(folder.path);
	ctf_folder_remove(&folder);
	return seen;
}

static const char *whole_metadata(void)
{
	static char all[8192];

	snprintf(all, sizeof(all), "%s%s%s%s", head, clock_text, stream_text, events_text);
	return all;
}

static struct seen read_whole(const struct bytes *stream)
{
	return read_trace(whole_metadata(), stream);
}

Test(ctf, a_wait_in_a_futex)
{
	struct bytes stream = { .size = 0 };
	struct seen seen;

	packet(&stream, 100, 900, 0, 3);
	event(&stream, 4, 100);
	put(&stream, 10, 4);
	put(&stream, 77, 4);
	text(&stream, "named");
	change(&stream, 110, 0, 0, 10);
	event(&stream, 2, 120);
	put(&stream, 0xabc0, 8);
	change(&stream, 130, 10, 1, 20);
	waking(&stream, 140, 10);
	change(&stream, 150, 20, 256, 10);
	event(&stream, 3, 160);
	put(&stream, 0, 8);
	change(&stream, 170, 10, 2, 0);
	end_packet(&stream);
	seen = read_whole(&stream);

	cr_assert_eq(seen.err, 0, "%s", seen.diag.what);
	cr_expect_eq(seen.info.start_monotonic_ns, 100);
	cr_expect_eq(seen.info.start_unix_ns, 1100);
	cr_expect(seen.end.closed);
	cr_expect_eq(seen.end.end_ns, 70);
	cr_assert_eq(seen.count, 5);
	cr_expect_eq(seen.rows[0].executor, 4);
	cr_expect_eq(seen.rows[0].peer, 1);
	cr_expect_eq(seen.rows[1].time_ns, 30);
	cr_expect_eq(seen.rows[1].state, DWELL_BLOCKED);
	cr_expect_eq(seen.rows[1].reason, DWELL_REASON_FUTEX);
	cr_expect_eq(seen.rows[1].object, seen.object.id);
	cr_expect_eq(seen.object.native_id, 0xabc0);
	cr_expect_eq(seen.object.kind, DWELL_OBJECT_FUTEX);
	cr_expect_eq(seen.processes, 1);
	cr_expect_eq(seen.rows[2].kind, DWELL_EVENT_WAKE);
	cr_expect_eq(seen.rows[2].task, 1);
	cr_expect_eq(seen.rows[2].peer, 2);
	cr_expect_eq(seen.rows[3].state, DWELL_RUNNABLE);
	cr_expect_eq(seen.rows[3].flags & DWELL_EVENT_PREEMPTED, DWELL_EVENT_PREEMPTED);
	cr_expect_eq(seen.rows[4].reason, DWELL_REASON_NONE);
}

Test(ctf, states_by_number)
{
	static const struct {
		uint64_t prev_state;
		uint8_t state;
	} cases[] = { { 0, DWELL_RUNNABLE }, { 1, DWELL_BLOCKED }, { 2, DWELL_BLOCKED },
		{ 4, DWELL_BLOCKED }, { 128, DWELL_BLOCKED }, { 16, DWELL_EXITED },
		{ 32, DWELL_EXITED }, { 256, DWELL_RUNNABLE }, { 0x82, DWELL_BLOCKED },
		{ UINT64_MAX, DWELL_EXITED }, { (uint64_t)1 << 40, DWELL_RUNNABLE } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes stream = { .size = 0 };

		packet(&stream, 1, 9, 0, 0);
		change(&stream, 5, 10, cases[i].prev_state, 20);
		end_packet(&stream);
		const struct seen seen = read_whole(&stream);
		cr_assert_eq(seen.count, 1);
		cr_expect_eq(seen.rows[0].state, cases[i].state, "case %zu", i);
	}
}

Test(ctf, an_interrupt_is_nobody)
{
	struct bytes stream = { .size = 0 };
	struct seen seen;

	packet(&stream, 1, 90, 0, 0);
	change(&stream, 5, 0, 0, 10);
	event(&stream, 5, 6);
	put(&stream, 1, 4);
	waking(&stream, 7, 20);
	end_packet(&stream);
	seen = read_whole(&stream);
	cr_assert_eq(seen.count, 2);
	cr_expect_eq(seen.rows[1].kind, DWELL_EVENT_WAKE);
	cr_expect_eq(seen.rows[1].peer, 0);
}

Test(ctf, discarded_events_are_a_loss_of_that_cpu)
{
	struct bytes stream = { .size = 0 };
	struct seen seen;

	packet(&stream, 1, 50, 0, 2);
	change(&stream, 5, 10, 1, 20);
	end_packet(&stream);
	packet(&stream, 60, 90, 7, 2);
	waking(&stream, 70, 10);
	end_packet(&stream);
	seen = read_whole(&stream);
	cr_assert_eq(seen.count, 3);
	cr_expect_eq(seen.rows[1].kind, DWELL_EVENT_LOSS);
	cr_expect_eq(seen.rows[1].executor, 3);
	cr_expect_eq(seen.rows[1].value, 7);
	cr_expect_eq(seen.rows[1].time_ns, 45);
	cr_expect_eq(seen.rows[1].extra, 85);
	cr_expect_eq(seen.rows[2].peer, 0); /* who runs is not known any more */
}

Test(ctf, numbers_that_cannot_be)
{
	struct bytes stream = { .size = 0 };
	struct seen seen;

	packet(&stream, 1, 90, 0, 1 << 20);
	change(&stream, 5, (uint32_t)-5, 1, 20);
	waking(&stream, 6, (uint32_t)-1);
	event(&stream, 6, 7); /* its fields are of other types */
	put(&stream, 9, 1);
	text(&stream, "text");
	end_packet(&stream);
	seen = read_whole(&stream);
	cr_assert_eq(seen.err, 0, "%s", seen.diag.what);
	cr_assert_eq(seen.count, 1);
	cr_expect_eq(seen.rows[0].executor, 1);
	cr_expect_eq(seen.rows[0].task, 0);
	cr_expect(strstr(seen.notes, "import.malformed=1;"));
}

/* As `perf data convert --to-ctf` writes them. */
Test(ctf, none_of_a_kind_that_is_read)
{
	struct bytes stream = { .size = 0 };
	struct seen seen;

	packet(&stream, 1, 90, 0, 0);
	event(&stream, 7, 5);
	put(&stream, 9, 4);
	event(&stream, 7, 6);
	put(&stream, 9, 4);
	end_packet(&stream);
	seen = read_whole(&stream);
	cr_expect_eq(seen.err, DWELL_EUNSUPPORTED);
	cr_expect(strstr(seen.diag.what, "2 events"), "%s", seen.diag.what);
	cr_expect(strstr(seen.diag.what, "sched:sched_switch"), "%s", seen.diag.what);
}

Test(ctf, a_stream_that_ends_early)
{
	struct bytes stream = { .size = 0 };
	struct seen seen;

	packet(&stream, 1, 90, 0, 0);
	change(&stream, 5, 10, 1, 20);
	end_packet(&stream);
	packet(&stream, 90, 99, 0, 0);
	change(&stream, 95, 20, 1, 10);
	end_packet(&stream);
	stream.size -= 10;
	seen = read_whole(&stream);
	/* The library looks at all packets' heads first, and may refuse the whole. */
	cr_assert(seen.err == DWELL_EFORMAT || (!seen.err && !seen.end.closed));
	cr_expect(strstr(seen.err ? seen.diag.what : seen.notes, seen.err ? "CTF: " : "broken"));
}

/* One for each part of the metadata that can be wrong. */
Test(ctf, metadata_that_says_nothing)
{
	static const struct {
		const char *clock, *stream, *events;
		int err;
	} cases[] = {
		{ clock_text, "stream {", "", DWELL_EFORMAT },
		{ clock_text, stream_text, "event { name = \"x\"; id = 0; stream_id = 9; };",
			DWELL_EFORMAT },
		{ "", stream_text, events_text, DWELL_EFORMAT },
		{ "", "stream { id = 0; event.header := struct { " U(8) "id; }; };",
			"event { name = \"x\"; id = 0; stream_id = 0; };", DWELL_EUNSUPPORTED },
	};
	struct bytes stream = { .size = 0 };
	char all[8192];

	put(&stream, 0xC1FC1FC1, 4);
	put(&stream, 0, 4);
	put(&stream, 0, 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(all, sizeof(all), "%s%s%s%s", head, cases[i].clock, cases[i].stream,
			cases[i].events);
		const struct seen seen = read_trace(all, &stream);
		cr_expect_eq(
			seen.err, cases[i].err, "case %zu: %d %s", i, seen.err, seen.diag.what);
		cr_expect(!strncmp(seen.diag.what, "CTF: ", 5), "case %zu: %s", i, seen.diag.what);
	}
}

/* One for each field of a metadata packet's header. */
Test(ctf, metadata_packets_that_are_not_whole)
{
	static const struct {
		size_t size, at;
		uint32_t value;
		const char *what;
	} cases[] = {
		{ 20, 0, 0x75D11D57, "CTF: metadata: it ends within a packet's header" },
		{ 64, 24, 8, "CTF: metadata: a packet's size is wrong" },
		{ 64, 24, 8 * 65, "CTF: metadata: a packet's size is wrong" },
		{ 64, 28, 8 * 65, "CTF: metadata: its last packet is not whole" },
		{ 64, 28, 8 * 60, "CTF: metadata: a packet's size is wrong" },
		{ 200, 64, 0, "CTF: metadata: a packet without its mark" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes metadata = { .size = 0 }, part = { .size = 0 };
		struct ctf_folder folder;

		put(&metadata, 0x75D11D57, 4);
		metadata.size = 24;
		put(&metadata, 8 * 64, 4);
		put(&metadata, 8 * 64, 4);
		put(&part, cases[i].value, 4);
		memcpy(metadata.at + cases[i].at, part.at, 4);
		cr_assert(ctf_folder_make(&folder, metadata.at, cases[i].size, "", 0));
		const struct seen seen = read_folder(folder.path);
		ctf_folder_remove(&folder);
		cr_expect_eq(seen.err, DWELL_EFORMAT, "case %zu", i);
		cr_expect_str_eq(seen.diag.what, cases[i].what, "case %zu", i);
	}
}

Test(ctf, folders_that_are_none)
{
	static const char *const metadata[] = { "", "/* CTF", "text", "\x75\xd1\x1d" };
	struct ctf_folder folder;

	for (size_t i = 0; i < sizeof(metadata) / sizeof(metadata[0]); i++) {
		cr_assert(ctf_folder_make(&folder, metadata[i], strlen(metadata[i]), "", 0));
		const struct seen seen = read_folder(folder.path);
		ctf_folder_remove(&folder);
		cr_expect_eq(seen.err, DWELL_EUNSUPPORTED, "case %zu: %s", i, seen.diag.what);
	}
}

/* Version 2.0.4 of the library aborts its process on a list in an event's context. */
Test(ctf, what_kills_the_library_is_an_error)
{
	static const char metadata[] =
		"/* CTF 1.8 */ trace { major = 1; minor = 8; byte_order = le; }; stream { "
		"event.context := struct { " U(8) "count; " U(8) "many[count]; }; };";
	const struct bytes stream = { { 2, 'a', 'b' }, .size = 3 };
	const struct seen seen = read_trace(metadata, &stream);

	cr_assert_lt(seen.err, 0);
	cr_expect(!strncmp(seen.diag.what, "CTF: ", 5), "%s", seen.diag.what);
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "a process is left behind");
}

/* Who asks for rows has had enough: the process that reads goes with it. */
static int refuse_rows(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	(void)sink, (void)rows, (void)count;
	return DWELL_ELIMIT;
}

Test(ctf, a_reading_that_is_given_up)
{
	static const struct dwell_sink_ops ops = { .events = refuse_rows };
	struct dwell_sink sink = { &ops };
	struct bytes stream = { .size = 0 };
	struct dwell_import import;
	struct ctf_folder folder;

	packet(&stream, 100, 900, 0, 3);
	change(&stream, 110, 0, 0, 10);
	end_packet(&stream);
	cr_assert(ctf_folder_make(
		&folder, whole_metadata(), strlen(whole_metadata()), stream.at, stream.size));
	cr_assert_eq(dwell_import_open(&import, folder.path, NULL), 0);
	for (int i = 0; i < 3; i++)
		cr_expect_eq(dwell_source_drive(import.source, NULL, &sink), DWELL_ELIMIT);
	dwell_import_close(&import);
	ctf_folder_remove(&folder);
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "a process is left behind");
}
