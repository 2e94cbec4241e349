"""A dispatcher as a process of its own, which can be made to die at the worst moment.

python -m support.delivery_process --records FILE --url URL --key-file FILE [--die-after N]
"""

import argparse
import asyncio
import os
import signal
from pathlib import Path

from typing_extensions import override

from alerts.delivery.backoff import Backoff
from alerts.delivery.dispatcher import Dispatcher
from alerts.delivery.lane import Target
from alerts.delivery.model import Accepted, DueNotice
from alerts.delivery.webhook import WebhookChannel
from alerts.model import Channel
from parkguard.clock import wall_ms
from stores.delivery import SqlOutbox
from support.delivery_rows import records_at
from support.delivery_run import Noticeboard


class ExitAfterSend(SqlOutbox):
    """Dies by SIGKILL when a receipt is there and nothing of it is committed."""

    receipts_left: int

    @override
    def accepted(self, notice: DueNotice, answer: Accepted, *, at_ms: int) -> None:
        """Commit so many receipts, and die on the next."""
        if self.receipts_left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.receipts_left -= 1
        super().accepted(notice, answer, at_ms=at_ms)


async def run(args: argparse.Namespace) -> None:
    """Dispatch until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with records_at(args.records) as engine:
        outbox = ExitAfterSend(engine)
        outbox.receipts_left = args.die_after
        channel = WebhookChannel(
            url=args.url,
            key=args.key_file.read_text().strip().encode(),
            clock=wall_ms,
            allow_hosts={"127.0.0.1"},
        )
        target = Target(channel=Channel.WEBHOOK, name="police", carrier=channel, slots=4)
        dispatcher = Dispatcher(
            outbox=outbox,
            targets=[target],
            clock=wall_ms,
            draw=lambda: 0.5,
            status=Noticeboard(),
            backoff=Backoff(first_s=0.1, max_s=0.5),
        )
        await dispatcher.run(stop)
        outbox.close()


def main() -> None:
    """Run one dispatcher."""
    args = argparse.ArgumentParser()
    args.add_argument("--records", type=Path, required=True)
    args.add_argument("--url", required=True)
    args.add_argument("--key-file", type=Path, required=True)
    args.add_argument("--die-after", type=int, default=-1)
    asyncio.run(run(args.parse_args()))


if __name__ == "__main__":
    main()
