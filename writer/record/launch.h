#ifndef DWELL_RECORD_LAUNCH_H
#define DWELL_RECORD_LAUNCH_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * The recorded command: started with the terminal, signals, descriptors and limits that we were
 * given. It stays in our process group, so job control and the terminal's signals reach it
 * by themselves.
 */
struct dwell_launch {
	pid_t pid;
	int gate;                  /* written to: it may go on to its exec */
	int word;                  /* read from: why exec failed */
	sigset_t mask;             /* as we were given it */
	void (*child_action)(int); /* of SIGCHLD, as we were given it */
	bool ended;
	int status; /* as wait(2) has it */
};

/* Whom the command shall run as. */
struct dwell_launch_user {
	const char *name; /* NULL: as we are */
	uid_t uid;
	gid_t gid;
};

/* Find a user. Returns DWELL_EINVAL when there is none of that name. */
int dwell_launch_find_user(const char *name, struct dwell_launch_user *out);

/* Block the signals that concern us, from here on told by the descriptor that is returned (or
 * DWELL_EIO). */
int dwell_launch_signals(struct dwell_launch *launch);

/* Fork; the child waits at the gate, and goes on without us if we are killed. environment: NULL, or
 * what is added to ours ("NAME=value"), ended by NULL. Returns 0 or DWELL_EIO. */
int dwell_launch_fork(struct dwell_launch *launch, char *const *command,
	const struct dwell_launch_user *user, char *const *environment);

/* Open the gate; returns 0 once the command's program runs, or the errno of its exec. */
int dwell_launch_go(struct dwell_launch *launch);

/* It shall not run after all. */
void dwell_launch_cancel(struct dwell_launch *launch);

/*
 * Look what became of it: takes over its status when it ended; when it was stopped, runs
 * `before_stop`, stops us too, and lets it go on when we go on.
 */
void dwell_launch_look(
	struct dwell_launch *launch, void (*before_stop)(void *context), void *context);

/* Pass on a signal that was sent to us alone. */
void dwell_launch_pass(const struct dwell_launch *launch, int signal);

/* What our exit status is to be. */
int dwell_launch_exit_status(const struct dwell_launch *launch);

#endif
