"""Who may publish and read what: one table for mosquitto's ACL file and the embedded broker.

Identity is the topic (decisions.md 9): username = client id = device id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from devices.topics import OUR_PREFIX

INGEST_USER = f"{OUR_PREFIX}ingest"
PROCESS_USER = f"{OUR_PREFIX}process"
DISPATCH_USER = f"{OUR_PREFIX}dispatch"
DESK_USER = f"{OUR_PREFIX}desk"
DOCTOR_USER = f"{OUR_PREFIX}doctor"
PROBE_USER = f"{OUR_PREFIX}probe"
BROKER_USER = f"{OUR_PREFIX}broker"

SECRET_NAMES: dict[str, str] = {
    INGEST_USER: "ingest_password",
    PROCESS_USER: "process_password",
    DISPATCH_USER: "dispatch_password",
    DESK_USER: "desk_mqtt_password",
    DOCTOR_USER: "doctor_password",
    PROBE_USER: "probe_password",
    BROKER_USER: "broker_password",
}
"""Our own broker users and the file in the secrets folder that holds each one's password."""

USER_SLOT = "%u"
"""Stands for the username in a rule for everybody; mosquitto's own notation."""

_REFUSED_CHARACTERS = frozenset("#+$")


NO_FOREIGN: Mapping[str, Sequence[str]] = {}
"""No foreign adapter is on."""


class Access(StrEnum):
    """What a rule grants, in mosquitto's words."""

    READ = "read"
    WRITE = "write"
    READWRITE = "readwrite"

    def grants(self, wanted: "Access") -> bool:
        """Whether it includes ``wanted`` (READ or WRITE)."""
        return self in {wanted, Access.READWRITE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One grant; everything without one is refused.

    Attributes:
        user: The only user it speaks of; None = everybody, with ``%u`` in the topic.
        access: What is granted.
        topic: A topic filter; may hold ``+``, a last ``#``, and ``%u`` when for everybody.
    """

    user: str | None
    access: Access
    topic: str


def build_rules(root: str, foreign: Mapping[str, Sequence[str]] = NO_FOREIGN) -> tuple[Rule, ...]:
    """Give every grant there is.

    Args:
        root: First levels of every topic, such as ``pg/v1``.
        foreign: Topic filters of foreign adapters by the user that may write them; we read them.
    """
    filters = [(user, each) for user, filters in foreign.items() for each in filters]
    return (
        Rule(user=INGEST_USER, access=Access.READ, topic=f"{root}/up/#"),
        *(Rule(user=INGEST_USER, access=Access.READ, topic=each) for _, each in filters),
        Rule(user=PROCESS_USER, access=Access.WRITE, topic=f"{root}/dn/#"),
        Rule(user=DISPATCH_USER, access=Access.WRITE, topic=f"{root}/out/#"),
        Rule(user=DISPATCH_USER, access=Access.WRITE, topic=f"{root}/dn/#"),
        Rule(user=DESK_USER, access=Access.READ, topic=f"{root}/out/#"),
        Rule(user=DOCTOR_USER, access=Access.READWRITE, topic=f"{root}/sys/doctor"),
        Rule(user=BROKER_USER, access=Access.READWRITE, topic=f"{root}/up/#"),
        Rule(user=BROKER_USER, access=Access.READWRITE, topic=f"{root}/dn/#"),
        Rule(user=BROKER_USER, access=Access.READ, topic="$SYS/broker/#"),
        *(Rule(user=user, access=Access.WRITE, topic=each) for user, each in filters),
        Rule(user=None, access=Access.WRITE, topic=f"{root}/up/+/{USER_SLOT}/#"),
        Rule(user=None, access=Access.READ, topic=f"{root}/dn/+/{USER_SLOT}/#"),
    )


def format_acl(rules: tuple[Rule, ...]) -> str:
    """Give the text of mosquitto's ``acl_file``; never empty (an empty one allowed all once)."""
    lines: list[str] = []
    speaking_of: str | None = None
    for rule in sorted(rules, key=lambda rule: rule.user is None):
        if rule.user is None:
            lines.append(f"pattern {rule.access} {rule.topic}")
            continue
        if rule.user != speaking_of:
            lines.append(f"user {rule.user}")
            speaking_of = rule.user
        lines.append(f"topic {rule.access} {rule.topic}")
    return "\n".join(lines) + "\n"


class Grants:
    """Answers "may this user?" from the rules, as mosquitto would.

    Args:
        rules: Every grant.
    """

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules

    def may_publish(self, user: str, topic: str) -> bool:
        """Whether ``user`` may publish to this topic; never with a wildcard or ``$`` in it."""
        if _REFUSED_CHARACTERS & set(topic):
            return False
        return self._granted(user, topic, Access.WRITE)

    def may_read(self, user: str, topic_filter: str) -> bool:
        """Whether every topic of the filter (or this one topic) may be read by ``user``."""
        return self._granted(user, topic_filter, Access.READ)

    def _granted(self, user: str, topic: str, wanted: Access) -> bool:
        return any(
            covers(rule.topic.replace(USER_SLOT, user), topic)
            for rule in self._rules
            if rule.access.grants(wanted) and rule.user in {None, user}
        )


def covers(granted: str, asked: str) -> bool:
    """Whether every topic that matches filter ``asked`` also matches filter ``granted``."""
    have, want = granted.split("/"), asked.split("/")
    for index, level in enumerate(have):
        if level == "#":
            return True
        if index >= len(want) or want[index] == "#":
            return False
        if level not in {"+", want[index]} or (level != "+" and want[index] == "+"):
            return False
    return len(have) == len(want)
