#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""amqp_work.py PORT CASE [COUNT]: the pika client over a real broker; prints how often it did what."""
import collections
import json
import sys

import pika

port = int(sys.argv[1])
done = collections.Counter()


def connect(password="geheim", **options):
    done["connection.open"] += 1
    return pika.BlockingConnection(pika.ConnectionParameters(
        "127.0.0.1", port, credentials=pika.PlainCredentials("guest", password), **options))


def open_channel(connection):
    done["channel.open"] += 1
    return connection.channel()


def close(connection, channels=1):
    done["connection.close"] += 1
    done["channel.close"] += channels
    connection.close()


def publish(channel, exchange, key, size, **options):
    done["basic.publish"] += 1
    channel.basic_publish(exchange, key, b"geheim"[:1] * size, **options)


def shapes():
    connection = connect("guest")
    channel = open_channel(connection)
    channel.exchange_declare("events", "topic")
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, "events", "orders.#")
    done.update(["exchange.declare", "queue.declare", "queue.bind"])
    publish(channel, "events", "orders.42.paid", 300000)
    publish(channel, "", queue, 0)
    for _ in range(3):
        channel.basic_get(queue, auto_ack=True)
    done["basic.get"] += 3
    channel.queue_purge(queue)
    channel.queue_delete(queue)
    done.update(["queue.purge", "queue.delete"])
    close(connection)


def confirms():
    connection = connect("guest")
    channel = open_channel(connection)
    channel.confirm_delivery()
    channel.queue_declare("work.items")
    done.update(["confirm.select", "queue.declare"])
    for _ in range(3):
        publish(channel, "", "work.items", 5)
    try:
        publish(channel, "", "nowhere", 5, mandatory=True)
    except pika.exceptions.UnroutableError:
        done["basic.return"] += 1
    other = open_channel(connection)
    done["queue.declare"] += 1
    try:
        other.queue_declare("missing", passive=True)
    except pika.exceptions.ChannelClosedByBroker:
        pass
    close(connection)


def consumers():
    """Three that confirms left: one comes twice."""
    connection = connect("guest")
    channel = open_channel(connection)
    channel.basic_qos(prefetch_count=3)
    done.update(["basic.qos", "basic.consume", "basic.cancel"])
    for number, (method, _, _) in enumerate(channel.consume("work.items")):
        done["basic.deliver"] += 1
        if number == 0:
            channel.basic_nack(method.delivery_tag)
        elif number == 3:
            channel.basic_ack(method.delivery_tag, multiple=True)
            break
    channel.cancel()
    close(connection)


def refused():
    try:
        connect("wrong")
    except pika.exceptions.AMQPConnectionError:
        pass


def many(count):
    """At most 200 are delivered and not acknowledged; every 50th acknowledges those before it."""
    connection = connect("guest")
    channel = open_channel(connection)
    channel.queue_declare("load")
    channel.basic_qos(prefetch_count=200)
    done.update(["queue.declare", "basic.qos", "basic.consume", "basic.cancel"])
    for number in range(count):
        publish(channel, "", "load", number % 300)
    got = 0
    for method, _, _ in channel.consume("load"):
        got += 1
        if got % 50 == 0:
            channel.basic_ack(method.delivery_tag, multiple=True)
        if got == count:
            break
    done["basic.deliver"] += got
    channel.cancel()
    close(connection)


globals()[sys.argv[2]](*map(int, sys.argv[3:]))
print(json.dumps(done))
