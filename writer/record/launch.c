#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dwell/error.h"
#include "proc.h"

static const int ours[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGTSTP, SIGCHLD,
	SIGPIPE, SIGALRM };

/* What is said at the gate. */
enum { GO = 'g', CANCEL = 'c' };

int dwell_launch_find_user(const char *name, struct dwell_launch_user *out)
{
	const struct passwd *entry = getpwnam(name);

	if (!entry)
		return DWELL_EINVAL;
	*out = (struct dwell_launch_user){ name, entry->pw_uid, entry->pw_gid };
	return 0;
}

int dwell_launch_signals(struct dwell_launch *launch)
{
	sigset_t wanted;
	int fd;

	sigemptyset(&wanted);
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		sigaddset(&wanted, ours[i]);
	sigprocmask(SIG_BLOCK, &wanted, &launch->mask);
	/* Ignored by whoever started us, there would be no status to wait for. */
	launch->child_action = signal(SIGCHLD, SIG_DFL);
	fd = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? DWELL_EIO : fd;
}

/* In the child: become the user, for good. */
static int become(const struct dwell_launch_user *user)
{
	if (!user->name)
		return 0;
	if (initgroups(user->name, user->gid) != 0 || setgid(user->gid) != 0 ||
		setuid(user->uid) != 0)
		return -1;
	return 0;
}

static void run_child(const struct dwell_launch *launch, char *const *command,
	const struct dwell_launch_user *user, char *const *environment, int gate, int word)
{
	char go = 0;
	int error;

	(void)!read(gate, &go, 1);
	if (go == CANCEL)
		_exit(127);
	/* Without a word the recorder was killed: the command goes on, and nobody records it. */
	for (; go == GO && environment && *environment; environment++)
		putenv(*environment);
	signal(SIGCHLD, launch->child_action);
	sigprocmask(SIG_SETMASK, &launch->mask, NULL);
	errno = 0;
	if (become(user) == 0)
		execvp(command[0], command);
	error = errno;
	(void)!write(word, &error, sizeof(error));
	_exit(error == ENOENT ? 127 : 126);
}

int dwell_launch_fork(struct dwell_launch *launch, char *const *command,
	const struct dwell_launch_user *user, char *const *environment)
{
	int gate[2], word[2];

	if (pipe2(gate, O_CLOEXEC) != 0)
		return DWELL_EIO;
	if (pipe2(word, O_CLOEXEC) != 0) {
		close(gate[0]);
		close(gate[1]);
		return DWELL_EIO;
	}
	launch->pid = fork();
	if (launch->pid == 0) {
		close(gate[1]);
		close(word[0]);
		run_child(launch, command, user, environment, gate[0], word[1]);
	}
	close(gate[0]);
	close(word[1]);
	launch->gate = gate[1];
	launch->word = word[0];
	return launch->pid < 0 ? DWELL_EIO : 0;
}

static void say(const struct dwell_launch *launch, char word)
{
	(void)!write(launch->gate, &word, 1);
	close(launch->gate);
}

int dwell_launch_go(struct dwell_launch *launch)
{
	int error = 0;

	say(launch, GO);
	/* The end of file comes with a successful exec. */
	while (read(launch->word, &error, sizeof(error)) < 0 && errno == EINTR)
		;
	close(launch->word);
	if (error != 0)
		while (waitpid(launch->pid, &launch->status, 0) < 0 && errno == EINTR)
			;
	return error;
}

void dwell_launch_cancel(struct dwell_launch *launch)
{
	say(launch, CANCEL);
	close(launch->word);
	while (waitpid(launch->pid, &launch->status, 0) < 0 && errno == EINTR)
		;
}

/*
 * While we stand still somebody else may let the command alone go on, as what throttles a process
 * does: then we are to go on, too. Told again and again, since we may not be standing yet. It is of
 * our group: who stops that stops it as well.
 */
static pid_t watch_stopped(pid_t command)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	const pid_t us = getpid();
	const pid_t watcher = fork();

	if (watcher != 0)
		return watcher;
	while (getppid() == us) {
		const char state = dwell_proc_state((uint32_t)command);

		if (state != 'T' && state != 't')
			kill(us, SIGCONT);
		nanosleep(&pause, NULL);
	}
	_exit(0);
}

/* Returns when we go on. */
static void stand_still(const struct dwell_launch *launch)
{
	const pid_t watcher = watch_stopped(launch->pid);

	raise(SIGSTOP);
	if (watcher < 0)
		return;
	kill(watcher, SIGKILL);
	while (waitpid(watcher, NULL, 0) < 0 && errno == EINTR)
		;
}

void dwell_launch_look(
	struct dwell_launch *launch, void (*before_stop)(void *context), void *context)
{
	int status;
	pid_t pid;

	while (!launch->ended &&
		(pid = waitpid(launch->pid, &status, WNOHANG | WUNTRACED)) == launch->pid) {
		if (!WIFSTOPPED(status)) {
			launch->status = status;
			launch->ended = true;
			return;
		}
		before_stop(context);
		stand_still(launch);
		/* The shell let our group go on; if it was us alone, the command is to go on too.
		 */
		kill(launch->pid, SIGCONT);
	}
}

void dwell_launch_pass(const struct dwell_launch *launch, int signal)
{
	if (launch->pid > 0 && !launch->ended)
		kill(launch->pid, signal);
}

int dwell_launch_exit_status(const struct dwell_launch *launch)
{
	return WIFSIGNALED(launch->status) ? 128 + WTERMSIG(launch->status)
					   : WEXITSTATUS(launch->status);
}
