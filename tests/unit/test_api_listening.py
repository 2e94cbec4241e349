"""The API's listening socket gives its connections what answers need."""

import socket

from api.server import DEAD_PEER_MS, SEND_BUFFER_BYTES, listen


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
