/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP exchange for each pair of a way to send and a way to receive, over one connection each.
 * http_ways 4|6: a child is the client, the parent the server. Prints "pids SERVER CLIENT", and for
 * each exchange "way PATH REQUEST_BYTES ANSWER_BYTES"; "refused io_uring" when the kernel refuses
 * it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGE_BYTES 20000
#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))

static void must(int is_fine, const char *what)
{
	if (is_fine)
		return;
	perror(what);
	exit(1);
}

/* ---- io_uring, by hand: one entry at a time ---- */

static struct {
	int fd;
	unsigned int *tail, *mask, *done_head, *done_mask, *array;
	struct io_uring_sqe *entries;
	struct io_uring_cqe *results;
} ring = { .fd = -1 };

static int ring_open(void)
{
	struct io_uring_params params = { 0 };
	char *sent, *done;

	ring.fd = (int)syscall(SYS_io_uring_setup, 4, &params);
	if (ring.fd < 0)
		return -1;
	sent = mmap(NULL, params.sq_off.array + params.sq_entries * 4, PROT_READ | PROT_WRITE,
		MAP_SHARED, ring.fd, IORING_OFF_SQ_RING);
	done = mmap(NULL, params.cq_off.cqes + params.cq_entries * sizeof(*ring.results),
		PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, IORING_OFF_CQ_RING);
	ring.entries = mmap(NULL, params.sq_entries * sizeof(*ring.entries), PROT_READ | PROT_WRITE,
		MAP_SHARED, ring.fd, IORING_OFF_SQES);
	must(sent != MAP_FAILED && done != MAP_FAILED && (void *)ring.entries != MAP_FAILED,
		"mmap");
	ring.tail = (void *)(sent + params.sq_off.tail);
	ring.mask = (void *)(sent + params.sq_off.ring_mask);
	ring.array = (void *)(sent + params.sq_off.array);
	ring.done_head = (void *)(done + params.cq_off.head);
	ring.done_mask = (void *)(done + params.cq_off.ring_mask);
	ring.results = (void *)(done + params.cq_off.cqes);
	return 0;
}

static ssize_t ring_do(int operation, int fd, void *bytes, size_t length)
{
	unsigned int at = *ring.tail & *ring.mask;
	ssize_t result;

	ring.entries[at] = (struct io_uring_sqe){ .opcode = (unsigned char)operation,
		.fd = fd,
		.addr = (unsigned long)bytes,
		.len = (unsigned int)length };
	ring.array[at] = at;
	__atomic_store_n(ring.tail, *ring.tail + 1, __ATOMIC_RELEASE);
	must(syscall(SYS_io_uring_enter, ring.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) == 1,
		"io_uring_enter");
	result = ring.results[*ring.done_head & *ring.done_mask].res;
	__atomic_store_n(ring.done_head, *ring.done_head + 1, __ATOMIC_RELEASE);
	return result;
}

/* ---- ways to send ---- */

static ssize_t send_write(int fd, char *bytes, size_t length)
{
	return write(fd, bytes, length);
}

/* Two pieces in one call. */
static int halves(char *bytes, size_t length, struct iovec *ret_pieces)
{
	ret_pieces[0] = (struct iovec){ bytes, length / 2 };
	ret_pieces[1] = (struct iovec){ bytes + length / 2, length - length / 2 };
	return 2;
}

static ssize_t send_writev(int fd, char *bytes, size_t length)
{
	struct iovec pieces[2];

	return writev(fd, pieces, halves(bytes, length, pieces));
}

static ssize_t send_send(int fd, char *bytes, size_t length)
{
	return send(fd, bytes, length, 0);
}

static ssize_t send_sendto(int fd, char *bytes, size_t length)
{
	return sendto(fd, bytes, length, MSG_NOSIGNAL, NULL, 0);
}

static ssize_t send_sendmsg(int fd, char *bytes, size_t length)
{
	struct iovec pieces[2];
	struct msghdr message = { .msg_iov = pieces,
		.msg_iovlen = (size_t)halves(bytes, length, pieces) };

	return sendmsg(fd, &message, 0);
}

static ssize_t send_sendmmsg(int fd, char *bytes, size_t length)
{
	struct iovec pieces[2];
	struct mmsghdr messages[2] = { 0 };
	int count;

	halves(bytes, length, pieces);
	for (size_t i = 0; i < 2; i++) {
		messages[i].msg_hdr.msg_iov = &pieces[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	count = sendmmsg(fd, messages, 2, 0);
	return count < 1 ? -1 : messages[0].msg_len + (count > 1 ? messages[1].msg_len : 0);
}

static ssize_t send_sendfile(int fd, char *bytes, size_t length)
{
	int file = memfd_create("bytes", 0);
	off_t at = 0;
	ssize_t sent;

	must(file >= 0 && write(file, bytes, length) == (ssize_t)length, "memfd");
	sent = sendfile(fd, file, &at, length);
	close(file);
	return sent;
}

static ssize_t send_splice(int fd, char *bytes, size_t length)
{
	ssize_t sent;
	int ends[2];

	must(pipe(ends) == 0, "pipe");
	must(write(ends[1], bytes, length) == (ssize_t)length, "write");
	sent = splice(ends[0], NULL, fd, NULL, length, 0);
	must(sent == (ssize_t)length, "splice");
	close(ends[0]);
	close(ends[1]);
	return sent;
}

static ssize_t send_io_uring(int fd, char *bytes, size_t length)
{
	return ring_do(IORING_OP_SEND, fd, bytes, length);
}

/* ---- ways to receive ---- */

static ssize_t receive_read(int fd, char *bytes, size_t length)
{
	return read(fd, bytes, length);
}

static ssize_t receive_readv(int fd, char *bytes, size_t length)
{
	struct iovec pieces[2];

	return readv(fd, pieces, halves(bytes, length, pieces));
}

static ssize_t receive_recv(int fd, char *bytes, size_t length)
{
	return recv(fd, bytes, length, 0);
}

static ssize_t receive_recvfrom(int fd, char *bytes, size_t length)
{
	return recvfrom(fd, bytes, length, 0, NULL, NULL);
}

static ssize_t receive_recvmsg(int fd, char *bytes, size_t length)
{
	struct iovec pieces[2];
	struct msghdr message = { .msg_iov = pieces,
		.msg_iovlen = (size_t)halves(bytes, length, pieces) };

	return recvmsg(fd, &message, 0);
}

static ssize_t receive_recvmmsg(int fd, char *bytes, size_t length)
{
	struct iovec piece = { bytes, length };
	struct mmsghdr message = { .msg_hdr = { .msg_iov = &piece, .msg_iovlen = 1 } };

	return recvmmsg(fd, &message, 1, 0, NULL) == 1 ? (ssize_t)message.msg_len : -1;
}

static ssize_t receive_splice(int fd, char *bytes, size_t length)
{
	ssize_t received;
	int ends[2];

	must(pipe(ends) == 0, "pipe");
	received = splice(fd, NULL, ends[1], NULL, length < 60000 ? length : 60000, 0);
	if (received > 0)
		received = read(ends[0], bytes, (size_t)received);
	close(ends[0]);
	close(ends[1]);
	return received;
}

static ssize_t receive_io_uring(int fd, char *bytes, size_t length)
{
	return ring_do(IORING_OP_RECV, fd, bytes, length);
}

struct way {
	const char *name;
	ssize_t (*run)(int fd, char *bytes, size_t length);
};

static const struct way senders[] = { { "io_uring", send_io_uring }, { "write", send_write },
	{ "writev", send_writev }, { "send", send_send }, { "sendto", send_sendto },
	{ "sendmsg", send_sendmsg }, { "sendmmsg", send_sendmmsg }, { "sendfile", send_sendfile },
	{ "splice", send_splice } };
static const struct way receivers[] = { { "io_uring", receive_io_uring }, { "read", receive_read },
	{ "readv", receive_readv }, { "recv", receive_recv }, { "recvfrom", receive_recvfrom },
	{ "recvmsg", receive_recvmsg }, { "recvmmsg", receive_recvmmsg },
	{ "splice", receive_splice } };

/* ---- the exchange ---- */

/* Head and body; how long they are and where they are cut differs from exchange to exchange. */
static size_t make(char *message, const char *first_line, size_t number)
{
	size_t body = number % 3 == 0 ? 5 : number * 397 % (MESSAGE_BYTES - 1000);
	int head =
		sprintf(message, "%s\r\nHost: h\r\nContent-Length: %zu\r\n\r\n", first_line, body);

	memset(message + head, 'b', body);
	return (size_t)head + body;
}

static void send_all(int fd, const struct way *way, char *bytes, size_t length, size_t number)
{
	size_t cut = number * 131 % length;
	size_t at = 0;

	while (at < length) {
		size_t end = at < cut ? cut : length;
		ssize_t sent = way->run(fd, bytes + at, end - at);

		must(sent > 0, way->name);
		at += (size_t)sent;
	}
}

static void receive_all(int fd, const struct way *way, char *bytes, size_t length)
{
	size_t at = 0;

	while (at < length) {
		ssize_t received = way->run(fd, bytes + at, length - at);

		must(received > 0, way->name);
		at += (size_t)received;
	}
}

static size_t make_pair(size_t number, char *request, char *answer, size_t *ret_answer)
{
	const struct way *sender = &senders[number / COUNT(receivers)];
	const struct way *receiver = &receivers[number % COUNT(receivers)];
	char line[128];

	*ret_answer = make(answer, "HTTP/1.1 200 OK", number * 7 + 1);
	snprintf(line, sizeof(line), "POST /%s-%s HTTP/1.1", sender->name, receiver->name);
	return make(request, line, number);
}

static void run(int fd, size_t number, int is_client)
{
	static char request[MESSAGE_BYTES], answer[MESSAGE_BYTES], received[MESSAGE_BYTES];
	const struct way *sender = &senders[number / COUNT(receivers)];
	const struct way *receiver = &receivers[number % COUNT(receivers)];
	size_t answer_bytes;
	size_t request_bytes = make_pair(number, request, answer, &answer_bytes);
	int yes = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (is_client) {
		send_all(fd, sender, request, request_bytes, number);
		receive_all(fd, receiver, received, answer_bytes);
		printf("way /%s-%s %zu %zu\n", sender->name, receiver->name, request_bytes,
			answer_bytes);
	} else {
		receive_all(fd, receiver, received, request_bytes);
		send_all(fd, sender, answer, answer_bytes, number + 1);
	}
	close(fd);
}

static int is_refused(size_t number)
{
	return ring.fd < 0 && (number / COUNT(receivers) == 0 || number % COUNT(receivers) == 0);
}

int main(int count, char **arguments)
{
	int family = count > 1 && arguments[1][0] == '6' ? AF_INET6 : AF_INET;
	struct sockaddr_storage address = { .ss_family = (sa_family_t)family };
	socklen_t size = sizeof(address);
	int listener = socket(family, SOCK_STREAM, 0);
	pid_t child;

	if (family == AF_INET)
		((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		((struct sockaddr_in6 *)&address)->sin6_addr = in6addr_loopback;
	must(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 8) == 0 &&
			getsockname(listener, (struct sockaddr *)&address, &size) == 0,
		"listen");
	child = fork();
	if (ring_open() < 0 && child)
		printf("refused io_uring\n");
	for (size_t i = 0; i < COUNT(senders) * COUNT(receivers); i++) {
		int fd;

		if (is_refused(i))
			continue;
		fd = child ? accept(listener, NULL, NULL) : socket(family, SOCK_STREAM, 0);
		must(fd >= 0, "socket");
		if (!child)
			must(connect(fd, (struct sockaddr *)&address, size) == 0, "connect");
		run(fd, i, !child);
	}
	if (!child)
		return 0;
	wait(NULL);
	printf("pids %d %d\n", getpid(), child);
	return 0;
}
