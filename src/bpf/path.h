/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Paths of files, read by walking from the file's name up to the root of its mount namespace
 * (bpf_d_path() is not for tracepoints). In: struct path; out: its components, the last one first,
 * each ended by NUL. User space turns them round.
 */
#ifndef SKEP_BPF_PATH_H
#define SKEP_BPF_PATH_H

#include "bpf/kernel.h"

#define PATH_COMPONENTS_MAXIMUM 48

struct path_walk {
	struct dentry *dentry;
	struct dentry *root; /* of the mount */
	struct mount *mount;
	__u32 length;	  /* bytes written */
	__u8 is_cut;	  /* room or components were not enough: the beginning is missing */
	__u8 is_detached; /* the file lies in no folder */
};

static __always_inline struct mount *path_mount(struct vfsmount *mount)
{
	return (struct mount *)((char *)mount - bpf_core_field_offset(struct mount, mnt));
}

/*
 * The pointers are copied to locals before they are followed: BPF_CORE_READ would look for struct
 * path_walk in the kernel too.
 */

/* From the root of a mount to where it is mounted; non-zero at the root of all. */
static __always_inline int path_leave_mount(struct path_walk *walk)
{
	struct mount *mount = walk->mount;
	struct mount *parent = BPF_CORE_READ(mount, mnt_parent);

	if (parent == mount)
		return 1;
	walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
	walk->mount = parent;
	walk->root = BPF_CORE_READ(parent, mnt.mnt_root);
	return 0;
}

/* Appends the name of the file; non-zero when the room is used up. */
static __always_inline int path_append(struct path_walk *walk, char *area, __u32 room)
{
	struct dentry *dentry = walk->dentry;
	__u32 at = walk->length;
	long length;

	barrier_var(at);
	if (at >= room)
		return 1;
	length =
		bpf_probe_read_kernel_str(area + at, room - at, BPF_CORE_READ(dentry, d_name.name));
	if (length <= 0)
		return 1;
	walk->length = at + length;
	return walk->length >= room;
}

/*
 * Writes at most room bytes. The verifier adds the largest offset to the largest length: 2 * room
 * bytes from area on must belong to the same memory.
 */
static __noinline int path_write(struct path_walk *walk, char *area, __u32 room)
{
	struct mount *mount;

	if (!walk || !area)
		return 0;
	mount = walk->mount;
	walk->root = BPF_CORE_READ(mount, mnt.mnt_root);
	for (int i = 0; i < PATH_COMPONENTS_MAXIMUM; i++) {
		struct dentry *dentry = walk->dentry;
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

		if (dentry == walk->root) {
			if (path_leave_mount(walk))
				return 0;
			continue;
		}
		if (path_append(walk, area, room))
			break;
		if (parent == dentry) {
			walk->is_detached = 1;
			return 0;
		}
		walk->dentry = parent;
	}
	walk->is_cut = 1;
	return 0;
}

#endif
