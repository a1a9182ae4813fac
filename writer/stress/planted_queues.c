/* Of planted: waits for what processes share by a number or a name. */
#include "planted_queues.h"

#include <fcntl.h>
#include <mqueue.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <unistd.h>

enum { BYTES = 8 };
struct message {
	long type;
	char text[BYTES];
};

static int queue, set;
static mqd_t named;

static void add(short what)
{
	struct sembuf operation = { .sem_op = what };

	CHECK(semop(set, &operation, 1) == 0);
}

static void *on_set(void *unused)
{
	ready();
	add(-1);
	return unused;
}

static void *on_queue(void *unused)
{
	struct message got;

	ready();
	CHECK(msgrcv(queue, &got, BYTES, 0, 0) == BYTES && got.text[0] == 'q');
	return unused;
}

/* There is room for one message. */
static void *on_full(void *unused)
{
	ready();
	CHECK(mq_send(named, "12345678", BYTES, 0) == 0);
	return unused;
}

static void *on_empty(void *unused)
{
	char text[BYTES];

	ready();
	CHECK(mq_receive(named, text, BYTES, NULL) == BYTES);
	return unused;
}

static void of_system_v(void)
{
	struct message message = { .type = 1, .text = "q" };
	pthread_t a;

	CHECK((set = semget(IPC_PRIVATE, 1, 0600)) >= 0);
	a = begin("w-set", on_set);
	let_it_wait();
	add(1);
	join(a);
	CHECK(semctl(set, 0, IPC_RMID) == 0);

	CHECK((queue = msgget(IPC_PRIVATE, 0600)) >= 0);
	a = begin("w-queue", on_queue);
	let_it_wait();
	CHECK(msgsnd(queue, &message, BYTES, 0) == 0);
	join(a);
	CHECK(msgctl(queue, IPC_RMID, NULL) == 0);
}

static void of_posix(void)
{
	struct mq_attr attributes = { .mq_maxmsg = 1, .mq_msgsize = BYTES };
	char name[64], text[BYTES];
	pthread_t a;

	snprintf(name, sizeof(name), "/dwell-planted-%d", (int)getpid());
	named = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
	if (named == (mqd_t)-1)
		return; /* a kernel without them */
	CHECK(mq_unlink(name) == 0);
	a = begin("w-empty", on_empty);
	let_it_wait();
	CHECK(mq_send(named, "12345678", BYTES, 0) == 0);
	join(a);
	CHECK(mq_send(named, "12345678", BYTES, 0) == 0);
	a = begin("w-full", on_full);
	let_it_wait();
	CHECK(mq_receive(named, text, BYTES, NULL) == BYTES);
	join(a);
	CHECK(mq_close(named) == 0);
}

void queues(void)
{
	of_system_v();
	of_posix();
}
