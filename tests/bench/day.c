/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A day of a busy machine in some seconds: processes, connections, exchanges, names and flows of
 * 24 hours go through the agent's user half and its store, on a clock of their own. Prints a line
 * an hour: {"hour":1,"events":…,"used_bytes":…,"resident_bytes":…,"store_bytes":…,"lost":…}; used
 * is what malloc has given out. Nothing is attached. Usage: day DIRECTORY [HOURS]
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "doors/stream.h"
#include "engine/agent.h"
#include "engine/budget.h"
#include "engine/pipeline.h"
#include "engine/store.h"
#include "event/request.h"
#include "node/node.h"
#include "observe/dns/dns_event.h"
#include "observe/exec/exec_event.h"
#include "observe/tcp/tcp_event.h"
#include "observe/udp/udp_event.h"

#define STEP_NS	       (10 * NS_PER_S)
#define STEPS_PER_HOUR 360
#define BEGIN_WALL_NS  (1769860800ULL * NS_PER_S)
#define STORE_BYTES    (64ULL << 20)
/* Process ids that no process of this machine can have (PID_MAX_LIMIT is 4194304). */
#define FIRST_PID      5000000
/* Each step: */
#define PROCESSES      40
#define EXCHANGES      120
#define CONNECTIONS    30
#define NAMES	       20
#define FLOWS	       20

static const char answer[] =
	"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n";

struct day {
	struct agent agent;
	struct stream *stream;
	struct dns_pair *pair;
	struct udp_flows *flows;
	uint64_t now_ns; /* monotonic */
	uint64_t events;
	uint64_t random;
	uint32_t next_pid;
	uint64_t next_cookie;
	struct task_identity self;
	struct request_event request;
	struct dns_event dns;
};

static void read_clock(void *context, uint64_t *ret_monotonic_ns, uint64_t *ret_wall_ns)
{
	const struct day *day = context;

	*ret_monotonic_ns = day->now_ns;
	*ret_wall_ns = BEGIN_WALL_NS + day->now_ns;
}

static uint64_t any(struct day *day)
{
	day->random = day->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return day->random >> 33;
}

static void emit(struct day *day, struct event_header *event)
{
	day->events++;
	pipeline_emit(day->agent.pipeline, event);
}

/* ---- what happens ---- */

static void processes(struct day *day)
{
	for (unsigned int i = 0; i < PROCESSES; i++) {
		char exe[64], arguments[600] = "";
		struct exec_event started = { .header = { .kind = &exec_kind,
						      .time_ns = day->now_ns } };
		struct exit_event ended = { .header = { .kind = &exit_kind,
						    .time_ns = day->now_ns },
			.exit_code = (int32_t)(any(day) % 3),
			.duration_ns = any(day) };
		struct node_process process = { .pid = day->next_pid++,
			.parent_pid = day->self.pid,
			.start_ns = day->now_ns,
			.parent_start_ns = day->self.start_ns,
			.network_namespace = 1,
			.directory = "/",
			.exe = exe };
		int length;

		snprintf(exe, sizeof(exe), "/opt/tool-%llu/run",
			(unsigned long long)(any(day) % 5000));
		length = snprintf(arguments, sizeof(arguments), "run%c--number=%llu%c%0*d", 0,
			(unsigned long long)any(day), 0, (int)(any(day) % 500), 0);
		process.comm = "run";
		process.arguments = (struct slice){ (const uint8_t *)arguments, (size_t)length };
		node_process_started(day->agent.node, &process);
		node_process_executed(day->agent.node, &process);
		started.process.pid = ended.process.pid = process.pid;
		started.process.start_ns = ended.process.start_ns = process.start_ns;
		started.arguments = arguments;
		started.directory = "/";
		emit(day, &started.header);
		node_process_exited(day->agent.node, process.pid, process.start_ns, day->now_ns);
		emit(day, &ended.header);
	}
}

static void fill_ends(struct day *day, struct packet_common *common, enum request_role role)
{
	common->cookie = day->next_cookie++;
	common->owner = day->self;
	common->role = (uint8_t)role;
	common->turn = 1;
	common->ends = (struct packet_ends){ .local_port = 8080,
		.peer_port = (uint16_t)(32768 + any(day) % 28000),
		.network_namespace = 1 };
	address_parse("10.0.0.1", (struct address *)common->ends.local_address);
	address_parse("10.0.0.2", (struct address *)common->ends.peer_address);
	common->ends.peer_address[14] = (uint8_t)any(day);
	common->ends.peer_address[13] = (uint8_t)(any(day) % 8);
}

static void exchanges(struct day *day)
{
	union {
		struct packet_turn turn;
		unsigned char bytes[1024];
	} record;

	for (unsigned int i = 0; i < EXCHANGES; i++) {
		char *request = (char *)record.bytes + sizeof(record.turn) + sizeof(answer) - 1;
		int length;

		record.turn = (struct packet_turn){ 0 };
		memcpy(&record.turn + 1, answer, sizeof(answer) - 1);
		length = snprintf(request, 500,
			"GET /%llu/things/%llx HTTP/1.1\r\nHost: h%llu.test\r\n\r\n",
			(unsigned long long)(any(day) % 50), (unsigned long long)any(day),
			(unsigned long long)(any(day) % 2000));
		fill_ends(day, &record.turn.common, any(day) % 2 ? ROLE_CLIENT : ROLE_SERVER);
		record.turn.common.protocol = PROTOCOL_http;
		record.turn.common.header = (struct record_header){ .source = SOURCE_packet,
			.type = PACKET_TURN,
			.time_ns = day->now_ns,
			.size = (uint32_t)(sizeof(record.turn) + sizeof(answer) - 1) +
				(uint32_t)length };
		record.turn.request_ns = day->now_ns - any(day) % NS_PER_S;
		record.turn.answer_bytes = record.turn.answer_captured = sizeof(answer) - 1;
		record.turn.request_bytes = (uint16_t)length;
		record.turn.request_offset = sizeof(record.turn) + sizeof(answer) - 1;
		stream_turn(day->stream, &record.turn);
	}
}

static void connections(struct day *day)
{
	for (unsigned int i = 0; i < CONNECTIONS; i++) {
		struct packet_common common = { 0 };
		struct tcp_record record = { .header = { .type = TCP_CONNECTED,
						     .size = sizeof(record) } };
		struct tcp_event event = { 0 };

		fill_ends(day, &common, ROLE_CLIENT);
		record.header.time_ns = day->now_ns;
		record.cookie = common.cookie;
		record.owner = day->self;
		record.role = ROLE_CLIENT;
		record.network_namespace = 1;
		record.local_port = (uint16_t)(32768 + any(day) % 28000);
		record.peer_port = (uint16_t)(any(day) % 1000);
		memcpy(record.local_address, common.ends.local_address, 16);
		memcpy(record.peer_address, common.ends.peer_address, 16);
		tcp_event_fill(&event, &record);
		emit(day, &event.header);
		record.header.type = TCP_CLOSED;
		record.old_state = TCP_STATE_LAST_ACK;
		event = (struct tcp_event){ 0 };
		tcp_event_fill(&event, &record);
		emit(day, &event.header);
	}
}

static void report_dns(void *context, const struct dns_exchange *exchange)
{
	struct day *day = context;

	dns_request_fill(&day->request, exchange);
	emit(day, &day->request.header);
	dns_event_fill(&day->dns, exchange);
	emit(day, &day->dns.header);
}

/* One in four is never answered. */
static void names(struct day *day)
{
	for (unsigned int i = 0; i < NAMES; i++) {
		struct packet_common origin = { 0 };
		struct dns_message message = { .type = 1, .class = 1, .id = (uint16_t)any(day) };
		struct dns_arrival arrival = { .origin = &origin,
			.message = &message,
			.time_ns = day->now_ns,
			.bytes = 60,
			.is_datagram = true };

		fill_ends(day, &origin, ROLE_CLIENT);
		origin.protocol = PROTOCOL_dns;
		snprintf(message.name, sizeof(message.name), "n%llx.test",
			(unsigned long long)any(day));
		dns_pair_take(day->pair, &arrival);
		message.is_answer = true;
		if (i % 4)
			dns_pair_take(day->pair, &arrival);
	}
}

static void tell_flow(void *context, const struct udp_flow_report *report)
{
	struct day *day = context;
	struct udp_event event;

	udp_event_fill(&event, report);
	emit(day, &event.header);
}

static void flows(struct day *day)
{
	for (unsigned int i = 0; i < FLOWS; i++) {
		struct packet_flow_key key = { .cookie = i < 5 ? i : day->next_cookie++,
			.peer_address = { [15] = (uint8_t)any(day) },
			.peer_port = 5000 };
		struct packet_flow passed = { .packets = { 1, 2 },
			.bytes = { 100, 200 },
			.first_ns = day->now_ns,
			.last_ns = day->now_ns,
			.owner = day->self,
			.local_port = 40000,
			.network_namespace = 1 };

		udp_flows_take(day->flows, &key, &passed, false);
	}
	udp_flows_tell(day->flows, day->now_ns);
}

static void on_exchange(void *context, struct request_event *event)
{
	emit(context, &event->header);
}

/* ---- a day ---- */

static void step(struct day *day)
{
	day->now_ns += STEP_NS;
	processes(day);
	exchanges(day);
	connections(day);
	names(day);
	flows(day);
	dns_pair_sweep(day->pair, day->now_ns);
	node_tick(day->agent.node, day->now_ns);
	store_tick(day->agent.store);
	/* The day is short, but the disk is not slower for it. */
	store_wait(day->agent.store, store_mark(day->agent.store), 10 * NS_PER_S);
}

static void tell_hour(const struct day *day, unsigned int hour)
{
	struct mallinfo2 memory = mallinfo2();
	struct store_counts counts;

	store_get_counts(day->agent.store, &counts);
	printf("{\"hour\":%u,\"events\":%llu,\"used_bytes\":%zu,\"resident_bytes\":%llu,"
	       "\"store_bytes\":%llu,\"expired\":%llu,\"lost\":%llu}\n",
		hour, (unsigned long long)day->events, memory.uordblks + memory.hblkhd,
		(unsigned long long)budget_resident_bytes(), (unsigned long long)counts.bytes,
		(unsigned long long)counts.expired,
		(unsigned long long)(counts.lost + counts.shed + counts.uncounted));
	fflush(stdout);
}

static int begin(struct day *day, const char *directory, struct fail *fail)
{
	static const char *const protocols[] = { "dns", "http", NULL };
	const struct event_kind *kinds[64] = { NULL };
	const struct store_options store = { .directory = directory,
		.maximum_bytes = STORE_BYTES,
		.rows_per_second = 5000,
		.kinds = kinds,
		.protocols = protocols,
		.read = read_clock,
		.context = day };
	const struct stream_options stream = {
		.maximum_connections = 8192, .exchange = on_exchange, .context = day
	};
	const struct dns_pair_options pair = {
		.maximum = 16384, .timeout_ns = 10 * NS_PER_S, .report = report_dns, .context = day
	};
	const struct udp_flow_options flow = { .maximum = 32768,
		.interval_ns = 60 * NS_PER_S,
		.idle_ns = 15 * NS_PER_S,
		.tell = tell_flow,
		.context = day };
	struct event_process self = { .pid = (uint32_t)getpid() };
	int r = node_new("/", &day->agent.node, fail);

	features_kinds(kinds, ARRAY_LENGTH(kinds) - 1);
	if (r == 0)
		r = pipeline_new(&day->agent, &day->agent.pipeline);
	if (r == 0)
		r = store_open(&store, &day->agent.store, fail);
	if (r == 0)
		r = pipeline_add_output(day->agent.pipeline, store_write, day->agent.store);
	if (r == 0)
		r = stream_new(&stream, &day->stream);
	if (r == 0)
		r = dns_pair_new(&pair, &day->pair);
	if (r == 0)
		r = udp_flows_new(&flow, &day->flows);
	if (r == 0)
		node_describe(day->agent.node, &self);
	day->self = (struct task_identity){ .pid = self.pid, .start_ns = self.start_ns };
	day->next_pid = FIRST_PID;
	day->next_cookie = 100;
	day->now_ns = 1000 * NS_PER_S;
	return r;
}

int main(int argc, char **argv)
{
	static struct day day;
	struct fail fail = { 0 };
	uint64_t hours = 24;
	int r;

	if (argc < 2 || (argc > 2 && str_to_u64(argv[2], 1, 1000, &hours) != 0))
		return 2;
	r = begin(&day, argv[1], &fail);
	if (r < 0) {
		fprintf(stderr, "day: %s\n", fail.text);
		return 1;
	}
	for (unsigned int hour = 1; hour <= hours; hour++) {
		for (unsigned int i = 0; i < STEPS_PER_HOUR; i++)
			step(&day);
		tell_hour(&day, hour);
	}
	store_close(day.agent.store, NULL);
	stream_free(day.stream);
	dns_pair_free(day.pair);
	udp_flows_free(day.flows);
	pipeline_free(day.agent.pipeline);
	node_free(day.agent.node);
	return 0;
}
