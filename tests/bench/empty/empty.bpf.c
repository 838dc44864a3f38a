/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Programs that do nothing, on the hooks of the packet door, on the system calls that read and
 * write, where buffers are freed, and where processes begin and end: what only being there costs.
 * attach.c loads one set of them.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("cgroup_skb/ingress") int on_ingress(struct __sk_buff *packet)
{
	return 1;
}

SEC("cgroup_skb/egress") int on_egress(struct __sk_buff *packet)
{
	return 1;
}

SEC("sockops") int on_connection(struct bpf_sock_ops *operation)
{
	return 1;
}

#define EMPTY_CALL(call)                                                                           \
	SEC("tp/syscalls/sys_enter_" #call) int enter_##call(void *context)                        \
	{                                                                                          \
		return 0;                                                                          \
	}                                                                                          \
	SEC("tp/syscalls/sys_exit_" #call) int exit_##call(void *context)                          \
	{                                                                                          \
		return 0;                                                                          \
	}

EMPTY_CALL(read)
EMPTY_CALL(readv)
EMPTY_CALL(recvfrom)
EMPTY_CALL(recvmsg)
EMPTY_CALL(recvmmsg)
EMPTY_CALL(write)
EMPTY_CALL(writev)
EMPTY_CALL(sendto)
EMPTY_CALL(sendmsg)
EMPTY_CALL(sendfile64)

#define EMPTY_PROCESS(event)                                                                       \
	SEC("tp_btf/sched_process_" #event) int process_##event(void *context)                     \
	{                                                                                          \
		return 0;                                                                          \
	}

EMPTY_PROCESS(fork)
EMPTY_PROCESS(exec)
EMPTY_PROCESS(exit)

SEC("tp_btf/consume_skb") int free_buffer(void *context)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
