/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks a running agent through libcurl: see client.h.
 */
#include "cli/client.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

#define ERROR_BYTES 4096

struct transfer {
	CURL *curl;
	const struct client_request *request;
	struct buf refusal; /* the body of an answer that is not 200 */
	int error;	    /* of part */
};

static void curl_freep(CURL **curl)
{
	curl_easy_cleanup(*curl);
}

static size_t on_data(char *data, size_t one, size_t length, void *context)
{
	struct transfer *transfer = context;
	long status = 0;

	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200) {
		buf_append(&transfer->refusal, data, length);
		return length;
	}
	transfer->error = transfer->request->part(transfer->request->context, data, length);
	return transfer->error ? 0 : length;
}

/* libcurl only says that it could not connect: asks the kernel why. */
static int explain_connect(const char *directory, const char *path, struct fail *fail)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_(fd_closep)
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = EINVAL;

	if (str_set(address.sun_path, path) && fd >= 0)
		error = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
	if (error == EACCES || error == EPERM)
		return fail_set(fail, -EACCES,
			"this user may not talk to the agent on %s: join the group that owns its "
			"socket, or use sudo",
			directory);
	if (error == ENOENT || error == ECONNREFUSED || error == ENOTDIR)
		return fail_set(fail, -ENOTCONN,
			"no agent runs on %s: start one with `skep run`, or name its folder with "
			"--dir",
			directory);
	return fail_set(
		fail, -ENOTCONN, "cannot reach the agent on %s: %s", directory, strerror(error));
}

/* {"error": "sentence"} */
static int explain_refusal(const struct transfer *transfer, long status, struct fail *fail)
{
	static const struct {
		long status;
		int error;
	} errors[] = { { 400, -EINVAL }, { 404, -ENOENT }, { 403, -EPERM }, { 503, -EBUSY },
		{ 504, -ETIMEDOUT } };
	json_t *answer = json_loads(buf_text(&transfer->refusal), 0, NULL);
	const char *text = json_string_value(json_object_get(answer, "error"));
	int error = -EIO;

	for (size_t i = 0; i < ARRAY_LENGTH(errors); i++) {
		if (errors[i].status == status)
			error = errors[i].error;
	}
	if (text)
		fail_set(fail, error, "%s", text);
	else
		fail_set(fail, error, "the agent answers with HTTP status %ld", status);
	json_decref(answer);
	return error;
}

static int explain(
	struct transfer *transfer, CURLcode code, const char *socket_path, struct fail *fail)
{
	const struct client_request *request = transfer->request;
	long status = 0;

	if (code == CURLE_COULDNT_CONNECT)
		return explain_connect(request->directory, socket_path, fail);
	if (transfer->error)
		return fail_set(fail, transfer->error, "%s", strerror(-transfer->error));
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return fail_set(fail, -ECANCELED, "stopped");
	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK)
		return status == 200 ? 0 : explain_refusal(transfer, status, fail);
	if (status == 200)
		return fail_set(fail, -EPIPE, "the agent ended the answer early");
	return fail_set(fail, -EIO, "cannot ask the agent: %s", curl_easy_strerror(code));
}

/* curl_easy_perform, but for stop_fd. */
static CURLcode perform(CURL *curl, int stop_fd)
{
	struct curl_waitfd stop = { .fd = stop_fd, .events = CURL_WAIT_POLLIN };
	CURLM *multi = curl_multi_init();
	CURLcode code = CURLE_OUT_OF_MEMORY;
	CURLMsg *message = NULL;
	int running = 1, left;

	if (!multi)
		return code;
	curl_multi_add_handle(multi, curl);
	while (curl_multi_perform(multi, &running) == CURLM_OK && running && !stop.revents)
		curl_multi_poll(multi, &stop, stop_fd > 0 ? 1 : 0, 1000, NULL);
	if (stop.revents)
		code = CURLE_ABORTED_BY_CALLBACK;
	else
		message = curl_multi_info_read(multi, &left);
	if (message && message->msg == CURLMSG_DONE)
		code = message->data.result;
	curl_multi_remove_handle(multi, curl);
	curl_multi_cleanup(multi);
	return code;
}

int client_run(const struct client_request *request, struct fail *fail)
{
	_cleanup_(curl_freep)
	CURL *curl = curl_easy_init();
	_cleanup_(buf_done)
	struct buf url = { 0 };
	struct transfer transfer = { .curl = curl, .request = request };
	char socket_path[256];
	CURLcode code;
	int error;

	if (!curl)
		return fail_set(fail, -ENOMEM, "no memory");
	snprintf(socket_path, sizeof(socket_path), "%s/socket", request->directory);
	buf_init(&url, CLIENT_PATH_MAXIMUM);
	buf_init(&transfer.refusal, ERROR_BYTES);
	buf_printf(&url, "http://localhost%s", request->path);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket_path);
	curl_easy_setopt(curl, CURLOPT_URL, buf_text(&url));
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
	if (request->body) {
		curl_easy_setopt(curl, CURLOPT_POST, 1L);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(request->body));
	}
	code = perform(curl, request->stop_fd);
	error = explain(&transfer, code, socket_path, fail);
	buf_done(&transfer.refusal);
	return error;
}

static int append_part(void *context, const char *data, size_t length)
{
	return buf_append(context, data, length);
}

int client_fetch(const char *directory, const char *path, struct buf *ret_answer, struct fail *fail)
{
	struct client_request request = {
		.directory = directory,
		.path = path,
		.part = append_part,
		.context = ret_answer,
	};

	return client_run(&request, fail);
}

void client_add_parameter(struct buf *path, const char *name, const char *value)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	buf_printf(path, "%c%s=", strchr(buf_text(path), '?') ? '&' : '?', name);
	for (; *value; value++) {
		if (strchr(plain, *value))
			buf_append_byte(path, *value);
		else
			buf_printf(path, "%%%02X", (unsigned char)*value);
	}
}
