"""The broker for trying out: amqtt on loopback, as a process of its own.

``python -m parkguard.broker_embedded CONFIG.json``. It loses sessions and retained messages at
a restart and moves about 2,000 messages a second; mosquitto is the broker for real use.
SIGHUP reads the password file again, SIGTERM ends it.
"""

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

import msgspec
import structlog
from amqtt.contexts import BrokerConfig

from parkguard.broker_embedded_config import EmbeddedConfig
from parkguard.broker_front import LISTENER, FrontDoor
from parkguard.broker_plugins import FairBroker
from parkguard.broker_rules import Grants, build_rules
from parkguard.logs import set_up_logs
from parkguard.settings import LogSettings

_log = structlog.get_logger()

END_S = 3.0
"""Longest end, seconds. Source: ours; the runner kills it after 5 s (``RunnerTiming.stop_s``)."""


async def serve(config: EmbeddedConfig) -> None:
    """Run the broker until SIGTERM or SIGINT."""
    broker = FairBroker(
        BrokerConfig.from_dict(
            {
                "listeners": {LISTENER: {"type": "external"}},
                "plugins": {
                    "parkguard.broker_plugins.FrontDoorAuth": {},
                    "parkguard.broker_plugins.TopicRules": {
                        "root": config.root,
                        "foreign": config.foreign,
                    },
                },
            }
        )
    )
    await broker.start()
    front = FrontDoor(
        broker,
        passwd=Path(config.passwd),
        grants=Grants(build_rules(config.root, config.foreign)),
        limits=config.limits,
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, front.reload)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = await asyncio.start_server(front.serve, config.host, config.port)
    _log.warning(
        "embedded_broker_started",
        port=config.port,
        note="for trying out: sessions are lost at a restart; apt-get install -y mosquitto",
    )
    await stop.wait()
    loop.call_later(END_S, os._exit, 0)  # it stores nothing: who holds on is not waited for
    server.close()
    await broker.shutdown()
    _log.info("embedded_broker_stopped")


def main(arguments: list[str]) -> int:
    """Read the configuration file named in ``arguments`` and serve."""
    config = msgspec.json.decode(Path(arguments[0]).read_bytes(), type=EmbeddedConfig)
    log = LogSettings.model_validate({"level": config.log_level, "json_lines": config.log_json})
    set_up_logs(log, part="broker", secrets_dir=Path(config.secrets_dir))
    logging.getLogger("amqtt").setLevel(logging.ERROR)
    asyncio.run(serve(config))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
