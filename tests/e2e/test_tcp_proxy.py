"""The proxy that stands for a bad network in other tests does what it says."""

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from socket import create_connection

import pytest
from typing_extensions import override

from support.broker import WAIT_S
from support.tcp_proxy import PathMode, TcpProxy


class Echo(socketserver.StreamRequestHandler):
    """Says every line again."""

    @override
    def handle(self) -> None:
        with suppress(ConnectionError):
            for line in self.rfile:
                self.wfile.write(line)


@pytest.fixture
def path() -> Iterator[TcpProxy]:
    """A path to a server that echoes."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        with TcpProxy(server.server_address[1]) as proxy:
            yield proxy
        server.shutdown()
        thread.join(WAIT_S)


def test_passes_both_ways_and_the_end(path: TcpProxy) -> None:
    """A long text comes back whole, and after it the end."""
    text = b"x" * 999 + b"\n"
    with create_connection(("127.0.0.1", path.port), WAIT_S) as client:
        client.sendall(text * 50)
        client.shutdown(1)
        back = b"".join(iter(lambda: client.recv(65_536), b""))

    assert back == text * 50
    assert path.accepted == 1


def test_delays_answers_and_keeps_their_order(path: TcpProxy) -> None:
    """Late ones, then prompt ones, in the order of the questions."""
    with create_connection(("127.0.0.1", path.port), WAIT_S) as client:
        path.turn(PathMode.DELAY, delay_s=0.3)
        began = time.monotonic()
        client.sendall(b"one\n")
        first = client.makefile("rb").readline()
        took_s = time.monotonic() - began
        path.turn(PathMode.PASS)
        client.sendall(b"two\n")

        assert first == b"one\n"
        assert took_s >= 0.3
        assert client.recv(100) == b"two\n"


def test_resets_what_lost_bytes_when_the_cable_is_whole_again(path: TcpProxy) -> None:
    """While it is cut nothing comes and nothing ends; a new connection is well afterwards."""
    with create_connection(("127.0.0.1", path.port), 0.2) as client:
        path.turn(PathMode.DROP)
        client.sendall(b"one\n")
        with pytest.raises(TimeoutError):
            client.recv(100)
        path.turn(PathMode.PASS)
        with pytest.raises(ConnectionResetError):
            client.recv(100)
    with create_connection(("127.0.0.1", path.port), WAIT_S) as client:
        client.sendall(b"two\n")

        assert client.recv(100) == b"two\n"


def test_resets_old_connections_and_new_ones(path: TcpProxy) -> None:
    """Nobody waits in vain."""
    with create_connection(("127.0.0.1", path.port), WAIT_S) as client:
        client.sendall(b"one\n")
        client.recv(100)
        path.turn(PathMode.RESET)
        with pytest.raises(ConnectionResetError):
            client.recv(100)
    with (
        create_connection(("127.0.0.1", path.port), WAIT_S) as client,
        pytest.raises(ConnectionResetError),
    ):
        client.recv(100)
