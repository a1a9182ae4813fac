#ifndef DWELL_RECORD_BPF_KERNEL_TYPES_H
#define DWELL_RECORD_BPF_KERNEL_TYPES_H

/*
 * The kernel's own types, as far as their fields are read here: libbpf finds where these are in the
 * running kernel.
 */
#include <linux/types.h>

#define CORE __attribute__((preserve_access_index))

struct thread_info {
	__u32 status;
} CORE;

/* The kernel's own account of when a task last got ready and last got a CPU, by its run queue's
   clock. */
struct sched_info {
	unsigned long long last_arrival;
	unsigned long long last_queued;
} CORE;

struct ns_common {
	unsigned int inum;
} CORE;

struct pid_namespace {
	struct ns_common ns;
} CORE;

struct upid {
	int nr;
	struct pid_namespace *ns;
} CORE;

/* A task's number in each of the namespaces that it is in. */
struct pid {
	unsigned int level;
	struct upid numbers[1];
} CORE;

struct super_block {
	__u32 s_dev;
} CORE;

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
	struct super_block *i_sb;
} CORE;

struct qstr {
	const unsigned char *name;
} CORE;

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
} CORE;

struct path {
	struct dentry *dentry;
} CORE;

struct file {
	struct path f_path;
	struct inode *f_inode;
} CORE;

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
} CORE;

struct files_struct {
	struct fdtable *fdt;
} CORE;

struct task_struct {
	struct thread_info thread_info;
	unsigned int __state;
	unsigned int flags;
	__u32 pid;
	__u32 tgid;
	int exit_code;
	struct sched_info sched_info;
	struct task_struct *group_leader;
	struct files_struct *files;
	struct pid *thread_pid;
	char comm[16];
} CORE;

/* Before Linux 5.14. */
struct task_struct___old {
	long state;
} CORE;

#if defined(__TARGET_ARCH_arm64)
struct pt_regs___kernel {
	__u64 regs[31];
	__u64 sp;
	__u64 pc;
	__u64 orig_x0;
	int syscallno;
} CORE;
#elif defined(__TARGET_ARCH_x86)
struct pt_regs___kernel {
	unsigned long bp;
	unsigned long bx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
	unsigned long ip;
	unsigned long sp;
} CORE;
#endif

enum {
	TASK_INTERRUPTIBLE = 0x1,
	TASK_UNINTERRUPTIBLE = 0x2,
	TASK_STOPPED_OR_TRACED = 0x4 | 0x8,
	TASK_DEAD_OR_ZOMBIE = 0x10 | 0x20 | 0x80,
	TASK_NEW = 0x800,
	KERNEL_THREAD = 0x00200000, /* PF_KTHREAD */
	COMPAT = 0x2,               /* TS_COMPAT of x86 */
};

#endif
