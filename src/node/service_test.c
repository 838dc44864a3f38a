/* SPDX-License-Identifier: Apache-2.0 */
/* Names of services: tables of what is seen on real nodes and what people call it. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "node/script.h"

static void names_pods(void **state)
{
	static const struct {
		const char *pod, *name;
	} cases[] = {
		{ "api-7d4b9c6f5d-x2x8k", "api" },
		{ "shop-api-6c8f9bcd7f-2xkzp", "shop-api" },
		{ "coredns-5d78c9869d-bl6zt", "coredns" },
		{ "db-0", "db" },
		{ "kafka-broker-12", "kafka-broker" },
		{ "fluentd-x2x8k", "fluentd" },
		{ "backup-28412340-zbx7q", "backup" },
		{ "kube-apiserver-worker-1.example.org", "kube-apiserver" },
		{ "etcd-worker-1.example.org", "etcd" },
		{ "my-redis", "my-redis" },
		{ "standalone", "standalone" },
		{ "web-cache", "web-cache" },
		{ "year-2024", "year-2024" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct service_name name;
		service_from_pod(cases[i].pod, "worker-1.example.org", &name);
		assert_string_equal(name.text, cases[i].name);
	}
}

static void names_units(void **state)
{
	static const struct {
		const char *unit, *name;
	} cases[] = {
		{ "nginx.service", "nginx" },
		{ "systemd-journald.service", "systemd-journald" },
		{ "postgresql@15-main.service", "postgresql@15-main" },
		{ "redis@6380.service", "redis@6380" },
		{ "backup\\x2dnightly.service", "backup-nightly" },
		{ "sshd@7-10.0.0.1:22-10.0.0.2:51234.service", "" },
		{ "finger@7-10.0.0.1:79-10.0.0.2:51234.service", "finger" },
		{ "echo@12-3456-0.service", "echo" },
		{ "getty@tty1.service", "getty@tty1" },
		{ "session-4.scope", "" },
		{ "user@1000.service", "" },
		{ "init.scope", "" },
		{ "run-r1234.service", "" },
		{ "cron.service", "" },
		{ "supervisor.service", "" },
		{ "docker.socket", "" },
		{ "", "" },
		{ ".service", "" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct service_name name;
		service_from_unit(cases[i].unit, &name);
		assert_string_equal(name.text, cases[i].name);
	}
}

struct program_case {
	const char *exe;
	const char *arguments; /* separated by '|' */
	const char *directory;
	const char *name;
};

static const struct program_case program_cases[] = {
	/* plain programs */
	{ "/usr/sbin/nginx", "nginx: worker process", "/", "nginx" },
	{ "/usr/sbin/sshd", "sshd: alice@pts/0", "/", "sshd" },
	{ "/usr/lib/postgresql/15/bin/postgres", "postgres: 15/main: walwriter ", "/", "postgres" },
	{ "/usr/sbin/php-fpm8.2", "php-fpm: pool www", "/", "php-fpm" },
	{ "/usr/bin/redis-server", "/usr/bin/redis-server 127.0.0.1:6379", "/", "redis-server" },
	{ "/opt/shop/bin/checkout (deleted)", "./checkout", "/opt/shop", "checkout" },
	{ "/nix/store/abc-x-1/bin/.caddy-wrapped", "caddy|run", "/", "caddy" },
	{ "", "sshd: alice [priv]", "/", "sshd" },
	{ "", "/usr/sbin/cron|-f", "/", "cron" },
	{ "", "", "/", "kworker" },
	{ "/usr/bin/bash", "-bash", "/home/alice", "bash" },
	{ "/bin/busybox", "httpd|-f|-p|8080", "/", "httpd" },
	{ "/bin/busybox", "busybox|nc|-l", "/", "nc" },
	{ "/usr/bin/redis-check-rdb", "redis-server 127.0.0.1:6379", "/", "redis-server" },
	{ "/usr/bin/redis-check-rdb", "redis-check-rdb|dump.rdb", "/", "redis-check-rdb" },
	{ "/bin/busybox", "sh|/srv/shop/run.sh", "/", "shop" },
	/* scripts */
	{ "/usr/bin/python3.11", "python3|/srv/shop/app.py", "/", "shop" },
	{ "/usr/bin/python3.11", "python3|/srv/shop/worker.py|--queue|a", "/", "shop-worker" },
	{ "/usr/bin/python3.11", "/srv/shop/venv/bin/python|-u|app.py", "/srv/shop", "shop" },
	{ "/usr/bin/python3.11", "python3|-W|ignore|./checkout.py", "/srv/x", "checkout" },
	{ "/usr/bin/python3.11", "/usr/bin/python3|/usr/bin/supervisord|-n", "/", "supervisord" },
	{ "/usr/bin/python3.11", "python3|-c|import app", "/srv/x", "python" },
	{ "/usr/bin/python3.11", "python3", "/home/alice", "python" },
	{ "/usr/bin/python3.11", "python3|app.py", "/home/alice", "app" },
	{ "/usr/bin/python3.11", "python3|app.py", "/home/alice/shop", "shop" },
	{ "/usr/bin/python3.11", "python3|/app/main.py", "/app", "main" },
	{ "/usr/bin/python3.11", "python3|manage.py|runserver", "/srv/shop/current/src", "shop" },
	{ "/usr/bin/node", "node|/srv/api/server.js", "/", "api" },
	{ "/usr/bin/node", "node|--require|./trace.js|dist/index.js", "/srv/cart", "cart" },
	{ "/usr/bin/node", "node|/srv/shop/releases/20240131/worker.js", "/", "shop-worker" },
	{ "/usr/bin/node", "shop-api", "/", "shop-api" },
	{ "/usr/bin/node", "node|/srv/web/node_modules/.bin/next|start", "/srv/web-shop",
		"web-shop" },
	{ "/usr/bin/node", "node|/usr/bin/nodemon|src/index.ts", "/srv/cart", "cart" },
	{ "/usr/bin/perl", "/usr/bin/perl|-w|/usr/sbin/munin-node", "/", "munin-node" },
	{ "/usr/bin/ruby3.1", "ruby|-I|lib|bin/billing.rb", "/srv/x", "billing" },
	{ "/usr/bin/php8.2", "php|artisan|queue:work", "/var/www/blog", "blog" },
	{ "/usr/bin/php8.2", "php|-d|memory_limit=1G|-f|/srv/feed/import.php", "/", "import" },
	{ "/usr/bin/bash", "/bin/bash|/usr/local/bin/certwatch.sh", "/", "certwatch" },
	{ "/usr/bin/bash", "bash|-c|while true; do x; done", "/srv/x", "bash" },
	{ "/usr/bin/bash", "bash|/dev/fd/3", "/srv/x", "bash" },
	{ "/usr/bin/dash", "sh|-e|/srv/mailer/start.sh", "/", "mailer" },
	{ "/usr/bin/dotnet", "dotnet|Shop.Api.dll", "/srv/shop", "Shop.Api" },
	{ "/usr/bin/deno", "deno|run|--allow-net|/srv/geo/main.ts", "/", "geo" },
	{ "/usr/bin/bun", "bun|run|server.ts", "/srv/chat", "chat" },
	{ "/usr/bin/lua5.4", "lua|-l|socket|gate.lua", "/srv", "gate" },
	/* modules and runners */
	{ "/usr/bin/python3.11", "python3|-m|http.server|8000", "/srv", "http.server" },
	{ "/usr/bin/python3.11", "python3|-m|shop.main", "/srv", "shop" },
	{ "/usr/bin/python3.11", "python3|-m|shop.worker", "/srv", "shop.worker" },
	{ "/usr/bin/python3.11", "python3|-m|uvicorn|shop.main:app|--port|80", "/srv", "shop" },
	{ "/usr/bin/python3.11",
		"python3|/usr/bin/gunicorn|-w|4|-b|0.0.0.0:8000|shop.wsgi:application", "/srv",
		"shop" },
	{ "/usr/bin/python3.11", "python3|/usr/bin/gunicorn|-b|unix:/run/x.sock|shop:create()",
		"/srv", "shop" },
	{ "/usr/bin/python3.11", "python3|/usr/bin/gunicorn|-b|localhost:8000|shop.wsgi", "/",
		"shop" },
	{ "/usr/bin/python3.11", "python3|/usr/bin/uvicorn|main:app", "/srv/cart", "cart" },
	{ "/usr/bin/python3.11", "python3|/usr/bin/uvicorn|main:app", "/app", "main" },
	{ "/usr/bin/python3.11", "gunicorn: worker [shop.wsgi:application]", "/", "shop" },
	{ "/usr/bin/python3.11", "gunicorn: master [shop]", "/", "shop" },
	{ "/usr/bin/python3.11", "python3|/usr/bin/celery|-A|shop|worker|-c|2", "/",
		"shop-worker" },
	{ "/usr/bin/python3.11", "python3|-m|celery|--app=shop.app|beat", "/", "shop-beat" },
	{ "/usr/bin/python3.11", "python3|/usr/bin/flask|run", "/srv/cart", "cart" },
	{ "/usr/bin/python3.11", "python3|/usr/bin/streamlit|run|report.py", "/srv/x", "report" },
	{ "/usr/bin/ruby3.1", "puma 5.6.5 (tcp://0.0.0.0:3000) [shop]", "/", "shop" },
	{ "/usr/bin/ruby3.1", "puma: cluster worker 0: 12 [shop]", "/", "shop" },
	{ "/usr/bin/ruby3.1", "sidekiq 7.0.0 shop [0 of 5 busy]", "/", "sidekiq" },
	/* Java and Erlang */
	{ "/usr/lib/jvm/bin/java", "java|-Xmx1g|-jar|shop.jar", "/", "shop" },
	{ "/usr/lib/jvm/bin/java", "java|-jar|/srv/shop/shop-api-1.2.3-SNAPSHOT.jar", "/",
		"shop-api" },
	{ "/usr/lib/jvm/bin/java", "java|-jar|/srv/billing/app.jar", "/", "billing" },
	{ "/usr/lib/jvm/bin/java", "java|-cp|/srv/x.jar:/srv/y.jar|com.example.shop.Main", "/",
		"shop" },
	{ "/usr/lib/jvm/bin/java", "java|-cp|x|com.example.OrderService|--port|1", "/",
		"OrderService" },
	{ "/usr/lib/jvm/bin/java", "java|-cp|x|kafka.Kafka|server.properties", "/", "kafka" },
	{ "/usr/lib/jvm/bin/java", "java|-cp|x|org.apache.zookeeper.server.quorum.QuorumPeerMain|z",
		"/", "zookeeper" },
	{ "/usr/lib/jvm/bin/java", "java|-cp|x|org.apache.catalina.startup.Bootstrap|start", "/",
		"tomcat" },
	{ "/usr/lib/jvm/bin/java", "java|-p|mods|-m|shop.core/com.example.cart.Main", "/", "cart" },
	{ "/usr/lib/jvm/bin/java", "java|-Dspring.application.name=cart|-jar|app.jar", "/",
		"cart" },
	{ "/usr/lib/jvm/bin/java", "java|-version", "/", "java" },
	{ "/usr/lib/erlang/bin/beam.smp", "beam.smp|-W|w|-pa|/usr/lib/rabbitmq/lib|-noshell", "/",
		"rabbitmq" },
};

static void names_programs(void **state)
{
	for (size_t i = 0; i < ARRAY_LENGTH(program_cases); i++) {
		const struct program_case *row = &program_cases[i];
		char arguments[512];
		size_t length = strlen(row->arguments);
		struct service_name name;

		assert_true(length < sizeof(arguments));
		memcpy(arguments, row->arguments, length + 1);
		for (size_t at = 0; at < length; at++)
			if (arguments[at] == '|')
				arguments[at] = '\0';
		struct program program = {
			.comm = "kworker/0:1",
			.exe = row->exe,
			.directory = row->directory,
			.arguments = { (const uint8_t *)arguments, length ? length + 1 : 0 },
		};
		service_from_program(&program, &name);
		if (strcmp(name.text, row->name) != 0)
			print_error("%s %s\n", row->exe, row->arguments);
		assert_string_equal(name.text, row->name);
	}
}

/* Whatever bytes a process puts there, names stay bounded, printable and the program stands. */
static void survives_hostile_arguments(void **state)
{
	static const char *const executables[] = { "/usr/bin/python3", "/usr/bin/java",
		"/usr/bin/node", "/bin/busybox", "/usr/bin/ruby", "" };
	uint8_t bytes[5000];
	uint32_t random = 12345;

	for (unsigned int round = 0; round < 3000; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			random = random * 1664525 + 1013904223;
			bytes[i] = "-/:.=[]m jar\0\0\0app\x80\xff\n"[(random >> 20) % 22];
		}
		struct program program = {
			.comm = "x",
			.exe = executables[round % ARRAY_LENGTH(executables)],
			.directory = "///",
			.arguments = { bytes, round % 7 ? round % sizeof(bytes) : sizeof(bytes) },
		};
		struct service_name name;
		service_from_program(&program, &name);
		assert_true(strlen(name.text) < sizeof(name.text));
		for (const char *at = name.text; *at; at++)
			assert_true((unsigned char)*at >= ' ' && *at != 0x7f);
	}
}

static void keeps_names_printable(void **state)
{
	struct service_name name;

	service_name_set(&name, "shop\n\x1b[31m");
	assert_string_equal(name.text, "shop??[31m");
	service_name_set(&name, "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x9d");
	assert_string_equal(name.text, "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x9d");
	service_name_set(&name, "bad\xc3(\xff\xed\xa0\x80");
	assert_string_equal(name.text, "bad?(????");
	/* 62 bytes and a character of two: it is left out, not cut. */
	service_name_set(
		&name, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9");
	assert_int_equal(strlen(name.text), 62);
}

static void tells_applications_from_addresses(void **state)
{
	assert_true(is_application("shop.wsgi:application"));
	assert_true(is_application("shop:create(\"x\")"));
	assert_false(is_application("0.0.0.0:8000"));
	assert_false(is_application("localhost:8000"));
	assert_false(is_application("unix:/run/x"));
	assert_false(is_application(":app"));
	assert_false(is_application("shop:"));
	assert_false(is_application("shop"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_pods),
		cmocka_unit_test(names_units),
		cmocka_unit_test(names_programs),
		cmocka_unit_test(survives_hostile_arguments),
		cmocka_unit_test(keeps_names_printable),
		cmocka_unit_test(tells_applications_from_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
