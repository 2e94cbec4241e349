"""Foreign adapters as the broker and the receiver see them: topics, and a user for each.

A foreign sender (a Traccar server, an EMQX gateway, a ThingsBoard gateway) logs in with the
adapter's own user and may write that adapter's topics, nothing else; only we may read them.
"""

from dataclasses import fields
from itertools import zip_longest

from devices.foreign.policy import AdapterPolicy
from devices.topics import OUR_PREFIX
from parkguard.broker_rules import SECRET_NAMES
from parkguard.settings import Settings, SettingsError

_NEVER = frozenset("% ")
"""``%u`` stands for the user in the rules; a blank ends a topic in mosquitto's ACL file."""


def foreign_topics(policy: AdapterPolicy) -> dict[str, tuple[str, ...]]:
    """Filters of the adapters that are on, by name, in a fixed order."""
    policies = {field.name: getattr(policy, field.name) for field in fields(policy)}
    return {name: tuple(each.topics) for name, each in policies.items() if each.enabled}


def user_of(adapter: str) -> str:
    """The broker user of an adapter's senders; no device id begins so."""
    return f"{OUR_PREFIX}from-{adapter}"


def grants_of(policy: AdapterPolicy) -> dict[str, tuple[str, ...]]:
    """Filters that may be written, by the broker user of the adapter that is on."""
    return {user_of(adapter): filters for adapter, filters in foreign_topics(policy).items()}


def secret_names(policy: AdapterPolicy) -> dict[str, str]:
    """All broker users of ours and the secret file of each, those of adapters included."""
    return SECRET_NAMES | {
        user_of(adapter): f"{adapter}_mqtt_password" for adapter in foreign_topics(policy)
    }


def check_adapters(settings: Settings) -> None:
    """Refuse topics that are no filters, are ours or the broker's, or another adapter's too.

    Raises:
        SettingsError: Every fault and what to do.
    """
    filters = [
        (adapter, each)
        for adapter, topics in foreign_topics(settings.adapters).items()
        for each in topics
    ]
    faults = [
        f"adapters.{adapter}.topics: none, so that nothing could arrive; name one or switch it off"
        for adapter, topics in foreign_topics(settings.adapters).items()
        if not topics
    ]
    for number, (adapter, each) in enumerate(filters):
        fault = _fault(each, settings.broker.root)
        faults += [f"adapters.{adapter}.topics: {each!r} {fault}"] if fault else []
        faults += [
            f"adapters.{adapter}.topics: {each!r} meets {theirs!r} of adapters.{other}: one sender "
            "could speak for the other; give each a first level of its own"
            for other, theirs in filters[:number]
            if other != adapter and meets(each, theirs)
        ]
    if faults:
        raise SettingsError(faults)


def _fault(topic_filter: str, root: str) -> str:
    """What is wrong with a filter, and what to do; "" when nothing is."""
    levels = topic_filter.split("/")
    wild = [level for level in levels if {"+", "#"} & set(level)]
    is_plain = topic_filter.isprintable() and not _NEVER & set(topic_filter)
    if not is_plain or set(wild) - {"+", "#"} or "#" in levels[:-1]:
        return "is no topic filter; levels between slashes, + for any one, a last # for the rest"
    if topic_filter[:1] in {"", "$", "/"} or meets(topic_filter, f"{root}/#"):
        return "would take topics of ours or of the broker; name the adapter's own first level"
    return ""


def meets(one: str, other: str) -> bool:
    """Whether there is a topic that both MQTT filters match."""
    for left, right in zip_longest(one.split("/"), other.split("/")):
        if "#" in {left, right}:
            return True
        if left is None or right is None or (left != right and "+" not in {left, right}):
            return False
    return True
