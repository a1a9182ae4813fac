#ifndef DWELL_RECORD_BPF_FILES_H
#define DWELL_RECORD_BPF_FILES_H

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "kernel_types.h"
#include "shared.h"

enum { REGULAR = 8 };

/*
 * The open file behind a descriptor, or 0. By calls of a helper: for each plain load of a pointer
 * from a task the verifier looks three names up among all of the kernel's types.
 */
static __always_inline struct file *file_of(struct task_struct *task, __u64 fd)
{
	struct files_struct *files = BPF_CORE_READ(task, files);
	struct fdtable *table;
	struct file *file = 0;

	if (!files)
		return 0;
	table = BPF_CORE_READ(files, fdt);
	if (!table || fd >= BPF_CORE_READ(table, max_fds) || fd >= DWELL_KERNEL_FDS ||
		bpf_probe_read_kernel(
			&file, sizeof(file), (void *)BPF_CORE_READ(table, fd) + fd * sizeof(file)))
		return 0;
	return file;
}

/* The last parts of its path. */
static __always_inline void name_file(struct dwell_kernel_file *record, struct file *file)
{
	struct dentry *entry = BPF_CORE_READ(file, f_path.dentry);

	record->count = 0;
	record->whole = 0;
	for (int i = 0; i < DWELL_KERNEL_PARTS; i++) {
		struct dentry *parent = BPF_CORE_READ(entry, d_parent);

		if (parent == entry) {
			record->whole = 1;
			break;
		}
		record->part[i][0] = 0;
		bpf_probe_read_kernel_str(
			record->part[i], DWELL_KERNEL_PART, BPF_CORE_READ(entry, d_name.name));
		record->count = i + 1;
		entry = parent;
	}
	if (BPF_CORE_READ(entry, d_parent) == entry)
		record->whole = 1;
}

/*
 * Which file a descriptor stands for now, to be put beside it: by the time that the recorder asks
 * it may stand for another one. 0: not known.
 */
static __always_inline __u64 see_file(struct file *file, __u64 *inode_number)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	const __u64 type = BPF_CORE_READ(inode, i_mode) >> 12;

	*inode_number = BPF_CORE_READ(inode, i_ino);
	return type << DWELL_KERNEL_TYPE_SHIFT | (*inode_number & (DWELL_KERNEL_INODES - 1))
							 << DWELL_KERNEL_INODE_SHIFT;
}

/* files: struct dwell_kernel_config's. */
static __always_inline int may_be_on_a_file(const volatile __u64 *files, __u64 why)
{
	const __u64 call = why >> 48;
	__u64 word = call / 64;

	if (call >= DWELL_KERNEL_CALLS)
		return 0;
	/* Unseen by the compiler, which else leaves it out; the verifier wants it. */
	__asm__ volatile("%0 &= 7" : "+r"(word));
	return files[word] >> (call % 64) & 1;
}

static __always_inline void tell_file(
	void *rare, struct dwell_kernel_note *note, __u64 time, struct file *file, __u64 inode)
{
	struct dwell_kernel_file *record = bpf_ringbuf_reserve(rare, sizeof(*record), 0);

	if (!record)
		return; /* it is told without a name */
	record->time = time;
	record->kind = DWELL_RARE_FILE;
	record->device = BPF_CORE_READ(file, f_inode, i_sb, s_dev);
	record->inode = inode;
	name_file(record, file);
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	note->file = inode;
}

/* What its descriptor is, put beside it. */
static __always_inline __u64 with_file(
	void *rare, struct dwell_kernel_note *note, __u64 time, struct task_struct *prev, __u64 why)
{
	struct file *file = file_of(prev, why & 0xffffffff);
	__u64 inode, seen;

	if (!file)
		return why;
	seen = see_file(file, &inode);
	if (seen >> DWELL_KERNEL_TYPE_SHIFT == REGULAR && inode != note->file)
		tell_file(rare, note, time, file, inode);
	return why | seen;
}

#endif
