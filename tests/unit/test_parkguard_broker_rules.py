"""The grants, and mosquitto's files made of them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parkguard.broker import (
    BrokerFiles,
    check_broker_settings,
    format_conf,
    is_fit,
)
from parkguard.broker_account import Account
from parkguard.broker_rules import Grants, build_rules, covers, format_acl
from parkguard.passwords import hash_password
from parkguard.settings import BrokerSettings, SettingsError

STAY = Account(drop_to=None, owner=None)
GRANTS = Grants(build_rules("pg/v1"))
FOREIGN = {
    "pg-from-jt808": ("jt808/+/+/up",),
    "pg-from-owntracks": ("owntracks/+/+", "owntracks/+/+/event"),
}
WITH_FOREIGN = Grants(build_rules("pg/v1", FOREIGN))


def settings(**fields: object) -> BrokerSettings:
    return BrokerSettings.model_validate(fields)


def test_the_acl_file_is_the_contract() -> None:
    """The text mosquitto reads, whole; an empty one once meant "everything" (CVE-2018-12550)."""
    assert format_acl(build_rules("pg/v1")).splitlines() == [
        "user pg-ingest",
        "topic read pg/v1/up/#",
        "user pg-process",
        "topic write pg/v1/dn/#",
        "user pg-dispatch",
        "topic write pg/v1/out/#",
        "topic write pg/v1/dn/#",
        "user pg-desk",
        "topic read pg/v1/out/#",
        "user pg-doctor",
        "topic readwrite pg/v1/sys/doctor",
        "user pg-broker",
        "topic readwrite pg/v1/up/#",
        "topic readwrite pg/v1/dn/#",
        "topic read $SYS/broker/#",
        "pattern write pg/v1/up/+/%u/#",
        "pattern read pg/v1/dn/+/%u/#",
    ]


@pytest.mark.parametrize(
    ("user", "topic", "may"),
    [
        ("trk-1", "pg/v1/up/trk/trk-1/fix", True),
        ("trk-1", "pg/v1/up/trk/trk-2/fix", False),
        ("trk-1", "pg/v1/up/trk/trk-11/fix", False),
        ("trk-1", "pg/v1/up/trk/x/trk-1/fix", False),
        ("trk-1", "pg/v1/up/+/trk-1/fix", False),
        ("trk-1", "$SYS/broker", False),
        ("trk-1", "", False),
        ("pg-process", "pg/v1/dn/trk/trk-1/cmd", True),
        ("pg-ingest", "pg/v1/dn/trk/trk-1/cmd", False),
        ("pg-ingest", "pg/v1/up/trk/trk-1/fix", False),
        ("pg-ingest", "pg/v1/up/sys/pg-ingest/echo", True),
        ("trk-1", "pg/v1/up/sys/pg-ingest/echo", False),
        ("pg-broker", "pg/v1/up/trk/trk-1/state", True),
        ("pg-broker", "pg/v1/out/incident/city", False),
        ("pg-desk", "pg/v1/out/incident/1", False),
        ("pg-dispatch", "pg/v1/out/incident/1", True),
    ],
)
def test_who_may_publish_where(user: str, topic: str, *, may: bool) -> None:
    """The user's own id in its own place, nothing else."""
    assert GRANTS.may_publish(user, topic) is may


@pytest.mark.parametrize(
    ("user", "topic", "may"),
    [
        ("trk-1", "pg/v1/dn/trk/trk-1/cmd", True),
        ("trk-1", "pg/v1/dn/+/trk-1/#", True),
        ("trk-1", "pg/v1/dn/+/+/#", False),
        ("trk-1", "pg/v1/dn/#", False),
        ("trk-1", "#", False),
        ("trk-1", "+/v1/dn/trk/trk-1/#", False),
        ("trk-1", "$share/g/pg/v1/dn/trk/trk-1/#", False),
        ("pg-ingest", "pg/v1/up/#", True),
        ("pg-ingest", "pg/v1/#", False),
        ("pg-broker", "$SYS/broker/store/messages/count", True),
        ("pg-broker", "pg/v1/out/#", False),
        ("pg-desk", "pg/v1/out/#", True),
    ],
)
def test_who_may_read_what(user: str, topic: str, *, may: bool) -> None:
    """A filter is granted only if every topic it could match is."""
    assert GRANTS.may_read(user, topic) is may


def test_each_adapter_adds_its_topics_for_its_user_and_for_us() -> None:
    """Nothing else changes; a user that is off has no line."""
    plain = format_acl(build_rules("pg/v1")).splitlines()
    lines = format_acl(build_rules("pg/v1", FOREIGN)).splitlines()

    assert [line for line in lines if line in plain] == plain
    assert [line for line in lines if line not in plain] == [
        "topic read jt808/+/+/up",
        "topic read owntracks/+/+",
        "topic read owntracks/+/+/event",
        "user pg-from-jt808",
        "topic write jt808/+/+/up",
        "user pg-from-owntracks",
        "topic write owntracks/+/+",
        "topic write owntracks/+/+/event",
    ]
    assert _speaks_of(lines, "topic read jt808/+/+/up") == "user pg-ingest"
    assert _speaks_of(lines, "topic write owntracks/+/+/event") == "user pg-from-owntracks"


def _speaks_of(lines: list[str], line: str) -> str:
    """The user whose grant a line is: the last one named before it."""
    return [each for each in lines[: lines.index(line)] if each.startswith("user ")][-1]


@pytest.mark.parametrize(
    ("user", "topic", "may"),
    [
        ("pg-from-jt808", "jt808/c/013912345678/up", True),
        ("pg-from-jt808", "jt808/c/013912345678/down", False),
        ("pg-from-jt808", "jt808/c/013912345678/up/x", False),
        ("pg-from-jt808", "owntracks/wang/bike", False),
        ("pg-from-jt808", "traccar/positions", False),
        ("pg-from-jt808", "pg/v1/up/trk/trk-1/fix", False),
        ("pg-from-jt808", "pg/v1/dn/trk/trk-1/cmd", False),
        ("pg-from-owntracks", "owntracks/wang/bike", True),
        ("pg-from-owntracks", "owntracks/wang/bike/event", True),
        ("pg-from-owntracks", "owntracks/wang/bike/cmd", False),
        ("pg-from-traccar", "traccar/positions", False),
        ("trk-1", "jt808/c/013912345678/up", False),
        ("trk-1", "owntracks/wang/trk-1", False),
        ("pg-ingest", "owntracks/wang/bike", False),
    ],
)
def test_who_may_write_foreign_topics(user: str, topic: str, *, may: bool) -> None:
    """That adapter's own user; neither another's, nor a device, nor we."""
    assert WITH_FOREIGN.may_publish(user, topic) is may


@pytest.mark.parametrize(
    ("user", "topic", "may"),
    [
        ("pg-ingest", "jt808/+/+/up", True),
        ("pg-ingest", "owntracks/+/+/event", True),
        ("pg-ingest", "traccar/positions", False),
        ("pg-from-jt808", "jt808/+/+/up", False),
        ("pg-from-jt808", "jt808/c/013912345678/up", False),
        ("pg-from-jt808", "pg/v1/up/#", False),
        ("trk-1", "jt808/c/013912345678/up", False),
        ("pg-dispatch", "jt808/+/+/up", False),
        ("pg-desk", "owntracks/#", False),
    ],
)
def test_who_may_read_foreign_topics(user: str, topic: str, *, may: bool) -> None:
    """Where people are is read by our receiver alone, not even by who sends it."""
    assert WITH_FOREIGN.may_read(user, topic) is may


LEVEL = st.sampled_from(["a", "b", "+"])
FILTER = st.tuples(st.lists(LEVEL, min_size=1, max_size=4), st.booleans()).map(
    lambda drawn: "/".join([*drawn[0], "#"] if drawn[1] else drawn[0])
)
TOPIC = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=5).map("/".join)


@given(FILTER, FILTER, TOPIC)
def test_a_covered_filter_matches_no_topic_beyond(granted: str, asked: str, topic: str) -> None:
    """If the grant covers the question, every topic of the question is in the grant."""
    if covers(granted, asked) and covers(asked, topic):
        assert covers(granted, topic)


def test_the_conf_holds_what_the_design_demands(tmp_path: Path) -> None:
    """decisions.md, Broker; reliability.md F1, F4, 5.1."""
    conf = format_conf(settings(port=1999), tmp_path, STAY).splitlines()

    for line in (
        "listener 1999 127.0.0.1",
        "allow_anonymous false",
        "allow_zero_length_clientid false",
        "use_username_as_clientid true",
        "persistence true",
        "autosave_interval 2",
        "autosave_on_changes false",
        "max_inflight_messages 2000",
        "max_queued_messages 1000000",
        "max_packet_size 98304",
        "max_qos 1",
        "set_tcp_nodelay true",
        "persistent_client_expiration 14d",
        "retain_available true",
    ):
        assert line in conf
    assert [line for line in conf if line.startswith("listener ")] == ["listener 1999 127.0.0.1"]


def test_the_tls_listener_has_every_guard_too(tmp_path: Path) -> None:
    """Guards are per listener in mosquitto: forgetting one on the second would open F4 again."""
    cert = tmp_path / "cert.pem"
    cert.touch()

    conf = format_conf(settings(tls_cert=cert, tls_key=cert), tmp_path, STAY)

    (_, plain, tls) = conf.split("\nlistener ")
    assert plain.startswith("1883 127.0.0.1")
    assert tls.startswith("8883 0.0.0.0")
    for guard in ("use_username_as_clientid true", "max_qos 1"):
        assert guard in plain
        assert guard in tls


def test_all_wrong_broker_settings_are_told_at_once(tmp_path: Path) -> None:
    """A plain listener on the network, half of TLS, a file that is not there, a wild root."""
    wrong = settings(host="0.0.0.0", tls_cert=tmp_path / "no.pem", root="pg/#")  # noqa: S104 - refused

    with pytest.raises(SettingsError) as caught:
        check_broker_settings(wrong)

    assert [fault.split(":")[0] for fault in caught.value.faults] == [
        "broker.host",
        "broker.tls_cert, broker.tls_key",
        "broker.tls_cert",
        "broker.root",
    ]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_is_taken(host: str) -> None:
    """Every form of this machine alone."""
    check_broker_settings(settings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "broker.example", ""])  # noqa: S104 - refused
def test_anything_else_is_refused_without_tls(host: str) -> None:
    """The message says how devices are let in."""
    with pytest.raises(SettingsError, match=r"tls_cert"):
        check_broker_settings(settings(host=host))


@pytest.mark.parametrize(
    "user", ["", "a:b", "a\nb", "+", "#", "Ä", "a b", "x" * 65, "pg-ingest", "pg-new"]
)
def test_an_unfit_user_never_enters_the_password_file(user: str) -> None:
    """Neither a wildcard user (CVE-2017-7650), nor a second line, nor one of ours."""
    assert not is_fit(user, hash_password("x"))


def test_refresh_writes_only_what_changed(tmp_path: Path) -> None:
    """The same users again are no reason for a SIGHUP; one unfit device stops no other."""
    files = BrokerFiles(
        tmp_path / "broker", settings=settings(), passwords={"pg-ingest": "w"}, account=STAY
    )
    bike = hash_password("w")
    files.write({"trk-1": bike})

    same = files.refresh({"trk-1": bike, "not fit": bike})
    other = files.refresh({"trk-2": bike})

    assert (same, other) == (False, True)
    assert [line.split(":")[0] for line in files.passwd.read_text().splitlines()] == [
        "pg-ingest",
        "trk-2",
    ]
