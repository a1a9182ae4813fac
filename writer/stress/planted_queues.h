#ifndef DWELL_PLANTED_QUEUES_H
#define DWELL_PLANTED_QUEUES_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "planted: %s\n", #condition);                              \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

/* A thread of that name; it says that it is about to wait; others let it; it ends. */
pthread_t begin(const char *name, void *(*work)(void *));
void ready(void);
void let_it_wait(void);
void join(pthread_t thread);

/* Waits for queues of messages and sets of semaphores, System V's and POSIX's. */
void queues(void);

#endif
