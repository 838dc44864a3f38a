/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels of an AMQP connection, in a list that grows with them: most connections have one.
 */
#include "protocols/amqp_channel.h"

void amqp_channels_done(struct amqp_channels *channels)
{
	free(channels->list);
}

struct amqp_channel *amqp_channel_find(const struct amqp_channels *channels, uint16_t id)
{
	for (size_t index = 0; index < channels->count; index++) {
		if (channels->list[index].is_used && channels->list[index].id == id)
			return &channels->list[index];
	}
	return NULL;
}

static struct amqp_channel *unused_channel(struct amqp_channels *channels)
{
	size_t count = MIN(MAX(1U, 2 * channels->count), (size_t)AMQP_CHANNELS_MAXIMUM);
	struct amqp_channel *list;

	for (size_t index = 0; index < channels->count; index++) {
		if (!channels->list[index].is_used)
			return &channels->list[index];
	}
	if (count == channels->count)
		return NULL;
	list = realloc(channels->list, count * sizeof(*list));
	if (!list)
		return NULL;
	memset(list + channels->count, 0, (count - channels->count) * sizeof(*list));
	channels->list = list;
	channels->count = count;
	/* The second half is new. */
	return &list[count / 2];
}

struct amqp_channel *amqp_channel_get(struct amqp_channels *channels, uint16_t id)
{
	struct amqp_channel *channel = amqp_channel_find(channels, id);

	if (channel)
		return channel;
	channel = unused_channel(channels);
	if (!channel)
		return NULL;
	memset(channel, 0, sizeof(*channel));
	channel->id = id;
	channel->is_used = true;
	return channel;
}

void amqp_channel_forget(struct amqp_channel *channel)
{
	memset(channel, 0, sizeof(*channel));
}

/* FNV-1a; never 0. */
static uint32_t hash(struct slice text)
{
	uint32_t value = 0x811c9dc5;

	for (size_t at = 0; at < text.length; at++)
		value = (value ^ text.data[at]) * 0x01000193;
	return value ? value : 1;
}

static const struct amqp_consumer *find_consumer(
	const struct amqp_channel *channel, struct slice tag)
{
	uint32_t wanted = hash(tag);

	for (size_t index = 0; index < AMQP_CONSUMERS_MAXIMUM; index++) {
		if (channel->consumers[index].hash == wanted)
			return &channel->consumers[index];
	}
	return NULL;
}

void amqp_consumer_add(struct amqp_channel *channel, struct slice tag, bool is_no_ack)
{
	struct amqp_consumer *consumer = (struct amqp_consumer *)find_consumer(channel, tag);

	if (!consumer) {
		consumer = &channel->consumers[channel->next_consumer];
		channel->next_consumer = (channel->next_consumer + 1) % AMQP_CONSUMERS_MAXIMUM;
	}
	consumer->hash = hash(tag);
	consumer->is_no_ack = is_no_ack;
}

bool amqp_consumer_acknowledges(const struct amqp_channel *channel, struct slice tag)
{
	const struct amqp_consumer *consumer = find_consumer(channel, tag);

	return consumer && !consumer->is_no_ack;
}
