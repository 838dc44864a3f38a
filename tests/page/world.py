#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# A shop of real servers on free ports of loopback: world.py DIR starts nginx before "shop", which asks "catalog",
# "cart" and "payments", and visitors; writes DIR/ready once all answer, and ends what it started when it ends.
# DIR/rules/NAME.json are the services' rules (service.py): whoever rewrites one makes that service slow.
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time

here = os.path.dirname(os.path.abspath(__file__))
directory = os.path.abspath(sys.argv[1])
rate = sys.argv[2] if len(sys.argv) > 2 else "60"
names = ["shop", "catalog", "cart", "payments", "edge"]
processes = []


def is_free(port):
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


# Below what the kernel gives to clients (ip_local_port_range), so that none of them takes it meanwhile.
def free_ports(count):
    ports = random.sample(range(10000, 32768), 100)
    return [port for port in ports if is_free(port)][:count]


def start(*arguments):
    processes.append(subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))


def answers(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def end(*_):
    for process in reversed(processes):
        process.terminate()
    for process in processes:
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    sys.exit(0)


signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGINT, end)
ports = dict(zip(names, free_ports(len(names))))
os.makedirs(f"{directory}/rules", exist_ok=True)
at = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
rules = {
    "shop": {"take_ms": 1, "calls": {
        "/products": [f"{at['catalog']}/items/*"],
        "/cart": [f"{at['cart']}/carts/*", f"{at['catalog']}/items/7"],
        "/checkout": [f"{at['cart']}/carts/9", f"{at['payments']}/charge"],
        "/search": [f"{at['catalog']}/search"],
    }},
    "catalog": {"take_ms": 2},
    "cart": {"take_ms": 1.5},
    "payments": {"take_ms": 9, "fail": {"/charge": 0.02}},
}
for name, rule in rules.items():
    with open(f"{directory}/rules/{name}.json", "w") as file:
        json.dump(rule, file)
    link = f"{directory}/{name}.py"
    if not os.path.exists(link):
        os.symlink(f"{here}/service.py", link)
    start("/usr/bin/python3", link, str(ports[name]), f"{directory}/rules/{name}.json")
with open(f"{directory}/nginx.conf", "w") as file:
    file.write(f"""daemon off; pid {directory}/nginx.pid; error_log {directory}/nginx.log; worker_processes 1;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi; uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
  upstream shop {{ server {at['shop']}; keepalive 8; }}
  server {{
    listen {at['edge']};
    location / {{ proxy_pass http://shop; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
""")
start("/usr/sbin/nginx", "-p", directory, "-c", f"{directory}/nginx.conf")
for _ in range(200):
    if all(answers(port) for port in ports.values()):
        break
    time.sleep(0.05)
else:
    end()
link = f"{directory}/visitors.py"
if not os.path.exists(link):
    os.symlink(f"{here}/visitors.py", link)
start("/usr/bin/python3", link, at["edge"], rate)
with open(f"{directory}/ready.part", "w") as file:
    json.dump(ports, file)
os.rename(f"{directory}/ready.part", f"{directory}/ready")
signal.pause()
