"""Our receiver's source in a thread that takes, acknowledges, watches: one without a disk."""

import threading
from typing import Self

from ingest.source import MqttSource, SourceSettings
from parkguard.clock import boottime_ms
from support.broker import Mosquitto, wait_until


class Listener:
    """``with Listener(broker) as listener: ... listener.heard``.

    Args:
        broker: Whose password is used.
        port: Where to connect; 0 = the broker itself.
        silent_ms: No echo for so long is silence.

    Attributes:
        heard: Payloads in order, repeated ones too.
        source: What listens.
    """

    def __init__(self, broker: Mosquitto, *, port: int = 0, silent_ms: int = 60_000) -> None:
        self.heard: list[bytes] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self.source = MqttSource(
            SourceSettings(
                host=broker.host,
                port=port or broker.port,
                root="pg/v1",
                user="pg-ingest",
                password=broker.passwords["pg-ingest"],
                max_inflight=2_000,
                silent_ms=silent_ms,
                echo_ms=silent_ms // 5,
            ),
            boottime_ms,
        )

    def _listen(self) -> None:
        while not self._over.is_set():
            taken = self.source.take(1_000, 0.05)
            self.heard += [envelope.payload for envelope in taken]
            self.source.ack(taken)
            self.source.watch()

    def __enter__(self) -> Self:
        self.source.start()
        wait_until(lambda: self.source.connected, what="the source is connected")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.source.stop()
