/* SPDX-License-Identifier: Apache-2.0 */
/* What the text of /proc/PID/cgroup tells, form by form. Whole hosts are node_test.c's business. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "node/cgroup.h"

#define ID  "8c7969a2544ad656a078e0344d601f06d94e8bf6ed95dea90909a608a70a64f9"
#define ID2 "0d83ae2d9325696c49933fa5e27a60c5b9f33ce11aa42011fc36206ecf6619e9"
#define UID "11111111-2222-3333-4444-555555555555"

static const struct {
	const char *text;
	const char *container, *unit, *pod, *leaf;
} cases[] = {
	{ "", "", "", "", "" },
	{ "0::/\n", "", "", "", "" },
	{ "0::/system.slice/nginx.service\n", "", "nginx.service", "", "" },
	{ "0::/system.slice/nginx.service/workers\n", "", "nginx.service", "", "workers" },
	{ "0::/system.slice/docker-" ID ".scope\n", ID, "", "", "" },
	{ "0::/docker/" ID "\n", ID, "", "", "" },
	{ "0::/docker/" ID "/docker/" ID2 "\n", ID, "", "", "" },
	{ "0::/docker/buildkit\n", "", "", "", "buildkit" },
	{ "0::/libpod_parent/libpod-" ID "\n", ID, "", "", "" },
	{ "0::/machine.slice/libpod-" ID ".scope/container\n", ID, "", "", "" },
	{ "0::/machine.slice/libpod-conmon-" ID ".scope\n", "", "libpod-conmon-" ID ".scope", "",
		"" },
	{ "0::/system.slice/web.service/libpod-payload-" ID "\n", ID, "web.service", "", "" },
	{ "0::/default/" ID "\n", ID, "", "", "" },
	{ "0::/kubepods/besteffort/pod" UID "/" ID "\n", ID, "", UID, "" },
	{ "0::/kubepods.slice/kubepods-besteffort.slice/"
	  "kubepods-besteffort-pod11111111_2222_3333_4444_"
	  "555555555555.slice/crio-" ID ".scope\n",
		ID, "", UID, "" },
	{ "0::/system.slice/containerd.service/kubepods-burstable-pod11111111_2222_3333_4444_"
	  "555555555555.slice:cri-containerd:" ID "\n",
		ID, "containerd.service", UID, "" },
	/* Podman's own pods are not those of Kubernetes. */
	{ "0::/machine.slice/machine-libpod_pod_" ID ".slice/libpod-" ID2 ".scope\n", ID2, "", "",
		"" },
	{ "0::/system.slice/runc-mine.scope\n", "mine", "", "", "" },
	{ "0::/user.slice/mine\n", "", "", "", "mine" },
	{ "0::/lxc.payload.db1/system.slice/mariadb.service\n", "db1", "mariadb.service", "", "" },
	{ "0::/lxc.monitor.db1\n", "", "", "", "lxc.monitor.db1" },
	{ "0::/machine.slice/machine-my\\x2dbox.scope\n", "my-box", "", "", "" },
	{ "0::/machine.slice/machine-qemu\\x2d1\\x2dweb.scope\n", "",
		"machine-qemu\\x2d1\\x2dweb.scope", "", "" },
	{ "0::/machine.slice/machine-my\\x2fbox.scope\n", "", "machine-my\\x2fbox.scope", "", "" },
	{ "0::/system.slice/docker-cleanup.service\n", "", "docker-cleanup.service", "", "" },
	{ "0::/system.slice/docker-.scope\n", "", "docker-.scope", "", "" },
	{ "0::/_memory.service\n", "", "memory.service", "", "" },
	{ "0::/../../x.service\n", "", "x.service", "", "" },
	/* Lines of v1: the v2 line counts first, then systemd's, then any. */
	{ "1:name=systemd:/system.slice/a.service\n0::/system.slice/b.service\n", "", "b.service",
		"", "" },
	{ "1:name=systemd:/system.slice/a.service\n0::/\n", "", "a.service", "", "" },
	{ "4:cpu,cpuacct:/docker/" ID "\n1:name=systemd:/\n0::/\n", ID, "", "", "" },
	{ "4:cpu:/docker/" ID "\n1:name=systemd:/docker/" ID2 "\n", ID2, "", "", "" },
	{ "no colon\n::\n:\n0:\n", "", "", "", "" },
};

static void reads_every_form(void **state)
{
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct placement placement;
		placement_parse(cases[i].text, &placement);
		if (strcmp(placement.container, cases[i].container) != 0)
			print_error("%s", cases[i].text);
		assert_string_equal(placement.container, cases[i].container);
		/* Units longer than their column are cut. */
		assert_memory_equal(placement.unit, cases[i].unit, strlen(placement.unit));
		assert_int_equal(!placement.unit[0], !cases[i].unit[0]);
		assert_string_equal(placement.pod_uid, cases[i].pod);
		assert_string_equal(placement.leaf, cases[i].leaf);
	}
}

static void tells_machines(void **state)
{
	struct placement placement;

	placement_parse("0::/lxc/db1\n", &placement);
	assert_true(placement.is_machine);
	placement_parse("0::/docker/" ID "\n", &placement);
	assert_false(placement.is_machine);
	assert_string_equal(placement.path, "/docker/" ID);
}

static void undoes_escapes(void **state)
{
	char text[32];

	unit_unescape("dev-disk\\x2dby\\x40.mount", text, sizeof(text));
	assert_string_equal(text, "dev-disk-by@.mount");
	unit_unescape("a\\x2\\xzz\\x00\\", text, sizeof(text));
	assert_string_equal(text, "a\\x2\\xzz\\x00\\");
	unit_unescape("abcdef", text, 4);
	assert_string_equal(text, "abc");
}

/* Any bytes: nothing is read or written outside, which the sanitizers watch. */
static void survives_any_text(void **state)
{
	static const char *const words[] = { "0::", "/", "docker-", ID, ".scope", "kubepods",
		"-pod", "pod", UID, ":", "\n", "lxc", "machine-", "machine.slice", "\\x2d", "_",
		"..", ".service", "1:name=systemd:" };
	uint32_t random = 1;

	for (unsigned int round = 0; round < 20000; round++) {
		char text[4096];
		size_t length = 0;
		while (length < sizeof(text) - 128) {
			random = random * 1664525 + 1013904223;
			const char *word = words[(random >> 16) % ARRAY_LENGTH(words)];
			memcpy(text + length, word, strlen(word));
			length += strlen(word);
			if ((random >> 8) % 40 == 0)
				break;
		}
		text[length] = '\0';
		struct placement placement;
		placement_parse(text, &placement);
		assert_true(strlen(placement.container) < sizeof(placement.container));
		assert_null(strchr(placement.container, '/'));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_form),
		cmocka_unit_test(tells_machines),
		cmocka_unit_test(undoes_escapes),
		cmocka_unit_test(survives_any_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
