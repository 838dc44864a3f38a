/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of methods with the shape of their arguments. A shape is a letter an argument:
 *   t ticket   n name that is shown   c consumer tag   s another short text
 *   d delivery tag   r redelivered   k code   x its text
 *   0 to 7     the bits that follow; that one of them says that nobody answers
 *   b bits of which none does   a the bits of consume   m and q those of a verdict, q on one
 */
#include "protocols/amqp_method.h"

#include "protocols/byte_reader.h"

static const struct shape {
	uint32_t id;
	enum amqp_kind kind;
	const char *word;
	const char *arguments;
} shapes[] = {
	{ AMQP_ID(10, 10), AMQP_HANDSHAKE, "connection.start", "" },
	{ AMQP_ID(10, 11), AMQP_HANDSHAKE, "connection.start-ok", "" },
	{ AMQP_ID(10, 20), AMQP_HANDSHAKE, "connection.secure", "" },
	{ AMQP_ID(10, 21), AMQP_HANDSHAKE, "connection.secure-ok", "" },
	{ AMQP_ID(10, 30), AMQP_HANDSHAKE, "connection.tune", "" },
	{ AMQP_ID(10, 31), AMQP_HANDSHAKE, "connection.tune-ok", "" },
	{ AMQP_ID(10, 40), AMQP_HANDSHAKE, "connection.open", "n" },
	{ AMQP_ID(10, 41), AMQP_HANDSHAKE, "connection.open-ok", "" },
	{ AMQP_ID(10, 50), AMQP_REQUEST, "connection.close", "kx" },
	{ AMQP_ID(10, 51), AMQP_ANSWER, "connection.close-ok", "" },
	{ AMQP_ID(10, 60), AMQP_ALONE, "connection.blocked", "" },
	{ AMQP_ID(10, 61), AMQP_ALONE, "connection.unblocked", "" },
	{ AMQP_ID(10, 70), AMQP_REQUEST, "connection.update-secret", "" },
	{ AMQP_ID(10, 71), AMQP_ANSWER, "connection.update-secret-ok", "" },
	{ AMQP_ID(20, 10), AMQP_REQUEST, "channel.open", "" },
	{ AMQP_ID(20, 11), AMQP_ANSWER, "channel.open-ok", "" },
	{ AMQP_ID(20, 20), AMQP_REQUEST, "channel.flow", "" },
	{ AMQP_ID(20, 21), AMQP_ANSWER, "channel.flow-ok", "" },
	{ AMQP_ID(20, 40), AMQP_REQUEST, "channel.close", "kx" },
	{ AMQP_ID(20, 41), AMQP_ANSWER, "channel.close-ok", "" },
	{ AMQP_ID(40, 10), AMQP_REQUEST, "exchange.declare", "tns4" },
	{ AMQP_ID(40, 11), AMQP_ANSWER, "exchange.declare-ok", "" },
	{ AMQP_ID(40, 20), AMQP_REQUEST, "exchange.delete", "tn1" },
	{ AMQP_ID(40, 21), AMQP_ANSWER, "exchange.delete-ok", "" },
	{ AMQP_ID(40, 30), AMQP_REQUEST, "exchange.bind", "tnnn0" },
	{ AMQP_ID(40, 31), AMQP_ANSWER, "exchange.bind-ok", "" },
	{ AMQP_ID(40, 40), AMQP_REQUEST, "exchange.unbind", "tnnn0" },
	{ AMQP_ID(40, 51), AMQP_ANSWER, "exchange.unbind-ok", "" },
	{ AMQP_ID(50, 10), AMQP_REQUEST, "queue.declare", "tn4" },
	{ AMQP_ID(50, 11), AMQP_ANSWER, "queue.declare-ok", "n" },
	{ AMQP_ID(50, 20), AMQP_REQUEST, "queue.bind", "tnnn0" },
	{ AMQP_ID(50, 21), AMQP_ANSWER, "queue.bind-ok", "" },
	{ AMQP_ID(50, 30), AMQP_REQUEST, "queue.purge", "tn0" },
	{ AMQP_ID(50, 31), AMQP_ANSWER, "queue.purge-ok", "" },
	{ AMQP_ID(50, 40), AMQP_REQUEST, "queue.delete", "tn2" },
	{ AMQP_ID(50, 41), AMQP_ANSWER, "queue.delete-ok", "" },
	{ AMQP_ID(50, 50), AMQP_REQUEST, "queue.unbind", "tnnn" },
	{ AMQP_ID(50, 51), AMQP_ANSWER, "queue.unbind-ok", "" },
	{ AMQP_ID(60, 10), AMQP_REQUEST, "basic.qos", "" },
	{ AMQP_ID(60, 11), AMQP_ANSWER, "basic.qos-ok", "" },
	{ AMQP_ID(60, 20), AMQP_REQUEST, "basic.consume", "tnca" },
	{ AMQP_ID(60, 21), AMQP_ANSWER, "basic.consume-ok", "c" },
	{ AMQP_ID(60, 30), AMQP_REQUEST, "basic.cancel", "n0" },
	{ AMQP_ID(60, 31), AMQP_ANSWER, "basic.cancel-ok", "" },
	{ AMQP_ID(60, 40), AMQP_CONTENT, "basic.publish", "tnnb" },
	{ AMQP_ID(60, 50), AMQP_CONTENT, "basic.return", "kxnn" },
	{ AMQP_ID(60, 60), AMQP_CONTENT, "basic.deliver", "cdrnn" },
	{ AMQP_ID(60, 70), AMQP_REQUEST, "basic.get", "tnb" },
	{ AMQP_ID(60, 71), AMQP_CONTENT, "basic.get-ok", "drnn" },
	{ AMQP_ID(60, 72), AMQP_ANSWER, "basic.get-empty", "" },
	{ AMQP_ID(60, 80), AMQP_VERDICT, "basic.ack", "dm" },
	{ AMQP_ID(60, 90), AMQP_VERDICT, "basic.reject", "dq" },
	{ AMQP_ID(60, 100), AMQP_ALONE, "basic.recover-async", "" },
	{ AMQP_ID(60, 110), AMQP_REQUEST, "basic.recover", "" },
	{ AMQP_ID(60, 111), AMQP_ANSWER, "basic.recover-ok", "" },
	{ AMQP_ID(60, 120), AMQP_VERDICT, "basic.nack", "dm" },
	{ AMQP_ID(85, 10), AMQP_REQUEST, "confirm.select", "0" },
	{ AMQP_ID(85, 11), AMQP_ANSWER, "confirm.select-ok", "" },
	{ AMQP_ID(90, 10), AMQP_REQUEST, "tx.select", "" },
	{ AMQP_ID(90, 11), AMQP_ANSWER, "tx.select-ok", "" },
	{ AMQP_ID(90, 20), AMQP_REQUEST, "tx.commit", "" },
	{ AMQP_ID(90, 21), AMQP_ANSWER, "tx.commit-ok", "" },
	{ AMQP_ID(90, 30), AMQP_REQUEST, "tx.rollback", "" },
	{ AMQP_ID(90, 31), AMQP_ANSWER, "tx.rollback-ok", "" },
};

static struct slice read_text(struct byte_reader *reader)
{
	return byte_reader_take(reader, byte_reader_u8(reader));
}

static void read_name(struct byte_reader *reader, struct amqp_method *method, size_t *count)
{
	struct slice name = read_text(reader);

	if (*count < AMQP_NAMES)
		method->names[(*count)++] = name;
}

static void read_bits(struct byte_reader *reader, char argument, struct amqp_method *method)
{
	uint8_t bits = byte_reader_u8(reader);

	if (argument == 'a') {
		method->is_no_ack = bits & 2;
		method->is_no_wait = bits & 8;
	} else if (argument == 'm') {
		method->is_multiple = bits & 1;
		method->is_requeued = bits & 2;
	} else if (argument == 'q') {
		method->is_requeued = bits & 1;
	} else if (argument >= '0' && argument <= '7') {
		method->is_no_wait = bits >> (argument - '0') & 1;
	}
}

static void read_argument(
	struct byte_reader *reader, char argument, struct amqp_method *method, size_t *names)
{
	switch (argument) {
	case 't':
		byte_reader_u16(reader);
		break;
	case 'n':
		read_name(reader, method, names);
		break;
	case 'c':
		method->consumer = read_text(reader);
		break;
	case 's':
		read_text(reader);
		break;
	case 'd':
		method->tag = byte_reader_u64(reader);
		break;
	case 'k':
		method->code = byte_reader_u16(reader);
		break;
	case 'x':
		method->text = read_text(reader);
		break;
	default: /* also 'r', which stands in a byte of its own */
		read_bits(reader, argument, method);
		break;
	}
}

int amqp_method_read(struct slice payload, struct amqp_method *ret_method)
{
	struct byte_reader reader = byte_reader(payload);
	struct amqp_method method = { .id = byte_reader_u32(&reader) };
	const struct shape *shape = shapes;
	size_t names = 0;

	while (shape < shapes + ARRAY_LENGTH(shapes) && shape->id != method.id)
		shape++;
	if (shape == shapes + ARRAY_LENGTH(shapes))
		return -EBADMSG;
	method.kind = shape->kind;
	method.word = shape->word;
	for (const char *argument = shape->arguments; *argument != '\0'; argument++)
		read_argument(&reader, *argument, &method, &names);
	*ret_method = method;
	return 0;
}
