// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Forks, execs and exits of processes, from the scheduler's tracepoints. In: the task;
 * out: a record each in the telemetry ring, complete also for a process that is gone
 * when user space looks. Each hook has two doors, of which user space loads one.
 */
#include "bpf/emit.h"
#include "bpf/path.h"
#include "bpf/task.h"

#include "observe/exec/exec_record.h"

const volatile __u32 scope_pid; /* 0: every process; else those in scope_pids */

/*
 * Written by user space (the process of the scope and its descendants) and by on_fork and on_exit,
 * read by all. Where there is no such scope user space makes it one entry small.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u8);
} scope_pids SEC(".maps");

struct exec_scratch {
	struct exec_exec record;
	/* The verifier wants room for the longest text at the largest offset of its beginning. */
	char bytes[2 * EXEC_PATH_MAXIMUM + EXEC_ARGUMENTS_MAXIMUM];
};

/*
 * Written and read by on_exec, one entry per CPU (the values are too long for a per-CPU map). A
 * tracepoint is not preempted by another exec.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct exec_scratch);
} scratch_by_cpu SEC(".maps");

static __always_inline bool is_watched(__u32 pid)
{
	return scope_has_current() && (!scope_pid || bpf_map_lookup_elem(&scope_pids, &pid));
}

/* What every record says. parent is a thread of the parent. */
static __always_inline void fill_process(
	struct exec_process *process, struct task_struct *task, __u16 type, __u32 size)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	struct task_struct *parent = BPF_CORE_READ(leader, real_parent, group_leader);

	process->header.source = SOURCE_exec_feature;
	process->header.type = type;
	process->header.size = size;
	process->header.time_ns = bpf_ktime_get_ns();
	process->pid = BPF_CORE_READ(leader, tgid);
	process->start_ns = BPF_CORE_READ(leader, start_boottime);
	process->parent_pid = BPF_CORE_READ(parent, tgid);
	process->parent_start_ns = BPF_CORE_READ(parent, start_boottime);
	process->cgroup_id = task_cgroup_id(task);
	process->memory_group_id = task_memory_group_id(task);
	process->uid = bpf_get_current_uid_gid();
	process->network_namespace = task_network_namespace(task);
	BPF_CORE_READ_INTO(&process->comm, leader, comm);
	BPF_CORE_READ_INTO(&process->parent_comm, parent, comm);
}

static __always_inline int handle_fork(struct task_struct *child)
{
	__u32 pid = BPF_CORE_READ(child, pid);
	__u32 parent_pid = bpf_get_current_pid_tgid() >> 32;
	struct exec_process *record;
	__u8 one = 1;

	if (pid != BPF_CORE_READ(child, tgid) || !is_watched(parent_pid) || task_is_kernel(child))
		return 0;
	if (scope_pid && bpf_map_update_elem(&scope_pids, &pid, &one, BPF_ANY))
		count_loss(STATE_FULL);
	/* Not counted: that a process began is no event, and its exec or exit says it again. */
	record = bpf_ringbuf_reserve(&telemetry, sizeof(*record), 0);
	if (!record)
		return 0;
	fill_process(record, child, EXEC_FORK, sizeof(*record));
	record_submit(record);
	return 0;
}

/* ---- exec ---- */

static __always_inline __u32 write_path(
	struct exec_scratch *scratch, __u32 offset, struct path_walk *walk, struct vfsmount *mount)
{
	walk->mount = path_mount(mount);
	barrier_var(offset);
	if (offset <= EXEC_PATH_MAXIMUM)
		path_write(walk, scratch->bytes + offset, EXEC_PATH_MAXIMUM);
	return offset + walk->length;
}

/* Returns the bytes that were written. */
static __always_inline __u32 write_paths(
	struct exec_scratch *scratch, struct task_struct *task, struct mm_struct *mm)
{
	struct file *file = BPF_CORE_READ(mm, exe_file);
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	struct path_walk exe = { .dentry = BPF_CORE_READ(file, f_path.dentry) };
	struct path_walk directory = { .dentry = BPF_CORE_READ(fs, pwd.dentry) };
	__u32 length;

	length = write_path(scratch, 0, &exe, BPF_CORE_READ(file, f_path.mnt));
	length = write_path(scratch, length, &directory, BPF_CORE_READ(fs, pwd.mnt));
	scratch->record.exe_length = exe.length;
	scratch->record.directory_length = directory.length;
	scratch->record.flags = (exe.is_cut ? EXEC_EXE_IS_CUT : 0) |
				(exe.is_detached ? EXEC_EXE_IS_DETACHED : 0) |
				(directory.is_cut ? EXEC_DIRECTORY_IS_CUT : 0);
	return length;
}

static __always_inline void write_arguments(
	struct exec_scratch *scratch, __u32 offset, struct mm_struct *mm)
{
	__u64 start = BPF_CORE_READ(mm, arg_start);
	__u64 bytes = BPF_CORE_READ(mm, arg_end) - start;
	__u64 length = bytes < EXEC_ARGUMENTS_MAXIMUM ? bytes : EXEC_ARGUMENTS_MAXIMUM;

	scratch->record.argument_bytes = bytes;
	scratch->record.argument_length = 0;
	barrier_var(offset);
	barrier_var(length);
	if (offset > 2 * EXEC_PATH_MAXIMUM || length > EXEC_ARGUMENTS_MAXIMUM)
		return;
	if (bpf_probe_read_user(scratch->bytes + offset, length, (void *)start))
		scratch->record.flags |= EXEC_ARGUMENTS_UNREAD;
	else
		scratch->record.argument_length = length;
}

/* Non-zero when the ring has no room. */
static __always_inline long send_exec(
	struct exec_scratch *scratch, __u32 path_length, __u32 argument_length)
{
	__u64 size = sizeof(scratch->record) + path_length + argument_length;

	scratch->record.argument_length = argument_length;
	scratch->record.process.header.size = size;
	barrier_var(size);
	if (size > sizeof(*scratch))
		return -1;
	return bpf_ringbuf_output(&telemetry, scratch, size, ring_flags());
}

static __always_inline int handle_exec(struct task_struct *task)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	__u32 cpu = bpf_get_smp_processor_id();
	struct exec_scratch *scratch;
	__u32 length;

	if (!is_watched(bpf_get_current_pid_tgid() >> 32))
		return 0;
	count_one(COUNT_SEEN);
	scratch = bpf_map_lookup_elem(&scratch_by_cpu, &cpu);
	if (!scratch) {
		count_loss(LIMIT);
		return 0;
	}
	fill_process(&scratch->record.process, task, EXEC_EXEC, 0);
	length = write_paths(scratch, task, mm);
	write_arguments(scratch, length, mm);
	if (!send_exec(scratch, length, scratch->record.argument_length))
		return 0;
	/* Better cut than lost; the lengths tell. */
	if (scratch->record.argument_length <= EXEC_ARGUMENTS_SHORT ||
		send_exec(scratch, length, EXEC_ARGUMENTS_SHORT))
		count_loss(RING_FULL);
	return 0;
}

/* ---- exit ---- */

/* As wait(2) will tell it. */
static __always_inline __u32 exit_status(struct task_struct *task, struct signal_struct *signal)
{
	if (BPF_CORE_READ(signal, flags) & SIGNAL_GROUP_EXIT)
		return BPF_CORE_READ(signal, group_exit_code);
	return BPF_CORE_READ(task, group_leader, exit_code);
}

static __always_inline int handle_exit(struct task_struct *task)
{
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct exec_exit *record;

	if (BPF_CORE_READ(signal, live.counter) || !is_watched(pid) || task_is_kernel(task))
		return 0;
	count_one(COUNT_SEEN);
	if (scope_pid)
		bpf_map_delete_elem(&scope_pids, &pid);
	record = bpf_ringbuf_reserve(&telemetry, sizeof(*record), 0);
	if (!record) {
		count_loss(RING_FULL);
		return 0;
	}
	fill_process(&record->process, task, EXEC_EXIT, sizeof(*record));
	record->duration_ns = bpf_ktime_get_boot_ns() - record->process.start_ns;
	record->status = exit_status(task, signal);
	/* Another thread is still there, or was: see struct exec_exit. */
	record->may_repeat = BPF_CORE_READ(signal, nr_threads) > 1 ||
			     BPF_CORE_READ(signal, sum_sched_runtime) > 0;
	record_submit(record);
	return 0;
}

/* ---- doors ---- */

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	return handle_fork(child);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task)
{
	return handle_exec(task);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	return handle_exit(task);
}

SEC("raw_tp/sched_process_fork")
int BPF_PROG(on_fork_raw, struct task_struct *parent, struct task_struct *child)
{
	return handle_fork(child);
}

SEC("raw_tp/sched_process_exec")
int BPF_PROG(on_exec_raw, struct task_struct *task)
{
	return handle_exec(task);
}

SEC("raw_tp/sched_process_exit")
int BPF_PROG(on_exit_raw, struct task_struct *task)
{
	return handle_exit(task);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
