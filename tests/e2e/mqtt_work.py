#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mqtt_work.py PORT 3|5 CASE: the paho client over a real broker; prints how often it did what."""
import collections
import json
import sys
import time

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

port, version = int(sys.argv[1]), int(sys.argv[2])
done = collections.Counter()
heard = []


def wait(condition):
    end = time.monotonic() + 20
    while not condition():
        if time.monotonic() > end:
            sys.exit("the broker does not answer")
        client.loop(0.02)


def said(word):
    """A callback that notes that the broker has answered."""
    def note(*arguments):
        heard.append(word)
    return note


def count(word):
    return heard.count(word)


def begin(password="geheim"):
    client.username_pw_set("joe", password)
    client.on_connect = said("connect")
    client.on_subscribe = said("subscribe")
    client.on_unsubscribe = said("unsubscribe")
    client.on_publish = said("published")
    client.on_message = said("message")
    client.connect("127.0.0.1", port, keepalive=600)
    done["CONNECT"] += 1
    wait(lambda: count("connect"))


def publish(topic, quality, size, alias=0, retain=False):
    properties = None
    if version == 5:
        properties = Properties(PacketTypes.PUBLISH)
        properties.UserProperty = ("key", "geheim")
        if alias:
            properties.TopicAlias = alias
    client.publish(topic, b"geheim"[:1] * size, qos=quality, retain=retain, properties=properties)
    done["PUBLISH"] += 1


def end():
    client.disconnect()
    done["DISCONNECT"] += 1
    client.loop(0.2)


def shapes():
    begin()
    client.subscribe([("sensors/+/temp", 2), ("other/#", 0)])
    done["SUBSCRIBE"] += 1
    wait(lambda: count("subscribe"))
    for quality, size in ((0, 10), (1, 200000), (2, 10)):
        topic = "sensors/42/temp" if version == 3 or quality == 0 else ""
        publish(topic, quality, size, alias=3)
        wait(lambda: count("published") == quality + 1 and count("message") == quality + 1)
        done["PUBLISH"] += 1
    client.unsubscribe("other/#")
    done["UNSUBSCRIBE"] += 1
    wait(lambda: count("unsubscribe"))
    publish("nobody/listens", 1, 0)
    wait(lambda: count("published") == 4)
    # Once more around, so that the last acknowledgement of either side is on its way before the end.
    client._send_pingreq()
    done["PINGREQ"] += 1
    client.loop(0.2)
    end()


def refused():
    begin("wrong")


client = mqtt.Client(f"paho-{version}", protocol=mqtt.MQTTv5 if version == 5 else mqtt.MQTTv311)
globals()[sys.argv[3]]()
print(json.dumps(done))
