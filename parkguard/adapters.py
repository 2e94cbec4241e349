"""Foreign adapters as the broker and the receiver see them: topics, and a user for each.

A foreign sender (a Traccar server, an EMQX gateway, a ThingsBoard gateway) logs in with the
adapter's own user and may write that adapter's topics, nothing else; only we may read them.
"""

from collections.abc import Mapping
from dataclasses import fields

from devices.foreign.policy import AdapterPolicy
from parkguard.broker_rules import OUR_PREFIX, SECRET_NAMES, covers
from parkguard.settings import Settings, SettingsError

Topics = Mapping[str, tuple[str, ...]]
"""MQTT filters of the adapters that are on, by adapter."""


def foreign_topics(policy: AdapterPolicy) -> dict[str, tuple[str, ...]]:
    """Filters of the adapters that are on, by name, in a fixed order."""
    policies = {field.name: getattr(policy, field.name) for field in fields(policy)}
    return {name: tuple(each.topics) for name, each in policies.items() if each.enabled}


def user_of(adapter: str) -> str:
    """The broker user of an adapter's senders; no device id begins so."""
    return f"{OUR_PREFIX}from-{adapter}"


def secret_names(policy: AdapterPolicy) -> dict[str, str]:
    """All broker users of ours and the secret file of each, those of adapters included."""
    return SECRET_NAMES | {
        user_of(adapter): f"{adapter}_mqtt_password" for adapter in foreign_topics(policy)
    }


def check_adapters(settings: Settings) -> None:
    """Refuse filters that would take our own topics or everything.

    Raises:
        SettingsError: Every fault and what to do.
    """
    ours = (f"{settings.broker.root}/up/trk/x/fix", f"{settings.broker.root}/sys/x", "$SYS/x")
    faults = [
        f"adapters.{adapter}.topics: {topic_filter!r} would take topics of ours or of the "
        "broker; name the adapter's own first level"
        for adapter, filters in foreign_topics(settings.adapters).items()
        for topic_filter in filters
        if any(covers(topic_filter, topic) for topic in ours) or topic_filter[:1] in {"", "$", "/"}
    ]
    if faults:
        raise SettingsError(faults)
