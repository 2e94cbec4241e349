"""The API's listening socket and its connections, by real ones."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from api.http_head import HEAD_MAX_BYTES, TOO_LONG
from api.server import DEAD_PEER_MS, SEND_BUFFER_BYTES, build_server, listen
from support.broker import WAIT_S, wait_until


def test_connections_send_at_once_and_forget_dead_readers() -> None:
    """A second piece of an answer does not wait 40 ms for the first one's acknowledgement."""
    with (
        listen("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        said = [
            accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY),
            accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
            accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF),
        ]

    assert said == [1, DEAD_PEER_MS, 2 * SEND_BUFFER_BYTES]  # the kernel counts its own part, too


@contextmanager
def served() -> Iterator[tuple[str, int]]:
    """The address of a server that answers ``/hello``."""
    app = FastAPI()
    app.add_api_route("/hello", lambda: "hello", methods=["GET", "POST"])
    server = build_server(app)
    with listen("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        wait_until(lambda: server.started, what="it serves")
        yield listener.getsockname()
        server.should_exit = True
        thread.join(WAIT_S)


def said_to(address: tuple[str, int], *pieces: bytes) -> bytes:
    """What is answered to these pieces until the server closes, or has nothing more to say."""
    heard = b""
    with socket.create_connection(address, WAIT_S) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
            while more := connection.recv(65_536):
                heard += more
        except ConnectionError:
            heard += b" closed"
    return heard


def test_a_head_without_end_is_refused_and_the_next_request_answered() -> None:
    """By its length alone, header or path; long ones below the bound and long bodies are taken."""
    last = b"Host: x\r\nConnection: close\r\n\r\n"
    below = b"GET /hello HTTP/1.1\r\nx: " + b"a" * (HEAD_MAX_BYTES // 2) + b"\r\n" + last
    body = b"b" * (3 * HEAD_MAX_BYTES)
    posted = b"POST /hello HTTP/1.1\r\nContent-Length: %d\r\n" % len(body) + last + body
    first = b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"

    with served() as address:
        endless = said_to(address, b"GET /hello HTTP/1.1\r\nx: ", *[b"a" * 65_536] * 40)
        path = said_to(address, b"GET /", *[b"a" * 65_536] * 40)
        junk = said_to(address, b"\x16\x03\x01 what\r\n\r\n")
        fine = [said_to(address, pieces) for pieces in (below, posted, first + below)]

    assert TOO_LONG.encode() in endless or endless == b" closed"
    assert TOO_LONG.encode() in path or path == b" closed"
    assert junk.startswith(b"HTTP/1.1 400")
    assert [answer.count(b"HTTP/1.1 200 OK") for answer in fine] == [1, 1, 2]
