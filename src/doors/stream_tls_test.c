/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded TLS conversations through the stream: with their secrets each exchange comes out,
 * however the bytes were cut; without them, or with other bytes, none does, and the connection says
 * why.
 */
#include "doors/stream.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../tests/golden.h"
#include "../tests/tls_conversation.h"

struct scene {
	struct key_store *store;
	struct stream *stream;
	struct buf sides[2]; /* what the client sent, what the server sent */
	size_t at[2];
	uint8_t role;
	unsigned int exchanges;
	unsigned int sessions;
	struct request_event last;
	struct stream_session session;
};

static void note_exchange(void *context, struct request_event *event)
{
	struct scene *scene = context;

	scene->exchanges++;
	scene->last = *event;
}

static void note_session(void *context, const struct stream_session *session)
{
	struct scene *scene = context;

	scene->sessions++;
	scene->session = *session;
}

static void load(const char *name, const char *side, struct buf *ret_bytes)
{
	char path[64];

	snprintf(path, sizeof(path), "tests/golden/tls/%s.%s", name, side);
	buf_init(ret_bytes, GOLDEN_BYTES_MAXIMUM);
	assert_int_equal(file_read(AT_FDCWD, path, ret_bytes), 0);
}

static void open_scene(struct scene *scene, const char *name)
{
	const struct stream_options options = { .maximum_connections = 4,
		.exchange = note_exchange,
		.session = note_session,
		.context = scene };
	struct fail fail = { 0 };

	memset(scene, 0, sizeof(*scene));
	scene->role = ROLE_SERVER;
	load(name, "in", &scene->sides[0]);
	load(name, "out", &scene->sides[1]);
	assert_int_equal(key_store_new(8, 4, &scene->store, &fail), 0);
	assert_int_equal(stream_new(&options, &scene->stream), 0);
	assert_int_equal(stream_use_keys(scene->stream, scene->store), 0);
}

static void close_scene(struct scene *scene)
{
	stream_free(scene->stream);
	key_store_free(scene->store);
	buf_done(&scene->sides[0]);
	buf_done(&scene->sides[1]);
}

/* The next bytes of a side; of each the first captured. */
static void send_cut(struct scene *scene, size_t side, size_t length, size_t captured)
{
	struct buf *bytes = &scene->sides[side];
	size_t at = scene->at[side];

	length = MIN(length, bytes->length - at);
	if (length == 0)
		return;
	conversation_send(scene->stream,
		&(const struct conversation_piece){
			.bytes = { (const uint8_t *)bytes->data + at, MIN(length, captured) },
			.length = length,
			.place = at,
			.flags = side ? PACKET_IS_ANSWER : 0,
			.role = scene->role,
		});
	scene->at[side] += length;
}

static void send(struct scene *scene, size_t side, size_t length)
{
	send_cut(scene, side, length, SIZE_MAX);
}

/* The length of the record that comes next on the side. */
static size_t next_record(const struct scene *scene, size_t side)
{
	const uint8_t *data = (const uint8_t *)scene->sides[side].data + scene->at[side];

	if (scene->at[side] == scene->sides[side].length)
		return 0;
	return TLS_RECORD_HEAD + (size_t)(data[3] << 8 | data[4]);
}

/*
 * The order in which both ends had to speak, in which the recording was made: flights end where the
 * other one answers. Of TLS 1.3: hello; flight; Finished and request; tickets and answer …
 */
struct flight {
	size_t side;
	unsigned int records;
};

static const struct flight flights_13[] = { { 0, 1 }, { 1, 6 }, { 0, 3 }, { 1, 3 }, { 0, 1 },
	{ 1, 1 } };
static const struct flight flights_12[] = { { 0, 1 }, { 1, 4 }, { 0, 4 }, { 1, 4 }, { 0, 1 },
	{ 1, 1 } };

static void play(struct scene *scene, const struct flight *flights, size_t count, size_t step)
{
	for (size_t i = 0; i < count; i++)
		for (unsigned int j = 0; j < flights[i].records; j++)
			for (size_t left = next_record(scene, flights[i].side); left > 0;) {
				size_t part = MIN(step, left);

				send(scene, flights[i].side, part);
				left -= part;
			}
}

static void end_connection(struct scene *scene)
{
	const struct packet_close close = {
		.common = { .cookie = 7,
			.protocol = PROTOCOL_tls,
			.role = scene->role,
			.flags = PACKET_IS_ORDERED },
	};

	stream_close(scene->stream, &close);
}

static void assert_read(struct scene *scene, const char *version, const char *name)
{
	assert_int_equal(scene->at[0], scene->sides[0].length);
	assert_int_equal(scene->at[1], scene->sides[1].length);
	assert_int_equal(scene->exchanges, 2);
	assert_string_equal(scene->last.operation, "GET");
	assert_string_equal(scene->last.detail, "/1");
	assert_string_equal(scene->last.status, "200");
	assert_string_equal(scene->last.host, "shop.test");
	assert_string_equal(scene->last.protocol, "http");
	assert_int_equal(scene->last.request_bytes, 36);
	assert_int_equal(scene->last.response_bytes, 41);
	assert_true(scene->last.is_encrypted);
	assert_false(scene->last.is_incomplete);
	assert_int_equal(scene->sessions, 1);
	assert_int_equal(scene->session.outcome, STREAM_READ);
	assert_string_equal(scene->session.suite, name);
	assert_string_equal(tls_version_word(scene->session.server.version), version);
	assert_string_equal(scene->session.server.alpn, "http/1.1");
	assert_string_equal(scene->session.client.server_name, "shop.test");
	assert_true(scene->session.done_ns > 0);
}

static void both_versions(void **state)
{
	const size_t steps[] = { 1, 2, 7, 300, SIZE_MAX };

	for (size_t i = 0; i < ARRAY_LENGTH(steps); i++)
		for (uint8_t role = ROLE_SERVER; role <= ROLE_CLIENT; role++) {
			struct scene scene;

			open_scene(&scene, "tls13");
			conversation_tell_secrets(scene.store);
			scene.role = role;
			play(&scene, flights_13, ARRAY_LENGTH(flights_13), steps[i]);
			assert_read(&scene, "1.3", "TLS_AES_256_GCM_SHA384");
			close_scene(&scene);
			open_scene(&scene, "tls12");
			conversation_tell_secrets(scene.store);
			scene.role = role;
			play(&scene, flights_12, ARRAY_LENGTH(flights_12), steps[i]);
			assert_read(&scene, "1.2", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
			close_scene(&scene);
		}
}

/* The end that is watched derives its keys after the other one has sent: the records wait. */
static void late_secrets(void **state)
{
	struct scene scene;

	open_scene(&scene, "tls13");
	scene.role = ROLE_CLIENT;
	play(&scene, flights_13, 2, SIZE_MAX);
	assert_int_equal(scene.sessions, 0);
	conversation_tell_secrets(scene.store);
	play(&scene, flights_13 + 2, ARRAY_LENGTH(flights_13) - 2, SIZE_MAX);
	assert_read(&scene, "1.3", "TLS_AES_256_GCM_SHA384");
	close_scene(&scene);
}

static void no_secret(void **state)
{
	for (uint8_t role = ROLE_SERVER; role <= ROLE_CLIENT; role++) {
		struct scene scene;

		open_scene(&scene, "tls13");
		scene.role = role;
		play(&scene, flights_13, ARRAY_LENGTH(flights_13), SIZE_MAX);
		assert_int_equal(scene.exchanges, 0);
		assert_int_equal(scene.sessions, 1);
		assert_int_equal(scene.session.outcome, STREAM_NO_SECRET);
		assert_int_equal(scene.session.done_ns, 0);
		close_scene(&scene);
	}
}

/* Any byte that is another one: the exchanges before it are there, and none that is not true. */
static void other_bytes(void **state)
{
	for (size_t side = 0; side < 2; side++)
		for (size_t place = TLS_RECORD_HEAD; place < 1440; place += 11) {
			struct scene scene;

			open_scene(&scene, "tls13");
			conversation_tell_secrets(scene.store);
			if (place < scene.sides[side].length)
				scene.sides[side].data[place] ^= 0x20;
			play(&scene, flights_13, ARRAY_LENGTH(flights_13), SIZE_MAX);
			end_connection(&scene);
			assert_true(scene.exchanges <= 2);
			assert_int_equal(scene.sessions, 1);
			if (scene.exchanges == 2)
				assert_string_equal(scene.last.detail, "/1");
			close_scene(&scene);
		}
}

/* The end of an answer's record was not sent up: its length says what it was. */
static void cut_record(void **state)
{
	for (size_t cut = 1; cut <= TLS_TAG_BYTES + 4; cut++) {
		struct feature_counts counts = { 0 };
		struct scene scene;
		size_t length;

		open_scene(&scene, "tls13");
		conversation_tell_secrets(scene.store);
		play(&scene, flights_13, ARRAY_LENGTH(flights_13) - 1, SIZE_MAX);
		length = next_record(&scene, 1);
		send_cut(&scene, 1, length, length - cut);
		assert_read(&scene, "1.3", "TLS_AES_256_GCM_SHA384");
		assert_int_equal(stream_broken_sessions(scene.stream), 0);
		stream_add_counts(scene.stream, PROTOCOL_http, &counts);
		assert_int_equal(counts.seen, 2);
		assert_int_equal(counts.reported, 2);
		close_scene(&scene);
	}
}

/* The head of a record was lost: where the next one begins nobody knows. */
static void lost_head(void **state)
{
	struct feature_counts counts = { 0 };
	struct scene scene;

	open_scene(&scene, "tls13");
	conversation_tell_secrets(scene.store);
	play(&scene, flights_13, ARRAY_LENGTH(flights_13) - 1, SIZE_MAX);
	send_cut(&scene, 1, SIZE_MAX, 0);
	end_connection(&scene);
	assert_int_equal(scene.exchanges, 1);
	assert_int_equal(scene.sessions, 1);
	assert_int_equal(stream_broken_sessions(scene.stream), 1);
	stream_add_counts(scene.stream, PROTOCOL_http, &counts);
	assert_int_equal(counts.seen, 2);
	assert_int_equal(counts.reported, 1);
	assert_int_equal(counts.lost[COUNT_LOST_ORDER], 1);
	close_scene(&scene);
}

/* The client says no: an alert in the place of its Finished. */
static void refused(void **state)
{
	static const uint8_t alert[] = { 21, 3, 3, 0, 2, 2, 48 };
	struct scene scene;

	open_scene(&scene, "tls12");
	conversation_tell_secrets(scene.store);
	play(&scene, flights_12, 2, SIZE_MAX);
	conversation_send(
		scene.stream, &(const struct conversation_piece){ .bytes = { alert, sizeof(alert) },
				      .length = sizeof(alert),
				      .place = scene.at[0],
				      .role = ROLE_SERVER });
	end_connection(&scene);
	assert_int_equal(scene.sessions, 1);
	assert_int_equal(scene.session.outcome, STREAM_FAILED);
	assert_string_equal(tls_alert_word(scene.session.alert), "unknown_ca");
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_versions),
		cmocka_unit_test(late_secrets),
		cmocka_unit_test(no_secret),
		cmocka_unit_test(other_bytes),
		cmocka_unit_test(cut_record),
		cmocka_unit_test(lost_head),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
