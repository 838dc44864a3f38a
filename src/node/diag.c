/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The netlink side of listing sockets: where the question is asked, and how the answers are walked.
 */
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/fd.h"
#include "node/diag.h"

static int open_here(void)
{
	struct timeval patience = { .tv_sec = 1 };
	_cleanup_(fd_closep)
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return -errno;
	return fd_take(&fd);
}

struct visit_to_namespace {
	int namespace_fd;
	int result;
};

/* A socket belongs to the namespace of the thread that makes it; this thread lives for that. */
static void *open_there(void *argument)
{
	struct visit_to_namespace *visit = argument;

	visit->result = setns(visit->namespace_fd, CLONE_NEWNET) < 0 ? -errno : open_here();
	return NULL;
}

int diag_open(int root_fd, const struct network_namespace *namespace)
{
	char path[64];
	struct stat here, there;
	pthread_t thread;

	snprintf(path, sizeof(path), "proc/%u/ns/net", namespace->pid);
	_cleanup_(fd_closep)
	int fd = openat(root_fd, path, O_RDONLY | O_CLOEXEC);
	/* In a test's tree it is a dangling link: no kernel to ask. */
	if (fd < 0 || fstat(fd, &there) < 0)
		return -errno;
	if (there.st_ino != namespace->inode)
		return -ESRCH;
	if (stat("/proc/thread-self/ns/net", &here) == 0 && here.st_ino == there.st_ino)
		return open_here();
	struct visit_to_namespace visit = { .namespace_fd = fd };
	int result = pthread_create(&thread, NULL, open_there, &visit);
	if (result)
		return -result;
	pthread_join(thread, NULL);
	return visit.result;
}

/* One datagram of answers: 1 when more follow, 0 at the end, -errno. */
static int take_answers(const struct diag_question *question, const uint8_t *data, size_t length)
{
	const struct nlmsghdr *header = (const void *)data;
	unsigned int left = (unsigned int)length;

	for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
		if (header->nlmsg_type == NLMSG_DONE)
			return 0;
		if (header->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *error = NLMSG_DATA(header);
			return header->nlmsg_len >= NLMSG_LENGTH(sizeof(*error)) ? error->error
										 : -EBADMSG;
		}
		if (header->nlmsg_len < NLMSG_LENGTH(question->minimum))
			continue;
		int result = question->take(
			question->context, NLMSG_DATA(header), NLMSG_PAYLOAD(header, 0));
		if (result < 0)
			return result;
	}
	return 1;
}

int diag_ask(int fd, const struct diag_question *question)
{
	_Alignas(struct nlmsghdr) uint8_t answer[32768];
	int result = 1;

	if (send(fd, question->request, question->request->nlmsg_len, 0) < 0)
		return -errno;
	while (result > 0) {
		ssize_t length = recv(fd, answer, sizeof(answer), 0);
		if (length < 0)
			return -errno;
		result = take_answers(question, answer, (size_t)length);
	}
	return result;
}
