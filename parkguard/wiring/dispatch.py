"""The dispatcher, its channels and targets."""

import asyncio
import random

from alerts.delivery.backoff import Backoff
from alerts.delivery.dispatcher import Dispatcher, Pace
from alerts.delivery.lane import Target
from alerts.delivery.mqtt import MqttAddress, MqttChannel
from alerts.delivery.webhook import WebhookChannel
from alerts.model import Channel
from parkguard.clock import CarriedClock, monotonic_s, wall_ms
from parkguard.first_start import webhook_key_path
from parkguard.records import open_migrated
from parkguard.secret_files import ensure_secret
from parkguard.settings import Settings, WebhookTarget
from parkguard.wiring.owner_links import OWNERS, answer_url
from parkguard.wiring.shared import Places, one_of, until_signal
from stores.delivery import SqlOutbox
from stores.records_post import Post
from stores.records_turns import Turn


def run_dispatch(settings: Settings, *, outbox_type: type[SqlOutbox] = SqlOutbox) -> int:
    """Outbox to people until SIGTERM. Tests hand in an outbox that hangs."""
    places = Places(settings.data_dir)
    with one_of(places, "dispatch") as status:
        engine = open_migrated(settings, post=Post(Turn.DISPATCHER, steady_s=monotonic_s))
        dispatch = settings.dispatch
        dispatcher = Dispatcher(
            outbox=outbox_type(engine),
            targets=_targets(settings, places),
            clock=wall_ms,
            due_clock=CarriedClock(),
            draw=random.SystemRandom().random,
            status=status,
            backoff=Backoff(first_s=dispatch.retry_first_s, max_s=dispatch.retry_max_s),
            pace=Pace(poll_s=dispatch.poll_ms / 1000),
        )
        asyncio.run(until_signal(dispatcher.run))
    return 0


def _targets(settings: Settings, places: Places) -> list[Target]:
    """Every webhook of the settings, and MQTT when it is on."""
    dispatch, broker = settings.dispatch, settings.broker
    more = answer_url(settings)
    targets = [
        Target(
            channel=Channel.WEBHOOK,
            name=name,
            carrier=WebhookChannel(
                url=target.url,
                key=_webhook_key(settings, name, target).encode(),
                clock=wall_ms,
                allow_hosts=dispatch.allow_hosts,
                timeout_s=dispatch.timeout_s,
                extra=more if name == OWNERS else None,
            ),
            timeout_s=dispatch.timeout_s,
        )
        for name, target in dispatch.webhooks.items()
    ]
    if dispatch.mqtt:
        address = MqttAddress(
            host=broker.host,
            port=broker.port,
            username="pg-dispatch",
            password=ensure_secret(places.secrets, "dispatch_password").value,
            root=broker.root,
        )
        channel = MqttChannel(address, clock=wall_ms, timeout_s=dispatch.timeout_s)
        targets.append(Target(channel=Channel.MQTT, name="", carrier=channel))
    return targets


def _webhook_key(settings: Settings, name: str, target: WebhookTarget) -> str:
    path = webhook_key_path(settings, name, target)
    return ensure_secret(path.parent, path.name).value
