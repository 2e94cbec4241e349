"""Foreign adapters as broker, doctor and settings see them: users, secrets, topics, faults."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.encoding import open_payload
from devices.errors import WireError
from devices.foreign import payload as foreign
from devices.foreign.filters import Filters
from devices.foreign.policy import AdapterPolicy
from devices.plain_objects import check, parse
from devices.topics import DEVICE_ID
from parkguard.adapters import check_adapters, foreign_topics, meets, secret_names, user_of
from parkguard.broker import is_fit
from parkguard.broker_rules import SECRET_NAMES
from parkguard.doctor import Grade, Patient
from parkguard.doctor_machine import check_secrets
from parkguard.first_start import prepare
from parkguard.passwords import hash_password
from parkguard.settings import Settings, SettingsError
from parkguard.settings_doc import effective

ALL = ("owntracks", "traccar", "jt808", "thingsboard", "frigate")


def settings(folder: Any = "unused", **topics: Any) -> Settings:  # noqa: ANN401 - a path, lists
    """Adapters that are on, with topics of their own where these are given."""
    adapters = {
        name: {"enabled": True} | ({} if given is None else {"topics": given})
        for name, given in topics.items()
    }
    values = {
        "data_dir": str(folder),
        "broker": {"kind": "embedded", "port": 0},
        "api": {"port": 0},
    }
    return Settings.model_validate(values | {"adapters": adapters})


def test_only_adapters_that_are_on_have_topics_and_users() -> None:
    """In a fixed order, with the filters of the settings."""
    adapters = settings(traccar=["fleet/positions"], jt808=None).adapters

    assert foreign_topics(AdapterPolicy()) == {}
    assert foreign_topics(adapters) == {
        "traccar": ("fleet/positions",),
        "jt808": ("jt808/+/+/up",),
    }
    assert secret_names(AdapterPolicy()) == SECRET_NAMES
    assert secret_names(adapters) == SECRET_NAMES | {
        "pg-from-traccar": "traccar_mqtt_password",
        "pg-from-jt808": "jt808_mqtt_password",
    }


@pytest.mark.parametrize("adapter", ALL)
def test_no_device_can_have_the_user_of_an_adapter(adapter: str) -> None:
    """It would be a device id by its form, and never enters the password file as one."""
    user = user_of(adapter)

    assert DEVICE_ID.fullmatch(user)
    assert not is_fit(user, hash_password("x"))


def test_the_default_topics_of_all_adapters_go_together() -> None:
    """Nobody must rename one to switch another on."""
    check_adapters(settings(**dict.fromkeys(ALL)))


@pytest.mark.parametrize(
    "topic",
    [
        "#",
        "+/#",
        "+/+/up/trk/+/fix",
        "pg/#",
        "pg/v1",
        "pg/v1/up/cam/+/hb",
        "pg/v1/out/#",
        "+/v1/sys/echo/pg-ingest",
        "$SYS/#",
        "$share/g/owntracks/#",
        "/owntracks/+/+",
        "",
    ],
)
def test_topics_of_ours_and_of_the_broker_are_refused_with_words(topic: str) -> None:
    """Which setting, which topic, and what to do."""
    with pytest.raises(SettingsError) as caught:
        check_adapters(settings(owntracks=["owntracks/+/+", topic]))

    (fault,) = caught.value.faults
    assert fault.startswith(f"adapters.owntracks.topics: {topic!r} would take topics of ours")
    assert fault.endswith("name the adapter's own first level")


@pytest.mark.parametrize(
    "topic",
    [
        "t/#/x",
        "t/x#",
        "t/a+b",
        "t/x\ntopic readwrite #",
        "t/\0",
        "t/%u/x",
        "t/x y",
        "t/\u2028",
    ],
)
def test_what_is_no_filter_is_refused(topic: str) -> None:
    """Before it becomes a line of the ACL file that means something else."""
    with pytest.raises(SettingsError, match="is no topic filter"):
        check_adapters(settings(traccar=[topic]))


def test_two_adapters_may_not_share_topics_and_all_faults_are_told() -> None:
    """A sender of one could speak for devices of the other."""
    with pytest.raises(SettingsError) as caught:
        check_adapters(settings(owntracks=["t/+/+"], traccar=[], jt808=["t/a/#", "pg/#"]))

    assert [fault.split(":")[0] for fault in caught.value.faults] == [
        "adapters.traccar.topics",
        "adapters.jt808.topics",
        "adapters.jt808.topics",
    ]
    assert "'t/a/#' meets 't/+/+' of adapters.owntracks" in caught.value.faults[1]


def test_one_adapter_may_have_topics_that_meet() -> None:
    """They are one sender's."""
    check_adapters(settings(owntracks=["owntracks/+/+", "owntracks/#"]))


def test_another_root_is_protected_too() -> None:
    """The default topics of ThingsBoard begin with a level that somebody might choose as root."""
    wanted = settings(thingsboard=None)
    clash = wanted.model_copy(update={"broker": wanted.broker.model_copy(update={"root": "v1"})})

    with pytest.raises(SettingsError, match="'v1/gateway/telemetry' would take topics of ours"):
        check_adapters(clash)


LEVEL = st.sampled_from(["a", "b", "+"])
FILTER = st.tuples(st.lists(LEVEL, min_size=1, max_size=3), st.booleans()).map(
    lambda drawn: "/".join([*drawn[0], "#"] if drawn[1] else drawn[0])
)
TOPIC = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4).map("/".join)


@given(FILTER, FILTER, TOPIC)
def test_filters_with_a_common_topic_meet(one: str, other: str, topic: str) -> None:
    """No topic is two adapters' without being noticed, whichever is asked first."""
    if all(Filters([each]).match(topic) is not None for each in (one, other)):
        assert meets(one, other)
    assert meets(one, other) == meets(other, one)


@pytest.mark.parametrize(
    ("one", "other"), [("a/b", "a/c"), ("a/+", "a"), ("a/+/c", "a/b/d"), ("b/#", "a/#")]
)
def test_filters_without_a_common_topic_do_not_meet(one: str, other: str) -> None:
    """Else no two adapters could be on."""
    assert not meets(one, other)


def test_the_first_start_makes_a_secret_for_each_and_the_doctor_looks_at_it(
    tmp_path: Path,
) -> None:
    """0600, random; what others could read is refused by name."""
    wanted = settings(tmp_path / "data", **dict.fromkeys(ALL))
    prepared = prepare(wanted)
    files = {name: tmp_path / "data" / "secrets" / f"{name}_mqtt_password" for name in ALL}
    patient = Patient(settings=prepared.settings, is_up=False, now_ms=1_764_000_000_000)

    assert {path.resolve() for path in files.values()} <= {
        path.resolve() for path in prepared.created
    }
    assert {path.stat().st_mode & 0o777 for path in files.values()} == {0o600}
    assert len({path.read_text() for path in files.values()}) == len(ALL)
    assert [finding.grade for finding in check_secrets(patient)] == [Grade.OK]
    assert prepare(prepared.settings).created == ()

    files["traccar"].chmod(0o644)
    (finding,) = check_secrets(patient)
    assert finding.grade is Grade.FAIL
    assert "traccar_mqtt_password" in finding.found


def test_a_start_with_topics_of_ours_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    """As every wrong setting."""
    with pytest.raises(SettingsError, match="would take topics of ours"):
        prepare(settings(tmp_path / "data", jt808=["pg/v1/up/trk/+/fix"]))

    assert not (tmp_path / "data").exists()


def test_the_settings_in_effect_name_every_adapter() -> None:
    """`parkguard settings` shows what is on, and with which topics."""
    shown = {row["setting"]: row["value"] for row in effective(settings(traccar=["fleet/x"]))}

    assert {name: shown[f"adapters.{name}.enabled"] for name in ALL} == {
        name: name == "traccar" for name in ALL
    }
    assert shown["adapters.traccar.topics"] == ("fleet/x",)
    assert set(shown["adapters.jt808.alarm_maps"]) == {"default"}  # type: ignore[call-overload]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text('ab"\\/\0\n\u0663é车\ud800', max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", 'c"d', "\\u0061", "车"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON, JSON, st.booleans(), st.sampled_from(['"a"', '"\\u0061"', '"b"', '"\\"\\""']))
def test_the_fast_way_through_a_foreign_payload_is_the_careful_way(
    first: object, second: object, ascii_only: object, key: str
) -> None:
    """The same objects or the same reason: keys that stand twice, NaN, 1e400, escapes, depth."""
    values = [
        json.dumps(one, ensure_ascii=bool(ascii_only)).encode(errors="surrogatepass")
        for one in (first, second)
    ]
    body = b'{"a":%b,%b:%b,"n":[1e400,2]}' % (values[0], key.encode(), values[1])
    for payload in (body, body.replace(b"1e400", b"1")):
        assert _outcome(payload) == _careful(payload)


def _outcome(payload: bytes) -> str:
    try:
        return repr(foreign.open_object(payload))
    except WireError as exc:
        return exc.reason.value


def _careful(payload: bytes) -> str:
    try:
        fields = parse(open_payload(payload))
        check(fields)
    except WireError as exc:
        return exc.reason.value
    return repr(fields)
