# SPDX-License-Identifier: Apache-2.0
"""grpc_work.py server PORT [KEY CERT] | client PORT WHAT COUNT [CERT]: gRPC with messages of plain bytes.

WHAT: unary, up (five messages in), down (five out), both (five each way), STATUS names (a call that fails so), cancel,
parallel (COUNT unary calls at a time, ten times)."""
import sys
from concurrent import futures

import grpc

SERVICE = "test.v1.Echo"


def fail(request, context):
    context.abort(getattr(grpc.StatusCode, request.decode()), "no user 4711, token=abcdef")


def up(requests, context):
    return b"%d" % len(list(requests))


def down(request, context):
    for _ in range(5):
        yield request


def both(requests, context):
    yield from requests


def forever(request, context):
    yield request
    while context.is_active():
        context_event.wait(0.05)


def serve(port, files):
    handlers = {
        "Unary": grpc.unary_unary_rpc_method_handler(lambda request, context: request),
        "Fail": grpc.unary_unary_rpc_method_handler(fail),
        "Up": grpc.stream_unary_rpc_method_handler(up),
        "Down": grpc.unary_stream_rpc_method_handler(down),
        "Both": grpc.stream_stream_rpc_method_handler(both),
        "Forever": grpc.unary_stream_rpc_method_handler(forever),
    }
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    address = f"127.0.0.1:{port}"
    if files:
        key, certificate = (open(file, "rb").read() for file in files)
        server.add_secure_port(address, grpc.ssl_server_credentials([(key, certificate)]))
    else:
        server.add_insecure_port(address)
    server.start()
    server.wait_for_termination()


def call(channel, what):
    path = f"/{SERVICE}/"
    if what == "unary":
        assert channel.unary_unary(path + "Unary")(b"hello") == b"hello"
    elif what == "up":
        assert channel.stream_unary(path + "Up")(iter([b"a", b"bb", b"", b"dddd", b"e" * 40000])) == b"5"
    elif what == "down":
        assert len(list(channel.unary_stream(path + "Down")(b"x" * 20000))) == 5
    elif what == "both":
        assert list(channel.stream_stream(path + "Both")(iter([b"1", b"22", b"", b"4", b"5"]))) == [b"1", b"22", b"", b"4", b"5"]
    elif what == "cancel":
        answers = channel.unary_stream(path + "Forever")(b"once")
        next(answers)
        answers.cancel()
    else:
        try:
            channel.unary_unary(path + "Fail")(what.encode())
            sys.exit("it did not fail")
        except grpc.RpcError as error:
            assert error.code() is getattr(grpc.StatusCode, what), error


def main():
    if sys.argv[1] == "server":
        serve(sys.argv[2], sys.argv[3:])
        return
    port, what, count = sys.argv[2], sys.argv[3], int(sys.argv[4])
    if len(sys.argv) > 5:
        credentials = grpc.ssl_channel_credentials(open(sys.argv[5], "rb").read())
        channel = grpc.secure_channel(f"localhost:{port}", credentials)
    else:
        channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    with channel:
        if what == "parallel":
            unary = channel.unary_unary(f"/{SERVICE}/Unary")
            for _ in range(10):
                for each in [unary.future(b"hello") for _ in range(count)]:
                    assert each.result() == b"hello"
            return
        for _ in range(count):
            call(channel, what)


import threading  # noqa: E402

context_event = threading.Event()
main()
