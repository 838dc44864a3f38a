// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The key door: sees the secrets of TLS connections where libcrypto derives keys from them. In: the
 * arguments of EVP_KDF_derive, at its entry, and processes that execute something. Out: a secret in
 * a slot and a record that names it; the process. It writes nothing into the process and reads
 * within fixed bounds.
 *
 * int EVP_KDF_derive(EVP_KDF_CTX *, unsigned char *key, size_t, const OSSL_PARAM[]): EVP_KDF(3); of
 * its parameters TLS13-KDF has "key", "label" and "data" (EVP_KDF-TLS13_KDF(7)), TLS1-PRF "secret"
 * and "seed", several times, of which the first is the label (EVP_KDF-TLS1_PRF(7)).
 */
#include "bpf/emit.h"
#include "bpf/task.h"
#include "doors/key_record.h"

#include <linux/bpf_perf_event.h>

const volatile __u32 scope_pid; /* 0: every process */

/* OSSL_PARAM(3). */
struct parameter {
	__u64 name;
	__u32 type;
	__u32 reserved;
	__u64 data;
	__u64 bytes;
	__u64 return_bytes;
};

/* libssl gives up to eight, and the end. */
#define PARAMETERS_MAXIMUM 10

/* Written here, read and zeroed by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KEY_SLOTS);
	__type(key, __u32);
	__type(value, struct key_slot);
} slots SEC(".maps");

/* Slots that are tried: nearly all of them are free at any moment. */
#define TRIES 4

/* What is sought among the parameters; user addresses, 0 while not found. */
struct found {
	__u64 secret;
	__u64 label;
	__u64 context;
	__u64 second; /* the other half of the context */
	__u8 secret_bytes;
	__u8 label_bytes;
	__u8 context_bytes;
	__u8 second_bytes;
	__u8 seeds;
};

#define WORD(a, b, c, d, e, f, g, h)                                                               \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 |   \
		(__u64)(f) << 40 | (__u64)(g) << 48 | (__u64)(h) << 56)
#define BYTES(count) (~0ULL >> (64 - 8 * (count)))

static __always_inline int is_name(__u64 word, __u64 name, const int bytes)
{
	return (word & BYTES(bytes)) == name;
}

/* TLS 1.2: label, random of the server, random of the client (RFC 5246, 6.3). */
static __always_inline void note_seed(struct found *found, const struct parameter *parameter)
{
	if (found->seeds == 0) {
		found->label = parameter->data;
		found->label_bytes = parameter->bytes;
	} else if (found->seeds == 1) {
		found->context = parameter->data;
		found->context_bytes = parameter->bytes;
	} else if (found->seeds == 2) {
		found->second = parameter->data;
		found->second_bytes = parameter->bytes;
	}
	found->seeds++;
}

static __always_inline void note(struct found *found, const struct parameter *parameter)
{
	__u64 word = 0;

	if (parameter->bytes > 255 ||
		bpf_probe_read_user(&word, sizeof(word), (const void *)parameter->name))
		return;
	if (is_name(word, WORD('k', 'e', 'y', 0, 0, 0, 0, 0), 4) ||
		is_name(word, WORD('s', 'e', 'c', 'r', 'e', 't', 0, 0), 7)) {
		found->secret = parameter->data;
		found->secret_bytes = parameter->bytes;
	} else if (is_name(word, WORD('l', 'a', 'b', 'e', 'l', 0, 0, 0), 6)) {
		found->label = parameter->data;
		found->label_bytes = parameter->bytes;
	} else if (is_name(word, WORD('d', 'a', 't', 'a', 0, 0, 0, 0), 5)) {
		found->context = parameter->data;
		found->context_bytes = parameter->bytes;
	} else if (is_name(word, WORD('s', 'e', 'e', 'd', 0, 0, 0, 0), 5)) {
		note_seed(found, parameter);
	}
}

/* enum key_kind, or KEY_KINDS for a derivation that tells nothing that others do not. */
static __always_inline int kind_of(const struct found *found)
{
	__u64 words[2] = {};

	if (!found->secret || !found->label || !found->context || found->label_bytes < 12 ||
		found->label_bytes > 13 || found->secret_bytes > KEY_SECRET_BYTES ||
		bpf_probe_read_user(words, 12, (const void *)found->label))
		return KEY_KINDS;
	if (found->label_bytes == 13)
		return words[0] == WORD('k', 'e', 'y', ' ', 'e', 'x', 'p', 'a') &&
				       found->context_bytes == 32 && found->second_bytes == 32
			       ? KEY_MASTER
			       : KEY_KINDS;
	if (found->context_bytes > KEY_CONTEXT_BYTES)
		return KEY_KINDS;
	/* Those of the server come first at both ends, before anything is sent that needs them. */
	if (words[0] == WORD('s', ' ', 'h', 's', ' ', 't', 'r', 'a'))
		return KEY_HANDSHAKE;
	return words[0] == WORD('s', ' ', 'a', 'p', ' ', 't', 'r', 'a') ? KEY_TRAFFIC : KEY_KINDS;
}

static __always_inline long read_bytes(void *destination, __u64 address, __u32 bytes)
{
	__u32 less_one = bytes - 1;

	if (!bytes)
		return -1;
	hide_mask(less_one, KEY_SECRET_BYTES - 1);
	return bpf_probe_read_user(destination, less_one + 1, (const void *)address);
}

static __always_inline int fill(struct key_slot *slot, const struct found *found, int kind)
{
	slot->kind = kind;
	slot->secret_bytes = found->secret_bytes;
	slot->context_bytes = found->context_bytes + found->second_bytes;
	if (read_bytes(slot->secret, found->secret, found->secret_bytes) ||
		read_bytes(slot->context, found->context, found->context_bytes))
		return -1;
	if (kind == KEY_MASTER &&
		bpf_probe_read_user(slot->context + 32, 32, (const void *)found->second))
		return -1;
	return 0;
}

static __always_inline void give_back(struct key_slot *slot)
{
	__builtin_memset(slot->secret, 0, sizeof(slot->secret));
	slot->is_used = 0;
}

static __always_inline void fill_record(struct key_record *record, __u16 type, __u32 slot)
{
	record->header.source = SOURCE_key;
	record->header.type = type;
	record->header.size = sizeof(*record);
	record->header.time_ns = bpf_ktime_get_ns();
	record->slot = slot;
	record->pid = bpf_get_current_pid_tgid() >> 32;
	record_submit(record);
}

/*
 * By chance: numbers in turn would want an atomic addition that tells what it added to, which 5.10
 * does not have. NULL when those that were tried are used.
 */
static __always_inline struct key_slot *take_slot(__u32 *ret_number)
{
	for (int i = 0; i < TRIES; i++) {
		__u32 number = bpf_get_prandom_u32() % KEY_SLOTS;
		struct key_slot *slot = bpf_map_lookup_elem(&slots, &number);

		if (!slot || slot->is_used)
			continue;
		slot->is_used = 1;
		*ret_number = number;
		return slot;
	}
	return NULL;
}

static __always_inline void send_secret(const struct found *found, int kind)
{
	struct key_record *record;
	__u32 number = 0;
	struct key_slot *slot = take_slot(&number);

	if (!slot) {
		count_loss(STATE_FULL);
		return;
	}
	if (fill(slot, found, kind)) {
		give_back(slot);
		count_loss(READ);
		return;
	}
	record = bpf_ringbuf_reserve(&telemetry, sizeof(*record), 0);
	if (!record) {
		give_back(slot);
		count_loss(RING_FULL);
		return;
	}
	fill_record(record, KEY_IS_SECRET, number);
}

SEC("uprobe")
int on_derive(bpf_user_pt_regs_t *registers)
{
	const struct parameter *list = (const struct parameter *)PT_REGS_PARM4(registers);
	struct parameter parameter = {};
	struct found found = {};
	int kind;

	if (!scope_has_current() || (scope_pid && bpf_get_current_pid_tgid() >> 32 != scope_pid))
		return 0;
	for (int i = 0; i < PARAMETERS_MAXIMUM; i++) {
		if (bpf_probe_read_user(&parameter, sizeof(parameter), list + i) || !parameter.name)
			break;
		note(&found, &parameter);
	}
	kind = kind_of(&found);
	if (kind == KEY_KINDS)
		return 0;
	count_one(COUNT_SEEN);
	send_secret(&found, kind);
	return 0;
}

/* A process has other libraries now: user space looks at them. */
SEC("raw_tp/sched_process_exec")
int on_exec(void *context)
{
	struct key_record *record;

	if (!scope_has_current())
		return 0;
	record = bpf_ringbuf_reserve(&telemetry, sizeof(*record), 0);
	if (record)
		fill_record(record, KEY_IS_EXEC, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
