/* Which file a descriptor stood for, asked when its number may have been given away. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "collect.h"
#include "drain/descriptors.h"
#include "dwell/types.h"

#define SECOND UINT64_C(1000000000)

struct stage {
	struct dwell_registry *registry;
	struct dwell_descriptors *descriptors;
	struct collect *got;
	char path[2][64];
	struct stat about[2];
	int fd; /* the number that both files get in turn */
};

static int open_as(struct stage *s, int which)
{
	const int fd = open(s->path[which], O_RDWR | O_CREAT, 0600);

	cr_assert(ge(int, fd, 0));
	cr_assert(eq(int, fstat(fd, &s->about[which]), 0));
	return fd;
}

static void set_up(struct stage *s)
{
	s->got = collect_new();
	cr_assert(eq(int, dwell_registry_new(&s->registry, &s->got->sink), 0));
	cr_assert(eq(int, dwell_descriptors_new(&s->descriptors, s->registry), 0));
	for (int i = 0; i < 2; i++)
		snprintf(s->path[i], sizeof(s->path[i]), "/tmp/dwell-%d-%c", (int)getpid(),
			(char)('a' + i));
	s->fd = open_as(s, 0);
}

/* The other file gets the number. */
static void turn_to(struct stage *s, int which)
{
	close(s->fd);
	cr_assert(eq(int, open_as(s, which), s->fd));
}

static void tear_down(struct stage *s)
{
	for (int i = 0; i < 2; i++)
		unlink(s->path[i]);
	dwell_descriptors_free(s->descriptors);
	dwell_registry_free(s->registry);
	free(s->got);
}

static struct dwell_descriptor_call call_at(const struct stage *s, uint64_t time_ns)
{
	return (struct dwell_descriptor_call){
		.pid = (uint32_t)getpid(), .process = 1, .fd = (uint32_t)s->fd, .time_ns = time_ns
	};
}

/* As the kernel saw it in the call. */
static struct dwell_descriptor_call seen_at(const struct stage *s, uint64_t time_ns, int which)
{
	struct dwell_descriptor_call call = call_at(s, time_ns);

	call.type = S_IFREG >> 12;
	call.inode = s->about[which].st_ino & ((1u << DWELL_DESCRIPTOR_INODE_BITS) - 1);
	return call;
}

static struct dwell_descriptor ask(const struct stage *s, struct dwell_descriptor_call call)
{
	return dwell_descriptors_ask(s->descriptors, &call);
}

/* The kernel says nothing: a file is named when it is the same as when it was last looked at. */
Test(descriptors, by_number_alone)
{
	struct stage s;
	struct dwell_descriptor what;

	set_up(&s);
	for (uint64_t pass = 1; pass <= 3; pass++) {
		dwell_descriptors_pass(s.descriptors, pass * SECOND);
		/* In the last one of a call that began when it had been read twice. */
		for (int i = 0; i < 2; i++)
			what = ask(&s, call_at(&s, pass * SECOND - SECOND / 2));
		cr_expect(eq(int, what.object != 0, pass == 3), "pass %d", (int)pass);
		cr_expect(eq(u8, what.reason, DWELL_REASON_FILE));
	}
	turn_to(&s, 1);
	dwell_descriptors_pass(s.descriptors, 4 * SECOND);
	cr_expect(eq(u32, ask(&s, call_at(&s, 4 * SECOND - 1)).object, 0));
	dwell_descriptors_pass(s.descriptors, 5 * SECOND);
	cr_expect(eq(u32, ask(&s, call_at(&s, 5 * SECOND - 1)).object, 0));
	tear_down(&s);
}

/* Who is in the call holds the descriptor to what it is. */
Test(descriptors, call_goes_on)
{
	struct stage s;
	struct dwell_descriptor_call call;
	struct dwell_descriptor what[2];

	set_up(&s);
	for (int i = 0; i < 2; i++) {
		call = call_at(&s, 1000 * (uint64_t)i);
		call.goes_on = true;
		what[i] = ask(&s, call);
		cr_expect(ne(u32, what[i].object, 0));
		turn_to(&s, 1);
	}
	cr_expect(ne(u32, what[0].object, what[1].object));
	tear_down(&s);
}

/* Nobody waits for a disk at a pipe, nor for the network at a file: the number was given away. */
Test(descriptors, call_of_another_kind)
{
	struct stage s;
	struct dwell_descriptor_call call;
	int ends[2];

	set_up(&s);
	call = call_at(&s, 1000);
	call.reason = DWELL_REASON_NET;
	cr_expect(eq(u32, ask(&s, call).object, 0));
	close(s.fd);
	cr_assert(eq(int, pipe(ends), 0));
	cr_assert(eq(int, ends[0], s.fd));
	dwell_descriptors_pass(s.descriptors, SECOND);
	call.reason = DWELL_REASON_FILE;
	cr_expect(eq(u32, ask(&s, call).object, 0));
	cr_expect(eq(u8, ask(&s, call).reason, DWELL_REASON_FILE));
	cr_expect(ask(&s, call).is_file);
	call.reason = DWELL_REASON_RWLOCK;
	cr_expect(eq(u32, ask(&s, call).object, 0));
	call.reason = DWELL_REASON_SYSCALL;
	cr_expect(ne(u32, ask(&s, call).object, 0));
	cr_expect(eq(u8, ask(&s, call).reason, DWELL_REASON_PIPE));
	close(ends[0]);
	close(ends[1]);
	tear_down(&s);
}

/* Where the kernel saw another file than /proc shows now, the other one is not blamed. */
Test(descriptors, kernel_saw)
{
	struct stage s;
	struct dwell_descriptor first, other;

	set_up(&s);
	first = ask(&s, seen_at(&s, 1000, 0));
	cr_expect(ne(u32, first.object, 0));
	cr_expect(first.is_file);
	turn_to(&s, 1);
	cr_expect(eq(u32, ask(&s, seen_at(&s, 2000, 0)).object, first.object), "remembered");
	dwell_descriptors_pass(s.descriptors, SECOND);
	other = ask(&s, seen_at(&s, 3000, 1));
	cr_expect(ne(u32, other.object, 0));
	dwell_descriptors_pass(s.descriptors, 2 * SECOND);
	cr_expect(eq(u32, ask(&s, seen_at(&s, 4000, 0)).object, 0), "closed since");
	cr_expect(ne(u32, other.object, first.object));
	tear_down(&s);
}

/* A file that is closed when it is asked about has the name that the kernel gave. */
Test(descriptors, kernel_named)
{
	struct stage s;
	struct dwell_descriptor closed, open_again;

	set_up(&s);
	(void)ask(&s, seen_at(&s, 1000, 0));
	turn_to(&s, 1);
	dwell_descriptors_name(s.descriptors, s.about[1].st_dev, s.about[1].st_ino,
		(struct dwell_string){ ".../b", 5 });
	turn_to(&s, 0);
	closed = ask(&s, seen_at(&s, 2000, 1));
	cr_expect(ne(u32, closed.object, 0));
	turn_to(&s, 1);
	dwell_descriptors_pass(s.descriptors, SECOND);
	open_again = ask(&s, seen_at(&s, 3000, 1));
	cr_expect(eq(u32, open_again.object, closed.object), "one file, one object");
	tear_down(&s);
}

/* What is closed without a word of the kernel's type, and pipes by their inode. */
Test(descriptors, others)
{
	struct stage s;
	struct dwell_descriptor_call call;
	struct dwell_descriptor ends[2];
	int pipe_fd[2];

	set_up(&s);
	cr_assert(eq(int, pipe(pipe_fd), 0));
	for (int i = 0; i < 2; i++) {
		call = call_at(&s, 1000);
		call.fd = (uint32_t)pipe_fd[i];
		ends[i] = ask(&s, call);
	}
	cr_expect(ne(u32, ends[0].object, 0));
	cr_expect(eq(u32, ends[0].object, ends[1].object));
	cr_expect(eq(u8, ends[0].reason, DWELL_REASON_PIPE));
	call.fd = 1000;
	cr_expect(eq(u32, ask(&s, call).object, 0));
	call.type = S_IFSOCK >> 12;
	cr_expect(eq(u8, ask(&s, call).reason, DWELL_REASON_NET), "closed, but the kernel saw");
	tear_down(&s);
}

/* Ask about a pipe every 60 ms, then give its number to another one: when is that noticed? */
static uint64_t noticed_after_ms(struct stage *s, int times)
{
	static uint64_t at = SECOND;
	const uint64_t ms = UINT64_C(1000000);
	struct dwell_descriptor_call call = call_at(s, 0);
	uint32_t first, now;
	uint64_t changed_at;
	int old[2], new[2];

	cr_assert(eq(int, pipe(old), 0));
	cr_assert(eq(int, pipe(new), 0));
	call.fd = (uint32_t)old[0];
	at += SECOND;
	dwell_descriptors_pass(s->descriptors, at);
	first = ask(s, call).object;
	for (int i = 0; i < times; i++) {
		at += 60 * ms;
		dwell_descriptors_pass(s->descriptors, at);
		cr_expect(eq(u32, ask(s, call).object, first));
	}
	changed_at = at;
	cr_assert(eq(int, dup2(new[0], old[0]), old[0]));
	/* Waits that go on make no difference. */
	call.goes_on = times % 4 == 0;
	do {
		at += 10 * ms;
		dwell_descriptors_pass(s->descriptors, at);
		now = ask(s, call).object;
	} while (now == first && at < changed_at + SECOND);
	for (int i = 0; i < 2; i++) {
		close(old[i]);
		close(new[i]);
	}
	return (at - changed_at) / ms;
}

/* A process that goes on with what it has is asked less often, until something is new. */
Test(descriptors, steady_processes_are_believed_longer)
{
	struct stage s;

	set_up(&s);
	cr_expect(eq(u64, noticed_after_ms(&s, 2), 60));
	cr_expect(gt(u64, noticed_after_ms(&s, 60), 60));
	cr_expect(le(u64, noticed_after_ms(&s, 60), 210));
	/* What was noticed last was new. */
	cr_expect(eq(u64, noticed_after_ms(&s, 2), 60));
	tear_down(&s);
}
